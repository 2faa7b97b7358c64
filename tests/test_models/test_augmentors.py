# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Augmentors: what each operation may change, on poses and on clips."""

from __future__ import annotations

import pytest
import torch
from mmpose.registry import MODELS
from scipy.interpolate import CubicSpline

from mmposeaug.geometry import bone_lengths, joints_to_bones, project, unit_bones
from mmposeaug.models import AnatomicalPoseAugmentor, PoseAugmentor, RandomPoseAugmentor
from mmposeaug.models.augmentors.clip_features import spline_weights
from mmposeaug.models.augmentors.operations import scale_bones, turn_bones
from mmposeaug.structures import H36M_17, Skeleton, get_skeleton

SMALL = dict(hidden=16, noise_dim=8, num_blocks=1)
PARTS = dict(
    angle=dict(type='BoneAngleAugmentor', **SMALL),
    length=dict(type='BoneLengthAugmentor', **SMALL),
    rigid=dict(type='RigidAugmentor', **SMALL),
)
CAMERA = torch.tensor([1000.0, 1000, 500, 500, 0, 0, 0, 0, 0])
SIZE = torch.tensor([1000.0, 1000.0])


def make_poses(count=12, frames=None, skeleton=H36M_17, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shape = (
        (count, skeleton.num_joints, 3)
        if frames is None
        else (count, frames, skeleton.num_joints, 3)
    )
    offset = torch.tensor([0.1, -0.2, 4.0])
    return 0.3 * torch.randn(shape, generator=generator) + offset


def cameras(count):
    return CAMERA.expand(count, -1), SIZE.expand(count, -1)


def augment(augmentor, pose, seed=0, camera=True, **options):
    generator = torch.Generator().manual_seed(seed)
    known = cameras(len(pose)) if camera else ()
    return augmentor(pose, *known, generator=generator, **options)


def make(**parts):
    torch.manual_seed(0)
    return PoseAugmentor(**{**PARTS, **parts})


@pytest.mark.parametrize('left_out', list(PARTS))
def test_each_part_can_be_left_out(left_out):
    pose = make_poses()
    out = augment(make(**{left_out: None}), pose)
    before = dict(angle=pose, length=out.angle, rigid=out.length)[left_out]
    assert getattr(out, left_out) is before
    assert (out.angle_change is None) == (left_out == 'angle')
    assert (out.length_ratio is None) == (left_out == 'length')
    assert (out.rotvec is None) == (out.translation is None) == (left_out == 'rigid')
    assert not torch.equal(out.rigid, pose)


def test_an_augmentor_without_parts_is_refused():
    with pytest.raises(ValueError, match='has no operation left; give angle, length or rigid'):
        PoseAugmentor(angle=None, length=None, rigid=None)


def test_a_part_without_a_type_is_refused():
    with pytest.raises(ValueError, match=r"rigid is \{'max_angle': 1\} without a type; name one"):
        PoseAugmentor(rigid=dict(max_angle=1))


def test_unknown_noise_is_refused():
    with pytest.raises(
        ValueError,
        match=r"noise of PoseAugmentor has no option 'scale'; the options are angle, length",
    ):
        make()(make_poses(), noise=dict(scale=torch.zeros(12, 8)))


@pytest.mark.parametrize('frames', [None, 5])
@pytest.mark.parametrize('skeleton', ['h36m_17', 'h36m_16'])
def test_bone_angles_keep_lengths_and_trunk(frames, skeleton):
    tree = get_skeleton(skeleton)
    pose = make_poses(frames=frames, skeleton=tree)
    out = augment(PoseAugmentor(skeleton, **PARTS), pose)
    torch.testing.assert_close(bone_lengths(out.angle, tree), bone_lengths(pose, tree))
    trunk = list(tree.trunk_bones)
    assert trunk
    torch.testing.assert_close(
        joints_to_bones(out.angle, tree)[..., trunk, :], joints_to_bones(pose, tree)[..., trunk, :]
    )
    assert out.angle_change.shape == (12, tree.num_bones)
    assert out.angle_change[:, trunk].abs().max() < 1e-5
    free = [bone for bone in range(tree.num_bones) if bone not in trunk]
    assert out.angle_change[:, free].min() >= -1e-6 and out.angle_change[:, free].max() > 0.05


@pytest.mark.parametrize('frames', [None, 5])
def test_bone_lengths_change_in_pairs_and_directions_stay(frames):
    pose = make_poses(frames=frames)
    out = augment(make(angle=None, length=dict(PARTS['length'], limit=0.2)), pose)
    before, after = (bone_lengths(p, H36M_17) for p in (pose, out.length))
    ratio = after / before - 1
    assert ratio.abs().max() <= 0.2 + 1e-4 and ratio.abs().max() > 0.02
    for left, right in H36M_17.bone_pairs:
        torch.testing.assert_close(ratio[..., left], ratio[..., right], atol=1e-4, rtol=0)
    assert ratio[..., H36M_17.trunk_bones[-1]].abs().max() < 1e-5
    directions = [unit_bones(joints_to_bones(p, H36M_17))[0] for p in (pose, out.length)]
    torch.testing.assert_close(*directions, atol=1e-4, rtol=0)
    assert out.length_ratio.shape == (12, len(H36M_17.length_groups))


@pytest.mark.parametrize('rigid', ['RigidAugmentor', 'PlacementAugmentor'])
@pytest.mark.parametrize('frames', [None, 5])
def test_rigid_motion_keeps_all_distances(rigid, frames):
    pose = make_poses(frames=frames)
    out = augment(make(angle=None, length=None, rigid=dict(type=rigid, **SMALL)), pose).rigid
    flat = [p.reshape(12, -1, 3) for p in (pose, out)]
    torch.testing.assert_close(*(torch.cdist(p, p) for p in flat), atol=2e-3, rtol=1e-3)


def test_all_frames_of_a_clip_share_one_change():
    pose = make_poses(count=6, frames=7)
    clip = pose[:, 3:4].expand(-1, 7, -1, -1)  # a person who stands still
    # without a camera, by which clips would be moved into view
    out = augment(make(), clip, camera=False)
    single = augment(make(), clip[:, 3])
    for stage in ('angle', 'length', 'rigid'):
        value = getattr(out, stage)
        torch.testing.assert_close(value, value[:, :1].expand_as(value))
        torch.testing.assert_close(value[:, 3], getattr(single, stage), atol=1e-5, rtol=1e-5)
    # and a person who moves is turned and placed by the middle frame
    moving, still = (augment(make(), each, camera=False) for each in (pose, pose[:, 3]))
    for name in ('rotvec', 'translation', 'length_ratio'):
        torch.testing.assert_close(getattr(moving, name), getattr(still, name))
    root = moving.rigid[:, 3, H36M_17.root]
    torch.testing.assert_close(root, moving.translation)


CLIP_OPTIONS = dict(
    keys=dict(angle=dict(PARTS['angle'], keys=3, limit=0.3)),
    sees=dict(sees='clip'),
    both=dict(angle=dict(PARTS['angle'], keys=4, limit=0.3), sees='clip'),
)


@pytest.mark.parametrize('rigid', ['RigidAugmentor', 'PlacementAugmentor'])
@pytest.mark.parametrize('option', CLIP_OPTIONS)
def test_options_of_clips_leave_single_frames_as_they_are(option, rigid):
    options = dict(angle=dict(PARTS['angle'], limit=0.3), rigid=dict(type=rigid, **SMALL))
    plain, other = make(**options), make(**{**options, **CLIP_OPTIONS[option]})
    missing, unexpected = other.load_state_dict(plain.state_dict(), strict=False)
    assert missing and not unexpected
    assert all('key_output' in name or name.endswith('motion.weight') for name in missing)
    pose = make_poses()
    for single in (pose, pose.unsqueeze(1)):
        for mode in (True, False):
            first, second = (augment(each.train(mode), single) for each in (plain, other))
            for name in ('angle', 'length', 'rigid', 'angle_change', 'rotvec', 'translation'):
                assert torch.equal(getattr(first, name), getattr(second, name))


@pytest.mark.parametrize('target_frame', ['centre', 'last'])
def test_turns_move_smoothly_over_a_clip(target_frame):
    frames, reference = 28, 27 if target_frame == 'last' else 14
    walk = torch.linspace(0, 2, frames).view(1, -1, 1, 1) * torch.tensor([1.0, 0.0, 0.2])
    clip = make_poses(count=6, frames=1) + walk  # people of one pose who glide along
    module = make(**CLIP_OPTIONS['both'])
    for part in module.modules():
        part.target_frame = target_frame
    out = augment(module, clip, camera=False)
    lengths = bone_lengths(clip, H36M_17)
    torch.testing.assert_close(bone_lengths(out.angle, H36M_17), lengths)
    # lengths and the view stay, the turns pass through the change of the reference frame
    ratio = bone_lengths(out.rigid, H36M_17) / lengths
    torch.testing.assert_close(ratio, ratio[:, :1].expand_as(ratio), atol=1e-4, rtol=0)
    assert torch.equal(out.angle[..., 0, :], clip[..., 0, :])
    directions = unit_bones(joints_to_bones(out.angle, H36M_17))[0]
    speed = directions.diff(dim=1)
    assert speed.norm(dim=-1).amax((1, 2)).min() > 5e-3
    assert speed.diff(dim=1).norm(dim=-1).max() < 0.5 * speed.norm(dim=-1).max()
    constant = make(angle=dict(PARTS['angle'], limit=0.3))
    constant.load_state_dict(module.state_dict(), strict=False)
    module.angle.sees = 'frame'
    moving, still = (augment(each, clip, camera=False).angle for each in (module, constant))
    if target_frame == 'centre':
        torch.testing.assert_close(moving[:, reference], still[:, reference])
    assert not torch.allclose(moving[:, 0], still[:, 0], atol=1e-3)
    # who stands still at the ends, as padding does, stays still
    padded = torch.cat((clip[:, :1].expand(-1, 5, -1, -1), clip[:, :-5]), dim=1)
    relative = augment(module, padded, camera=False).angle
    assert torch.equal(relative[:, :6], relative[:, :1].expand(-1, 6, -1, -1))
    assert not torch.allclose(relative[:, 6], relative[:, 7], atol=1e-4)
    speed.square().sum().backward()
    assert module.angle.key_output.weight.grad.abs().sum() > 0
    assert module.angle.network.motion.weight.grad.abs().sum() > 0


@pytest.mark.parametrize('keys', [2, 3, 5])
def test_paths_are_natural_splines(keys):
    values = torch.randn(keys, 4, dtype=torch.float64)
    times = torch.linspace(0, keys - 1, 23, dtype=torch.float64)
    spline = CubicSpline(range(keys), values, bc_type='natural')
    torch.testing.assert_close(spline_weights(times, keys) @ values, torch.tensor(spline(times)))


@pytest.mark.parametrize('sees', ['frame', 'clip'])
def test_operations_see_what_they_are_to_see(sees):
    clip = make_poses(count=6, frames=7)
    other = clip.clone()
    other[:, :3] = make_poses(count=6, frames=3, seed=1)
    module = make(sees=sees)
    first, second = (augment(module, each, camera=False) for each in (clip, other))
    for name in ('length_ratio', 'rotvec', 'translation'):
        assert torch.equal(getattr(first, name), getattr(second, name)) == (sees == 'frame')
    assert torch.equal(first.angle[:, 3], second.angle[:, 3]) == (sees == 'frame')


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (dict(angle=dict(PARTS['angle'], keys=0)), 'keys is 0; give a whole number of 1'),
        (dict(angle=dict(PARTS['angle'], keys=2.0)), 'keys is 2.0; give a whole number of 1'),
        (dict(sees='video'), "sees is 'video'; use one of frame, clip"),
        (dict(length=dict(PARTS['length'], sees='all')), "sees is 'all'; use one of frame, clip"),
    ],
)
def test_unknown_options_of_clips_are_refused(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        make(**options)


def test_shapes_that_are_neither_poses_nor_clips():
    with pytest.raises(ValueError, match=r'take poses \(N, J, 3\) or clips .* got \(17, 3\)'):
        make()(make_poses()[0])


@pytest.mark.parametrize('frames', [None, 4])
def test_zero_length_bones_give_no_nan(frames):
    pose = make_poses(frames=frames)
    pose[..., 3, :] = pose[..., 2, :]
    pose.requires_grad_()
    out = augment(make(), pose)
    assert all(p.isfinite().all() for p in (out.angle, out.length, out.rigid, out.angle_change))
    (out.rigid.square().sum() + out.angle_change.sum()).backward()
    assert pose.grad.isfinite().all()
    bone = H36M_17.bones.index((3, 2))
    assert torch.all(out.angle_change[..., bone] == 0)


def test_operations_by_hand():
    # every bone along x, 1 m; adding 1 along y turns all of them by 45 degrees
    bones = torch.zeros(1, H36M_17.num_bones, 3)
    bones[..., 0] = 1.0
    from mmposeaug.geometry import bones_to_joints

    pose = bones_to_joints(bones, H36M_17)
    change = torch.zeros_like(bones)
    change[..., 1] = 1.0
    turned, one_minus_cos = turn_bones(pose, change, H36M_17)
    torch.testing.assert_close(one_minus_cos, torch.full((1, 16), 1 - 0.5**0.5))
    expected = torch.tensor([0.5**0.5, 0.5**0.5, 0.0]).expand(1, 16, 3)
    torch.testing.assert_close(joints_to_bones(turned, H36M_17), expected)
    ratio = torch.zeros(1, len(H36M_17.length_groups))
    ratio[0, 0] = 0.5
    lengths = bone_lengths(scale_bones(pose, ratio, H36M_17), H36M_17)[0]
    for bone in range(16):
        wanted = 1.5 if bone in H36M_17.length_groups[0] else 1.0
        assert float(lengths[bone]) == pytest.approx(wanted)


def test_noise_fixes_the_result():
    augmentor, pose = make(), make_poses()
    names = ('angle', 'length', 'rotation', 'translation')
    noise = {name: torch.randn(12, 8) for name in names}
    first, second = (augmentor(pose, noise=noise).rigid for _ in range(2))
    torch.testing.assert_close(first, second)
    for name in names:
        other = augmentor(pose, noise={**noise, name: torch.randn(12, 8)}).rigid
        assert not torch.allclose(first, other)


@pytest.mark.parametrize('draw', [None, dict(type='RandomPoseAugmentor')])
def test_the_generator_fixes_the_result(draw):
    augmentor, pose = make(draw=draw), make_poses()
    results = [augment(augmentor, pose, seed).rigid for seed in (1, 1, 2)]
    assert torch.equal(results[0], results[1]) and not torch.allclose(results[0], results[2])
    state = torch.random.get_rng_state()
    augment(augmentor, pose)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_zero_output_starts_as_the_identity():
    parts = dict(
        angle=dict(PARTS['angle'], zero_output=True),
        length=dict(PARTS['length'], zero_output=True),
        rigid=dict(type='PlacementAugmentor', **SMALL),
    )
    pose = make_poses()
    out = augment(make(**parts), pose)
    torch.testing.assert_close(out.rigid, pose, atol=1e-5, rtol=0)
    out = augment(make(draw=dict(type='RandomPoseAugmentor'), **parts), pose)
    torch.testing.assert_close(out.rigid, out.draw.rigid, atol=1e-5, rtol=0)
    out.rigid.sum().backward  # noqa: B018  (has a graph)
    assert out.rigid.requires_grad


def test_placement_is_bounded():
    placement = MODELS.build(
        dict(type='PlacementAugmentor', max_angle=0.5, max_shift=0.1, max_log_depth=0.3, **SMALL)
    )
    for network in (placement.rotation_network, placement.translation_network):
        torch.nn.init.normal_(network.output.weight, std=10.0)
    pose = make_poses(count=200)
    root = pose[:, 0]
    moved, rotvec, translation = placement(pose, pose - pose[:, :1])
    assert 0.45 < rotvec.abs().max() <= 0.5
    shift = (translation[:, :2] / translation[:, 2:] - root[:, :2] / root[:, 2:]).abs()
    assert 0.09 < shift.max() <= 0.1 + 1e-5
    change = (translation[:, 2] / root[:, 2]).log().abs()
    assert 0.28 < change.max() <= 0.3 + 1e-5
    torch.testing.assert_close(moved[:, 0], translation)


def test_limited_bone_angles():
    angle = MODELS.build(dict(type='BoneAngleAugmentor', limit=0.1, **SMALL))
    torch.nn.init.normal_(angle.network.output.weight, std=100.0)
    pose = make_poses()
    _, change = angle(pose, pose - pose[:, :1])
    # a vector of at most 0.1 sqrt(3) turns a unit bone by at most asin of it
    assert change.max() <= 1 - (1 - 0.03) ** 0.5 + 1e-5


def random_draws(**options):
    augmentor = RandomPoseAugmentor(**options)
    pose = make_poses(count=4000)
    return pose, augment(augmentor, pose)


def test_random_ranges():
    options = dict(length_limit=0.1, scale_limit=0.2, depth=(3.0, 5.0), place=0.4)
    pose, out = random_draws(**options)
    ratio = out.length_ratio
    assert 1.1 * 1.2 - 1 >= ratio.max() > 0.28 and 0.9 * 0.8 - 1 <= ratio.min() + 1e-6 < -0.24
    depth = out.rigid[:, 0, 2]
    assert 3 <= depth.min() < 3.05 and 4.95 < depth.max() <= 5
    roots = project(out.rigid[:, :1], CAMERA)[:, 0]
    assert 300 - 0.1 <= roots.min() < 305 and 695 < roots.max() <= 700 + 0.1
    torch.testing.assert_close(out.translation, out.rigid[:, 0], atol=1e-5, rtol=0)
    lengths = [bone_lengths(p, H36M_17) for p in (pose, out.rigid)]
    groups = H36M_17.length_groups
    for group, bones in enumerate(groups):
        for bone in bones:
            found = lengths[1][:, bone] / lengths[0][:, bone] - 1
            torch.testing.assert_close(found, ratio[:, group], atol=1e-3, rtol=1e-3)


def test_random_without_changes_only_moves():
    pose, out = random_draws(
        angle_noise=0, length_limit=0, scale_limit=0, yaw=0, pitch_std=0, roll_std=0
    )
    torch.testing.assert_close(out.rigid - out.rigid[:, :1], pose - pose[:, :1], atol=1e-5, rtol=0)


def test_random_views_turn_about_the_vertical():
    _, out = random_draws(angle_noise=0, length_limit=0, scale_limit=0, pitch_std=0, roll_std=0)
    pose = make_poses(count=4000)
    relative = [p - p[:, :1] for p in (pose, out.rigid)]
    torch.testing.assert_close(relative[0][..., 1], relative[1][..., 1], atol=1e-5, rtol=0)
    first, second = (torch.atan2(r[:, 5, 0], r[:, 5, 2]) for r in relative)
    turn = torch.remainder(second - first, 2 * torch.pi)
    assert torch.histc(turn, 4, 0, 2 * torch.pi).min() > 850  # 1000 each if uniform


@pytest.mark.parametrize('kind', [RandomPoseAugmentor, AnatomicalPoseAugmentor])
def test_cameras_are_as_high_above_the_ground_as_drawn(kind):
    options = dict(pitch_std=0, roll_std=20, depth=(2.5, 8.0), place=0.5)
    pose = make_poses(count=2000)
    # nobody leans here: the trunk's turns would hide what is up
    pose[:, [1, 4, 7], :] = pose[:, :1] + torch.tensor([[0.1, 0, 0], [-0.1, 0, 0], [0, -0.2, 0]])
    augmentor, off = kind(height=(0.5, 3.0), **options), kind(**options)
    out, before = augment(augmentor, pose), augment(off, pose)
    # the augmented body, turned back to where its own up is that of the old camera
    relative = [(p - p[:, :1]).double() for p in (out.length, out.rigid)]
    rotation = torch.linalg.lstsq(*relative).solution.transpose(1, 2)
    up = rotation @ torch.tensor([0.0, -1, 0], dtype=torch.float64)
    rise = -(out.rigid[:, 0].double() * up).sum(-1)
    legs = bone_lengths(out.length, H36M_17)
    legs = 1.08 * sum(legs[:, H36M_17.bone_of(j)] for j in (2, 3, 5, 6)) / 2
    height = rise + legs
    distance = out.rigid[:, 0].norm(dim=-1)
    reached = (rise.abs() < 0.9 * distance) & (legs < 3)
    height = height[reached]
    assert reached.float().mean() > 0.9
    assert 0.5 - 0.01 < height.min() < 0.6 and 2.9 < height.max() < 3.01
    assert torch.histc(height.float(), 5, 0.5, 3.0).min() > 0.16 * len(height)
    # what is drawn besides, place and depth among it, does not depend on the option
    assert off.uniform_shapes().keys() == augmentor.uniform_shapes().keys() - {'height'}
    given = dict(depth=torch.zeros(2000), place=torch.zeros(2000, 2))
    with pytest.raises(ValueError, match=r"has no option 'height'"):
        augment(off, pose, noise=dict(given, height=torch.zeros(2000)))
    assert before.rigid.shape == out.rigid.shape


def test_random_draws_can_be_given():
    augmentor, pose = RandomPoseAugmentor(), make_poses()
    noise = dict(depth=torch.full((12,), -1.0), place=torch.zeros(12, 2))
    out = augment(augmentor, pose, noise=noise)
    torch.testing.assert_close(out.translation, torch.tensor([0.0, 0.0, 2.2]).expand(12, 3))
    with pytest.raises(ValueError, match=r"has no option 'width'; the options are angle, pitch"):
        augment(augmentor, pose, noise=dict(width=torch.zeros(12)))
    with pytest.raises(ValueError, match='places people by the camera; give intrinsics'):
        augmentor(pose)


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (dict(angle_noise=-0.1), 'angle_noise is -0.1; give a number of 0 or more'),
        (dict(place=-1), 'place is -1; give a number of 0 or more'),
        (dict(depth=(5.0, 3.0)), r'depth is \(5.0, 3.0\); give two numbers of 0.001 or more'),
        (dict(depth=(0.0, 3.0)), 'give two numbers of 0.001 or more'),
        (dict(height=(2.0, 1.0)), r'height is \(2.0, 1.0\); give two numbers'),
        (dict(height=(1.0, float('nan'))), 'give two numbers of 0.001 or more'),
        (dict(height=1.5), 'height is 1.5; give two numbers'),
        (
            dict(height=(1, 2), skeleton=Skeleton('arm', ('root', 'hand'), (-1, 0))),
            'has no legs to stand on; leave it out',
        ),
    ],
)
def test_random_refuses_bad_ranges(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        RandomPoseAugmentor(**options)
