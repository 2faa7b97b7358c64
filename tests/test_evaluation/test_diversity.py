# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Spread, coverage and plausibility of sets of poses."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from mmposeaug.evaluation.diversity import (
    grid_coverage,
    nearest_distances,
    pose_spread,
    view_coverage,
    view_spread,
)
from mmposeaug.evaluation.plausibility import knees_forward, odd_proportions, overbent
from mmposeaug.geometry import bones_to_joints, rotate, rotation_matrix
from mmposeaug.structures import H36M_16, H36M_17, Skeleton, stature_ratios

HAND = Skeleton('hand', ('wrist', 'palm', 'thumb'), (-1, 0, 0))


def standing(skeleton=H36M_17, stature=1.7, **bends):
    """A body of published proportions that faces the camera; ``left_knee=30`` bends a joint."""
    ratios, bones = stature_ratios(skeleton), []
    for (child, _), name, ratio in zip(skeleton.bones, skeleton.bone_names, ratios):
        side = {'left': 1.0, 'right': -1.0, '': 0.0}[skeleton.sides[child]]
        if name.endswith(('hip', 'shoulder')):
            direction = torch.tensor([-side, 0.0, 0.0])
        elif name.endswith(('knee', 'foot', 'elbow', 'wrist')):
            direction = torch.tensor([0.0, -1.0, 0.0])  # parent minus child, hanging down
        else:
            direction = torch.tensor([0.0, 1.0, 0.0])
        joint = {'foot': 'knee', 'wrist': 'elbow'}.get(name.split('_')[-1], '')
        angle = math.radians(bends.get(name.rsplit('_', 1)[0] + '_' + joint, 0.0))
        # about the axis to the person's left: shanks go back, forearms forward
        turn = torch.tensor([angle if joint == 'knee' else -angle, 0.0, 0.0])
        bones.append(rotate(direction.view(1, 1, 3), rotation_matrix(turn)[None])[0, 0] * ratio)
    return stature * bones_to_joints(torch.stack(bones), skeleton)[None]


# ------------------------------------------------------------------- diversity
def test_spread_of_two_poses_is_their_distance(generator):
    poses = torch.zeros(2, 3, 3)
    poses[1, 1, 0], poses[1, 2, 1] = 3.0, 5.0
    assert pose_spread(poses, root=0, generator=generator) == pytest.approx(4.0)


def test_equal_poses_have_no_spread(generator):
    assert pose_spread(torch.ones(7, 3, 3), 0, generator) == 0


def test_views_all_around_are_spread_and_cover_the_sphere(generator):
    unit = torch.nn.functional.normalize(torch.randn(20000, 3, generator=generator), dim=1)
    angles = torch.rad2deg(
        torch.stack((torch.atan2(unit[:, 0], unit[:, 1]), torch.asin(unit[:, 2])), -1)
    )
    assert view_spread(angles) > 0.97
    assert view_coverage(angles) == 1  # all bins have the same area: none is missed
    half = angles[angles[:, 1] > 0]
    assert view_coverage(half) == 0.5
    assert view_spread(half) == pytest.approx(0.5, abs=0.02)


def test_points_outside_of_the_grid_cover_nothing():
    place = torch.tensor([[-0.1, 0.5], [1.0, 1.0], [0.99, 0.99]])
    assert grid_coverage(place, (2, 2)) == 0.25
    assert grid_coverage(place[:1]) == 0


def test_nearest_distances_do_not_depend_on_the_chunks(generator):
    target, source = (torch.randn(n, 5, 3, generator=generator) for n in (37, 53))
    direct = (target[:, None] - source[None]).square().sum(-1).mean(-1).sqrt().min(1).values
    for chunks in ((512, 8192), (7, 11), (1, 1)):
        torch.testing.assert_close(nearest_distances(target, source, chunks), direct)
    assert nearest_distances(source, source).max() == 0


# ---------------------------------------------------------------- plausibility
@pytest.mark.parametrize('skeleton', [H36M_16, H36M_17])
@pytest.mark.parametrize(
    ('bends', 'too_far', 'wrong_way'),
    [
        ({}, False, False),
        (dict(left_knee=90, right_knee=30), False, False),
        (dict(left_knee=160), True, False),
        (dict(right_knee=-30), False, True),
        (dict(right_knee=-5), False, False),
        (dict(left_elbow=140, right_elbow=90), False, False),
        (dict(right_elbow=170), True, False),
        (dict(right_elbow=-60), False, False),  # the upper arm may be turned about itself
    ],
)
def test_knees_and_elbows(skeleton, bends, too_far, wrong_way):
    pose = standing(skeleton, **bends)
    assert overbent(pose, skeleton).item() is too_far
    assert knees_forward(pose, skeleton).item() is wrong_way


def test_a_leg_that_is_turned_out_is_plausible():
    pose = standing(left_knee=60)
    foot, knee = (H36M_17.index(name) for name in ('left_foot', 'left_knee'))
    shank = pose[:, foot] - pose[:, knee]
    out = rotation_matrix(torch.tensor([0.0, math.radians(80), 0.0]))
    pose[:, foot] = pose[:, knee] + rotate(shank[:, None], out[None])[:, 0]
    assert not knees_forward(pose, H36M_17).item()


def test_proportions_of_any_size_are_people_but_long_arms_are_not():
    for stature in (1.0, 1.7, 2.1):
        assert not odd_proportions(standing(stature=stature), H36M_17).item()
    pose = standing()
    shoulder, elbow, wrist = (
        H36M_17.index(f'left_{name}') for name in ('shoulder', 'elbow', 'wrist')
    )
    longer = pose.clone()
    longer[:, (elbow, wrist)] += 0.5 * (pose[:, elbow] - pose[:, shoulder])[:, None]
    assert odd_proportions(longer, H36M_17).item()


def test_trees_that_are_no_bodies_are_not_judged(generator):
    pose = torch.randn(4, 3, 3, generator=generator)
    animal = replace(H36M_17, human=False)
    for judge, limits in (
        (overbent, dict(left_knee=160)),
        (knees_forward, dict(left_knee=-40)),
        (odd_proportions, {}),
    ):
        assert judge(pose, HAND).tolist() == [False] * 4
        bent = standing(**limits)
        bent[:, H36M_17.index('left_foot')] += 2 * (judge is odd_proportions)
        assert judge(bent, H36M_17).item() and not judge(bent, animal).item()
