# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trained lifters of finished runs, as functions on tensors."""

from __future__ import annotations

from pathlib import Path

import torch
from mmengine.config import Config
from torch import Tensor

from mmposeaug.datasets import PoseBank
from mmposeaug.geometry import root_relative
from mmposeaug.lifting.lifters import load_lifter


@torch.no_grad()
def lift(cfg: Config, checkpoint: Path, bank: PoseBank) -> Tensor:
    """Lift all samples of a bank, with flip.

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
            batch.intrinsics,
            flip_indices=bank.skeleton.flip_indices,
        )
        poses.append(pose[:, pose.shape[1] // 2])
    # a lifter that predicts the root leaves it a little off the origin
    return root_relative(torch.cat(poses), bank.skeleton.root)
