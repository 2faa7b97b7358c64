# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Clips: what the learned operations see of one, and paths on which their changes go through it.

All of it is relative to the reference frame, so that a single frame is what it is without clips.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from mmposeaug.geometry import index_tensor, root_relative
from mmposeaug.structures import Skeleton
from mmposeaug.structures.choices import require_choice

from .networks import reference_index

SEES = ('frame', 'clip')
"""tuple[str]: What the operations may look at."""
LEAST = 3
"""int: Frames of a clip that are looked at where there are not more keys."""
STILL_M = 1e-5
"""float: A frame all of whose coordinates differ by less from the one before repeats it."""


def motion_size(skeleton: Skeleton, sees: str, keys: int = 1) -> int:
    """Number of values that :func:`pooled_motion` gives; 0 of an operation that sees a frame."""
    require_choice('sees', sees, SEES)
    return 0 if sees == 'frame' else (max(keys, LEAST) + 1) * (skeleton.num_joints + 1) * 3


def clip_motion(clip: Tensor, root: int, target_frame: str) -> Tensor:
    """How clips (N, T, J, 3) differ from their reference frame: (N, T, J + 1, 3), in metres.

    Root-relative joints, and after them the root's own path.
    """
    points = torch.cat((root_relative(clip, root), clip[:, :, root : root + 1]), dim=2)
    frame = reference_index(clip.shape[1], target_frame)
    return points - points[:, frame : frame + 1]


def pooled_motion(motion: Tensor | None, keys: int = 1) -> Tensor | None:
    """What the network of an operation gets of a clip's motion (N, T, J + 1, 3): values (N, M).

    These are the frames at the operation's key times, or at both ends and in the middle if it has
    no more than :data:`LEAST`, and the mean step of every coordinate.
    """
    if motion is None:
        return None
    frames, last = max(keys, LEAST), motion.shape[1] - 1
    times = index_tensor(
        tuple(round(last * number / (frames - 1)) for number in range(frames)), motion.device
    )
    step = motion.diff(dim=1).abs().mean(1)
    return torch.cat((motion.index_select(1, times).flatten(1), step.flatten(1)), dim=1)


def path_weights(clip: Tensor, keys: int, target_frame: str) -> Tensor:
    """Weights (N, T, K) of the changes at K key times on the way to each frame of clips.

    The way is a natural cubic spline through the keys, the smoothest there is, and is 0 in the
    reference frame. Frames that repeat the one before, as padding at the ends of a video does,
    stay as still as they are.
    """
    moved = clip.detach().diff(dim=1).abs().flatten(2).amax(-1) > STILL_M
    passed = torch.nn.functional.pad(moved.cumsum(1), (1, 0)).to(clip.dtype)
    weights = spline_weights(passed * (keys - 1) / (clip.shape[1] - 1), keys)
    frame = reference_index(clip.shape[1], target_frame)
    return weights - weights[:, frame : frame + 1]


def spline_weights(times: Tensor, keys: int) -> Tensor:
    """Weights (*, K) of values at 0, 1, ..., K - 1 in a natural cubic spline at times (*)."""
    values = torch.eye(keys, dtype=times.dtype, device=times.device)
    bends = _second_derivatives(keys, times.dtype, times.device)
    left = times.floor().clamp(0, keys - 2).long()
    after = (times - left).unsqueeze(-1)
    before = 1 - after
    straight = before * values[left] + after * values[left + 1]
    return (
        straight + ((before**3 - before) * bends[left] + (after**3 - after) * bends[left + 1]) / 6
    )


@lru_cache(maxsize=16)
@torch.inference_mode(False)
def _second_derivatives(keys: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """(K, K) second derivatives at the keys of splines that are 1 at one key; 0 at the ends."""
    values = torch.eye(keys, dtype=torch.float64)
    bends = torch.zeros_like(values)
    if keys > 2:
        ones = torch.ones(keys - 3, dtype=torch.float64)
        band = 4 * torch.eye(keys - 2, dtype=torch.float64) + ones.diag(1) + ones.diag(-1)
        bends[1:-1] = torch.linalg.solve(band, 6 * (values[2:] - 2 * values[1:-1] + values[:-2]))
    return bends.to(device, dtype)
