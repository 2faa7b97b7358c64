# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The options of ``train_cfg`` that say how to augment and train, each named once.

What needs some of them is handed all of them. Those of MMEngine's loop, and ``flip_prob``,
``check_data`` and ``variant``, are arguments of the loops.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mmposeaug.models.option_checks import is_number
from mmposeaug.structures.choices import require_choice, require_known

Config = Mapping[str, Any]

DEFAULT_OPTIM = dict(optimizer=dict(type='Adam', lr=1e-4, fused=True), clip_grad=dict(max_norm=1.0))
"""dict: Optimizer of augmentor and discriminators (released PoseAug)."""
WEIGHTS = (
    *('adversarial_3d', 'adversarial_2d', 'adversarial_motion'),
    *('ranges', 'feedback', 'view', 'prior'),
)
"""tuple[str]: Losses of the augmentor that have a weight."""
DISCRIMINATORS = ('discriminator_3d', 'discriminator_2d', 'discriminator_motion')
"""tuple[str]: Discriminators, in the order in which they are built."""
TEACHERS = (*DISCRIMINATORS, 'angle_range', 'length_range', 'feedback')
"""tuple[str]: Parts that the augmentor learns from."""
OF_LEARNING = (
    *('schedule', 'warmup_epochs', 'adversary_interval', 'adversarial_loss', 'weights'),
    *('lifter_mode', 'optim_wrapper', 'param_scheduler', 'discriminator_interval', 'pool_size'),
    *('watchdog', 'log_interval', 'draw_share'),
)
"""tuple[str]: Options without effect where nothing learns but the lifter."""


@dataclass(frozen=True)
class AugmentationSettings:
    """What is done to the samples that the lifter learns from.

    Attributes:
        augmentor (dict): Config of an augmentor; for ``TensorTrainLoop`` one without anything to
            learn, such as ``dict(type='RandomPoseAugmentor')``. None for none.
        augmented_share (float): Share of every batch that is augmented.
        bone_lengths (object): Bank of bone lengths; augmented poses get those of a random body of
            it first. ``'measured'`` for the training subjects' own, or anything that
            :func:`mmposeaug.datasets.build_bone_length_bank` takes; None for no swap.
        target_2d (dict): Unpaired 2D keypoints of the domain that the lifter is meant for, options
            of :func:`mmposeaug.datasets.load_target_keypoints`. A 2D discriminator takes them for
            real in place of the training set's.
        align_position (bool): Whether augmented people are put where people of ``target_2d`` are
            seen, and in their size.
        camera (dict): Config of a model that draws cameras for the samples that are augmented, see
            :class:`mmposeaug.engine.DrawnCameras`; None for the training set's.
        detector (dict): Config of a model of a 2D detector, whose keypoints the lifter learns
            from in place of exact ones, see :class:`mmposeaug.engine.Detector`; None for none.
        detected_samples (str): Which samples it sees: ``'all'``, ``'real'`` or ``'augmented'``.
        choice (dict): Options of :class:`mmposeaug.engine.Choice`, which gives the lifter one of
            several augmentations of each sample; for a random draw alone. None for none.
        prior (dict): Config of a cost of poses that cannot be, such as
            ``dict(type='AnatomyPrior')``: the lifter gets none whose cost is not 0, and with
            ``weights.prior`` the augmentor learns to make none. None for none.
        strength (float | Sequence[float]): Factor of the random draw's turns of joints and bones,
            constant or from the first to the last epoch.

    Raises:
        ValueError: If an option is out of its range.
    """

    augmentor: Config | None = None
    augmented_share: float = 0.5
    bone_lengths: Any = None
    target_2d: Config | None = None
    align_position: bool = False
    camera: Config | None = None
    detector: Config | None = None
    detected_samples: str = 'all'
    choice: Config | None = None
    prior: Config | None = None
    strength: float | Sequence[float] = 1.0

    def __post_init__(self) -> None:
        check_share('augmented_share', self.augmented_share)
        given = self.strength
        values = [given] if isinstance(given, (int, float)) else list(given)
        if not values or not all(is_number(value) and value >= 0 for value in values):
            raise ValueError(
                f'train_cfg.strength is {given!r}; give a number of 0 or more, or such numbers '
                'from the first to the last epoch.'
            )

    @property
    def changes_samples(self) -> bool:
        """bool: Whether any option augments samples."""
        given = (self.augmentor, self.bone_lengths, self.camera)
        return self.align_position or any(option is not None for option in given)

    @property
    def learns(self) -> bool:
        """bool: Whether anything but the lifter learns."""
        return False


