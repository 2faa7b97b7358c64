# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Random bodies whose joints turn: what moves, what stays, and how far."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmposeaug.geometry import (
    body_axes,
    bone_lengths,
    joints_to_bones,
    rotate,
    rotation_matrix,
    unit_bones,
)
from mmposeaug.models import AnatomicalPoseAugmentor
from mmposeaug.models.augmentors import anatomical_draw
from mmposeaug.models.augmentors.articulation import Articulation
from mmposeaug.models.augmentors.joint_turns import JointTurns
from mmposeaug.models.augmentors.moving_draw import draw_uniform
from mmposeaug.structures import (
    FLEXION_LIMITS,
    H36M_16,
    H36M_17,
    SEGMENT_RATIOS,
    Skeleton,
    get_skeleton,
    stature_ratios,
)

HAND = Skeleton('hand', ('wrist', 'palm', 'thumb'), (-1, 0, 0))
CAMERA = torch.tensor([1000.0, 1000, 500, 500, 0, 0, 0, 0, 0])
SIZE = torch.tensor([1000.0, 1000.0])
STILL = dict(
    trunk_flexion=0,
    trunk_side=0,
    trunk_twist=0,
    hip_flexion=0,
    hip_abduction=0,
    knee_flexion=0,
    shoulder=0,
    elbow_flexion=0,
    angle_noise=0,
)


def standing(skeleton=H36M_17, knee=20.0, elbow=30.0):
    """A person who faces the camera, arms hanging, knees and elbows a little bent."""
    down, up = torch.tensor([0.0, 1, 0]), torch.tensor([0.0, -1, 0])
    forward, left = torch.tensor([0.0, 0, -1]), torch.tensor([1.0, 0, 0])
    pose = torch.zeros(skeleton.num_joints, 3)
    pose[skeleton.root] = torch.tensor([0.0, 0, 4])
    bend = {'foot': math.radians(knee), 'wrist': math.radians(elbow)}
    for joint in range(skeleton.num_joints):
        parent = skeleton.parents[joint]
        if parent == -1:
            continue
        name = skeleton.joint_names[joint].split('_')[-1]
        side = {'left': left, 'right': -left}.get(skeleton.sides[joint])
        if name in ('hip', 'shoulder'):
            offset = 0.12 * side
        elif name == 'foot':
            offset = 0.4 * (math.cos(bend[name]) * down - math.sin(bend[name]) * forward)
        elif name == 'wrist':
            offset = 0.25 * (math.cos(bend[name]) * down + math.sin(bend[name]) * forward)
        elif name in ('knee', 'elbow'):
            offset = 0.35 * down
        else:
            offset = 0.2 * up
        pose[joint] = pose[parent] + offset
    return pose


def turn(augmentor, pose, seed=0, **draws):
    """Turned poses; draws that are not given are those of the seed."""
    generator = torch.Generator().manual_seed(seed)
    found = augmentor.draw_for(pose, {}, generator)
    for name, value in draws.items():
        found[name] = torch.as_tensor(value, dtype=pose.dtype).expand_as(found[name])
    return augmentor.turn(pose, found)


def directions(pose, skeleton=H36M_17):
    return unit_bones(joints_to_bones(pose, skeleton))[0]


@pytest.mark.parametrize('skeleton', ['h36m_17', 'h36m_16'])
def test_turns_keep_lengths_and_root(skeleton):
    tree = get_skeleton(skeleton)
    pose = standing(tree).repeat(50, 1, 1)
    moved, change = turn(AnatomicalPoseAugmentor(skeleton), pose)
    torch.testing.assert_close(bone_lengths(moved, tree), bone_lengths(pose, tree))
    assert torch.equal(moved[:, tree.root], pose[:, tree.root])
    expected = 1 - (directions(pose, tree) * directions(moved, tree)).sum(-1)
    torch.testing.assert_close(change, expected)
    assert change.mean() > 0.02


