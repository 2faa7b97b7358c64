# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Least-squares GAN loss (Mao et al. 2017)."""

from __future__ import annotations

from mmpose.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class LSGANLoss(nn.Module):
    """Least-squares loss of discriminators and of the augmentor against them.

    Real scores are pulled to 1, fake ones to 0.

    Args:
        counts_real (bool): Whether the augmentor's loss, as it is logged, counts the real batch
            too, as the released PoseAug does. Defaults to False.
    """

    def __init__(self, counts_real: bool = False) -> None:
        super().__init__()
        self.counts_real = counts_real

    def discriminator(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """Loss of a discriminator with scores (N, P) of real and (M, P) of augmented samples."""
        return 0.5 * ((real_scores - 1).square().mean() + fake_scores.square().mean())

    def augmentor(self, fake_scores: Tensor, real_scores: Tensor | None = None) -> Tensor:
        """Loss of the augmentor with scores (N, P): half of their squared distance to 1.

        The released PoseAug counts scores of real samples too, pulled to 0; they give no gradient
        and only change the value.
        """
        loss = (fake_scores - 1).square().mean()
        if real_scores is not None:
            loss = loss + real_scores.detach().square().mean()
        return 0.5 * loss
