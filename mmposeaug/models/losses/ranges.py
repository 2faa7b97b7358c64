# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Ranges that changes of angle and length may lie in without a cost."""

from __future__ import annotations

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.models.option_checks import check_number


def squared_outside(value: Tensor, centre: Tensor | float, width: Tensor | float) -> Tensor:
    """Squared distance from the centre where a value is farther than the width, else 0.

    Args:
        value (Tensor): Values of any shape.

    Returns:
        Tensor: Costs of the shape of the values.

    Example:
        >>> squared_outside(torch.tensor([0.0, 1.5, 4.0]), 1.0, 1.0)
        tensor([0., 0., 9.])
    """
    distance = value - centre
    return torch.where(distance.abs() > width, distance.square(), torch.zeros_like(distance))


@MODELS.register_module()
class AngleRangeLoss(nn.Module):
    """Keeps the mean turn of a pose's bones in a range (released PoseAug).

    Args:
        centre (float): Centre of the range of the mean of 1 - cos. Defaults to 0.205.
        width (float): Half width of the range. Defaults to 0.165.

    Raises:
        ValueError: If one of them is negative or not a number.
    """

    def __init__(self, centre: float = 0.205, width: float = 0.165) -> None:
        super().__init__()
        self.centre = check_number('AngleRangeLoss', 'centre', centre)
        self.width = check_number('AngleRangeLoss', 'width', width)

    def forward(self, angle_change: Tensor) -> Tensor:
        """Cost of turns, given 1 - cos of every bone's turn (N, J - 1)."""
        return squared_outside(angle_change.mean(-1), self.centre, self.width).mean()


@MODELS.register_module()
class LengthRangeLoss(nn.Module):
    """Lets length ratios be free up to a limit (released PoseAug).

    Args:
        limit (float): Absolute ratio without cost; beyond it the ratio's square. Defaults to
            0.1.

    Raises:
        ValueError: If it is negative or not a number.
    """

    def __init__(self, limit: float = 0.1) -> None:
        super().__init__()
        self.limit = check_number('LengthRangeLoss', 'limit', limit)

    def forward(self, length_ratio: Tensor) -> Tensor:
        """Cost of relative changes of length (N, G)."""
        return squared_outside(length_ratio, 0.0, self.limit).mean()