@pytest.mark.parametrize('frames', [1, 3])
@pytest.mark.parametrize('skeleton', ['h36m_17', 'h36m_16'])
def test_joints_that_turn_at_once_turn_as_one_after_the_other(skeleton, frames):
    tree = get_skeleton(skeleton)
    augmentor = AnatomicalPoseAugmentor(skeleton, hip_rotation=20.0, joint_share=0.7)
    pose = standing(tree).repeat(40, 1, 1) + 0.05 * torch.randn(40, tree.num_joints, 3)
    draw = augmentor.draw_for(pose, {}, torch.Generator().manual_seed(1))
    if frames > 1:
        pose = pose.unsqueeze(1).repeat(1, frames, 1, 1)
    body = augmentor.articulation
    turns = JointTurns(tree, body, augmentor.std, augmentor.joint_share)
    start = unit_bones(joints_to_bones(pose, tree))[0]
    found = turns(start, pose, draw)
    bends, tilts, twist, outer, elbow, thigh = map(rotation_matrix, turns._turns(pose, draw))
    order = [(limb[1:], elbow, side) for side, limb in enumerate(body.arms)]
    order += [(limb, outer, side) for side, limb in enumerate(body.arms)]
    for side, limb in enumerate(body.legs):
        order += [(limb[1:], outer, 2 + side), (limb[1:], thigh, side)]
        order += [(limb, tilts, 1 + side), (limb, bends, 1 + side)]
    order += [(body.upper, twist, 0), (body.upper, tilts, 0), (body.upper, bends, 0)]
    expected = start.clone()
    for bones, rotations, number in order:
        expected[..., bones, :] = rotate(expected[..., bones, :], rotations[..., number, :, :])
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
    assert (found - start).norm(dim=-1).mean() > 0.1


def test_uniform_numbers_are_those_of_one_name_after_the_other():
    shapes = dict(length=(10,), scale=(1,), yaw=(), limbs=(2, 5), place=(2,))
    one, other = (torch.Generator().manual_seed(4) for _ in range(2))
    found = draw_uniform(7, shapes, generator=one)
    for name, shape in shapes.items():
        assert torch.equal(found[name], 2 * torch.rand(7, *shape, generator=other) - 1)
    assert torch.equal(torch.rand(3, generator=one), torch.rand(3, generator=other))
    assert draw_uniform(7, {}) == {}


def test_a_trunk_bends_forwards_with_all_above_it():
    augmentor = AnatomicalPoseAugmentor(**{**STILL, 'trunk_flexion': 30.0})
    pose = standing().unsqueeze(0)
    moved, _ = turn(augmentor, pose, trunk=1.0, trunk_turned=-1.0, trunk_backward=1.0)
    before, after = directions(pose)[0], directions(moved)[0]
    upper = augmentor.articulation.upper
    lower = [bone for bone in range(H36M_17.num_bones) if bone not in upper]
    torch.testing.assert_close(after[lower], before[lower])
    rotation = rotation_matrix(torch.tensor([math.radians(30), 0, 0]))
    torch.testing.assert_close(after[list(upper)], rotate(before[list(upper)], rotation))
    head = H36M_17.index('head')
    assert moved[0, head, 2] < pose[0, head, 2] - 0.3, 'towards the camera, which it faces'
    backwards, _ = turn(augmentor, pose, trunk=1.0, trunk_turned=-1.0, trunk_backward=-1.0)
    extension, flexion = FLEXION_LIMITS['trunk']
    thorax = (backwards - pose[:, :1])[0, H36M_17.index('thorax')]
    away = math.degrees(math.atan2(thorax[2], -thorax[1]))
    assert away == pytest.approx(-30 * extension / flexion, abs=1e-3)


