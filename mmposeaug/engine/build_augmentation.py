# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The augmentation of a training set from its settings."""

from __future__ import annotations

from torch import nn

from mmposeaug.datasets import PoseBank, build_bone_length_bank

from .augmentation import Augmentation
from .bank_facts import target_frame
from .fixed_parts import DrawnCameras, build_part
from .settings import AugmentationSettings, SampleRules
from .target_domain import build_target_domain


def build_augmentation(
    settings: AugmentationSettings,
    bank: PoseBank,
    flip_prob: float,
    augmentor: nn.Module | None = None,
) -> Augmentation:
    """Augmentation of the samples of a bank, with an augmentor that was built already."""
    lengths = settings.bone_lengths
    return Augmentation(
        bank.skeleton,
        augmentor,
        None if lengths is None else build_bone_length_bank(lengths, bank).to(bank.device),
        build_target_domain(settings, bank, flip_prob),
        target_frame(bank),
        DrawnCameras(settings.camera, bank.device),
        settings if isinstance(settings, SampleRules) else SampleRules(),
        _build_prior(settings, bank),
    )


def _build_prior(settings: AugmentationSettings, bank: PoseBank) -> nn.Module | None:
    if settings.prior is None:
        return None
    example, what = "dict(type='AnatomyPrior')", 'a cost of poses'
    made = build_part(
        'prior', settings.prior, example, 'AnatomyPrior', what, skeleton=bank.skeleton
    )
    return made.to(bank.device)
