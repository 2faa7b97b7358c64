# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What the augmentor learns for: plausible poses that are as hard for the lifter as wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.codecs import LifterAdapter
from mmposeaug.datasets import PoseBatch
from mmposeaug.models import AugmentedPoses, grouped_joint_error
from mmposeaug.structures import Skeleton

from .batches import lift, with_poses
from .settings import DISCRIMINATORS, WEIGHTS, PoseAugSettings
from .trained_network import TrainedNetwork, frozen, module_mode


class AugmentorObjective:
    """Weighted losses of the augmentor."""

    def __init__(
        self, settings: PoseAugSettings, skeleton: Skeleton, prior: nn.Module | None = None
    ) -> None:
        def build(config: Mapping[str, Any] | None) -> Any:
            return None if config is None else MODELS.build(dict(config))

        self.skeleton = skeleton
        self.adversarial_loss = build(settings.adversarial_loss)
        self.angle_range = build(settings.angle_range)
        self.length_range = build(settings.length_range)
        self.feedback = build(settings.feedback)
        self.weights = dict.fromkeys(WEIGHTS, 0.0) | dict(settings.weights)
        self.lifter_mode = settings.lifter_mode
        self.prior = prior

    def plausibility(
        self,
        poses: AugmentedPoses,
        samples: Mapping[str, Tensor],
        half_extent: Tensor,
        networks: Mapping[str, TrainedNetwork],
        real_scores: Mapping[str, Tensor],
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Losses that need no lifter.

        Args:
            samples (Mapping[str, Tensor]): What the discriminators are shown: ``fake_3d`` and
                ``real_3d`` poses (N, J, 3), ``fake_2d`` and ``real_2d`` normalised keypoints
                (N, J, 2), ``fake_motion`` and ``real_motion`` clips (N, T, J, 3).
            real_scores (Mapping[str, Tensor]): Scores of the real ones by the discriminators that
                learn in this step; a loss that counts them is logged then alone.
        """
        losses: dict[str, Tensor] = {}
        logs: dict[str, Tensor] = {}
        for name in DISCRIMINATORS:
            key = name.removeprefix('discriminator_')
            network = networks.get(name)
            weight = self.weights[f'adversarial_{key}']
            if network is None or weight == 0:
                continue
            with network.frozen():
                scores = network(samples[f'fake_{key}'])
            loss = self.adversarial_loss.augmentor(scores)
            losses[f'adversarial_{key}'] = weight * loss
            if name in real_scores and getattr(self.adversarial_loss, 'counts_real', False):
                both = self.adversarial_loss.augmentor(scores.detach(), real_scores[name])
                logs[f'adversarial_{key}_with_real'] = weight * both
        weight = self.weights['ranges']
        if poses.angle_change is not None:
            logs['angle_change'] = poses.angle_change.detach().mean()
            if self.angle_range is not None:
                losses['angle_range'] = weight * self.angle_range(poses.angle_change)
        if poses.length_ratio is not None:
            logs['length_ratio'] = poses.length_ratio.detach().abs().mean()
            if self.length_range is not None:
                losses['length_range'] = weight * self.length_range(poses.length_ratio)
        if self.weights['view']:
            outside = (samples['fake_2d'].abs() - half_extent).clamp_min(0)
            losses['view'] = self.weights['view'] * outside.square().mean()
        if self.prior is not None and self.weights['prior']:
            losses['prior'] = self.weights['prior'] * self.prior(poses.rigid).mean()
        return losses, logs

    def hardness(
        self,
        poses: AugmentedPoses,
        batch: PoseBatch,
        adapter: LifterAdapter,
        progress: float,
        project: Callable[[Tensor, PoseBatch], Tensor],
        keypoints_px: Tensor,
        logs: dict[str, Tensor],
    ) -> dict[str, Tensor]:
        """Losses from the lifter's errors; its weights get no gradients.

        Args:
            keypoints_px (Tensor): Those of the final poses, (N, J, 2) or (N, T, J, 2).
        """
        with module_mode(adapter.module, self.lifter_mode), frozen(adapter.module):
            with torch.no_grad():
                reference_samples = batch
                if self.feedback.relative_to == 'draw' and poses.draw is not None:
                    drawn = poses.draw.rigid
                    reference_samples = with_poses(batch, drawn, project(drawn, batch))
                reference = self.errors(reference_samples, adapter)
            errors = {}
            for stage in self.feedback.stages:
                pose = getattr(poses, stage)
                pixels = keypoints_px if stage == 'rigid' else project(pose, batch)
                errors[stage] = self.errors(with_poses(batch, pose, pixels), adapter)
        with torch.no_grad():
            for stage, error in errors.items():
                logs[f'hardness_{stage}'] = error.mean() / reference.mean()
        costs = self.feedback(errors, reference, progress)
        return {f'feedback_{k}': self.weights['feedback'] * cost for k, cost in costs.items()}

    def errors(self, samples: PoseBatch, adapter: LifterAdapter) -> Tensor:
        """Grouped errors (N, G) of the lifter, in metres."""
        pred, target = lift(samples, adapter, self.skeleton.root)
        return grouped_joint_error(pred, target, self.skeleton)


def frame_sizes(batch: PoseBatch, keypoints: Tensor) -> Tensor:
    """Image sizes (N, 2) or (N, 1, 2) that broadcast over keypoints (N, J, 2) or (N, T, J, 2)."""
    return batch.image_size if keypoints.ndim == 3 else batch.image_size.unsqueeze(1)


def half_extent(batch: PoseBatch, keypoints: Tensor) -> Tensor:
    """Half width, 1, and half height (N, 1, 2) or (N, 1, 1, 2) in normalised coordinates."""
    size = frame_sizes(batch, keypoints)
    return (size / size[..., :1]).unsqueeze(-2)