def test_limbs_turn_by_their_joints():
    pose = standing().unsqueeze(0)
    left = torch.tensor([[True, False]])
    names = H36M_17.joint_names

    def moved_joints(option, **draws):
        augmentor = AnatomicalPoseAugmentor(**{**STILL, option: 20.0})
        moved, _ = turn(augmentor, pose, limbs_turned=-1.0, legs_backward=1.0, **draws)
        found = {names[j] for j in (moved - pose)[0].norm(dim=-1).gt(1e-5).nonzero().flatten()}
        return moved, found

    hip = torch.where(left, 1.0, 0.0).unsqueeze(-1) * torch.tensor([1.0, 0.0])
    moved, joints = moved_joints('hip_flexion', hip=hip)
    assert joints == {'left_knee', 'left_foot'}
    knee = H36M_17.index('left_knee')
    assert moved[0, knee, 2] < pose[0, knee, 2] - 0.1, 'a flexed hip lifts the knee forwards'
    moved, joints = moved_joints('knee_flexion', knee=torch.where(left, 1.0, 0.0))
    assert joints == {'left_foot'}
    foot = H36M_17.index('left_foot')
    assert moved[0, foot, 2] > pose[0, foot, 2] + 0.1, 'a flexed knee moves the foot back'
    moved, joints = moved_joints('elbow_flexion', elbow=torch.where(left, 1.0, 0.0))
    assert joints == {'left_wrist'}
    wrist = H36M_17.index('left_wrist')
    assert moved[0, wrist, 2] < pose[0, wrist, 2] - 0.05, 'a flexed elbow lifts the hand'
    shoulder = torch.where(left, 1.0, 0.0).unsqueeze(-1).expand(-1, -1, 3)
    _, joints = moved_joints('shoulder', shoulder=shoulder)
    assert joints == {'left_elbow', 'left_wrist'}


def flexion(pose, limb):
    """Degrees between the two bones of a limb."""
    bones = directions(pose)[:, list(limb[:2])]
    cosine = (bones[:, 0] * bones[:, 1]).sum(-1)
    return torch.rad2deg(torch.acos(cosine.clamp(-1, 1)))


@settings(max_examples=20, deadline=None)
@given(st.floats(1, 130), st.floats(1, 140), st.integers(0, 99))
def test_knees_and_elbows_stay_in_their_range(knee, elbow, seed):
    augmentor = AnatomicalPoseAugmentor(**{**STILL, 'knee_flexion': 90.0, 'elbow_flexion': 90.0})
    pose = standing(knee=knee, elbow=elbow).repeat(64, 1, 1)
    moved, _ = turn(augmentor, pose, seed, limbs_turned=-1.0)
    body = augmentor.articulation
    for joint, limbs in (('knee', body.legs), ('elbow', body.arms)):
        for limb in limbs:
            angles = flexion(moved, limb)
            assert angles.max() < FLEXION_LIMITS[joint][1] + 0.1
            assert angles.std() > 5
        # no knee bends forwards: the foot is never in front of the thigh's line
    bones = directions(moved)
    for leg in body.legs:
        bent = torch.linalg.cross(bones[:, leg[0]], bones[:, leg[1]])
        across = body_axes(moved, H36M_17)[:, 0]
        assert (bent * across).sum(-1).min() > -0.02


def test_turns_do_not_depend_on_the_view():
    augmentor = AnatomicalPoseAugmentor(angle_noise=0)
    pose = standing().repeat(20, 1, 1)
    rotation = rotation_matrix(torch.tensor([0.4, 1.9, -0.3]))
    root = pose[:, :1]
    seen = rotate(pose - root, rotation) + root
    moved, change = turn(augmentor, pose)
    moved_seen, change_seen = turn(augmentor, seen)
    torch.testing.assert_close(moved_seen, rotate(moved - root, rotation) + root, atol=1e-4, rtol=0)
    torch.testing.assert_close(change, change_seen, atol=1e-4, rtol=0)


def test_all_frames_of_a_clip_turn_alike():
    augmentor = AnatomicalPoseAugmentor(angle_noise=0)
    pose = standing().repeat(6, 1, 1)
    turns = rotation_matrix(torch.tensor([[0.0, angle, 0] for angle in (0.0, 0.5, 2.0)]))
    root = pose[:, None, :1]
    clip = rotate(pose[:, None] - root, turns) + root
    moved, change = turn(augmentor, clip)
    single, change_single = turn(augmentor, pose)
    expected = rotate(single[:, None] - root, turns) + root
    torch.testing.assert_close(moved, expected, atol=1e-4, rtol=0)
    torch.testing.assert_close(change, change_single, atol=1e-4, rtol=0)


