# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The random draw for any body: anatomy for people, measured turns for all others."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from mmpose.registry import MODELS
from torch import Tensor

from mmposeaug.structures import Skeleton

from .anatomical_draw import AnatomicalPoseAugmentor
from .augmented_poses import AugmentedPoses
from .measured_draw import MeasuredPoseAugmentor
from .random_draw import RandomPoseAugmentor


@MODELS.register_module()
class BodyPoseAugmentor(AnatomicalPoseAugmentor):
    """Draws people as :class:`AnatomicalPoseAugmentor`, others as :class:`MeasuredPoseAugmentor`.

    Whether a body is a person's is decided as there. For people both give the same draws to the
    last bit.

    Args:
        skeleton (str | Skeleton): Tree of the poses. Defaults to ``'h36m_17'``.
        others (Mapping, optional): Options of :class:`MeasuredPoseAugmentor`. Those of
            :class:`RandomPoseAugmentor` among ``options``, such as ``roll_std``, hold for it too.
            Defaults to None, its own defaults.
        **options: Options of :class:`AnatomicalPoseAugmentor`.

    Raises:
        ValueError: If an option is unknown or out of its range.
    """

    on_others = 'its joints are turned as those of the training set are'

    def __init__(
        self,
        skeleton: str | Skeleton = 'h36m_17',
        others: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(skeleton, **options)
        of_both = inspect.signature(RandomPoseAugmentor).parameters
        shared = {name: value for name, value in options.items() if name in of_both}
        if 'motion' in shared:  # limbs are those of people
            shared['motion'] = {k: v for k, v in (shared['motion'] or {}).items() if k != 'limbs'}
        self.others = MeasuredPoseAugmentor(self.skeleton, **{**shared, **(others or {})})

    def forward(
        self,
        pose: Tensor,
        intrinsics: Tensor | None = None,
        image_size: Tensor | None = None,
        noise: Mapping[str, Tensor] | None = None,
        generator: torch.Generator | None = None,
    ) -> AugmentedPoses:
        """Augment camera-space poses, see :meth:`RandomPoseAugmentor.forward`."""
        assert self.verdict is not None
        self.others.strength = self.strength
        draw = super().forward if self.verdict.human else self.others
        return draw(pose, intrinsics, image_size, noise, generator)
