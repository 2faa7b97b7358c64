# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Where a person stands, from place and size in the image."""

from __future__ import annotations

import torch
from torch import Tensor

from mmposeaug.structures import Skeleton

from .bones import joints_to_bones
from .camera import project, view_borders

CLEARANCE = 0.3
"""float: No joint of a grown-up comes nearer to the camera than this, in metres."""
CLEARANCE_SHARE = 0.1
"""float: What is small, such as a hand, comes as near as this share of all its bones' lengths."""
ROUNDS = 6
"""int: Rounds of the search for the root; six bring size and place within a thousandth."""


def projected_size(keypoints: Tensor, skeleton: Skeleton) -> Tensor:
    """Summed lengths of all bones in the image.

    Unlike a box it depends little on the pose: a person who crouches or raises the
    arms is as large as before.

    Args:
        keypoints (Tensor): Keypoints of shape (*, J, 2).
        skeleton (Skeleton): Tree over the J joints.

    Returns:
        Tensor: Sizes of shape (*), in the unit of the keypoints.

    Example:
        >>> arm = Skeleton('arm', ('root', 'hand'), (-1, 0))
        >>> projected_size(torch.tensor([[0.0, 0.0], [3.0, 4.0]]), arm)
        tensor(5.)
    """
    return torch.linalg.vector_norm(joints_to_bones(keypoints, skeleton), dim=-1).sum(-1)


def clearance(pose: Tensor, skeleton: Skeleton) -> Tensor:
    """How near in metres joints of poses (*, J, 3) may come to the camera."""
    summed = torch.linalg.vector_norm(joints_to_bones(pose, skeleton), dim=-1).sum(-1)
    return (CLEARANCE_SHARE * summed).clamp(max=CLEARANCE)


@torch.no_grad()
def shift_into_view(
    clip: Tensor, intrinsics: Tensor, image_size: Tensor, skeleton: Skeleton, frame: int
) -> Tensor:
    """By how much clips must be moved so that their whole path is in view.

    A clip that is in view already, off the image's border by the margin of
    :func:`mmposeaug.geometry.view_borders`, stays where it is. Another one is moved away from the
    camera along the ray through the root of one of its frames, just as far as its path needs to
    fit into the image, and then sideways by the least amount. Turns, sizes and speeds stay. Every
    clip is in view then, unless a lens distorts more between the points at which its borders are
    looked at.

    Args:
        clip (Tensor): Camera-space poses of shape (N, T, J, 3), in metres.
        intrinsics (Tensor): Cameras of shape (N, 9), in pixels.
        image_size (Tensor): Width and height of shape (N, 2), in pixels.
        skeleton (Skeleton): Tree over the J joints.
        frame (int): The frame whose root's ray is kept to.

    Returns:
        Tensor: Shifts of shape (N, 3), in metres, without gradients.

    Example:
        >>> walk = torch.tensor([[[[-1.0, 0, 2]] * 2, [[1.0, 0, 2]] * 2]])
        >>> arm = Skeleton('arm', ('root', 'hand'), (-1, 0))
        >>> camera = torch.tensor([[1000.0, 1000, 500, 500, 0, 0, 0, 0, 0]])
        >>> shift = shift_into_view(walk, camera, torch.tensor([[1000.0, 1000]]), arm, 0)
        >>> shift[0, 2]  # 2 m then span 94 % of the image
        tensor(0.1277)
    """
    root = clip[:, frame, skeleton.root]
    flat = (clip - root[:, None, None]).flatten(1, 2)
    xy, z = flat[..., :2], flat[..., 2:]
    low, high = view_borders(intrinsics, image_size)  # of x / z and y / z
    # with the root at (X, Z) a joint is right of the border if x + X >= low (z + Z)
    left = (low.unsqueeze(1) * z - xy).amax(1)
    right = (high.unsqueeze(1) * z - xy).amin(1)
    needed = ((left - right) / (high - low)).amax(1)
    nearest = (clearance(clip, skeleton).amax(1) - z.squeeze(-1).amin(1)).maximum(needed)
    depth = root[:, 2].maximum(nearest).unsqueeze(1)
    # along the ray; a root that is not before the camera has none to keep to
    before = root[:, 2:] > 0
    place = torch.where(before, root[:, :2] / root[:, 2:].clamp_min(1e-6) * depth, 0.0)
    place = place.maximum(left + low * depth).minimum(right + high * depth)
    return torch.cat((place, depth), dim=1) - root


@torch.no_grad()
def root_of_size(
    pose_rel: Tensor, intrinsics: Tensor, root_2d: Tensor, size: Tensor, skeleton: Skeleton
) -> Tensor:
    """Root positions at which people are seen at a given place and in a given size.

    Args:
        pose_rel (Tensor): Root-relative poses of shape (N, J, 3) in camera axes, in metres.
        intrinsics (Tensor): Cameras of shape (N, 9).
        root_2d (Tensor): Where the root shall be seen, of shape (N, 2), in the unit of the
            cameras' focal lengths.
        size (Tensor): How large people shall be, see :func:`projected_size`, of shape (N,), in
            the same unit.
        skeleton (Skeleton): Tree over the J joints.

    Returns:
        Tensor: Root positions of shape (N, 3), in metres, without gradients. People who would come
        too near to the camera are kept away from it, and seen smaller than asked. Far outside of
        the image of a distorting camera, places are met as if there were no distortion.

    Example:
        >>> arm = Skeleton('arm', ('root', 'hand'), (-1, 0))
        >>> camera = torch.tensor([[1000.0, 1000, 500, 500, 0, 0, 0, 0, 0]])
        >>> pose = torch.tensor([[[0.0, 0.0, 0.0], [0.5, 0.0, 0.0]]])
        >>> root_of_size(pose, camera, torch.tensor([[600.0, 500.0]]), torch.tensor([100.0]), arm)
        tensor([[0.5000, 0.0000, 5.0000]])
    """
    focal, centre = intrinsics[:, :2], intrinsics[:, 2:4]
    nearest = clearance(pose_rel, skeleton) - pose_rel[..., 2].amin(1)
    # as if all joints were at the root's depth, and without distortion
    depth = projected_size(focal.unsqueeze(1) * pose_rel[..., :2], skeleton) / size
    ray = first = (root_2d - centre) / focal
    root = pose_rel.new_zeros(len(pose_rel), 3)
    for _ in range(ROUNDS):
        depth = depth.maximum(nearest)
        root = torch.cat((ray * depth.unsqueeze(1), depth.unsqueeze(1)), dim=1)
        seen = project(pose_rel + root.unsqueeze(1), intrinsics)
        depth = depth * projected_size(seen, skeleton) / size
        seen_root = project(root.unsqueeze(1), intrinsics).squeeze(1)
        ray = ray + (root_2d - seen_root) / focal
        # a lens folds the plane over far outside of its image, where the search would run away
        ray = torch.where((ray - first).abs() < 0.5 + 0.5 * first.abs(), ray, first)
    depth = depth.maximum(nearest).unsqueeze(1)
    return torch.cat((ray * depth, depth), dim=1)