@dataclass(frozen=True)
class SampleRules:
    """Which poses of an augmentor are given to the lifter, and how they are projected.

    Attributes:
        draw_share (float | Sequence[float]): Share of the augmented samples, constant or from the
            first to the last epoch, that are given out as the random draw left them, for
            augmentors that learn on top of one: what the lifter sees is then never narrower than
            the draw.
        view_rule (str): ``'inside'`` counts a pose as in view if it is inside all four borders
            and before the camera, ``'released'`` if it does not cross the right and lower border.
        clamp (float): Bound of x / z and y / z in the projection of augmented poses, see
            :func:`mmposeaug.geometry.project`; None for no bound.
    """

    draw_share: float | Sequence[float] = 0.0
    view_rule: str = 'inside'
    clamp: float | None = None

    def __post_init__(self) -> None:
        require_choice('train_cfg.view_rule', self.view_rule, ('inside', 'released'))
        share = self.draw_share
        shares = [share] if isinstance(share, (int, float)) else list(share)
        if not shares or not all(0 <= each <= 1 for each in shares):
            raise ValueError(
                f'train_cfg.draw_share is {share}; it is a share between 0 and 1, or such shares '
                'from the first to the last epoch.'
            )
        if self.clamp is not None and not self.clamp > 0:
            raise ValueError(f'train_cfg.clamp is {self.clamp}; give a positive bound, or None.')