def augment(augmentor, pose):
    count = len(pose)
    generator = torch.Generator().manual_seed(0)
    return augmentor(pose, CAMERA.expand(count, -1), SIZE.expand(count, -1), generator=generator)


@pytest.mark.parametrize('frames', [None, 3])
def test_bodies_have_published_proportions(frames):
    pose = standing().repeat(400, 1, 1)
    clips = pose if frames is None else pose.unsqueeze(1).repeat(1, frames, 1, 1)
    augmentor = AnatomicalPoseAugmentor(body_share=1.0, stature=(1.6, 1.6))
    out = augment(augmentor, clips)
    lengths = bone_lengths(out.rigid.reshape(-1, 17, 3), H36M_17) / 1.6
    ratios = torch.tensor(stature_ratios(H36M_17))
    relative = lengths / ratios - 1
    widths = [i for i, name in enumerate(H36M_17.bone_names) if name[-3:] in ('hip', 'der')]
    others = [i for i in range(16) if i not in widths]
    assert relative.mean(0).abs().max() < 0.04
    assert relative[:, others].abs().max() < 2.5 * 0.08 + 1e-4
    assert relative[:, others].std(0) == pytest.approx(0.08, rel=0.15)
    assert relative[:, widths].std(0) == pytest.approx(0.25, rel=0.15)
    for left, right in H36M_17.bone_pairs:
        torch.testing.assert_close(lengths[:, left], lengths[:, right])


def test_a_share_of_the_people_keep_their_body():
    pose = standing().repeat(2000, 1, 1)
    out = augment(AnatomicalPoseAugmentor(length_limit=0, scale_limit=0, body_share=0.75), pose)
    kept = (out.length_ratio.abs() < 1e-6).all(1).float().mean()
    assert kept == pytest.approx(0.25, abs=0.03)
    own = augment(AnatomicalPoseAugmentor(body_share=0.0), pose).length_ratio
    assert own.abs().max() < 1.05 * 1.1 - 1 + 1e-6
    statures = augment(
        AnatomicalPoseAugmentor(body_share=1.0, proportion_std=0, width_std=0), pose
    ).rigid
    thighs = bone_lengths(statures, H36M_17)[:, H36M_17.bone_names.index('left_knee')]
    assert thighs.min() > 1.5 * SEGMENT_RATIOS['thigh'] - 1e-4
    assert thighs.max() < 1.9 * SEGMENT_RATIOS['thigh'] + 1e-4
    assert thighs.std() == pytest.approx(0.4 / 12**0.5 * SEGMENT_RATIOS['thigh'], rel=0.05)


def test_ratios_follow_the_tree_and_not_the_names():
    by_name = dict(zip(H36M_16.bone_names, stature_ratios(H36M_16)))
    assert by_name['head'] == pytest.approx(SEGMENT_RATIOS['neck'] + SEGMENT_RATIOS['head'])
    renamed = Skeleton(
        'other', tuple(f'{i}' for i in range(17)), H36M_17.parents, H36M_17.joint_pairs
    )
    assert stature_ratios(renamed) == stature_ratios(H36M_17)
    assert stature_ratios(HAND) == (None, None)


def renumbered(skeleton):
    """The same tree with its joints in the opposite order."""
    last = skeleton.num_joints - 1
    order = range(last, -1, -1)
    return Skeleton(
        'renumbered',
        tuple(skeleton.joint_names[j] for j in order),
        tuple(-1 if skeleton.parents[j] == -1 else last - skeleton.parents[j] for j in order),
        tuple((last - a, last - b) for a, b in skeleton.joint_pairs),
    )


