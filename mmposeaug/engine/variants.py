# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Complete settings of :class:`PoseAugTrainLoop`: ours, and PoseAug's as released or submitted."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from .adversary import DEFAULT_OPTIM

Config = Mapping[str, Any]


@dataclass(frozen=True)
class PoseAugSettings:
    """What the loop is made of; every field can be set in ``train_cfg``.

    A dict that is given in ``train_cfg`` replaces the variant's if it names a ``type``, otherwise
    it is merged into it; None leaves a part out.

    Attributes:
        schedule (str): ``'mixed'``: every batch of the lifter holds real and fresh augmented
            pairs, the augmentor learns beside it. ``'passes'``: an adversarial phase fills a
            buffer, then the lifter learns a pass over the buffer and one over the real pairs.
        pretrain_epochs (int): The first epochs, in which the lifter learns from real pairs only.
        warmup_epochs (int): Epochs after these without feedback; with ``'passes'`` the lifter does
            not learn in them.
        augmented_share (float): Share of augmented pairs in a batch (``'mixed'``).
        adversary_interval (int): The augmentor learns every so many lifter updates (``'mixed'``).
        bone_lengths (object): Bank of bone lengths to swap in: ``'measured'`` for the training
            subjects' own, or anything that
            :func:`mmposeaug.datasets.build_bone_length_bank` takes; None for no swap.
        target_2d (dict): Unpaired 2D keypoints of the domain that the lifter is meant for, options
            of :func:`mmposeaug.datasets.load_target_keypoints`; what a 2D discriminator then takes
            for real. None for the training set's.
        align_position (bool): Whether augmented people are put where people of ``target_2d`` are
            seen, and in their size.
        camera (dict): Config of a model that draws cameras for the samples that are augmented, see
            :class:`mmposeaug.engine.DrawnCameras`; None for the training set's.
        detector (dict): Config of a model of a 2D detector, whose keypoints the lifter learns
            from in place of exact ones, see :class:`mmposeaug.engine.Detector`; None for none.
        detected_samples (str): Which samples it sees: ``'all'``, ``'real'`` or ``'augmented'``.
        watchdog (dict): Options of :class:`mmposeaug.engine.CollapseWatchdog`.
        log_interval (int): Steps between logs of the adversarial training.

    The other fields are the options of :class:`mmposeaug.engine.Adversary`.
    """

    schedule: str
    augmentor: Config
    discriminator_3d: Config | None
    discriminator_2d: Config | None
    angle_range: Config | None
    length_range: Config | None
    feedback: Config | None
    weights: Mapping[str, float]
    bone_lengths: Any = None
    target_2d: Config | None = None
    align_position: bool = False
    camera: Config | None = None
    detector: Config | None = None
    detected_samples: str = 'all'
    pretrain_epochs: int = 0
    warmup_epochs: int = 2
    augmented_share: float = 0.5
    adversary_interval: int = 1
    adversarial_loss: Config = field(default_factory=lambda: dict(type='LSGANLoss'))
    optim_wrapper: Config = field(default_factory=lambda: dict(DEFAULT_OPTIM))
    param_scheduler: Sequence[Config] | None = None
    discriminator_interval: int = 2
    pool_size: int = 4096
    lifter_mode: str = 'eval'
    draw_share: float | Sequence[float] = 0.0
    view_rule: str = 'inside'
    clamp: float | None = None
    watchdog: Config = field(default_factory=dict)
    log_interval: int = 100

    def adversary_options(self) -> dict[str, Any]:
        """Options of :class:`mmposeaug.engine.Adversary`."""
        names = (
            'augmentor',
            'discriminator_3d',
            'discriminator_2d',
            'adversarial_loss',
            'angle_range',
            'length_range',
            'feedback',
            'weights',
            'optim_wrapper',
            'param_scheduler',
            'discriminator_interval',
            'pool_size',
            'lifter_mode',
            'draw_share',
            'view_rule',
            'clamp',
        )
        return {name: getattr(self, name) for name in names}


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

DEFAULT = PoseAugSettings(
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
"""PoseAugSettings: Learned on top of a random draw, mixed with real pairs in every batch."""

VARIANTS: dict[str, PoseAugSettings] = dict(default=DEFAULT, released=RELEASED, submitted=SUBMITTED)
"""dict[str, PoseAugSettings]: Values of ``train_cfg.variant``."""


def get_settings(variant: str, given: Mapping[str, Any]) -> PoseAugSettings:
    """Settings of a variant with what a config changes."""
    if variant not in VARIANTS:
        raise ValueError(f'train_cfg.variant is {variant!r}; use one of {", ".join(VARIANTS)}.')
    base = VARIANTS[variant]
    names = [f.name for f in fields(PoseAugSettings)]
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise ValueError(
            f'PoseAugTrainLoop has no setting {unknown[0]!r}; the settings are {", ".join(names)}.'
        )
    changes = {name: _merged(getattr(base, name), value) for name, value in given.items()}
    settings = copy.deepcopy(replace(base, **changes))
    if settings.target_2d is not None:
        _check_target_use(settings)
    if settings.schedule not in ('mixed', 'passes'):
        raise ValueError(f"train_cfg.schedule is {settings.schedule!r}; use 'mixed' or 'passes'.")
    return settings


def _check_target_use(settings: PoseAugSettings) -> None:
    """Keypoints that nothing looks at would go unnoticed."""
    learns = settings.discriminator_2d is not None
    if not learns and not settings.align_position:
        raise ValueError(
            'train_cfg.target_2d is given but not used; set align_position=True, or '
            "discriminator_2d=dict(type='Keypoint2DDiscriminator') and weights.adversarial_2d."
        )
    if learns and not settings.weights.get('adversarial_2d'):
        raise ValueError(
            'train_cfg.discriminator_2d learns from target_2d, but weights.adversarial_2d is '
            f'{settings.weights.get("adversarial_2d")}, so that the augmentor does not; set it to '
            '1, or discriminator_2d to None.'
        )


def _merged(base: Any, value: Any) -> Any:
    """A dict without a type is merged into the variant's, anything else replaces it."""
    if not (isinstance(base, Mapping) and isinstance(value, Mapping)) or 'type' in value:
        return value
    merged = {**base, **value}
    return {k: _merged(base.get(k), v) if k in value else v for k, v in merged.items()}
