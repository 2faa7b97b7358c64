# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Poses and cameras as seen from the body: its left, up and forward."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from mmposeaug.structures import Skeleton

from .transforms import root_relative


def body_axes(pose: Tensor, skeleton: Skeleton) -> Tensor:
    """Axes of the pelvis: to the person's left, up, and forward.

    Up is along the trunk, which an animal on four legs does not hold upright.

    Args:
        pose (Tensor): Poses of shape (*, J, 3).
        skeleton (Skeleton): Tree over the J joints, with hips and a trunk.

    Returns:
        Tensor: Unit vectors as the rows of (*, 3, 3).

    Raises:
        ValueError: If the skeleton has no pelvis.

    Example:
        >>> from mmposeaug.structures import H36M_17
        >>> pose = torch.zeros(17, 3)
        >>> pose[1], pose[4], pose[7] = torch.tensor([[-1.0, 0, 0], [1, 0, 0], [0, -1, 0]])
        >>> body_axes(pose, H36M_17)[2].tolist()  # faces the camera
        [0.0, 0.0, -1.0]
    """
    if skeleton.pelvis is None:
        raise ValueError(
            f'The skeleton {skeleton.name!r} has no two hips and a trunk on its root, so its '
            'poses have no left, up and forward; give a skeleton of a whole body.'
        )
    left, right, trunk = skeleton.pelvis
    across = normalize(pose[..., left, :] - pose[..., right, :], dim=-1)
    up = pose[..., trunk, :] - pose[..., skeleton.root, :]
    up = normalize(up - (up * across).sum(-1, keepdim=True) * across, dim=-1)
    return torch.stack((across, up, torch.linalg.cross(across, up)), dim=-2)


def tree_axes(pose: Tensor, skeleton: Skeleton) -> Tensor:
    """Axes of any body: those of the pelvis, or, of a hand, a face, an insect, of its joints.

    Without a pelvis, the first axis goes from the right joints to the left ones, else from the
    root's last child to its first, else along the second bone of a chain; the second from the
    root to the middle of all joints.

    Args:
        pose (Tensor): Poses of shape (*, J, 3).
        skeleton (Skeleton): Any tree of three joints or more.

    Returns:
        Tensor: Unit vectors as the rows of (*, 3, 3).

    Raises:
        ValueError: If there are fewer joints.
    """
    if skeleton.pelvis is not None:
        return body_axes(pose, skeleton)
    if skeleton.num_joints < 3:
        raise ValueError(
            f'The skeleton {skeleton.name!r} has {skeleton.num_joints} joints, which cannot tell '
            'how it is turned; give three or more.'
        )
    children = [child for child, parent in skeleton.bones if parent == skeleton.root]
    if skeleton.joint_pairs:
        first, second = (list(joints) for joints in zip(*skeleton.joint_pairs))
    elif len(children) > 1:
        first, second = children[:1], children[-1:]
    else:
        second = children
        first = [child for child, parent in skeleton.bones if parent == second[0]][:1]
    across = normalize((pose[..., first, :] - pose[..., second, :]).mean(-2), dim=-1)
    up = pose.mean(-2) - pose[..., skeleton.root, :]
    up = normalize(up - (up * across).sum(-1, keepdim=True) * across, dim=-1)
    return torch.stack((across, up, torch.linalg.cross(across, up)), dim=-2)


def in_body_frame(pose: Tensor, skeleton: Skeleton) -> Tensor:
    """Poses as seen from the body: wherever it is and faces, the same pose has the same numbers.

    Args:
        pose (Tensor): Poses of shape (*, J, 3).
        skeleton (Skeleton): See :func:`tree_axes`.

    Returns:
        Tensor: Joints (*, J, 3) by how far they are to the left of, above and before the root.
    """
    axes = tree_axes(pose, skeleton)
    return root_relative(pose, skeleton.root) @ axes.transpose(-1, -2)


def camera_angles(pose_cam: Tensor, skeleton: Skeleton) -> Tensor:
    """Direction in which a person's pelvis has the camera.

    Args:
        pose_cam (Tensor): Camera-space poses of shape (*, J, 3).
        skeleton (Skeleton): See :func:`tree_axes`.

    Returns:
        Tensor: Azimuth and elevation in degrees, of shape (*, 2). Azimuth is 0 for a camera
        before the person, 90 for one on the person's left, -90 on the right, 180 behind.

    Example:
        >>> from mmposeaug.structures import H36M_17
        >>> pose = torch.zeros(17, 3)
        >>> pose[1], pose[4], pose[7] = torch.tensor([[-1.0, 0, 0], [1, 0, 0], [0, -1, 0]])
        >>> camera_angles(pose + torch.tensor([0.0, 0.0, 5.0]), H36M_17).tolist()
        [0.0, 0.0]
    """
    to_camera = normalize(-pose_cam[..., skeleton.root, :], dim=-1)
    seen = (tree_axes(pose_cam, skeleton) * to_camera.unsqueeze(-2)).sum(-1)
    left, up, forward = seen.unbind(-1)
    return torch.rad2deg(torch.stack((torch.atan2(left, forward), torch.asin(up.clamp(-1, 1))), -1))