def test_the_order_of_the_joints_does_not_matter():
    other = renumbered(H36M_17)
    by_name = dict(zip(H36M_17.bone_names, stature_ratios(H36M_17)))
    assert dict(zip(other.bone_names, stature_ratios(other))) == by_name
    body = Articulation.of(other)
    assert [other.joint_names[j] for j in other.pelvis[:2]] == ['left_hip', 'right_hip']
    assert [[other.bone_names[b] for b in leg] for leg in body.legs] == [
        ['left_knee', 'left_foot'],
        ['right_knee', 'right_foot'],
    ]
    pose = standing().repeat(4, 1, 1)
    augmentor = AnatomicalPoseAugmentor(other, **{**STILL, 'trunk_flexion': 30.0})
    moved, _ = turn(augmentor, pose.flip(1), trunk=1.0, trunk_turned=-1.0, trunk_backward=1.0)
    own = AnatomicalPoseAugmentor(**{**STILL, 'trunk_flexion': 30.0})
    expected, _ = turn(own, pose, trunk=1.0, trunk_turned=-1.0, trunk_backward=1.0)
    torch.testing.assert_close(moved.flip(1), expected, atol=1e-5, rtol=0)


def test_arms_with_collar_bones_are_left_alone():
    names = ['root', 'chest', 'head']
    parents = [-1, 0, 1]
    pairs = []
    for chain in (('hip', 'knee', 'foot', 'toe'), ('collar', 'shoulder', 'elbow', 'wrist')):
        for side in ('left', 'right'):
            for place, joint in enumerate(chain):
                parents.append((0 if chain[0] == 'hip' else 1) if place == 0 else len(names) - 1)
                names.append(f'{side}_{joint}')
    for name in names:
        if name.startswith('left_'):
            pairs.append((names.index(name), names.index(name.replace('left', 'right'))))
    smpl = Skeleton('collars', tuple(names), tuple(parents), tuple(pairs))
    by_name = dict(zip(smpl.bone_names, stature_ratios(smpl)))
    assert by_name['left_foot'] == SEGMENT_RATIOS['shank'] and by_name['left_toe'] is None
    assert by_name['left_collar'] is by_name['left_elbow'] is None
    assert Articulation.of(smpl) is None
    pose = torch.randn(1, len(names), 3).repeat(200, 1, 1)
    augmentor = AnatomicalPoseAugmentor(smpl, body_share=1.0, stature=(1.4, 2.0))
    out = augment(augmentor, pose)
    before, after = bone_lengths(pose, smpl), bone_lengths(out.rigid, smpl)
    known = torch.tensor([ratio is not None for ratio in stature_ratios(smpl)])
    change = after / before
    torch.testing.assert_close(change[:, ~known], change[:, ~known][:, :1].expand(-1, 10))
    rest, known_change = change[:, ~known][:, 0], change[:, known]
    assert (rest > known_change.min(1).values).all() and (rest < known_change.max(1).values).all()
    assert rest.std() > 0.05 * rest.mean(), 'arms grow with the body'


def test_zero_length_bones_give_no_nan():
    pose = standing().repeat(8, 1, 1)
    pose[0] = pose[0, :1]
    pose[1, H36M_17.index('left_foot')] = pose[1, H36M_17.index('left_knee')]
    pose[2, H36M_17.index('left_hip')] = pose[2, H36M_17.index('right_hip')]
    out = augment(AnatomicalPoseAugmentor(), pose)
    for value in (out.rigid, out.angle_change, out.length_ratio):
        assert torch.isfinite(value).all()


@pytest.fixture
def said(monkeypatch):
    """What the augmentor says."""
    sentences: list[str] = []
    monkeypatch.setattr(anatomical_draw, 'print_log', lambda text, **_: sentences.append(text))
    return sentences


def test_other_trees_are_only_disturbed_and_the_log_says_so(said):
    augmentor = AnatomicalPoseAugmentor(HAND)
    assert len(said) == 1 and "the skeleton 'hand' is no human body, for it has no trunk" in said[0]
    AnatomicalPoseAugmentor(HAND, **STILL, body_share=0)
    AnatomicalPoseAugmentor(HAND, human=False)
    assert len(said) == 1, 'nothing was asked to turn, or it was said to be none'
    assert augmentor.articulation is None and Articulation.of(HAND) is None
    pose = torch.tensor([[0.0, 0, 2], [0, 0.1, 2], [0.05, 0, 2]]).repeat(10, 1, 1)
    out = augment(augmentor, pose)
    assert torch.isfinite(out.rigid).all() and out.length_ratio.abs().max() < 0.16
    assert not torch.equal(out.angle, pose)


