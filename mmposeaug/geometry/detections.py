# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How a 2D detector errs: functions of keypoints and of given random numbers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmposeaug.structures import Skeleton

from .body import body_axes
from .constants import index_tensor

LOST_NOISE = 0.08
"""float: Standard deviation of the place at which a detector puts a joint that it does not see, in
shares of the person's size."""
LOST_SCORES = (0.02, 0.25)
"""tuple[float, float]: Range of the scores of such joints."""
_FARTHEST = 4.0  # times the median distance from the middle: farther keypoints are not of the body


def person_size(keypoints_px: Tensor) -> Tensor:
    """Longer side of the box of people; single keypoints far off do not count.

    Keypoints do not count if they are more than four times as far from the middle (the median in
    x and y) as the median keypoint.

    Args:
        keypoints_px (Tensor): Keypoints of shape (*, J, 2), pixels.

    Returns:
        Tensor: Sizes of shape (*), pixels.

    Example:
        >>> person_size(torch.tensor([[0.0, 0.0], [10.0, 40.0], [0.0, 20.0]])).item()
        40.0
    """
    half = keypoints_px.shape[-2] // 2
    # on CUDA torch knows no deterministic median
    middle = keypoints_px.sort(dim=-2).values[..., half : half + 1, :]
    distance = torch.linalg.vector_norm(keypoints_px - middle, dim=-1)
    bound = _FARTHEST * distance.sort(dim=-1).values[..., half : half + 1]
    # where all but a few are at one place the bound is 0, and there is nothing to tell far by
    far = ((distance > bound) & (bound > 0)).unsqueeze(-1)
    low = keypoints_px.masked_fill(far, torch.inf).amin(-2)
    high = keypoints_px.masked_fill(far, -torch.inf).amax(-2)
    return (high - low).amax(-1)


def correlate_frames(normal: Tensor, correlation: float) -> Tensor:
    """Standard normal numbers of clips that follow each other as in an autoregressive process.

    Args:
        normal (Tensor): Independent standard normal numbers of shape (N, T, *).
        correlation (float): Correlation of one frame with the next, in [0, 1); that of frames k
            apart is its k-th power.

    Returns:
        Tensor: Standard normal numbers of shape (N, T, *).
    """
    frames = normal.shape[1]
    if frames == 1 or correlation == 0:
        return normal
    step = torch.arange(frames, device=normal.device)
    lag = step.unsqueeze(1) - step
    factor = torch.where(lag >= 0, correlation ** lag.clamp(min=0).to(normal), 0.0)
    factor[:, 1:] *= (1 - correlation**2) ** 0.5
    return torch.einsum('ts,ns...->nt...', factor, normal)


def misplace(
    keypoints_px: Tensor,
    size: Tensor,
    noise: Tensor,
    noise_std: float | Tensor,
    lost: Tensor,
    lost_noise: Tensor,
    lost_std: float = LOST_NOISE,
) -> Tensor:
    """Keypoints as a detector places them: all are a little off, those that it lost far.

    Args:
        keypoints_px (Tensor): Keypoints of shape (*, J, 2), pixels.
        size (Tensor): Sizes of the people, of shape (*), pixels.
        noise (Tensor): Standard normal numbers of shape (*, J, 2).
        noise_std (float | Tensor): Standard deviation, in shares of the size, of every joint or of
            each, of shape (J,).
        lost (Tensor): Booleans of shape (*, J).
        lost_noise (Tensor): Standard normal numbers of shape (*, J, 2).
        lost_std (float): Standard deviation of what is added to lost ones. Defaults to 0.08.

    Returns:
        Tensor: Keypoints of shape (*, J, 2), pixels.
    """
    std = torch.as_tensor(noise_std).to(keypoints_px).unsqueeze(-1)
    offset = noise * std + lost.unsqueeze(-1) * (lost_noise * lost_std)
    return keypoints_px + offset * size[..., None, None]


