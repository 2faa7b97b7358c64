# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What training takes from the target domain: unpaired 2D keypoints, never 3D."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mmposeaug.datasets import PoseBank, PoseBatch, TargetKeypoints, load_target_keypoints
from mmposeaug.datasets.target_keypoints import OPTIONS
from mmposeaug.geometry import normalize_intrinsics, projected_size, root_of_size
from mmposeaug.models import AugmentedPoses
from mmposeaug.models.augmentors.networks import per_frame, reference_frame
from mmposeaug.models.augmentors.operations import keep_in_view
from mmposeaug.structures import Skeleton
from mmposeaug.structures.choices import require_known

from .bank_facts import target_frame
from .settings import AugmentationSettings


@dataclass(frozen=True)
class TargetDomain:
    """2D keypoints of the target domain and what they are for."""

    skeleton: Skeleton
    keypoints: TargetKeypoints
    aligns: bool
    flip_prob: float = 0.0
    target_frame: str = 'centre'

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw normalised keypoints (count, J, 2) of people, with replacement."""
        return self.keypoints.draw(count, generator, self.flip_prob)

    def align(
        self, poses: AugmentedPoses, batch: PoseBatch, generator: torch.Generator
    ) -> AugmentedPoses:
        """Put augmented people, and the draw that they began with, where people of the target are.

        Each person gets the place and size in the image of a random person of the target, seen
        by the camera of its own sample. Whatever place it was given before counts no more.
        """
        seen = self.draw(len(batch), generator)
        place, size = seen[:, self.skeleton.root], projected_size(seen, self.skeleton)
        camera = normalize_intrinsics(batch.intrinsics, batch.image_size)

        def moved(pose: Tensor) -> Tensor:
            middle = reference_frame(pose, self.target_frame)
            root = middle[:, self.skeleton.root].unsqueeze(1)
            found = root_of_size(
                middle.detach() - root.detach(), camera, place, size, self.skeleton
            )
            shift = found.unsqueeze(1) - root
            there = pose + per_frame(shift, pose)
            options = (batch.intrinsics, batch.image_size, self.skeleton, self.target_frame)
            return keep_in_view(there, None, *options)[0]

        draw = poses.draw
        if draw is not None:
            draw = replace(draw, rigid=moved(draw.rigid))
        return replace(poses, rigid=moved(poses.rigid), draw=draw)


def build_target_domain(
    settings: AugmentationSettings, bank: PoseBank, flip_prob: float
) -> TargetDomain | None:
    """Target domain of ``train_cfg.target_2d``."""
    config = settings.target_2d
    if config is None:
        if settings.align_position:
            raise ValueError(
                'train_cfg.align_position is set, but there is nothing to align to; give '
                "train_cfg.target_2d=dict(file='keypoints.json')."
            )
        return None
    if not isinstance(config, Mapping) or not config.get('file'):
        raise ValueError(
            f'train_cfg.target_2d is {config!r}; give a dict with file, the path of a file of 2D '
            'keypoints.'
        )
    require_known('train_cfg.target_2d', sorted(config), OPTIONS)
    keypoints = load_target_keypoints(skeleton=bank.skeleton, **config).to(bank.device)
    return TargetDomain(
        bank.skeleton, keypoints, settings.align_position, flip_prob, target_frame(bank)
    )