def quadruped(**changes):
    """A dog of AP-10K's joints, as its MMPose metainfo has them, and one pose of it."""
    chains = [('Root of tail', 'Neck', 'Nose'), ('Nose', '*_Eye')]
    chains += [('Neck', '*_Shoulder', '*_Elbow', '*_F_Paw')]
    chains += [('Root of tail', '*_Hip', '*_Knee', '*_B_Paw')]
    names, parents = ['Root of tail'], [-1]
    for chain in chains:
        for side in ('L', 'R') if '*' in chain[-1] else ('',):
            links = [name.replace('*', side) for name in chain]
            for parent, child in zip(links, links[1:]):
                names.append(child)
                parents.append(names.index(parent))
    pairs = tuple((names.index(n), names.index(f'R{n[1:]}')) for n in names if n[:2] == 'L_')
    skeleton = Skeleton(**{**dict(name='ap10k', joint_names=tuple(names)), **changes},
                        parents=tuple(parents), joint_pairs=pairs)  # fmt: skip
    offsets = {'Neck': (0.6, -0.05, 0), 'Nose': (0.2, -0.15, 0), 'Eye': (-0.06, -0.05, 0.04)}
    offsets |= {'Shoulder': (0, 0.05, 0.1), 'Elbow': (-0.05, 0.2, 0), 'F_Paw': (0.02, 0.28, 0)}
    offsets |= {'Hip': (0.05, 0.05, 0.08), 'Knee': (0.05, 0.24, 0), 'B_Paw': (-0.05, 0.28, 0)}
    pose = torch.zeros(len(names), 3)
    pose[0, 2] = 4
    for joint, name in enumerate(names[1:], start=1):
        offset = torch.tensor(offsets[name.removeprefix('L_').removeprefix('R_')])
        offset[2] *= -1 if name[:2] == 'R_' else 1
        pose[joint] = pose[parents[joint]] + offset
    return skeleton, pose


H36M_LIKE = ('root', 'thorax', 'head', 'left_eye', 'right_eye') + tuple(
    f'{side}_{joint}'
    for joints in (('shoulder', 'elbow', 'wrist'), ('hip', 'knee', 'foot'))
    for side in ('left', 'right')
    for joint in joints
)


def test_a_quadruped_keeps_its_joints_and_proportions(said):
    """Front legs were arms of human proportions, with length ratios from 0.29 to 2.78."""
    skeleton, pose = quadruped()
    poses = pose.repeat(500, 1, 1)
    augmentor = AnatomicalPoseAugmentor(skeleton, angle_noise=0)
    out = augment(augmentor, poses)
    torch.testing.assert_close(out.angle, poses)
    assert out.angle_change.max() < 1e-6
    lengths = bone_lengths(out.rigid, skeleton) / bone_lengths(poses, skeleton)
    assert lengths.min() > 0.95 * 0.9 - 1e-5 and lengths.max() < 1.05 * 1.1 + 1e-5
    assert lengths.std() > 0.03, 'within the limits of the base class, which still hold'
    assert said == [
        "AnatomicalPoseAugmentor: the skeleton 'ap10k' is no human body, for 'Root of tail' names "
        'a joint of an animal; its joints are not turned and its proportions are kept; if it is '
        "one, set human=True in the metainfo or among the augmentor's options."
    ]
    told = augment(AnatomicalPoseAugmentor(skeleton, human=True), poses)
    assert told.length_ratio.max() > 1.5, 'who says so gets a person'
    assert len(said) == 1


