# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What the lifter is fed in place of exact 2D: a model of a detector's keypoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from mmposeaug.datasets import PoseBatch
from mmposeaug.structures import Skeleton

from .part_configs import build_part

SAMPLES = ('all', 'real', 'augmented')
"""tuple[str]: Values of ``train_cfg.detected_samples``."""


class Detector:
    """Puts a detector's keypoints in the place of a batch's.

    It comes after the augmentation, for the lifter's updates alone: discriminators, tests of what
    is in view, the lifter's feedback and logged errors see exact projections, so that a pose
    counts as hard for what it is and not for what a detector made of it.

    Args:
        config (Mapping, optional): Config of the model, such as ``dict(type='DetectionModel')``;
            None for none, which changes nothing.
        samples (str): Which samples it sees: ``'all'``, ``'real'`` or ``'augmented'``.
        skeleton (Skeleton): The joints.
        device (torch.device): Where the samples are.
        share (float): Share of the lifter's samples that are augmented.

    Raises:
        ValueError: If an option is unknown, there are no such samples, or the model has weights.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | None,
        samples: str,
        skeleton: Skeleton,
        device: torch.device,
        share: float,
    ) -> None:
        if samples not in SAMPLES:
            raise ValueError(
                f'train_cfg.detected_samples is {samples!r}; use one of {", ".join(SAMPLES)}.'
            )
        if config is None and samples != 'all':
            raise ValueError(
                f'train_cfg.detected_samples is {samples!r}, but there is no train_cfg.detector; '
                "set it, to dict(type='DetectionModel') for instance."
            )
        if share == dict(real=1, augmented=0).get(samples):
            raise ValueError(
                f"train_cfg.detected_samples is {samples!r}, but no sample is; set it to 'all'."
            )
        self.samples = samples
        self.model: nn.Module | None = None
        self.generator: torch.Generator  # of the epoch, set by the loop
        if config is not None:
            self.model = build_part(
                'detector',
                config,
                "dict(type='DetectionModel', noise=0.01)",
                'DetectionModel',
                'a model of a detector',
                skeleton=skeleton,
            ).to(device)

    @torch.no_grad()
    def __call__(self, batch: PoseBatch, augmented: bool) -> PoseBatch:
        """Detect the people of a batch."""
        if self.model is None or self.samples == ('real' if augmented else 'augmented'):
            return batch
        keypoints, scores = self.model(
            batch.keypoints_px,
            batch.keypoint_scores,
            pose_cam=batch.pose_cam,
            intrinsics=batch.intrinsics,
            generator=self.generator,
        )
        return replace(batch, keypoints_px=keypoints, keypoint_scores=scores)
