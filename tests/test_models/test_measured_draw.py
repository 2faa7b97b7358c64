# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The draw for any body: turns as a training set has them, of a joint with all that hangs on it."""

from __future__ import annotations

import math

import pytest
import torch
from mmpose.registry import MODELS

from mmposeaug.geometry import (
    bone_lengths,
    bones_to_joints,
    joints_to_bones,
    rotate,
    rotation_matrix,
    unit_bones,
)
from mmposeaug.models import MeasuredPoseAugmentor
from mmposeaug.models.augmentors.local_bones import LocalBones, swing
from mmposeaug.structures import H36M_17, Skeleton

HAND = Skeleton('hand', ('wrist', 'thumb', 'palm', 'middle', 'tip'), (-1, 0, 0, 2, 3))
CAMERA = torch.tensor([1000.0, 1000, 500, 500, 0, 0, 0, 0, 0])
SIZE = torch.tensor([1000.0, 1000.0])
BEND = (math.radians(20), math.radians(30))  # standard deviations of the two joints


def hands(count, seed=0, turned=True):
    """Hands whose finger bends about one axis at two joints, seen from anywhere."""
    random = torch.Generator().manual_seed(seed)
    bends = torch.randn(count, 2, generator=random).clamp(-2, 2) * torch.tensor(BEND) + 0.3
    axis = torch.tensor([1.0, 0, 0])
    first = rotation_matrix(axis * bends[:, :1])
    second = first @ rotation_matrix(axis * bends[:, 1:])
    ahead = torch.tensor([0.0, 1, 0])
    bones = torch.stack(
        (
            torch.tensor([-0.6, 0.8, 0.0]).expand(count, 3),
            ahead.expand(count, 3),
            first @ ahead,
            second @ ahead,
        ),
        dim=1,
    ) * torch.tensor([0.05, 0.09, 0.05, 0.04]).view(4, 1)
    pose = bones_to_joints(-bones, HAND)
    if turned:
        turn = rotation_matrix(2 * torch.randn(count, 3, generator=random))
        pose = rotate(pose, turn)
    return pose + torch.tensor([0.0, 0, 0.6])


def build(pose, skeleton=HAND, **options):
    options = {'joint_share': 1.0, 'exaggerate': 0.0, **options}
    module = MODELS.build(dict(type='MeasuredPoseAugmentor', skeleton=skeleton, **options))
    module.measure(pose)
    return module


def augment(module, pose, seed=0, **options):
    count = len(pose)
    return module(
        pose,
        CAMERA.expand(count, 9),
        SIZE.expand(count, 2),
        generator=torch.Generator().manual_seed(seed),
        **options,
    )


def local_turns(pose):
    """Degrees about the hinge and off it of the last two bones, in hands that are not turned."""
    directions, _ = unit_bones(joints_to_bones(pose, HAND))
    _, palm, middle, tip = directions.unbind(-2)
    bend = [
        torch.atan2(*(a.cross(b, dim=-1)[:, 0], (a * b).sum(-1)))
        for a, b in ((palm, middle), (middle, tip))
    ]
    return torch.stack(bend, dim=1), torch.stack((middle[:, 0], tip[:, 0]), dim=1)


def test_hinges_and_rigid_bones_are_measured_from_any_view():
    found = [LocalBones.measure(hands(2000, turned=turned), HAND) for turned in (True, False)]
    for each in found:
        std = torch.linalg.eigvalsh(each.spread).clamp_min(0).sqrt().float()
        assert std[:2].max() < 1e-3  # thumb and palm never move against each other
        assert std[2:, :2].max() < 1e-3  # no turns but about the hinge
        assert torch.allclose(std[2:, 2], torch.tensor(BEND), atol=0.03)


