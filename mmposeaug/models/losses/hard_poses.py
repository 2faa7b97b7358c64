# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A lifter's loss in which hard poses count more."""

from __future__ import annotations

import math

import torch
from mmpose.models.losses import MPJPELoss
from mmpose.registry import MODELS
from torch import Tensor

from mmposeaug.models.option_checks import check_number


@MODELS.register_module()
class HardPoseLoss(MPJPELoss):
    """Mean joint error of a batch of poses, each weighted by its own error.

    It does to the loss what a choice of hard augmentations does to the samples
    (:class:`mmposeaug.engine.Choice`), without any further augmentation.

    Args:
        power (float): Weights are the errors to this power, their mean is 1: 0 makes it MMPose's
            ``MPJPELoss``, 1 counts a pose of twice the error twice. Defaults to 1.
        use_target_weight (bool): As for ``MPJPELoss``. Defaults to False.
        loss_weight (float): The same. Defaults to 1.

    Raises:
        ValueError: If ``power`` is negative or not a number.
    """

    def __init__(
        self, power: float = 1.0, use_target_weight: bool = False, loss_weight: float = 1.0
    ) -> None:
        super().__init__(use_target_weight, loss_weight)
        self.power = check_number('HardPoseLoss', 'power', power, 0, math.inf)

    def forward(
        self, output: Tensor, target: Tensor, target_weight: Tensor | None = None
    ) -> Tensor:
        """Loss of poses (N, ..., K, D), with the weights of MMPose where they are used."""
        difference = output - target
        if self.use_target_weight:
            if target_weight is None:
                raise ValueError('HardPoseLoss has use_target_weight=True, but got no weights.')
            difference = difference * target_weight
        error = torch.linalg.vector_norm(difference, dim=-1).flatten(1).mean(1)
        weight = error.detach().clamp_min(1e-9) ** self.power
        return (weight / weight.mean() * error).mean() * self.loss_weight
