# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Augmented samples of a trained augmentor, and which of them are in view."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mmposeaug.datasets import PoseBatch
from mmposeaug.geometry import in_view
from mmposeaug.geometry.camera import MIN_DEPTH
from mmposeaug.models import AugmentedPoses, scheduled
from mmposeaug.structures import Skeleton

from .adversary_step import AdversaryStep
from .batches import project_clip, select, with_poses
from .drawn_cameras import DrawnCameras
from .target_domain import TargetDomain, run_augmentor
from .trained_network import TrainedNetwork, kept_statistics


class AugmentedSampler:
    """Makes augmented samples with what an augmentor has learned so far."""

    def __init__(
        self,
        augmentor: TrainedNetwork,
        skeleton: Skeleton,
        draw_share: float | Sequence[float] = 0.0,
        view_rule: str = 'inside',
        clamp: float | None = None,
        domain: TargetDomain | None = None,
        cameras: DrawnCameras | None = None,
    ) -> None:
        if view_rule not in ('inside', 'released'):
            raise ValueError(f"view_rule must be 'inside' or 'released', got {view_rule!r}.")
        shares = [draw_share] if isinstance(draw_share, (int, float)) else list(draw_share)
        if not shares or not all(0 <= share <= 1 for share in shares):
            raise ValueError(
                f'draw_share is {draw_share}; it is a share between 0 and 1, or such shares from '
                'the first to the last epoch.'
            )
        if clamp is not None and not clamp > 0:
            raise ValueError(f'clamp is {clamp}; give a positive bound, or None.')
        self.augmentor = augmentor
        self.skeleton = skeleton
        self.draw_share = draw_share
        self.progress = 0.0
        self.view_rule = view_rule
        self.clamp = clamp
        self.domain = domain
        self.cameras = cameras

    @property
    def on_draw(self) -> bool:
        """bool: Whether the augmentor learns on top of a random draw."""
        return getattr(self.augmentor.module, 'draw', None) is not None

    def project(self, pose: Tensor, batch: PoseBatch) -> Tensor:
        """Pixels of augmented poses of a batch's samples.

        Args:
            pose (Tensor): Camera-space poses of shape (B, J, 3) or (B, T, J, 3), in metres.

        Returns:
            Tensor: Keypoints of shape (B, J, 2) or (B, T, J, 2).
        """
        return project_clip(pose, batch.intrinsics, batch.image_size, self.clamp)

    def visible(self, pose: Tensor, keypoints_px: Tensor, image_size: Tensor) -> Tensor:
        """Which samples are in view in all their frames, by the rule of ``view_rule``."""
        size = image_size if pose.ndim == 3 else image_size.unsqueeze(1)
        if self.view_rule == 'released':
            seen = (keypoints_px < size.unsqueeze(-2)).flatten(-2).all(-1)
            if pose.ndim == 4:  # of single frames the released code asks no more
                seen = seen & (pose[..., 2] > MIN_DEPTH).all(-1)
        else:
            seen = in_view(keypoints_px, pose[..., 2], size)
        return seen if pose.ndim == 3 else seen.all(-1)

    def run(self, batch: PoseBatch, generator: torch.Generator) -> AugmentedPoses:
        """Augmented poses, with gradients."""
        return run_augmentor(self.augmentor, batch, generator, self.domain)

    @torch.no_grad()
    def augment(self, batch: PoseBatch, generator: torch.Generator) -> AdversaryStep:
        """Augmented samples, nothing learned."""
        poses = self.run(batch, generator)
        return self.result(batch, poses, self.project(poses.rigid, batch), {}, True)

    @torch.no_grad()
    def noise_response(self, batch: PoseBatch, generator: torch.Generator) -> float | None:
        """Distance between two augmentations of the same samples, relative to their spread.

        It says nothing of an augmentor that learns on top of a random draw, whose poses differ
        whatever it does with its own noise.
        """
        if self.on_draw:
            return None
        with kept_statistics(self.augmentor.module):
            first, second = (self.augment(batch, generator).batch.pose_cam for _ in range(2))
        return float((first - second).abs().mean() / first.std().clamp_min(1e-9))

    def result(
        self,
        batch: PoseBatch,
        poses: AugmentedPoses,
        keypoints_px: Tensor,
        logs: dict[str, Tensor],
        finite: bool,
    ) -> AdversaryStep:
        """Augmented poses as samples for the lifter.

        Args:
            keypoints_px (Tensor): Pixels of the final poses, (B, J, 2) or (B, T, J, 2).
        """
        pose, keypoints_px = poses.rigid.detach(), keypoints_px.detach()
        share = scheduled(self.draw_share, self.progress)
        drawn = round(share * len(pose)) if poses.draw is not None else 0
        if drawn:
            assert poses.draw is not None
            first = poses.draw.rigid[:drawn].detach()
            pixels = self.project(first, select(batch, slice(drawn)))
            pose = torch.cat((first, pose[drawn:]))
            keypoints_px = torch.cat((pixels, keypoints_px[drawn:]))
        valid = self.visible(pose, keypoints_px, batch.image_size)
        valid = valid & torch.isfinite(keypoints_px).flatten(1).all(1)
        samples = with_poses(batch, pose, keypoints_px)
        if self.cameras:
            valid = valid & self.cameras.shows(samples)
        return AdversaryStep(samples, valid, logs, finite)
