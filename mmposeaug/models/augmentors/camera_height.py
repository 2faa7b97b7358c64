# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How far a camera of a given height above the ground looks down on a person."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mmposeaug.structures import Skeleton

LEGS = ('left_leg', 'right_leg')
"""tuple[str]: Limbs that a person stands on."""
FOOT = 0.08
"""float: Height of the ankle above the ground, in lengths of the leg from hip to ankle."""
STEEPEST = math.radians(75)
"""float: Largest angle at which a camera looks up or down at the root."""


def has_legs(skeleton: Skeleton) -> bool:
    """Whether hip, knee and ankle of both legs are there."""
    return all(len(skeleton.limbs.get(name, ())) >= 3 for name in LEGS)


def hip_height(pose: Tensor, skeleton: Skeleton) -> Tensor:
    """Height (N,) in metres of the root of people who stand upright, by the lengths of the legs."""
    lengths = []
    for name in LEGS:
        hip, knee, ankle, *_ = skeleton.limbs[name]
        for upper, lower in ((hip, knee), (knee, ankle)):
            lengths.append(torch.linalg.vector_norm(pose[:, upper] - pose[:, lower], dim=-1))
    return (1 + FOOT) * torch.stack(lengths).sum(0) / len(LEGS)


def pitch_of_height(root: Tensor, rise: Tensor, roll: Tensor) -> Tensor:
    """Pitch of a view in which the camera is above a person's root by a given height.

    Args:
        root (Tensor): Where the root is in the camera's axes, of shape (N, 3), in metres.
        rise (Tensor): Height of the camera above it, of shape (N,), in metres.
        roll (Tensor): Roll of the view, of shape (N,), in radians.

    Returns:
        Tensor: Pitch of shape (N,), in radians, for :func:`mmposeaug.geometry.euler_to_matrix`.
        People nearer than the height allows are seen at 75 degrees.

    Example:
        >>> root = torch.tensor([[0.0, 0.0, 2.0]])
        >>> torch.rad2deg(pitch_of_height(root, torch.tensor([1.0]), torch.zeros(1))).round()
        tensor([30.])
    """
    x, y, z = root.unbind(-1)
    y = torch.cos(roll) * y - torch.sin(roll) * x
    limit = math.sin(STEEPEST)
    share = (rise / torch.hypot(y, z).clamp_min(1e-6)).clamp(-limit, limit)
    return torch.asin(share) - torch.atan2(y, z)
