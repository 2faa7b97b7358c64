# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Clips at other times: played faster, slower, backwards; paths of other lengths."""

from __future__ import annotations

import torch
from torch import Tensor

from mmposeaug.structures import Skeleton

from .bones import bone_lengths, bones_to_joints, joints_to_bones, unit_bones
from .constants import index_tensor


def clip_at(clip: Tensor, times: Tensor, skeleton: Skeleton) -> Tensor:
    """Poses of clips at times between their frames.

    Bones turn and the root moves along cubic curves through the frames (Catmull and Rom 1974);
    lengths of bones are kept. Before the first and after the last frame a clip stands still.

    Args:
        clip (Tensor): Poses of shape (N, T, J, 3).
        times (Tensor): Times of shape (N, T'), in frames from 0.
        skeleton (Skeleton): Tree over the J joints.

    Returns:
        Tensor: Poses of shape (N, T', J, 3).

    Example:
        >>> arm = Skeleton('arm', ('root', 'hand'), (-1, 0))
        >>> reach = torch.tensor([[[[0.0, 0, 0], [1.0, 0, 0]], [[2.0, 0, 0], [2.0, 1, 0]]]])
        >>> clip_at(reach, torch.tensor([[0.5]]), arm)[0, 0]
        tensor([[1.0000, 0.0000, 0.0000],
                [1.7071, 0.7071, 0.0000]])
    """
    last = clip.shape[1] - 1
    times = times.clamp(0, last)
    before = times.floor().clamp(max=max(last - 1, 0))
    share = (times - before)[..., None, None]
    root = clip[:, :, skeleton.root].unsqueeze(2)
    bones = joints_to_bones(clip, skeleton)
    lengths = bone_lengths(clip, skeleton).unsqueeze(-1)
    values = torch.cat((bones, root, lengths.expand_as(bones)), dim=2)
    index = before.long()
    rows = torch.arange(len(clip), device=clip.device).unsqueeze(1)
    start, end = values[rows, index], values[rows, (index + 1).clamp(max=last)]
    earlier, later = (
        values[rows, (index - 1).clamp(min=0)],
        values[rows, (index + 2).clamp(max=last)],
    )
    # tangents are half the way from the frame before to the frame after
    low, high = (end - earlier) / 2, (later - start) / 2
    cubic = 2 * (start - end) + low + high
    square = 3 * (end - start) - 2 * low - high
    found = ((cubic * share + square) * share + low) * share + start
    count = skeleton.num_bones
    straight = start[:, :, count + 1 :] + share * (end - start)[:, :, count + 1 :]
    directions, _ = unit_bones(found[:, :, :count])
    return bones_to_joints(directions * straight[..., :1], skeleton, found[:, :, count])


def bone_turns(clip: Tensor, skeleton: Skeleton) -> Tensor:
    """By how much bones turn from frame to frame.

    Args:
        clip (Tensor): Poses of shape (N, T, J, 3).
        skeleton (Skeleton): Tree over the J joints.

    Returns:
        Tensor: Angles of shape (N, T - 1, J - 1), in radians; 0 where a bone has no direction.
    """
    directions, lengths = unit_bones(joints_to_bones(clip, skeleton))
    # by the chord, for the arc cosine of a small angle is rounded
    turns = 2 * (directions.diff(dim=1).norm(dim=-1) / 2).clamp(max=1).asin()
    known = (lengths[:, 1:] > 0) & (lengths[:, :-1] > 0)
    return torch.where(known.squeeze(-1), turns, 0.0)


def leg_ratio(before: Tensor, after: Tensor, skeleton: Skeleton) -> Tensor:
    """How much longer legs are after a change of bone lengths; all bones of a body without legs.

    Args:
        before (Tensor): Bone lengths of shape (*, J - 1).
        after (Tensor): The same after the change.
        skeleton (Skeleton): Tree over the J joints.

    Returns:
        Tensor: Ratios of shape (*); 1 where there is no length.
    """
    legs = [limb for name, limb in skeleton.limbs.items() if name.endswith('leg')]
    bones = [skeleton.bone_of(joint) for limb in legs for joint in limb[1:]]
    chosen = index_tensor(tuple(bones or range(skeleton.num_bones)), before.device)
    old, new = (lengths.index_select(-1, chosen).sum(-1) for lengths in (before, after))
    return torch.where(old > 0, new / old.clamp_min(1e-6), 1.0)


def scale_path(clip: Tensor, factor: Tensor, skeleton: Skeleton, frame: int) -> Tensor:
    """Make the paths of clips longer, so that people with longer legs make longer steps.

    Args:
        clip (Tensor): Poses of shape (N, T, J, 3).
        factor (Tensor): Factors of shape (N,).
        skeleton (Skeleton): Tree over the J joints.
        frame (int): The frame whose root stays.

    Returns:
        Tensor: Poses of shape (N, T, J, 3); turns and sizes stay.
    """
    root = clip[:, :, skeleton.root]
    way = (factor - 1)[:, None, None] * (root - root[:, frame : frame + 1])
    return clip + way.unsqueeze(2)