def test_a_quadruped_with_the_joints_of_a_person_is_told_by_its_bones(said):
    skeleton, pose = quadruped(name='mine', joint_names=H36M_LIKE)
    poses = pose.repeat(100, 1, 1)
    augmentor = AnatomicalPoseAugmentor(skeleton, angle_noise=0)
    assert augmentor.articulation is not None and not said, 'names are all that there is yet'
    for _ in range(2):
        augmentor.suit(bone_lengths(pose, skeleton).tolist())
    (sentence,) = said
    assert 'is no human body, for its arms are 0.92 times as long as its legs' in sentence
    out = augment(augmentor, poses)
    torch.testing.assert_close(out.angle, poses)
    assert out.length_ratio.abs().max() < 0.16
    for human, turned in ((True, True), (False, False)):
        said_so = AnatomicalPoseAugmentor(skeleton, human=human)
        said_so.suit(bone_lengths(pose, skeleton).tolist())
        assert (said_so.articulation is not None) is turned
    assert len(said) == 1


def test_joints_without_names_are_a_person_if_the_bones_are(said):
    nameless = Skeleton(
        'rig', tuple(f'joint_{i}' for i in range(17)), H36M_17.parents, H36M_17.joint_pairs
    )
    augmentor = AnatomicalPoseAugmentor(nameless)
    assert augmentor.articulation is None and not augmentor.published.any()
    assert "'rig' may be no human body, for 'joint_4' names no joint of a human limb" in said[0]
    augmentor.suit(bone_lengths(standing(), H36M_17).tolist())
    assert said[1:] == [
        "AnatomicalPoseAugmentor: the skeleton 'rig' is taken for a human body, for its bones have "
        'the proportions of a person in the data.'
    ]
    pose = standing().repeat(20, 1, 1)
    known = augment(AnatomicalPoseAugmentor(), pose)
    assert torch.equal(augment(augmentor, pose).rigid, known.rigid)


@pytest.mark.parametrize('skeleton', ['h36m_17', 'h36m_16'])
def test_people_are_augmented_alike_however_they_are_known(skeleton, said):
    tree = get_skeleton(skeleton)
    pose = standing(tree).repeat(50, 1, 1)
    told = augment(AnatomicalPoseAugmentor(skeleton, human=True), pose)
    augmentor = AnatomicalPoseAugmentor(skeleton)
    for _ in range(2):
        assert torch.equal(augment(augmentor, pose).rigid, told.rigid)
        augmentor.suit(bone_lengths(pose[0], tree).tolist())
    assert not said, 'all is as usual'


def test_thighs_turn_about_themselves():
    augmentor = AnatomicalPoseAugmentor(**STILL, hip_rotation=40.0)
    pose = standing().unsqueeze(0)
    moved, _ = turn(augmentor, pose, thigh=1.0, limbs_turned=-1.0)
    before, after = directions(pose)[0], directions(moved)[0]
    shins = [H36M_17.bone_of(H36M_17.index(f'{side}_foot')) for side in ('left', 'right')]
    others = [bone for bone in range(H36M_17.num_bones) if bone not in shins]
    torch.testing.assert_close(after[others], before[others])
    thigh = directions(pose)[0, H36M_17.bone_of(H36M_17.index('left_knee'))]
    expected = rotate(before[shins], rotation_matrix(math.radians(40) * thigh))
    torch.testing.assert_close(after[shins], expected)
    clip, _ = turn(augmentor, pose.unsqueeze(1).repeat(1, 3, 1, 1), thigh=1.0, limbs_turned=-1.0)
    torch.testing.assert_close(clip[0], moved.expand(3, -1, -1))


