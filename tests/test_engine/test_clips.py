# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Clips of people who walk: placed in view as a whole, by the frame that the lifter predicts."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from train_runs import LIFTER_OF_CLIPS, build, differing, poseaug

from mmposeaug.datasets.clip_index import ClipIndex
from mmposeaug.engine.augmentation import Augmentation
from mmposeaug.engine.bank_facts import fit_to_bank
from mmposeaug.engine.batches import project_clip, with_poses
from mmposeaug.engine.clip_checks import warn_of_short_reach
from mmposeaug.geometry import (
    body_axes,
    bone_lengths,
    bones_to_joints,
    in_view,
    joints_to_bones,
    project,
    root_relative,
    rotate,
    rotation_matrix,
    shift_into_view,
    unit_bones,
)
from mmposeaug.models import (
    AnatomicalPoseAugmentor,
    BodyPoseAugmentor,
    MeasuredPoseAugmentor,
    PoseAugmentor,
    RandomPoseAugmentor,
)
from mmposeaug.models.augmentors.articulation import Articulation
from mmposeaug.models.augmentors.clip_motion import ClipMotion
from mmposeaug.structures import H36M_17

FRAMES = 9
SIZE = torch.tensor([1000.0, 1000.0])
CAMERAS = dict(
    barrel=[1145.0, 1143, 512, 515, -0.2, 0.24, -0.002, -0.0009, -0.0015],
    pincushion=[1145.0, 1143, 480, 530, 0.1, 0.05, 0.0, 0.001, 0.001],
    wide=[400.0, 400, 500, 500, 0.0, 0.0, 0.0, 0.0, 0.0],
)
CONSTANT = dict(speed=0, rate=(1, 1), cap=0, reverse=0)
PARTS = dict(
    angle=dict(type='BoneAngleAugmentor', hidden=16, noise_dim=8, num_blocks=1, limit=0.3),
    length=dict(type='BoneLengthAugmentor', hidden=16, noise_dim=8, num_blocks=1),
)


@pytest.fixture
def people(mocap_root, tmp_path):
    """64 people of the small set."""
    loop = build(mocap_root, tmp_path, dict(type='TensorTrainLoop', max_epochs=1)).train_loop
    return loop.bank.gather(torch.arange(64) * 3)


def clips(people, path_m, towards_camera=False, frames=FRAMES):
    """The people on a straight path, or towards the camera and through it."""
    direction = torch.tensor([0.0, 0, -1] if towards_camera else [1.0, 0, 0])
    steps = torch.linspace(-0.5, 0.5, frames) * path_m
    clip = people.pose_cam + steps.view(1, frames, 1, 1) * direction
    return with_poses(people, clip)


def seen(pose, batch):
    pixels = project_clip(pose, batch.intrinsics, batch.image_size)
    return pixels, in_view(pixels, pose[..., 2], batch.image_size[:, None]).all(-1)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize('camera', CAMERAS)
