# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Mirror images and root-relative poses."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .constants import index_tensor


def root_relative(pose: Tensor, root: int) -> Tensor:
    """Pose with its root joint at the origin.

    Args:
        pose (Tensor): Joints of shape (*, J, 3).
        root (int): Index of the root joint.

    Returns:
        Tensor: Joints of shape (*, J, 3).

    Example:
        >>> root_relative(torch.tensor([[1.0, 2.0, 3.0], [1.0, 2.0, 4.0]]), 0)[1]
        tensor([0., 0., 1.])
    """
    return pose - pose[..., root : root + 1, :]


def flip_pose(pose: Tensor, flip_indices: Sequence[int]) -> Tensor:
    """Mirror poses left to right: x becomes -x and sides are swapped.

    Args:
        pose (Tensor): Joints of shape (*, J, 3), camera space or root-relative.
        flip_indices (Sequence[int]): For each joint its mirror partner.

    Returns:
        Tensor: Joints of shape (*, J, 3).

    Example:
        >>> flip_pose(torch.tensor([[1.0, 0, 0], [2.0, 0, 0]]), (1, 0))[:, 0]
        tensor([-2., -1.])
    """
    x, y, z = pose.index_select(-2, index_tensor(tuple(flip_indices), pose.device)).unbind(-1)
    return torch.stack((-x, y, z), dim=-1)


def flip_keypoints(
    keypoints_px: Tensor, image_width: Tensor, flip_indices: Sequence[int]
) -> Tensor:
    """Mirror keypoints in the image: u becomes width - u and sides are swapped.

    Args:
        keypoints_px (Tensor): Keypoints of shape (*, J, 2) in pixels.
        image_width (Tensor): Image width of shape (*) in pixels.
        flip_indices (Sequence[int]): For each joint its mirror partner.

    Returns:
        Tensor: Keypoints of shape (*, J, 2).

    Example:
        >>> flip_keypoints(torch.tensor([[10.0, 5.0]]), torch.tensor(100.0), (0,))
        tensor([[90.,  5.]])
    """
    index = index_tensor(tuple(flip_indices), keypoints_px.device)
    u, v = keypoints_px.index_select(-2, index).unbind(-1)
    return torch.stack((image_width.unsqueeze(-1) - u, v), dim=-1)


def flip_intrinsics(intrinsics: Tensor, image_width: Tensor) -> Tensor:
    """Camera that sees the mirrored pose where the mirrored image shows it.

    Args:
        intrinsics (Tensor): Cameras of shape (*, 9) of MMPose's distortion model.
        image_width (Tensor): Image width of shape (*), in the unit of the centre.

    Returns:
        Tensor: Cameras of shape (*, 9): cx becomes width - cx and p2 becomes -p2.

    Example:
        >>> flip_intrinsics(torch.tensor([1.0, 1, 40, 50, 0, 0, 0, 1, 2]), torch.tensor(100.0))
        tensor([ 1.,  1., 60., 50.,  0.,  0.,  0.,  1., -2.])
    """
    flipped = intrinsics.clone()
    flipped[..., 2] = image_width - intrinsics[..., 2]
    flipped[..., 8] = -intrinsics[..., 8]
    return flipped