def test_hips_of_other_bodies_lie_lower_or_higher():
    still = dict(**STILL, proportion_std=0.0, width_std=0.0, body_share=1.0, stature=(1.7, 1.7))
    pose = standing().repeat(3, 1, 1)
    augmentor = AnatomicalPoseAugmentor(**still, hip_height_std=0.1)
    drawn = augmentor.draw_for(pose, {}, torch.Generator().manual_seed(0))
    drawn['hip_height'] = torch.tensor([0.0, 1.0, -1.0])
    lengths = bone_lengths(pose, H36M_17)
    for group, ratio in zip(H36M_17.length_groups, augmentor.length_ratio(pose, drawn).T):
        lengths[:, list(group)] *= (1 + ratio).unsqueeze(-1)
    of = {name: H36M_17.bone_of(H36M_17.index(name)) for name in H36M_17.joint_names[1:]}
    trunk = lengths[:, of['spine']] + lengths[:, of['thorax']]
    thigh = 1.7 * SEGMENT_RATIOS['thigh']
    torch.testing.assert_close(lengths[:, of['left_knee']], thigh * torch.tensor([1.0, 0.9, 1.1]))
    change = trunk - trunk[0]
    torch.testing.assert_close(change, thigh * torch.tensor([0.0, 0.1, -0.1]))
    rest = [of[name] for name in ('left_foot', 'right_hip', 'head', 'left_elbow')]
    torch.testing.assert_close(lengths[1:, rest], lengths[:1, rest].expand(2, -1))
    lower = AnatomicalPoseAugmentor(**still, hip_height=-0.1)
    both = AnatomicalPoseAugmentor(**still, hip_height=0.1, hip_height_std=0.1)
    ratio = augmentor.length_ratio(pose, drawn)
    torch.testing.assert_close(lower.length_ratio(pose, drawn)[0], ratio[1])
    torch.testing.assert_close(both.length_ratio(pose, drawn)[1], ratio[0])


def test_draws_that_are_off_leave_the_others_as_they_are():
    pose = standing().repeat(4, 1, 1)
    names = AnatomicalPoseAugmentor().normal_shapes()
    assert not {'thigh', 'hip_height'} & set(names)
    more = AnatomicalPoseAugmentor(hip_rotation=20.0, hip_height_std=0.05)
    assert [*more.normal_shapes()] == [*names, 'thigh', 'hip_height']
    same = [
        augmentor.draw_for(pose, {}, torch.Generator().manual_seed(3))
        for augmentor in (AnatomicalPoseAugmentor(), more)
    ]
    for name in names:
        assert torch.equal(same[0][name], same[1][name])


def test_a_person_cannot_be_made_of_any_tree():
    with pytest.raises(ValueError, match="'hand' cannot be a human body, for it has no trunk"):
        AnatomicalPoseAugmentor(HAND, human=True)
    with pytest.raises(ValueError, match="human is 'yes'; use True, False or 'auto'"):
        AnatomicalPoseAugmentor(human='yes')


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (dict(trunk_flexion=-1), 'trunk_flexion is -1; give a number of 0 or more'),
        (dict(joint_share=1.5), 'joint_share is 1.5; give a number between 0 and 1'),
        (dict(body_share=-0.1), 'body_share is -0.1; give a number between'),
        (dict(trunk_flexion=math.nan), 'trunk_flexion is nan; give a number'),
        (dict(knee_flexion=None), 'knee_flexion is None; give a number'),
        (dict(knee=3), "AnatomicalPoseAugmentor has no option 'knee'; the options are skeleton"),
        (dict(joint_share='x'), "joint_share is 'x'; give a number between"),
        (dict(stature=(1.9, 1.5)), 'stature is .1.9, 1.5.; give two numbers of 0.1 or more'),
        (dict(stature=1.7), 'stature is 1.7; give two numbers of 0.1 or more'),
        (dict(depth=[1, 2, 3]), r'depth is \[1, 2, 3\]; give two numbers'),
        (dict(width_std=0.4), 'must be below 0.4, got 0.08 and 0.4'),
        (dict(hip_rotation=-1.0), 'hip_rotation is -1.0; give a number of 0 or more'),
        (dict(hip_height_std=0.4), 'proportion_std and hip_height_std together and width_std'),
        (dict(hip_height_std=0.05, body_share=0), 'hip_height_std is 0.05, but body_share is 0'),
        (dict(hip_height=0.05, body_share=0), 'hip_height is 0.05, but body_share is 0'),
        (dict(hip_height=0.3), 'hip_height is 0.3; give a number between -0.25 and 0.25'),
        (dict(hip_height_std=0.05, skeleton=HAND), "'hand' has no trunk and thighs, so no body"),
        (dict(hip_rotation=9.0, joint_share=0), 'hip_rotation is 9.0, but joint_share is 0'),
        (dict(depth=(3, 2)), 'AnatomicalPoseAugmentor: depth is .3, 2.; give two'),
    ],
)
def test_bad_options_are_refused(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        AnatomicalPoseAugmentor(**options)
