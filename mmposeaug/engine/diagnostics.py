# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What an augmentation does to poses, and how the lifter fares on them, once an epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mmposeaug.codecs import LifterAdapter
from mmposeaug.datasets import PoseBank, PoseBatch
from mmposeaug.geometry import bone_lengths
from mmposeaug.structures import Skeleton, judge_human

from .augmentation import AppliedAugmentation, Augmentation
from .bank_facts import typical_lengths
from .batches import joint_errors, select, spread, spread_indices

PREFIX = 'augmentation/'
"""str: What the names of the values begin with."""
RANGE = (0.05, 0.95)
"""tuple[float, float]: Quantiles that are called the range of a value."""


class AugmentationProbe:
    """Measures augmentations on the same samples from all over the bank."""

    def __init__(
        self, bank: PoseBank, adapter: LifterAdapter, batch_size: int, count: int = 1024
    ) -> None:
        self.skeleton: Skeleton = bank.skeleton
        self.adapter = adapter.unwrapped()
        self.batch_size = batch_size
        samples = max(count // bank.num_frames, min(batch_size, 64))
        self.index = spread_indices(bank, min(samples, len(bank)))
        self.batch = bank.gather(self.index)
        # the trunk of an animal on four legs says nothing of the level that the camera is above
        lengths = typical_lengths(self.batch.pose_cam, self.skeleton)
        self.upright = bool(judge_human(self.skeleton, lengths).human)

    @torch.no_grad()
    def measure(self, augmentation: Augmentation, applied: AppliedAugmentation) -> dict[str, float]:
        """Values of what an augmentation made of :attr:`batch`.

        Returns:
            dict[str, float]: ``augmentation/VALUE_NAME`` for the names ``'random'`` and
            ``'learned'``: the lifter's ``error`` in mm, for ``real`` poses too; the share
            ``in_view``; ``diversity``, the spread of root-relative joints over that of the real
            ones; of those in view the mean and the 5 % to 95 % range of the root's ``depth`` (m),
            of people the ``elevation`` of the camera over the body's level (degrees), and the
            ``size`` of the body relative to the real one.
        """
        real = self.batch
        values = {'error_real': self._error(real)}
        root = self.skeleton.root
        for name, stage in applied.kinds.items():
            if name == 'real':
                continue
            samples = augmentation.samples_after(applied, stage)
            valid = augmentation.visible(samples)
            values[f'in_view_{name}'] = float(valid.float().mean())
            if not valid.any():
                continue
            kept = select(samples, valid)
            values[f'error_{name}'] = self._error(kept)
            values[f'diversity_{name}'] = float(
                spread(kept.pose_cam, root) / spread(real.pose_cam, root)
            )
            lengths = bone_lengths(kept.pose_cam, self.skeleton).sum(-1)
            before = bone_lengths(real.pose_cam[valid], self.skeleton).sum(-1)
            quantities = dict(depth=kept.pose_cam[..., root, 2], size=lengths / before)
            if self.upright:
                quantities['elevation'] = self._elevation(kept.pose_cam)
            for quantity, of_pose in quantities.items():
                values.update(_summary(f'{quantity}_{name}', of_pose.flatten()))
        return {PREFIX + name: value for name, value in values.items()}

    def _error(self, samples: PoseBatch) -> float:
        """Mean joint error in mm."""
        return 1000 * float(
            joint_errors(samples, self.adapter, self.skeleton, self.batch_size).mean()
        )

    def _elevation(self, pose_cam: Tensor) -> Tensor:
        """Degrees of the camera above the level of a body, which its trunk stands upright on."""
        root = pose_cam[..., self.skeleton.root, :]
        top = self.skeleton.bones[self.skeleton.trunk_bones[-1]][0]
        up = torch.nn.functional.normalize(pose_cam[..., top, :] - root, dim=-1)
        to_camera = torch.nn.functional.normalize(-root, dim=-1)
        return torch.rad2deg(torch.asin((up * to_camera).sum(-1).clamp(-1, 1)))


def _summary(name: str, values: Tensor) -> dict[str, float]:
    low, high = values.quantile(values.new_tensor(RANGE)).tolist()
    return {name: float(values.mean()), f'{name}_low': low, f'{name}_high': high}


def log_epoch(runner: Any, values: Mapping[str, float], epoch: int) -> None:
    """Hand the values of an epoch to MMEngine's log and visualizer."""
    runner.visualizer.add_scalars(dict(values), step=epoch)
    text = '  '.join(f'{name.removeprefix(PREFIX)}: {value:.4g}' for name, value in values.items())
    runner.logger.info(f'Epoch(augmentation) [{epoch}]  {text}')