@dataclass(frozen=True)
class PoseAugSettings(SampleRules, AugmentationSettings):
    """All options of ``PoseAugTrainLoop``.

    The other fields are the options of :class:`AugmentationSettings` and :class:`SampleRules`. A
    dict that is given in ``train_cfg`` replaces the variant's if it names a ``type``; one
    without is merged into it. None leaves a part out.

    Attributes:
        schedule (str): ``'mixed'``: every batch of the lifter holds real and fresh augmented
            pairs, the augmentor learns beside it. ``'passes'``: an adversarial phase fills a
            buffer, then the lifter learns a pass over the buffer and one over the real pairs.
        pretrain_epochs (int): The first epochs, in which the lifter learns from real pairs only.
        warmup_epochs (int): Epochs after these without feedback; with ``'passes'`` the lifter does
            not learn in them.
        adversary_interval (int): The augmentor learns every so many lifter updates (``'mixed'``).
        discriminator_3d (dict): Config of the 3D discriminator; None for none.
        discriminator_2d (dict): Config of the 2D discriminator; None for none.
        discriminator_motion (dict): Config of a discriminator of clips, such as
            ``dict(type='MotionDiscriminator')``, for which real clips are real; None for none.
        adversarial_loss (dict): Config of the adversarial loss.
        angle_range (dict): Config of the loss on turns; None for none.
        length_range (dict): Config of the loss on length ratios; None for none.
        feedback (dict): Config of the feedback loss; None for none.
        weights (dict): Weights of ``adversarial_3d``, ``adversarial_2d``, ``adversarial_motion``,
            ``ranges``, ``feedback``, ``view``, the penalty for keypoints out of the image, and
            ``prior``.
        lifter_mode (str): ``'train'`` as in the released code, where dropout and the running
            statistics of the lifter take part in the feedback, or ``'eval'``.
        optim_wrapper (dict): Optimizer of each network.
        param_scheduler (list): Epoch-wise schedules of each network; None for linear to 0 over all
            epochs.
        discriminator_interval (int): Discriminators learn every so many steps.
        pool_size (int): Samples in each pool of fakes.
        watchdog (dict): Options of :class:`mmposeaug.engine.CollapseWatchdog`.
        log_interval (int): Steps between logs of the adversarial training.

    Raises:
        ValueError: If an option is out of its range, or has no effect.
    """

    schedule: str = 'mixed'
    pretrain_epochs: int = 0
    warmup_epochs: int = 2
    adversary_interval: int = 1
    discriminator_3d: Config | None = None
    discriminator_2d: Config | None = None
    discriminator_motion: Config | None = None
    adversarial_loss: Config | None = field(default_factory=lambda: dict(type='LSGANLoss'))
    angle_range: Config | None = None
    length_range: Config | None = None
    feedback: Config | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    lifter_mode: str = 'eval'
    optim_wrapper: Config = field(default_factory=lambda: dict(DEFAULT_OPTIM))
    param_scheduler: Sequence[Config] | None = None
    discriminator_interval: int = 2
    pool_size: int = 4096
    watchdog: Config = field(default_factory=dict)
    log_interval: int = 100

    def __post_init__(self) -> None:
        AugmentationSettings.__post_init__(self)
        SampleRules.__post_init__(self)
        require_choice('train_cfg.schedule', self.schedule, ('mixed', 'passes'))
        require_choice('train_cfg.lifter_mode', self.lifter_mode, ('train', 'eval'))
        for name in ('adversary_interval', 'discriminator_interval', 'log_interval'):
            value = getattr(self, name)
            if value < 1:
                raise ValueError(f'train_cfg.{name} is {value}; set it to 1 or more.')
        require_known('train_cfg.weights', self.weights, WEIGHTS)
        for name, weight in self.weights.items():
            if not isinstance(weight, (int, float)) or not 0 <= weight < math.inf:
                raise ValueError(
                    f'train_cfg.weights.{name} is {weight!r}; give 0 or a positive number.'
                )
        if self.choice is not None and self.learns:
            raise ValueError(
                'train_cfg.choice is for a random draw alone, and here an augmentor learns; leave '
                "it out, or use variant='default'."
            )
        motion = bool(self.weights.get('adversarial_motion'))
        if motion != (self.discriminator_motion is not None):
            raise ValueError(
                f'train_cfg.discriminator_motion is {self.discriminator_motion}, but '
                f'weights.adversarial_motion is {self.weights.get("adversarial_motion", 0)}; give '
                "both, such as dict(type='MotionDiscriminator') and 1.0, or neither."
            )
        if self.weights.get('prior') and self.prior is None:
            raise ValueError(
                f'train_cfg.weights.prior is {self.weights["prior"]}, but there is no '
                "train_cfg.prior; set it, to dict(type='AnatomyPrior') for instance."
            )
        if self.target_2d is not None:
            self._check_target_use()

    @property
    def learns(self) -> bool:
        """bool: Whether there is anything that the augmentor learns from."""
        teachers = any(getattr(self, name) is not None for name in TEACHERS)
        return teachers or any(self.weights.get(name) for name in ('view', 'prior'))

    def _check_target_use(self) -> None:
        """Refuse keypoints that nothing uses."""
        learns = self.discriminator_2d is not None
        if not learns and not self.align_position:
            raise ValueError(
                'train_cfg.target_2d is given but not used; set align_position=True, or '
                "discriminator_2d=dict(type='Keypoint2DDiscriminator') and weights.adversarial_2d."
            )
        weight = self.weights.get('adversarial_2d')
        if learns and not weight:
            raise ValueError(
                'train_cfg.discriminator_2d learns from target_2d, but weights.adversarial_2d is '
                f'{weight}, so that the augmentor does not; set it to 1, or discriminator_2d to '
                'None.'
            )


def check_share(name: str, share: float | None) -> None:
    """Refuse a share or probability that is not between 0 and 1."""
    if share is not None and not 0 <= share <= 1:
        raise ValueError(f'train_cfg.{name} is {share}; it is a number between 0 and 1.')
