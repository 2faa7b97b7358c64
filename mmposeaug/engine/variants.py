# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Complete settings of :class:`PoseAugTrainLoop`: ours, and PoseAug's as released or submitted."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from mmposeaug.structures.choices import require_choice, require_known

from .settings import OF_LEARNING, TEACHERS, PoseAugSettings

RELEASED = PoseAugSettings(
    schedule='passes',
    augmentor=dict(
        type='PoseAugmentor',
        angle=dict(type='BoneAngleAugmentor'),
        length=dict(type='BoneLengthAugmentor'),
        rigid=dict(type='RigidAugmentor'),
    ),
    discriminator_3d=dict(type='KinematicChainDiscriminator'),
    discriminator_2d=dict(type='Keypoint2DDiscriminator'),
    angle_range=dict(type='AngleRangeLoss'),
    length_range=dict(type='LengthRangeLoss'),
    feedback=dict(type='RangeFeedbackLoss'),
    weights=dict(adversarial_3d=6.0, adversarial_2d=1.0, ranges=3.0, feedback=1.0),
    bone_lengths='measured',
    adversarial_loss=dict(type='LSGANLoss', counts_real=True),
    lifter_mode='train',
    view_rule='released',
    clamp=1.0,
)
"""PoseAugSettings: The released PoseAug (CVPR 2021), from a pretrained lifter."""

SUBMITTED = replace(RELEASED, feedback=dict(type='ExponentialFeedbackLoss'))
"""PoseAugSettings: The same with the feedback of the paper, which the released code never calls."""

DRAW = 'BodyPoseAugmentor'
"""str: The random draw of the default."""
DEFAULT = PoseAugSettings(augmentor=dict(type=DRAW), augmented_share=0.6)
"""PoseAugSettings: The random draw alone, mixed with real pairs in every batch: what learns on top
of it cost more steps than it gained (docs/results)."""

LEARNED = PoseAugSettings(
    schedule='mixed',
    augmentor=dict(
        type='PoseAugmentor',
        draw=dict(type='AnatomicalPoseAugmentor'),
        angle=dict(type='BoneAngleAugmentor', limit=0.3, zero_output=True, hidden=128),
        length=None,
        rigid=None,
    ),
    discriminator_3d=dict(type='KinematicChainDiscriminator', channels=64, last_channels=64),
    discriminator_2d=None,
    angle_range=None,
    length_range=None,
    feedback=dict(
        type='RangeFeedbackLoss',
        relative_to='draw',
        batch_ratio=True,
        stages=dict(rigid=dict(target=(1.2, 1.0), width=0.05, factor=1.0)),
    ),
    weights=dict(adversarial_3d=1.0, feedback=1.0, view=10.0),
    warmup_epochs=1,
    augmented_share=0.33,
    adversary_interval=2,
    draw_share=0.5,
)
"""PoseAugSettings: Learned on top of the draw, mixed with real pairs in every batch."""

VARIANTS: dict[str, PoseAugSettings] = dict(
    default=DEFAULT, learned=LEARNED, released=RELEASED, submitted=SUBMITTED
)
"""dict[str, PoseAugSettings]: Values of ``train_cfg.variant``."""


def get_settings(variant: str, given: Mapping[str, Any]) -> PoseAugSettings:
    """Settings of a variant with what a config changes."""
    require_choice('train_cfg.variant', variant, VARIANTS)
    require_known('PoseAugTrainLoop', given, [field.name for field in fields(PoseAugSettings)])
    base = VARIANTS[variant]
    for name in TEACHERS:
        value = given.get(name)
        if getattr(base, name) is None and isinstance(value, Mapping) and 'type' not in value:
            raise ValueError(
                f'train_cfg.{name} is {dict(value)} without a type, and variant={variant!r} has '
                "none whose options these could be; give it a type, or set variant='learned'."
            )
    changes = {name: _merged(getattr(base, name), value) for name, value in given.items()}
    settings = copy.deepcopy(replace(base, **changes))
    _check_use(variant, settings, given)
    return settings


def _check_use(variant: str, settings: PoseAugSettings, given: Mapping[str, Any]) -> None:
    """Refuse to learn without an augmentor, and options of learning where nothing learns."""
    if settings.augmentor is None:
        raise ValueError(
            'train_cfg.augmentor is None; PoseAugTrainLoop needs one, train without augmentation '
            "with type='TensorTrainLoop'."
        )
    augmentor = settings.augmentor
    operations = [
        name for name in ('draw', 'angle', 'length', 'rigid', 'sees') if name in augmentor
    ]
    if operations and augmentor.get('type') == DRAW:
        raise ValueError(
            f'train_cfg.augmentor.{operations[0]} is an option of an augmentor that learns, and '
            f'variant={variant!r} has the draw alone; give the options of the draw without '
            "'draw', or set variant='learned'."
        )
    if settings.learns:
        return
    unused = [name for name in given if name in OF_LEARNING and given[name] is not None]
    if unused:
        raise ValueError(
            f'train_cfg.{unused[0]} is given, but with variant={variant!r} nothing learns beside '
            "the lifter; leave it out, or set variant='learned'."
        )


def _merged(base: Any, value: Any) -> Any:
    """A dict without a type is merged into the variant's, anything else replaces it."""
    if not (isinstance(base, Mapping) and isinstance(value, Mapping)) or 'type' in value:
        return value
    merged = {**base, **value}
    return {k: _merged(base.get(k), v) if k in value else v for k, v in merged.items()}