def falling_scores(offset: Tensor, uniform: Tensor, reach: float) -> Tensor:
    """Scores that fall with the error, as uncertain as those of real detectors.

    The score of a joint is uniform between 1 and 1 - offset / reach.

    Args:
        offset (Tensor): How far joints are off, in shares of the person's size, (*).
        uniform (Tensor): Uniform numbers in [0, 1], of shape (*).
        reach (float): Offset from which on a score may be anything; positive.

    Returns:
        Tensor: Scores in [0, 1], of shape (*).
    """
    return 1 - uniform * (offset / reach).clamp(max=1)


def swap_sides(values: Tensor, swapped: Tensor, flip_indices: Sequence[int]) -> Tensor:
    """Joints that are taken for those of the other side; twice gives the original.

    Args:
        values (Tensor): Values of joints, of shape (*, J) or (*, J, D).
        swapped (Tensor): Booleans of shape (*, J), the same for both joints of a pair.
        flip_indices (Sequence[int]): For each joint its partner.

    Returns:
        Tensor: Values of the same shape.
    """
    other = index_tensor(tuple(flip_indices), values.device)
    if values.ndim == swapped.ndim:
        return torch.where(swapped, values.index_select(-1, other), values)
    return torch.where(swapped.unsqueeze(-1), values.index_select(-2, other), values)


def fill_in(values: Tensor, missing: Tensor, max_gap: int) -> Tensor:
    """Interpolate joints over the frames in which they are missing.

    It is what :func:`mmposeaug.datasets.keypoints_2d.fill_gaps` does with detections: at the ends
    of a clip the nearest value is held, and gaps of more than ``max_gap`` frames stay as they are.

    Args:
        values (Tensor): Values of clips, of shape (N, T, J, D).
        missing (Tensor): Booleans of shape (N, T, J).
        max_gap (int): Longest gap in frames.

    Returns:
        Tensor: Values of shape (N, T, J, D).
    """
    frames = values.shape[1]
    step = torch.arange(frames, device=values.device)[:, None].expand_as(missing)
    before = torch.where(missing, -1, step).cummax(1).values
    after = torch.where(missing, frames, step).flip(1).cummin(1).values.flip(1)
    has_before, has_after = before >= 0, after < frames
    gap = torch.where(
        has_before & has_after,
        after - before - 1,
        torch.where(has_before, step - before, after - step),
    )
    filled = missing & (gap <= max_gap) & (has_before | has_after)
    start = torch.where(has_before, before, after).clamp(0, frames - 1)
    end = torch.where(has_after, after, before).clamp(0, frames - 1)
    share = ((step - start) / (end - start).clamp(min=1)).unsqueeze(-1).to(values)
    first, last = (
        values.gather(1, index.unsqueeze(-1).expand_as(values)) for index in (start, end)
    )
    return torch.where(filled.unsqueeze(-1), torch.lerp(first, last, share), values)


def shift_along_body(pose: Tensor, offset: Tensor, skeleton: Skeleton) -> Tensor:
    """Move joints along the axes of the body.

    Args:
        pose (Tensor): Poses of shape (*, J, 3), in metres.
        offset (Tensor): Outwards (to the joint's own side; to the left on the midline), up and
            forward, in shares of the trunk's length, of a shape that broadcasts to (*, J, 3).
        skeleton (Skeleton): See :func:`body_axes`.

    Returns:
        Tensor: Poses of shape (*, J, 3), in metres.

    Raises:
        ValueError: If the skeleton has no pelvis.
    """
    axes = body_axes(pose, skeleton)
    top = skeleton.bones[skeleton.trunk_bones[-1]][0]
    trunk = torch.linalg.vector_norm(pose[..., top, :] - pose[..., skeleton.root, :], dim=-1)
    sign = [-1.0 if side == 'right' else 1.0 for side in skeleton.sides]
    sides = torch.tensor([[each, 1.0, 1.0] for each in sign], dtype=pose.dtype, device=pose.device)
    return pose + (offset * sides) @ axes * trunk[..., None, None]