def test_joints_turn_about_the_measured_axes_as_far_as_asked():
    pose = hands(4000, turned=False)
    before, _ = local_turns(pose)
    for widen in (0.5, 2.0):
        after, off = local_turns(augment(build(pose, widen=widen, most=180), pose).angle)
        assert off.abs().max() < 2e-3  # the finger stays in its plane
        change = torch.remainder(after - before + math.pi, 2 * math.pi) - math.pi
        assert torch.allclose(change.std(0), widen * before.std(0), rtol=0.06)
        assert abs(float(torch.corrcoef(change.T)[0, 1])) < 0.06
    _, off = local_turns(augment(build(pose, roundness=1.0), pose).angle)
    assert off.std(0).min() > 0.1
    small, _ = local_turns(augment(build(pose, widen=2.0, most=10), pose).angle)
    assert torch.allclose((small - before).std(0), torch.full((2,), math.radians(10)), rtol=0.06)
    still = augment(build(pose, widen=0.0), pose)
    assert torch.allclose(still.angle, pose, atol=1e-6) and still.angle_change.abs().max() < 1e-6
    some = augment(build(pose, joint_share=0.25), pose).angle_change[:, 2] > 1e-5
    assert 0.2 < some.float().mean() < 0.3


def test_what_hangs_on_a_joint_turns_with_it():
    pose = hands(50)
    module = build(pose)
    joints = torch.zeros(50, 4, 3)
    joints[:, 2] = torch.randn(50, 3, generator=torch.Generator().manual_seed(1))
    moved = augment(module, pose, noise=dict(joints=joints)).angle
    bones, turned = (unit_bones(joints_to_bones(each, HAND))[0] for each in (pose, moved))
    assert torch.allclose(bones[:, :2], turned[:, :2], atol=1e-5)
    assert (bones[:, 2] * turned[:, 2]).sum(-1).min() < 0.99
    angle = [(each[:, 2] * each[:, 3]).sum(-1) for each in (bones, turned)]
    assert torch.allclose(*angle, atol=1e-4)


def test_frames_of_a_clip_take_those_of_another_at_the_same_time():
    clip = torch.stack([hands(20, seed=i, turned=False) for i in range(3)], dim=1)
    still = dict(speed=0, rate=(1, 1), cap=0, reverse=0)
    module = build(clip[:, 0], widen=0.0, exchange=1.0, motion=still)
    noise = module.draw_for(clip, {}, torch.Generator().manual_seed(0))
    whole = augment(module, clip, noise=noise).angle
    for t in range(3):
        assert torch.allclose(
            whole[:, t], augment(module, clip[:, t], noise=noise).angle, atol=1e-5
        )


@pytest.mark.parametrize('options', [{}, dict(exchange=0.3), dict(angle_noise=0.1, exaggerate=0.5)])
def test_lengths_stay_a_clip_of_one_frame_is_a_frame_and_draws_are_the_generators(options):
    pose = hands(64)
    module = build(pose, **options)
    found, again = (augment(module, pose) for _ in range(2))
    assert torch.equal(found.rigid, again.rigid)
    assert not torch.equal(found.rigid, augment(module, pose, seed=1).rigid)
    change = bone_lengths(found.angle, HAND) - bone_lengths(pose, HAND)
    assert change.abs().max() < 1e-6
    clip = augment(module, pose.unsqueeze(1))
    assert torch.allclose(clip.rigid[:, 0], found.rigid, atol=1e-5)
    assert torch.allclose(clip.angle_change, found.angle_change, atol=1e-5)


def test_frames_of_a_clip_share_their_turns():
    first = hands(20)
    clip = torch.stack((first, first, hands(20, seed=1)), dim=1)
    motion = dict(speed=0, rate=(1, 1), cap=0, reverse=0)
    found = augment(build(first, motion=motion), clip).angle
    assert torch.allclose(found[:, 0], found[:, 1], atol=1e-6)
    assert torch.allclose(
        bone_lengths(found, HAND), bone_lengths(clip, HAND), atol=1e-6
    ) and not torch.allclose(found[:, 2], clip[:, 2], atol=1e-2)


