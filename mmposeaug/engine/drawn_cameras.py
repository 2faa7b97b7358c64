# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Other cameras for the samples that are augmented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor, nn

from mmposeaug.datasets import PoseBatch
from mmposeaug.geometry import in_lens
from mmposeaug.geometry.camera import MIN_DEPTH

from .batches import wholly_in_view, with_poses
from .part_configs import build_part


class DrawnCameras:
    """Puts drawn cameras in the place of a batch's, before anything else is augmented.

    So all that places people, projects them, looks whether they are in view or compares them in
    the image knows the drawn camera alone. A clip has one camera.

    Args:
        config (Mapping, optional): Config of the model, such as ``dict(type='RandomCamera')``;
            None for none, which changes nothing.
        device (torch.device | str): Where the samples are.

    Raises:
        ValueError: If it is no config, an option is unknown, or the model has weights.
    """

    def __init__(self, config: Mapping[str, Any] | None, device: torch.device | str) -> None:
        self.model: nn.Module | None = None
        self.generator: torch.Generator  # of the epoch, set by the loop
        if config is not None:
            example = "dict(type='RandomCamera', focal=(0.7, 1.4))"
            self.model = build_part(
                'camera', config, example, 'RandomCamera', 'a model that draws cameras'
            ).to(device)

    def __bool__(self) -> bool:
        return self.model is not None

    @torch.no_grad()
    def draw(self, batch: PoseBatch, generator: torch.Generator | None = None) -> PoseBatch:
        """Let drawn cameras see the people of a batch, where they are.

        Args:
            batch (PoseBatch): B samples.
            generator (torch.Generator, optional): Source of the draw. Defaults to that of the
                epoch.

        Returns:
            PoseBatch: The same with other cameras and keypoints; some may be out of view.
        """
        if self.model is None:
            return batch
        intrinsics, image_size = self.model(
            batch.intrinsics, batch.image_size, generator=generator or self.generator
        )
        drawn = replace(batch, intrinsics=intrinsics, image_size=image_size)
        seen = with_poses(drawn, batch.pose_cam)
        # another camera does not find a joint whose place nobody knows
        known = batch.pose_visible > 0
        scores = torch.where(known, seen.keypoint_scores, batch.keypoint_scores)
        return replace(seen, keypoint_scores=scores, pose_visible=batch.pose_visible)

    @torch.no_grad()
    def draw_in_view(self, batch: PoseBatch) -> PoseBatch:
        """The same, but whom the drawn camera does not see wholly keeps the own camera.

        Args:
            batch (PoseBatch): B samples.

        Returns:
            PoseBatch: B samples.
        """
        if self.model is None:
            return batch
        drawn = self.draw(batch)
        seen = self.see(drawn)

        def choose(name: str) -> Tensor:
            new, old = getattr(drawn, name), getattr(batch, name)
            return torch.where(seen.view(-1, *[1] * (new.ndim - 1)), new, old)

        return PoseBatch(**{field.name: choose(field.name) for field in fields(PoseBatch)})

    def see(self, batch: PoseBatch) -> Tensor:
        """Which samples are in view, wholly and in all frames.

        Args:
            batch (PoseBatch): B samples.

        Returns:
            Tensor: Booleans of shape (B,).
        """
        return wholly_in_view(batch) & self.shows(batch)

    @torch.no_grad()
    def shows(self, batch: PoseBatch) -> Tensor:
        """Whether the lenses of drawn cameras show all joints.

        Far outside of the image the distortion of a lens folds over: it would show joints within
        the image that no camera sees there.

        Args:
            batch (PoseBatch): B samples.

        Returns:
            Tensor: Booleans of shape (B,); all true without drawn cameras.
        """
        if self.model is None:
            return torch.ones(len(batch), dtype=torch.bool, device=batch.pose_cam.device)
        pose = batch.pose_cam
        rays = pose[..., :2] / pose[..., 2:].clamp_min(MIN_DEPTH)
        cameras = batch.intrinsics.unsqueeze(1)
        return in_lens(batch.keypoints_px, cameras, rays).flatten(1).all(1)
