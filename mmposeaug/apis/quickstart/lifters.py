# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trained lifters and augmentors of finished runs, as functions on tensors."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.apis.lifters import load_lifter
from mmposeaug.datasets import PoseBank
from mmposeaug.engine.variants import PoseAugSettings, get_settings
from mmposeaug.geometry import root_relative
from mmposeaug.structures import Skeleton


@torch.no_grad()
def lift(cfg: Config, checkpoint: Path, bank: PoseBank) -> Tensor:
    """Lift all samples of a bank, with flip.

    Args:
        cfg (Config): Config of the lifter.
        checkpoint (Path): Its checkpoint.
        bank (PoseBank): N samples.

    Returns:
        Tensor: Root-relative poses of shape (N, J, 3), in metres.
    """
    adapter = load_lifter(cfg, checkpoint).adapter
    poses = []
    for index in torch.arange(len(bank)).split(1024):
        batch = bank.gather(index)
        pose = adapter.predict(
            batch.keypoints_px,
            batch.image_size,
            batch.keypoint_scores,
            flip_indices=bank.skeleton.flip_indices,
        )
        poses.append(pose[:, pose.shape[1] // 2])
    # a lifter that predicts the root leaves it a little off the origin
    return root_relative(torch.cat(poses), bank.skeleton.root)


def load_augmentor(cfg: Config, checkpoint: Path, skeleton: Skeleton) -> nn.Module:
    """The augmentor of a checkpoint to resume from.

    Args:
        cfg (Config): Config with ``PoseAugTrainLoop``.
        checkpoint (Path): A checkpoint that holds the loop's state.
        skeleton (Skeleton): Tree of the poses.

    Returns:
        nn.Module: The augmentor, in the train mode in which it makes training pairs.
    """
    init_default_scope('mmpose')
    names = {f.name for f in fields(PoseAugSettings)}
    given: dict[str, Any] = {k: v for k, v in cfg.train_cfg.to_dict().items() if k in names}
    settings = get_settings(cfg.train_cfg.get('variant', 'default'), given)
    augmentor = MODELS.build(dict(settings.augmentor), default_args=dict(skeleton=skeleton))
    loaded = torch.load(checkpoint, map_location='cpu', weights_only=True)
    state = loaded['poseaug']['adversary']['networks']
    augmentor.load_state_dict(state['augmentor']['module'])
    return augmentor.train()