def test_a_subtree_comes_from_another_sample_in_the_frame_of_its_parent():
    pose = hands(30, turned=False)
    module = build(pose, widen=0.0, exchange=1.0)
    partner = (torch.arange(30) + 7) % 30
    draw = dict(partner=2 * (partner + 0.5) / 30 - 1, exchanged=torch.ones(30, 4))
    draw['exchanged'][:, 2] = -1.0  # the finger, and with it its tip
    module.exchange = 0.5
    found = augment(module, pose, noise=draw).angle
    assert torch.allclose(local_turns(found)[0], local_turns(pose)[0][partner], atol=1e-3)
    draw['exchanged'][:, 2:] = torch.tensor([1.0, -1.0])
    bends, own = local_turns(augment(module, pose, noise=draw).angle)[0], local_turns(pose)[0]
    assert torch.allclose(bends[:, 0], own[:, 0], atol=1e-3)
    assert torch.allclose(bends[:, 1], own[partner, 1], atol=1e-3)


def test_exaggerated_joints_go_on_from_their_mean():
    pose = hands(500, turned=False)
    module = build(pose, widen=0.0, exaggerate=1.0)
    draw = dict(exaggerated=torch.full((500, 4), -1.0))
    before, _ = local_turns(pose)
    after, off = local_turns(augment(module, pose, noise=draw).angle)
    middle = (2 * before - after)[:1]  # twice as far from the mean, which is one for all
    assert torch.allclose(2 * before - after, middle.expand(500, 2), atol=2e-3)
    assert torch.allclose(middle[0], before.mean(0), atol=0.05) and off.abs().max() < 2e-3


def test_people_and_bones_without_length():
    random = torch.Generator().manual_seed(0)
    pose = torch.randn(40, 17, 3, generator=random) + torch.tensor([0.0, 0, 5])
    pose[:, 10] = pose[:, 9]  # no head
    found = augment(build(pose, H36M_17, widen=0.3), pose)
    assert torch.isfinite(found.rigid).all()
    assert torch.allclose(
        bone_lengths(found.angle, H36M_17), bone_lengths(pose, H36M_17), atol=1e-5
    )


def test_swings_are_the_shortest_rotations_also_between_opposites():
    random = torch.Generator().manual_seed(0)
    start, end = torch.nn.functional.normalize(torch.randn(2, 50, 3, generator=random), dim=-1)
    end[:3] = -start[:3]
    turn = swing(start, end)
    assert torch.allclose(turn @ turn.mT, torch.eye(3).expand_as(turn), atol=1e-5)
    assert torch.allclose(torch.linalg.det(turn), torch.ones(50), atol=1e-5)
    assert torch.allclose((turn @ start.unsqueeze(-1)).squeeze(-1)[3:], end[3:], atol=1e-5)
    axis = torch.linalg.cross(start, end)[3:]
    assert torch.allclose((turn[3:] @ axis.unsqueeze(-1)).squeeze(-1), axis, atol=1e-5)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(widen=-1), 'widen is -1; give a number of 0 or more'),
        (dict(roundness=2), 'roundness is 2; give a number between 0 and 1'),
        (dict(exchange='much'), "exchange is 'much'; give a number between 0 and 1"),
        (dict(joint_share=1.5), 'joint_share is 1.5'),
        (dict(widenn=1), "no option 'widenn'.*Did you mean 'widen'"),
        (dict(elbow_flexion=3), "no option 'elbow_flexion'"),
    ],
)
def test_wrong_options_are_refused_in_one_sentence(options, message):
    with pytest.raises(ValueError, match=message):
        MeasuredPoseAugmentor(HAND, **options)


def test_without_a_training_set_it_says_what_is_missing():
    with pytest.raises(ValueError, match='no training set to turn joints like; call measure'):
        augment(MeasuredPoseAugmentor(HAND), hands(4))
