# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The body's own frame, and where a body has the camera."""

from __future__ import annotations

import pytest
import torch

from mmposeaug.geometry import (
    body_axes,
    camera_angles,
    euler_to_matrix,
    in_body_frame,
    rotate,
    rotation_matrix,
    tree_axes,
)
from mmposeaug.structures import H36M_16, H36M_17, Skeleton


def facing_the_camera(skeleton=H36M_17):
    """A body with hips and a trunk that looks at a camera 4 m away; other joints at the root."""
    pose = torch.zeros(skeleton.num_joints, 3)
    left, right, trunk = skeleton.pelvis
    pose[left], pose[right], pose[trunk] = torch.tensor(
        [[0.1, 0.0, 0.0], [-0.1, 0.0, 0.0], [0.0, -0.2, 0.0]]
    )
    return pose + torch.tensor([0.0, 0.0, 4.0])


def turned(pose, rotation):
    root = pose[:1]
    return rotate((pose - root).unsqueeze(0), rotation.unsqueeze(0))[0] + root


@pytest.mark.parametrize('skeleton', [H36M_16, H36M_17])
@pytest.mark.parametrize(
    ('turn', 'angles'),
    [
        ((0.0, 0.0, 0.0), (0.0, 0.0)),
        # the person turns to its own right: the camera comes to be on its left
        ((0.0, torch.pi / 2, 0.0), (90.0, 0.0)),
        ((0.0, -torch.pi / 2, 0.0), (-90.0, 0.0)),
        # leans back: the camera is below the level of the body
        ((torch.pi / 6, 0.0, 0.0), (0.0, 30.0)),
        ((-torch.pi / 6, 0.0, 0.0), (0.0, -30.0)),
    ],
)
def test_camera_angles_by_the_turn_of_the_body(skeleton, turn, angles):
    pose = turned(facing_the_camera(skeleton), rotation_matrix(torch.tensor(turn)))
    found = camera_angles(pose, skeleton)
    assert found.tolist() == pytest.approx(list(angles), abs=1e-3)


def test_a_pose_is_the_same_in_its_own_frame_wherever_it_is(generator):
    pose = torch.randn(8, 17, 3, generator=generator)
    draws = torch.randn(3, 8, generator=generator)
    moved = rotate(pose, euler_to_matrix(*draws)) + torch.randn(8, 1, 3, generator=generator)
    first, second = in_body_frame(pose, H36M_17), in_body_frame(moved, H36M_17)
    torch.testing.assert_close(first, second, atol=1e-5, rtol=1e-5)
    # lengths stay, and the left hip is on the left
    torch.testing.assert_close(first.norm(dim=-1), (pose - pose[:, :1]).norm(dim=-1))
    assert (first[:, H36M_17.pelvis[0], 0] - first[:, H36M_17.pelvis[1], 0] > 0).all()


def test_axes_are_right_angled(generator):
    axes = body_axes(torch.randn(5, 17, 3, generator=generator), H36M_17)
    torch.testing.assert_close(axes @ axes.mT, torch.eye(3).expand(5, 3, 3), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    'skeleton',
    [
        Skeleton('hand', ('wrist', 'thumb', 'tip', 'pinky'), (-1, 0, 1, 0)),
        Skeleton('chain', ('a', 'b', 'c'), (-1, 0, 1)),
        Skeleton('face', ('nose', 'left_eye', 'right_eye', 'chin'), (-1, 0, 0, 0), ((1, 2),)),
    ],
)
def test_any_body_has_axes_that_turn_with_it(generator, skeleton):
    pose = torch.randn(8, skeleton.num_joints, 3, generator=generator)
    moved = rotate(pose, euler_to_matrix(*torch.randn(3, 8, generator=generator))) + 1
    first, second = in_body_frame(pose, skeleton), in_body_frame(moved, skeleton)
    torch.testing.assert_close(first, second, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(first.norm(dim=-1), (pose - pose[:, :1]).norm(dim=-1))
    with pytest.raises(ValueError, match='has 2 joints, which cannot tell'):
        tree_axes(pose[:, :2], Skeleton('arm', ('root', 'hand'), (-1, 0)))


def test_a_tree_without_a_pelvis_is_refused():
    hand = Skeleton('hand', ('wrist', 'palm', 'thumb'), (-1, 0, 0))
    assert hand.pelvis is None
    with pytest.raises(ValueError, match="'hand' has no two hips and a trunk"):
        body_axes(torch.zeros(3, 3), hand)
