# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What the augmentations do to a pose, given their parameters."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from mmposeaug.geometry import (
    bone_lengths,
    bones_to_joints,
    index_tensor,
    joints_to_bones,
    leg_ratio,
    rotate,
    scale_path,
    shift_into_view,
    unit_bones,
)
from mmposeaug.structures import Skeleton

from .networks import is_clip, per_frame, reference_frame, reference_index


def turn_bones(
    pose: Tensor,
    change: Tensor,
    skeleton: Skeleton,
    first: Callable[[Tensor], Tensor] | None = None,
) -> tuple[Tensor, Tensor]:
    """Add a vector (N, J - 1, 3) to every unit bone and renormalise; lengths stay (paper, Eq. 4).

    A change (N, T, J - 1, 3) has a vector for each frame of a clip. ``first`` turns the unit bones
    (N, J - 1, 3) or (N, T, J - 1, 3) before that.

    Returns:
        tuple[Tensor, Tensor]: The poses (N, J, 3) or (N, T, J, 3), and 1 - cos of every bone's
        turn, of shape (N, J - 1), the mean over the frames of a clip.
    """
    directions, lengths = unit_bones(joints_to_bones(pose, skeleton))
    change = change if change.ndim == 4 else per_frame(change, pose)
    turned, _ = unit_bones((directions if first is None else first(directions)) + change)
    moved = bones_to_joints(turned * lengths, skeleton, pose[..., skeleton.root, :])
    return moved, one_minus_cos(directions, turned, lengths)


def rotate_each(frame: Tensor, vectors: Tensor) -> Tensor:
    """Vectors (*, 3) in frames (*, 3, 3) along the axes of the world."""
    return (frame @ vectors.unsqueeze(-1)).squeeze(-1)


def one_minus_cos(before: Tensor, after: Tensor, lengths: Tensor) -> Tensor:
    """1 - cos (N, B) of the turns of bones, the mean over the frames of a clip.

    Directions are (N, B, 3) or (N, T, B, 3), lengths (N, B, 1) or (N, T, B, 1); a bone of length
    zero has no direction and turns by 0.
    """
    change = torch.where(lengths.squeeze(-1) > 0, 1 - (before * after).sum(-1), 0.0)
    return change if change.ndim == 2 else change.mean(1)


def scale_bones(
    pose: Tensor, ratio: Tensor, skeleton: Skeleton, target_frame: str = 'centre'
) -> Tensor:
    """Multiply bones by 1 + their group's ratio (N, G); directions stay (paper, Eq. 5).

    The root stays too, in a clip that of the reference frame; its path becomes longer as the legs
    do.
    """
    index = index_tensor(group_of_bone(skeleton), pose.device)
    factor = per_frame(1 + ratio.index_select(1, index), pose)
    bones_scaled = joints_to_bones(pose, skeleton) * factor.unsqueeze(-1)
    scaled = bones_to_joints(bones_scaled, skeleton, pose[..., skeleton.root, :])
    return step_as_legs_do(pose, scaled, skeleton, target_frame)


@lru_cache(maxsize=64)
def group_of_bone(skeleton: Skeleton) -> tuple[int, ...]:
    """For each bone the number of its length group."""
    number = {bone: i for i, bones in enumerate(skeleton.length_groups) for bone in bones}
    return tuple(number[bone] for bone in range(skeleton.num_bones))


def step_as_legs_do(
    before: Tensor, after: Tensor, skeleton: Skeleton, target_frame: str = 'centre'
) -> Tensor:
    """Scale the paths of clips (N, T, J, 3) with other legs; single poses stay as they are."""
    if not is_clip(after):
        return after
    frame = reference_index(after.shape[1], target_frame)
    old, new = (bone_lengths(clip[:, frame], skeleton) for clip in (before, after))
    return scale_path(after, leg_ratio(old, new, skeleton), skeleton, frame)


def move_rigidly(
    pose: Tensor,
    rotation: Tensor,
    translation: Tensor,
    skeleton: Skeleton,
    target_frame: str = 'centre',
) -> Tensor:
    """Rotate (N, 3, 3) about the root and put it elsewhere (N, 3), in metres (paper, Eq. 6).

    In a clip, the root of the reference frame is the fixed point and is moved to the
    translation; the path of the root turns along.
    """
    root = reference_frame(pose, target_frame)[:, skeleton.root].unsqueeze(1)
    relative = pose - per_frame(root, pose)
    return rotate(relative, per_frame(rotation, pose)) + per_frame(translation.unsqueeze(1), pose)


def keep_in_view(
    pose: Tensor,
    root: Tensor | None,
    intrinsics: Tensor,
    image_size: Tensor,
    skeleton: Skeleton,
    target_frame: str = 'centre',
) -> tuple[Tensor, Tensor | None]:
    """Move clips so that their whole path is in view; single poses stay where they are.

    Moved along is ``root`` (N, 3), the position of the reference frame's root.
    """
    if not is_clip(pose):
        return pose, root
    frame = reference_index(pose.shape[1], target_frame)
    shift = shift_into_view(pose, intrinsics, image_size, skeleton, frame)
    return pose + shift[:, None, None], None if root is None else root + shift
