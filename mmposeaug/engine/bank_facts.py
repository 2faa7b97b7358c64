# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What augmentors must know of a training set: its distances, its bodies, the lifting target."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from mmposeaug.datasets import PoseBank
from mmposeaug.geometry import bone_lengths
from mmposeaug.structures import Skeleton

from .batches import spread_indices

COUNT = 1024
"""int: Samples from all over a training set whose bodies are measured."""


def fit_to_bank(augmentor: nn.Module | None, bank: PoseBank) -> None:
    """Tell an augmentor what it must know of the training set.

    That is how far away its people are (``fit_distance`` of the parts that have it), which frame
    of a clip is the lifting target (their ``target_frame``), to draws for people what bodies there
    are (``suit``), to those for any body how its joints turn (``measure``), and how fast clips
    move (``fit_motion``).
    """
    if augmentor is None:
        return
    frame = target_frame(bank)
    root_depth = bank.pose_cam[bank.target_rows(), bank.skeleton.root, 2]
    distance = float(root_depth.cpu().median())  # on CUDA torch knows no deterministic median
    bodies: Tensor | None = None
    part: Any
    for part in augmentor.modules():
        if hasattr(part, 'target_frame'):
            part.target_frame = frame
        if hasattr(part, 'fit_distance'):
            part.fit_distance(distance)
        if not any(hasattr(part, name) for name in ('suit', 'measure', 'fit_motion')):
            continue
        if bodies is None:
            bodies = bank.gather(spread_indices(bank, min(COUNT, len(bank)))).pose_cam
        if hasattr(part, 'suit'):
            part.suit(typical_lengths(bodies, bank.skeleton))
        if hasattr(part, 'measure'):
            part.measure(bodies)
        if hasattr(part, 'fit_motion'):
            part.fit_motion(bodies)


def target_frame(bank: PoseBank) -> str:
    """Which frame of its clips a training set has as the lifting target."""
    return 'last' if tuple(bank.target_frames) == (bank.num_frames - 1,) else 'centre'


def typical_lengths(pose: Tensor, skeleton: Skeleton) -> list[float]:
    """Median length of every bone of poses (N, J, 3) or clips (N, T, J, 3), in metres."""
    lengths = bone_lengths(pose, skeleton).flatten(0, -2).cpu()
    return [float(length) for length in lengths.median(0).values]
