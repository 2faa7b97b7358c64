# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Parts that learn from clips, and samples that do not suit them."""

from __future__ import annotations

import logging

import torch
from mmengine.logging import print_log
from torch import nn

from mmposeaug.datasets import PoseBank
from mmposeaug.models.discriminators.motion import LEAST_FRAMES

from .batches import spread_indices
from .settings import PoseAugSettings

STILL_SHARE = 0.6
"""float: Clips of a larger share of repeated frames are told of."""


def check_motion_judged(settings: PoseAugSettings, frames: int) -> None:
    """Refuse a discriminator of motion where there is none."""
    if settings.discriminator_motion is not None and frames < LEAST_FRAMES:
        raise ValueError(
            'train_cfg.discriminator_motion judges how people move, and the samples have '
            f'{frames} frame(s); set seq_len (or multiple_target) of the data set to '
            f'{LEAST_FRAMES} or more, or discriminator_motion and weights.adversarial_motion to '
            'None and 0.'
        )


def check_looks(augmentor: nn.Module | None, frames: int) -> None:
    """Refuse an augmentor that looks at other frames where there are none."""
    if frames > 1 or augmentor is None:
        return
    for part in augmentor.modules():
        for name, alone in (('keys', 1), ('sees', 'frame')):
            if getattr(part, name, alone) != alone:
                raise ValueError(
                    f'The augmentor has {name}={getattr(part, name)!r}, which is for clips, and '
                    'the samples have 1 frame; leave it out, or set seq_len of the data set to 3 '
                    'or more.'
                )


def warn_of_short_reach(bank: PoseBank, stride: int) -> None:
    """Tell of strides that reach beyond the videos, or beyond what a subset keeps of them."""
    if stride == 1 or bank.num_frames == 1:
        return
    index = spread_indices(bank, min(1024, len(bank)))
    frames = bank.windows.frames_of(
        index, torch.full_like(index, stride), fixed=bank.target_frames[0]
    )
    still = float((frames.diff(dim=1) == 0).float().mean())
    if still > STILL_SHARE:
        print_log(
            f'With motion.stride={stride}, {100 * still:.0f} % of the frames of the fastest clips '
            'repeat the one before, since their videos, or what a subset keeps of them, end there; '
            'use a smaller stride, or whole videos.',
            'current',
            logging.WARNING,
        )