@pytest.mark.parametrize('towards_camera', [False, True])
def test_any_path_fits_into_the_image(people, camera, towards_camera):
    intrinsics = torch.tensor(CAMERAS[camera]).expand(64, 9)
    batch = replace(clips(people, 20.0, towards_camera), intrinsics=intrinsics)
    batch = replace(batch, image_size=SIZE.expand(64, 2))
    pixels, before = seen(batch.pose_cam, batch)
    assert pixels.isfinite().all() and not before.any()
    shift = shift_into_view(batch.pose_cam, intrinsics, batch.image_size, H36M_17, FRAMES // 2)
    moved = batch.pose_cam + shift[:, None, None]
    assert seen(moved, batch)[1].all()
    # as near as possible: what is there already stays
    again = shift_into_view(moved, intrinsics, batch.image_size, H36M_17, FRAMES // 2)
    assert again.abs().max() < 1e-4
    centred = moved + torch.tensor([0.0, 0.0, 30.0])
    there = shift_into_view(centred, intrinsics, batch.image_size, H36M_17, 0)
    assert there[:, 2].abs().max() == 0


def test_projections_of_clips_are_bounded_and_single_frames_as_before(people):
    batch = clips(people, 12.0, towards_camera=True)
    pose = batch.pose_cam.clone()
    pose[0, 4] = pose[0, 4] - pose[0, 4, :1]  # the camera is inside of the person
    pose.requires_grad_()
    pixels, visible = seen(pose, batch)
    assert pixels.abs().max() < 1e4 and not visible.any()
    pixels.square().mean().backward()
    assert pose.grad.isfinite().all()
    for single in (people.pose_cam, people.pose_cam[:, 0]):
        cameras = people.intrinsics.unsqueeze(1) if single.ndim == 4 else people.intrinsics
        far = single * torch.tensor([40.0, 1.0, 1.0])  # far out of the image
        assert torch.equal(project_clip(far, people.intrinsics), project(far, cameras))


@pytest.mark.parametrize(
    'augmentor',
    [
        lambda: RandomPoseAugmentor(motion=CONSTANT),
        lambda: AnatomicalPoseAugmentor(motion=CONSTANT),
        lambda: PoseAugmentor(draw=dict(type='AnatomicalPoseAugmentor', motion=CONSTANT), **PARTS),
        lambda: PoseAugmentor(**PARTS),
    ],
    ids=['random', 'anatomical', 'learned on a draw', 'released'],
)
def test_walkers_are_used_as_often_as_people_who_stand(people, augmentor):
    torch.manual_seed(0)
    module = augmentor().eval()
    for path_m, towards in ((0.0, False), (3.0, False), (9.0, True)):
        batch = clips(people, path_m, towards)
        poses = module(batch.pose_cam, batch.intrinsics, batch.image_size, generator=generator())
        pixels, visible = seen(poses.rigid, batch)
        assert pixels.isfinite().all() and visible.float().mean() > 0.98
        # the walk itself becomes longer only as the legs do
        before, after = (p[:, :, 0].diff(dim=1).norm(dim=-1) for p in (batch.pose_cam, poses.rigid))
        legs = [bone_lengths(p[:, 0], H36M_17)[:, :6] for p in (batch.pose_cam, poses.rigid)]
        longer = legs[1][:, [1, 2, 4, 5]].sum(-1) / legs[0][:, [1, 2, 4, 5]].sum(-1)
        assert path_m == 0 or longer.std() > 0.01
        torch.testing.assert_close(after, before * longer[:, None], atol=1e-4, rtol=1e-4)
        # and the place that is told is where the person is
        if poses.translation is not None:
            root = poses.rigid[:, FRAMES // 2, H36M_17.root]
            torch.testing.assert_close(poses.translation, root, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize('kind', [RandomPoseAugmentor, AnatomicalPoseAugmentor])
def test_single_frames_are_not_moved_into_view(people, kind):
    module, pose = kind(), people.pose_cam
    options = (people.intrinsics, people.image_size)
    draw = dict(depth=torch.linspace(-1, 1, 64), place=torch.ones(64, 2))
    single = module(pose[:, 0], *options, noise=draw, generator=generator())
    clip = module(pose, *options, noise=draw, generator=generator())
    assert torch.equal(single.rigid, clip.rigid[:, 0])
    z = (2.2 + 7.2) / 2 + (7.2 - 2.2) / 2 * draw['depth']
    place = people.image_size / 2 * (1 + module.place)
    xy = (place - people.intrinsics[:, 2:4]) / people.intrinsics[:, :2]
    assert torch.equal(single.translation, torch.cat((xy * z[:, None], z[:, None]), dim=1))
    assert not seen(single.rigid[:, None], people)[1].all()


@pytest.mark.parametrize('mirror', [False, True])
def test_the_reference_is_the_frame_that_the_lifter_predicts(people, mocap_root, tmp_path, mirror):
    loop = build(mocap_root, tmp_path, poseaug()).train_loop
    bank = replace(
        loop.bank,
        windows=ClipIndex.of_windows(torch.arange(64)[:, None] + torch.arange(FRAMES)),
        target_frames=(FRAMES - 1 if not mirror else FRAMES // 2,),
    )
    module = loop.adversary.augmentor.module
    fit_to_bank(module, bank)
    parts = [part for part in module.modules() if hasattr(part, 'target_frame')]
    assert len(parts) == 5  # chain, draw, bone angles, lengths and placement
    assert {part.target_frame for part in parts} == {'centre' if mirror else 'last'}
    batch = clips(people, 2.0)
    target = bank.target_frames[0]
    draw = module.draw(batch.pose_cam, batch.intrinsics, batch.image_size, generator=generator())
    torch.testing.assert_close(draw.translation, draw.rigid[:, target, 0], atol=1e-5, rtol=1e-5)
    frame = parts[0].target_frame
    augmentation = Augmentation(H36M_17, None, target_frame=frame)
    samples = augmentation.collect(bank, torch.arange(8), 8, generator())
    shown = torch.from_numpy(samples.stages['Original'].pose_cam)
    assert torch.equal(shown, bank.pose_cam[bank.windows.frames_at(target)[:8]])


def test_depths_follow_the_training_set(people, mocap_root, tmp_path):
    module = AnatomicalPoseAugmentor()
    for distance in (4.8, 5.03, 5.07):  # much alike: the same draws to the last bit
        module.fit_distance(distance)
        assert module.depth == (2.2, 7.2)
    module.fit_distance(0.6)  # a hand
    low, high = module.depth
    assert 0.2 < low < 0.35 and 0.8 < high < 1.0
    given = RandomPoseAugmentor(depth=(1.0, 2.0))
    given.fit_distance(0.6)
    assert given.depth == (1.0, 2.0)
    with pytest.raises(ValueError, match='has its people -1.0 m before the camera'):
        module.fit_distance(-1.0)
    # a loop tells its augmentor, of hands too
    loop = build(mocap_root, tmp_path, poseaug()).train_loop
    draw = loop.adversary.augmentor.module.draw
    small = replace(loop.bank, pose_cam=loop.bank.pose_cam * 0.12)
    fit_to_bank(loop.adversary.augmentor.module, small)
    assert draw.depth == pytest.approx((0.277, 0.906), abs=0.02)


def test_joints_that_a_loop_measures_are_those_of_its_training_set(mocap_root, tmp_path):
    bank = build(mocap_root, tmp_path, poseaug()).train_loop.bank
    modules = [MeasuredPoseAugmentor(bank.skeleton) for _ in range(2)]
    for module in modules:
        fit_to_bank(module, bank)
    assert len(modules[0].mean) == 16 and modules[0].factor.abs().max() > 0.01
    assert torch.equal(modules[0].factor, modules[1].factor)  # so a resumed run has the same
    assert not modules[0].state_dict()
    chain = PoseAugmentor(bank.skeleton, draw=dict(type='MeasuredPoseAugmentor'))
    fit_to_bank(chain, bank)
    assert torch.equal(chain.draw.factor, modules[0].factor)


def test_small_things_may_come_as_near_as_their_size_allows():
    hand = 0.03 * torch.randn(4, 5, 17, 3, generator=generator()) + torch.tensor([0.0, 0, 0.35])
    camera = torch.tensor(CAMERAS['wide']).expand(4, 9)
    shift = shift_into_view(hand, camera, SIZE.expand(4, 2), H36M_17, 2)
    assert shift.abs().max() == 0


def test_the_released_rule_leaves_out_who_is_behind_the_camera(mocap_root, tmp_path, people):
    augmentation = build(mocap_root, tmp_path, poseaug('released')).train_loop.augmentation
    pose = clips(people, 0.5).pose_cam * torch.tensor([1.0, 1.0, -1.0])
    clip = with_poses(people, pose, torch.zeros(64, FRAMES, 17, 2))
    single = with_poses(people, pose[:, :1], torch.zeros(64, 1, 17, 2))
    assert not augmentation.accepts(clip).any()
    assert augmentation.accepts(single).all()


KINDS = (RandomPoseAugmentor, AnatomicalPoseAugmentor, MeasuredPoseAugmentor)


def walk(people, frames=FRAMES):
    """The people on a path of 2 m, swinging arms and legs; a clip of real motion."""
    clip = clips(people, 2.0, frames=frames).pose_cam
    bones = joints_to_bones(clip, H36M_17)
    swing = 0.5 * torch.sin(0.4 * torch.arange(frames) + torch.arange(64)[:, None])
    sides = torch.tensor([1.0, -1, 1, -1])
    for limb, bone in zip(sides, (1, 4, 11, 14)):  # thighs and upper arms
        turn = torch.zeros(64, frames, 3)
        turn[..., 0] = limb * swing
        bones[:, :, bone] = rotate(bones[:, :, bone].unsqueeze(-2), rotation_matrix(turn))[
            ..., 0, :
        ]
    return bones_to_joints(bones, H36M_17, clip[:, :, 0])


def moving(kind, clip, **motion):
    module = kind(motion=motion)
    if hasattr(module, 'measure'):
        module.measure(clip)
    module.fit_motion(clip)
    return module


def turn_speeds(clip):
    directions = unit_bones(joints_to_bones(clip, H36M_17))[0]
    return (directions[:, 1:] * directions[:, :-1]).sum(-1).clamp(-1, 1).acos()


@pytest.mark.parametrize('kind', KINDS)
def test_clips_of_one_frame_are_single_frames(people, kind):
    clip, options = walk(people), (people.intrinsics, people.image_size)
    module, plain = moving(kind, clip, speed=1.0), kind()
    if hasattr(plain, 'measure'):
        plain.measure(clip)
    pose = clip[:, FRAMES // 2]
    single, one, before = (
        each(x, *options, generator=generator()).rigid
        for each, x in ((module, pose), (module, pose[:, None]), (plain, pose))
    )
    assert torch.equal(single, before) and torch.equal(one[:, 0], before)


@pytest.mark.parametrize('target_frame', ['centre', 'last'])
def test_frames_that_fill_up_a_clip_stay_still(people, target_frame):
    clip = walk(people)
    target, filled = (8, slice(0, 3)) if target_frame == 'last' else (4, slice(6, 9))
    clip[:, filled] = clip[:, 3:4] if target_frame == 'last' else clip[:, 5:6]
    module = moving(AnatomicalPoseAugmentor, clip, speed=1.0, rate=(1, 1), reverse=0, cap=0)
    module.target_frame = target_frame
    draw = module.draw_for(clip, {}, generator())
    _, turned, _ = module.turn_clip(clip, draw)
    steps = turn_speeds(turned).mean((0, 2))
    assert steps[filled][:-1].max() < 1e-3 and steps[3:5].min() > 0.01
    slow = ClipMotion(rate=(0.5, 0.5), reverse=1.0, cap=0)
    _, since = slow.play(clip, module_draws(64), H36M_17, target_frame)
    assert since[0, target] == 0 and (since.diff(dim=1) >= 0).all()


def module_draws(count):
    return {name: torch.full((count,), 0.0) for name in ('rate', 'still', 'reverse')}


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('target_frame', ['centre', 'last'])
def test_turns_follow_a_path_through_those_of_the_predicted_frame(people, kind, target_frame):
    clip, options = walk(people), (people.intrinsics, people.image_size)
    module = moving(kind, clip, speed=0.5, rate=(1, 1), cap=0, reverse=0)
    module.target_frame = target_frame
    target = FRAMES - 1 if target_frame == 'last' else FRAMES // 2
    noise = module.draw_for(clip, {}, generator())
    whole = module(clip, *options, noise=noise)
    assert module.pace > 0
    single = {name: noise[name] for name in module.draw_for(clip[:, 0], {}, generator())}
    alone = module(clip[:, target], *options, noise=single)
    elbows = [joint not in (12, 13, 15, 16) for joint in range(17)]  # straight ones bend otherwise
    same = (whole.angle[:, target] - alone.angle)[:, elbows]
    assert same.abs().max() < 1e-4
    # the first and the last frame are turned otherwise, and in between nothing jumps
    change = [turn_speeds(torch.stack((clip[:, t], whole.angle[:, t]), dim=1)) for t in (0, -1)]
    assert (change[0] - change[1]).abs().mean() > 0.02
    constant = moving(kind, clip, speed=0, rate=(1, 1), cap=0, reverse=0)
    constant.target_frame = target_frame
    still = clip[:, target : target + 1].expand_as(clip)
    kept = constant(still, *options, noise={n: noise[n] for n in single}).angle
    assert turn_speeds(kept).max() < 2e-3
    path = turn_speeds(module(still, *options, noise=noise).angle)
    added = path.square().mean().sqrt() / turn_speeds(clip).square().mean().sqrt()
    assert path.max() < 0.8 and 0.3 < added < 0.75


def test_clips_are_played_slower_backwards_and_not_at_all(people):
    clip = walk(people)
    draws = dict(rate=torch.ones(64), still=torch.ones(64), reverse=torch.ones(64))
    motion = ClipMotion(rate=(0.5, 0.5), still=0.5, reverse=0.5)

    def play(target='centre', **changed):
        draw = {**draws, **{name: torch.full((64,), value) for name, value in changed.items()}}
        return motion.play(clip, draw, H36M_17, target)[0]

    middle, slow = FRAMES // 2, play()
    for t in (-4, -2, 0, 2, 4):  # every other frame is one of the recording
        torch.testing.assert_close(slow[:, middle + t], clip[:, middle + t // 2])
    torch.testing.assert_close(bone_lengths(slow, H36M_17), bone_lengths(clip, H36M_17))
    torch.testing.assert_close(play(reverse=-1.0), slow.flip(1))
    torch.testing.assert_close(play('last')[:, -1], clip[:, -1])
    torch.testing.assert_close(play('last', reverse=-1.0)[:, -1], clip[:, 0])
    torch.testing.assert_close(play('last', reverse=-1.0)[:, -3], clip[:, 1])
    assert play(still=-1.0).diff(dim=1).abs().max() < 1e-6
    # beyond its ends a clip stands still
    fast = ClipMotion(rate=(2.0, 2.0), reverse=0.0).play(clip, draws, H36M_17, 'centre')[0]
    assert torch.equal(fast[:, 0], fast[:, 1]) and not torch.equal(fast[:, 3], fast[:, 2])


def test_paths_are_those_of_other_clips(people):
    clip = walk(people) * torch.linspace(0.5, 1.5, 64)[:, None, None, None]
    motion = ClipMotion(rate=(1, 1), paths=0.5)
    draw = dict(
        exchanged_path=torch.tensor([-1.0, 1.0]).repeat(32),
        path_of=torch.linspace(1, -1, 64),
        path_yaw=torch.linspace(-1, 1, 64),
    )
    draw.update(rate=torch.ones(64), still=torch.ones(64), reverse=torch.ones(64))
    moved, _ = motion.play(clip, draw, H36M_17, 'centre')
    torch.testing.assert_close(root_relative(moved, 0), root_relative(clip, 0))
    torch.testing.assert_close(moved[1::2], clip[1::2])
    middle = FRAMES // 2
    torch.testing.assert_close(moved[:, middle], clip[:, middle])
    lengths = [c[:, :, 0].diff(dim=1).norm(dim=-1) for c in (clip.flip(0), moved)]
    torch.testing.assert_close(lengths[0][::2], lengths[1][::2])
    assert torch.equal(
        moved[::2, :, 0, 1].diff(dim=1) == 0, clip.flip(0)[::2, :, 0, 1].diff(dim=1) == 0
    )


def test_limbs_move_as_those_of_other_clips(people):
    clip = walk(people)
    draw = dict(
        exchanged_limbs=torch.tensor([[-1.0, 1.0], [1.0, -1.0]]).repeat(64, 1, 1),
        limbs_of=torch.linspace(1, -1, 64)[:, None, None].expand(64, 2, 2),
    )
    body = Articulation.of(H36M_17)
    moved = ClipMotion(limbs=0.5).exchange_limbs(clip, draw, H36M_17, body)
    torch.testing.assert_close(bone_lengths(moved, H36M_17), bone_lengths(clip, H36M_17))

    def limbs_of(poses):  # directions about the trunk: legs, then arms, (2, 2, N, T, 2, 3)
        local = unit_bones(joints_to_bones(poses, H36M_17))[0] @ body_axes(poses, H36M_17).mT
        return [[local[:, :, list(limb)] for limb in limbs] for limbs in body.limbs]

    before, after = limbs_of(clip), limbs_of(moved)
    for kind, side, own in ((0, 0, False), (0, 1, True), (1, 0, True), (1, 1, False)):
        source = before[kind][side] if own else before[kind][side].flip(0)
        torch.testing.assert_close(after[kind][side], source, atol=1e-5, rtol=1e-5)
    with pytest.raises(ValueError, match='motion.limbs is 0.5, but it knows no limbs'):
        RandomPoseAugmentor(motion=dict(limbs=0.5))
    BodyPoseAugmentor(motion=dict(limbs=0.5))


def test_fast_clips_are_slowed_down_and_small_turns_do_not_flicker(people):
    clip = walk(people)
    spin = rotation_matrix(torch.tensor([0.0, 0.0, 1.0]))
    clip[0, 5:] = rotate(clip[0, 5:], spin)  # somebody is turned from one frame to the next
    module = moving(RandomPoseAugmentor, clip, speed=0, rate=(1, 1), cap=0.8, reverse=0)
    fastest = turn_speeds(clip).flatten(1).amax(1)
    assert 0.02 < module.fast < fastest[0]
    draw = module.draw_for(clip, {}, generator())
    played, _ = module.motion.play(clip, draw, H36M_17, 'centre', module.fast)
    slower = turn_speeds(played).flatten(1).amax(1)
    assert slower[0] < 1.3 * 0.8 * module.fast and slower[0] < 0.75 * fastest[0]
    calm = fastest < 0.8 * module.fast
    assert calm.sum() > 10
    torch.testing.assert_close(played[calm], clip[calm])
    for noise in (0.01, 0.0):
        small = RandomPoseAugmentor(angle_noise=noise, motion=dict(speed=1.0))
        small.fit_motion(clip)
        assert small.pace == 0.5


@pytest.mark.parametrize('option', ['paths', 'limbs', 'still'])
def test_frames_that_fill_up_a_clip_stay_still_with_what_is_of_other_clips(people, option):
    clip = walk(people)
    clip[::2, 6:] = clip[::2, 5:6]
    module = moving(AnatomicalPoseAugmentor, clip, speed=1.0, **{option: 1.0})
    _, turned, _ = module.turn_clip(clip, module.draw_for(clip, {}, generator()))
    steps = turned.diff(dim=1).abs().amax((-1, -2))
    still = torch.minimum(steps[::2, 6:].amax(1), steps[::2, :2].amax(1))
    assert still.max() < 1e-5 and steps[1::2].amin() > 1e-5


@pytest.mark.parametrize(
    'motion, sentence',
    [
        (dict(speed=-1), 'motion: speed is -1; give a number of 0 or more'),
        (dict(rate=(2, 1)), 'motion: rate is'),
        (dict(still=2), 'motion: still is 2; give a number between 0 and 1'),
        (dict(tempo=1), 'tempo'),
        (dict(stride=0), 'motion: stride is 0; give a number of 1 or more'),
        (dict(stride=1.5), 'motion: stride is 1.5; give a whole number from 1 on'),
        (0.5, 'motion is 0.5; give a dict'),
    ],
)
def test_wrong_motions_are_refused(motion, sentence):
    with pytest.raises(ValueError, match=sentence):
        AnatomicalPoseAugmentor(motion=motion)


def test_a_stride_makes_faster_clips(mocap_root, tmp_path, monkeypatch):
    draw = dict(type='BodyPoseAugmentor', motion=dict(stride=3))
    loop = dict(type='TensorTrainLoop', max_epochs=1, augmentor=draw, augmented_share=0.75)
    loop = build(mocap_root, tmp_path, loop, **LIFTER_OF_CLIPS).train_loop
    loop.start_epoch()
    index = torch.arange(64) * 3
    loop.flip_prob = 0
    got, plain = loop.draw(index).pose_cam, loop.bank.gather(index)
    choices = [loop.bank.gather(index, torch.full((64,), stride)).pose_cam for stride in (1, 2, 3)]
    same = torch.stack([(got == clip).flatten(1).all(1) for clip in choices])
    assert same.any(0).all()
    assert (same.sum(1) > 8).all()  # each of the three, in about a third
    assert torch.equal(got[:, FRAMES // 2], plain.pose_cam[:, FRAMES // 2])
    # what is looked at is the same: real clips as they were recorded, and augmented faster ones
    applied = loop.augmentation.apply_to(loop.bank, index, generator())
    assert torch.equal(applied.stages['Original'], plain.pose_cam)
    assert torch.equal(applied.samples.keypoints_px, plain.keypoints_px)
    strided = loop.augmentation.gather(loop.bank, index, generator())
    assert torch.equal(applied.viewed.pose_cam, strided.pose_cam)
    # where the videos are too short for it, it is told
    told = []
    monkeypatch.setattr(
        'mmposeaug.engine.clip_checks.print_log', lambda *args: told.append(args[0])
    )
    warn_of_short_reach(loop.bank, 3)
    assert 'With motion.stride=3, 77 % of the frames' in told.pop()
    monkeypatch.setattr('mmposeaug.engine.clip_checks.STILL_SHARE', 0.8)
    warn_of_short_reach(loop.bank, 3)
    assert not told


MOTION = dict(
    discriminator_motion=dict(type='MotionDiscriminator', channels=16, last_channels=16),
    weights=dict(adversarial_motion=1.0),
)


def test_augmentor_and_discriminators_learn_from_whole_clips(mocap_root, tmp_path):
    loop = poseaug(pretrain_epochs=0, warmup_epochs=0, **MOTION)
    loop['augmentor'].update(sees='clip', angle=dict(loop['augmentor']['angle'], keys=3))
    loop = build(mocap_root, tmp_path, loop, **LIFTER_OF_CLIPS).train_loop
    loop.start_epoch()
    adversary, shown = loop.adversary, []
    judge = adversary.networks['discriminator_motion'].module
    judge.register_forward_pre_hook(lambda module, inputs: shown.append(inputs[0]))

    def step():
        loop.noise_generator.manual_seed(3)
        batch, real = (loop.bank.gather(torch.arange(i, i + 32)) for i in (0, 64))
        logs = adversary.step(batch, real, loop.feedback_adapter, loop.noise_generator).logs
        return real, logs

    before = copy.deepcopy(adversary.state_dict())
    real, logs = step()
    assert adversary.needs_real
    real_shown, fake, _ = shown
    assert fake.shape == (32, FRAMES, 17, 3) and fake.requires_grad
    assert torch.equal(real_shown, real.pose_cam)  # real clips, and not those of the draw
    assert {'loss_adversarial_motion', 'loss_discriminator_motion', 'accuracy_motion'} <= set(logs)
    assert adversary.pools['motion'].storage.shape == (32, FRAMES, 17, 3)
    changed = ' '.join(differing(adversary.state_dict(), before))
    for name in ('discriminator_motion/module', 'augmentor/module', 'angle.key_output.weight'):
        assert name in changed
    # a state holds all of it
    state = copy.deepcopy(adversary.state_dict())
    step()
    after = copy.deepcopy(adversary.state_dict())
    assert 'angle.network.motion.weight' in ' '.join(differing(after, before))
    adversary.load_state_dict(state)
    step()
    assert differing(adversary.state_dict(), after) == []


def test_motion_of_single_frames_is_refused(mocap_root, tmp_path):
    with pytest.raises(ValueError, match=r'judges how people move, .* have 1 frame.* seq_len'):
        build(mocap_root, tmp_path, poseaug(**MOTION))
    for name, option in (('keys', dict(angle=dict(keys=3))), ('sees', dict(sees='clip'))):
        loop = poseaug()
        augmentor = dict(loop['augmentor'], **option)
        augmentor['angle'] = {**loop['augmentor']['angle'], **option.get('angle', {})}
        with pytest.raises(ValueError, match=f'augmentor has {name}=.*samples have 1 frame'):
            build(mocap_root, tmp_path, dict(loop, augmentor=augmentor))
