# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Parts of a train loop that have nothing to learn: cameras, the detector, random augmentors."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.datasets import PoseBatch
from mmposeaug.geometry import in_lens
from mmposeaug.geometry.camera import MIN_DEPTH
from mmposeaug.models import scheduled
from mmposeaug.models.option_checks import check_config
from mmposeaug.structures import Skeleton
from mmposeaug.structures.choices import require_choice

from .batches import wholly_in_view, with_poses
from .settings import AugmentationSettings


class DrawnCameras:
    """Puts drawn cameras in the place of a batch's, before anything else is augmented.

    So everything that places, projects or compares people, or checks whether they are in view,
    uses the drawn camera. A clip has one camera.

    Args:
        config (Mapping, optional): Config of the model, such as ``dict(type='RandomCamera')``;
            None for none, which changes nothing.
        device (torch.device | str): Where the samples are.

    Raises:
        ValueError: If it is not a config, an option is unknown, or the model has weights.
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
        """Let drawn cameras see the people of a batch where they are; some may be out of view."""
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
        """Draw cameras; people who are not wholly in view of the drawn one keep their own."""
        if self.model is None:
            return batch
        drawn = self.draw(batch)
        seen = self.see(drawn)

        def choose(name: str) -> Tensor:
            new, old = getattr(drawn, name), getattr(batch, name)
            return torch.where(seen.view(-1, *[1] * (new.ndim - 1)), new, old)

        return PoseBatch(**{field.name: choose(field.name) for field in fields(PoseBatch)})

    def see(self, batch: PoseBatch) -> Tensor:
        """Which samples (B,) are in view, wholly and in all frames."""
        return wholly_in_view(batch) & self.shows(batch)

    @torch.no_grad()
    def shows(self, batch: PoseBatch) -> Tensor:
        """Whether the lenses of drawn cameras show all joints (B,); true without drawn cameras.

        Far outside of the image the distortion of a lens folds over: it would show joints within
        the image that no camera sees there.
        """
        if self.model is None:
            return torch.ones(len(batch), dtype=torch.bool, device=batch.pose_cam.device)
        pose = batch.pose_cam
        rays = pose[..., :2] / pose[..., 2:].clamp_min(MIN_DEPTH)
        cameras = batch.intrinsics.unsqueeze(1)
        return in_lens(batch.keypoints_px, cameras, rays).flatten(1).all(1)


class Detector:
    """Puts a detector's keypoints in the place of a batch's.

    It comes after the augmentation, for the lifter's updates alone: discriminators, tests of what
    is in view, the lifter's feedback and logged errors see exact projections, so that a pose
    counts as hard for what it is and not for what a detector made of it.

    Args:
        settings (AugmentationSettings): ``detector``, config of the model, such as
            ``dict(type='DetectionModel')``, or None for none; and ``detected_samples``.
        skeleton (Skeleton): The joints.
        device (torch.device): Where the samples are.
        share (float): Share of the lifter's samples that are augmented.

    Raises:
        ValueError: If an option is unknown, there are no such samples, or the model has weights.
    """

    def __init__(
        self,
        settings: AugmentationSettings,
        skeleton: Skeleton,
        device: torch.device,
        share: float,
    ) -> None:
        config, samples = settings.detector, settings.detected_samples
        require_choice('train_cfg.detected_samples', samples, ('all', 'real', 'augmented'))
        if config is None and samples != 'all':
            raise ValueError(
                f'train_cfg.detected_samples is {samples!r}, but there is no train_cfg.detector; '
                "set it, to dict(type='DetectionModel') for instance."
            )
        if share == dict(real=1, augmented=0).get(samples):
            raise ValueError(
                f"train_cfg.detected_samples is {samples!r}, but no sample is; set it to 'all'."
            )
        self.samples = samples
        self.model: nn.Module | None = None
        self.generator: torch.Generator  # of the epoch, set by the loop
        if config is not None:
            self.model = build_part(
                'detector',
                config,
                "dict(type='DetectionModel', noise=0.01)",
                'DetectionModel',
                'a model of a detector',
                skeleton=skeleton,
            ).to(device)

    @torch.no_grad()
    def __call__(self, batch: PoseBatch, augmented: bool) -> PoseBatch:
        """Detect the people of a batch."""
        if self.model is None or self.samples == ('real' if augmented else 'augmented'):
            return batch
        keypoints, scores = self.model(
            batch.keypoints_px,
            batch.keypoint_scores,
            pose_cam=batch.pose_cam,
            intrinsics=batch.intrinsics,
            generator=self.generator,
        )
        return replace(batch, keypoints_px=keypoints, keypoint_scores=scores)


def build_random_augmentor(config: Mapping[str, Any], skeleton: Skeleton) -> nn.Module:
    """Augmentor without anything to learn, of ``train_cfg.augmentor``."""
    module = MODELS.build(dict(config), default_args=dict(skeleton=skeleton))
    if any(True for _ in module.parameters()):
        raise ValueError(
            f'train_cfg.augmentor {type(module).__name__} has weights, which nothing trains here; '
            "use train_cfg type='PoseAugTrainLoop' with variant='learned' or 'released'."
        )
    return module


def set_strength(
    augmentor: nn.Module | None, strength: float | Sequence[float], progress: float
) -> None:
    """Set how far a random draw turns joints and bones, at a point of the training in [0, 1]."""
    if strength == 1.0:
        return
    draw: Any = getattr(augmentor, 'draw', None) or augmentor
    if not hasattr(draw, 'strength'):
        raise ValueError(
            f'train_cfg.strength is {strength}, but the augmentor, '
            f'{type(augmentor).__name__ if augmentor else None}, has no random draw that turns '
            "joints; leave it out, or use augmentor=dict(type='AnatomicalPoseAugmentor')."
        )
    draw.strength = scheduled(strength, progress)


def build_part(
    option: str, config: Any, example: str, default: str, what: str, **defaults: Any
) -> nn.Module:
    """Build a module without weights from a config of ``train_cfg``."""
    name = f'train_cfg.{option}'
    if not isinstance(config, Mapping) or 'type' not in config:
        raise ValueError(f'{name} is {config!r}; give a config, such as {example}, or None.')
    kind, options = config['type'], {key: value for key, value in config.items() if key != 'type'}
    if isinstance(kind, str):
        kind = MODELS.get(kind)
    if not callable(kind):
        raise ValueError(
            f'{name} has the type {config["type"]!r}, which is not registered; use {default!r}, or '
            'register yours in MODELS and name its module in custom_imports.'
        )
    known = inspect.signature(kind).parameters
    any_name = any(parameter.kind == parameter.VAR_KEYWORD for parameter in known.values())
    check_config(name, config)
    defaults = {key: value for key, value in defaults.items() if key in known or any_name}
    try:
        inspect.signature(kind).bind(**dict(defaults, **options))
    except TypeError as error:
        raise ValueError(
            f'{name} has the type {kind.__name__!r}, which cannot be built ({error}); give {what}, '
            f'such as {example}.'
        ) from None
    model = MODELS.build(dict(config), default_args=defaults)
    if any(True for _ in model.parameters()):
        raise ValueError(
            f'{name} {type(model).__name__} has weights, which nothing trains; give {what} without '
            'any.'
        )
    return model
