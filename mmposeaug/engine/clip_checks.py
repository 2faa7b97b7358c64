# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Parts that learn from clips, and samples of single frames."""

from __future__ import annotations

from torch import nn

from mmposeaug.models.discriminators.motion import LEAST_FRAMES

from .settings import PoseAugSettings


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
