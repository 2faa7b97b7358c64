# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Training data, augmentation and lifter of a config, without training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import LOOPS, MODELS
from torch import nn

from mmposeaug.codecs import LifterAdapter
from mmposeaug.datasets import PoseBank, load_pose_bank
from mmposeaug.datasets.samples import inner_dataset
from mmposeaug.engine import (
    AugmentationSettings,
    PoseAugSettings,
    PoseAugTrainLoop,
    TensorTrainLoop,
)
from mmposeaug.engine.augmentation import Augmentation
from mmposeaug.engine.bank_facts import fit_to_bank
from mmposeaug.engine.build_augmentation import build_augmentation
from mmposeaug.engine.fixed_parts import build_random_augmentor
from mmposeaug.engine.seeding import seeded
from mmposeaug.engine.state_hook import STATE_KEY
from mmposeaug.engine.tensor_loader import flip_probability
from mmposeaug.lifting.lifter_weights import read_checkpoint
from mmposeaug.lifting.lifters import load_lifter
from mmposeaug.structures import Skeleton


@dataclass(frozen=True)
class LoadedAugmentation:
    """What a config augments, and how.

    Attributes:
        bank (PoseBank): The training pairs.
        augmentation (Augmentation): What is done to them.
        adapter (LifterAdapter | None): The checkpoint's lifter; None without a checkpoint.
        batch_size (int): Samples in a batch of the training.
        origin (str): Where the augmentor comes from, in words.
    """

    bank: PoseBank
    augmentation: Augmentation
    adapter: LifterAdapter | None
    batch_size: int
    origin: str


def load_augmentation(
    cfg: Config, checkpoint: str | Path | None = None, seed: int = 0, check: bool = True
) -> LoadedAugmentation:
    """Read the training data of a config and build its augmentation.

    Args:
        cfg (Config): Config with ``PoseAugTrainLoop``, or with ``TensorTrainLoop`` that augments.
        checkpoint (str | Path, optional): A checkpoint to resume from, ``epoch_N.pth``, with the
            trained augmentor and lifter. Defaults to None: a fresh augmentor.
        seed (int): Seed of a fresh augmentor's weights. Defaults to 0.
        check (bool): Whether to check the data. Defaults to True.

    Returns:
        LoadedAugmentation: All on the CPU.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the config does not augment, or the checkpoint does not fit it.
    """
    init_default_scope('mmpose')
    settings = _settings_of(cfg)
    state = None if checkpoint is None else read_checkpoint(Path(checkpoint))[0]
    if state is not None and settings.learns:
        _require_augmentor(state, checkpoint)  # before reading the data, which takes longer
    bank = load_pose_bank(cfg.train_dataloader.dataset.to_dict(), check=check)
    if settings.learns:
        augmentor: nn.Module | None = _build_learned(
            settings, bank.skeleton, seed, state, checkpoint
        )
        origin = 'a fresh augmentor, which has learned nothing yet (no checkpoint was given)'
        if state is not None:
            origin = f'the augmentor of {Path(str(checkpoint)).name}'
    else:
        augmentor, origin = _random(settings, bank.skeleton)
    adapter = None if checkpoint is None else load_lifter(cfg, checkpoint).adapter
    pipeline = inner_dataset(cfg.train_dataloader.dataset.to_dict()).get('pipeline', [])
    fit_to_bank(augmentor, bank)
    augmentation = build_augmentation(settings, bank, flip_probability(pipeline), augmentor)
    return LoadedAugmentation(bank, augmentation, adapter, cfg.train_dataloader.batch_size, origin)


def _short(error: Exception) -> str:
    """The beginning of what torch says, which goes on for lines."""
    text = ' '.join(str(error).split())
    return text if len(text) <= 120 else f'{text[:120]} ...'


def _settings_of(cfg: Config) -> AugmentationSettings:
    """Settings of the config's train loop, if it augments."""
    options = dict(cfg.get('train_cfg') or {})
    kind = options.get('type')
    loop = LOOPS.get(kind) if isinstance(kind, str) else kind
    if not (isinstance(loop, type) and issubclass(loop, TensorTrainLoop)):
        raise ValueError(
            f'The config trains without augmentation: train_cfg.type is {kind!r}; give one with '
            "'PoseAugTrainLoop', or with 'TensorTrainLoop' and an augmentor."
        )
    learned = issubclass(loop, PoseAugTrainLoop)
    names = {field.name for field in fields(PoseAugSettings if learned else AugmentationSettings)}
    names |= {'variant'} if learned else set()
    settings = loop.read_settings({k: v for k, v in options.items() if k in names})
    if not (learned or settings.changes_samples):
        raise ValueError(
            'The config trains without augmentation: its TensorTrainLoop has no augmentor, '
            'bone_lengths, align_position or camera; set train_cfg.augmentor=dict(type='
            "'RandomPoseAugmentor'), or give another config."
        )
    return settings


def _build_learned(
    settings: AugmentationSettings,
    skeleton: Skeleton,
    seed: int,
    state: Mapping[str, Any] | None,
    source: Any,
) -> nn.Module:
    """A fresh or trained augmentor, in the train mode in which it makes training pairs."""
    with seeded(seed):
        module = MODELS.build(dict(settings.augmentor or {}), default_args=dict(skeleton=skeleton))
    if state is not None:
        weights = state[STATE_KEY]['adversary']['networks']['augmentor']['module']
        try:
            module.load_state_dict(weights)
        except RuntimeError as error:
            raise ValueError(
                f'The augmentor of {str(source)!r} is not the one that the config builds for the '
                f'{skeleton.num_joints} joints of {skeleton.name!r} ({_short(error)}); give the '
                'config, with its data, that it was trained with.'
            ) from None
    return module.train()


def _random(settings: AugmentationSettings, skeleton: Skeleton) -> tuple[nn.Module | None, str]:
    """The augmentor without anything to learn, if there is one, and where it comes from."""
    if settings.augmentor is not None:
        module = build_random_augmentor(settings.augmentor, skeleton)
        return module, f'{type(module).__name__}, which has nothing to learn'
    what = 'other places'
    if settings.bone_lengths is not None:
        what = 'bone lengths of other people'
    elif settings.camera is not None:
        what = 'other cameras'
    return None, f'{what}, without an augmentor'


def _require_augmentor(state: Mapping[str, Any], source: Any) -> None:
    try:
        state[STATE_KEY]['adversary']['networks']['augmentor']['module']
    except (KeyError, TypeError):
        raise ValueError(
            f'The checkpoint {str(source)!r} holds no augmentor: it is a lifter alone (as '
            'best_*.pth is) or of a run without PoseAug; give the epoch_N.pth of a run with '
            'PoseAug, or none for a fresh augmentor.'
        ) from None
