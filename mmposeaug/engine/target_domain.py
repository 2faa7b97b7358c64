# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What training takes from the target domain: unpaired 2D key points, never 3D."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from mmposeaug.datasets import PoseBatch, TargetKeypoints, load_target_keypoints
from mmposeaug.datasets.target_keypoints import OPTIONS
from mmposeaug.geometry import normalize_intrinsics, projected_size, root_of_size
from mmposeaug.models import AugmentedPoses
from mmposeaug.models.augmentors.networks import per_frame, reference_frame
from mmposeaug.models.augmentors.operations import keep_in_view
from mmposeaug.structures import Skeleton

from .batches import poses_of


@dataclass(frozen=True)
class TargetDomain:
    """2D key points of the target domain and what they are for.

    Args:
        skeleton (Skeleton): Tree of the poses.
        keypoints (TargetKeypoints): The people.
        aligns (bool): Whether augmented people are put where people of the target are seen, and in
            their size (global position alignment; PoseDA, ICCV 2023).
        flip_prob (float): Share of the people that is mirrored when they are drawn.
        target_frame (str): Which frame of a clip is put there, ``'last'`` or ``'centre'``; the
            whole clip is then moved until its path is in view.
    """

    skeleton: Skeleton
    keypoints: TargetKeypoints
    aligns: bool
    flip_prob: float = 0.0
    target_frame: str = 'centre'

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """People drawn with replacement.

        Args:
            count (int): How many.
            generator (torch.Generator): Source of the draw.

        Returns:
            Tensor: Normalised key points of shape (count, J, 2).
        """
        return self.keypoints.draw(count, generator, self.flip_prob)

    def align(
        self, poses: AugmentedPoses, batch: PoseBatch, generator: torch.Generator
    ) -> AugmentedPoses:
        """Put augmented people, and the draw that they began with, where people of the target are.

        Each person gets the place and size in the image of a random person of the target, seen
        by the camera of its own sample. Whatever place it was given before counts no more.

        Args:
            poses (AugmentedPoses): B augmented poses.
            batch (PoseBatch): The samples that they were made of.
            generator (torch.Generator): Source of the choice.

        Returns:
            AugmentedPoses: The same with final poses elsewhere; gradients reach the poses, not
            their place.
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
    config: Mapping[str, Any] | None,
    aligns: bool,
    skeleton: Skeleton,
    device: torch.device | str,
    flip_prob: float = 0.0,
    target_frame: str = 'centre',
) -> TargetDomain | None:
    """Target domain of ``train_cfg.target_2d``.

    Args:
        config (Mapping, optional): Options of
            :func:`mmposeaug.datasets.load_target_keypoints`; None for no target domain.
        aligns (bool): ``train_cfg.align_position``.
        skeleton (Skeleton): Tree of the poses.
        device (torch.device | str): Where the key points are.
        flip_prob (float): Share of the people that is mirrored. Defaults to 0.
        target_frame (str): See :class:`TargetDomain`. Defaults to ``'centre'``.

    Returns:
        TargetDomain | None: The target domain; None without one.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If the options cannot be used, or positions are to be aligned to nothing.
    """
    if config is None:
        if aligns:
            raise ValueError(
                'train_cfg.align_position is set, but there is nothing to align to; give '
                "train_cfg.target_2d=dict(file='keypoints.json')."
            )
        return None
    if not isinstance(config, Mapping) or not config.get('file'):
        raise ValueError(
            f'train_cfg.target_2d is {config!r}; give a dict with file, the path of a file of 2D '
            'key points.'
        )
    unknown = sorted(set(config) - set(OPTIONS))
    if unknown:
        raise ValueError(
            f'train_cfg.target_2d has no option {unknown[0]!r}; the options are '
            f'{", ".join(OPTIONS)}.'
        )
    keypoints = load_target_keypoints(skeleton=skeleton, **config)
    return TargetDomain(skeleton, keypoints.to(device), aligns, flip_prob, target_frame)


def run_augmentor(
    augmentor: Any,
    batch: PoseBatch,
    generator: torch.Generator,
    domain: TargetDomain | None = None,
) -> AugmentedPoses:
    """Augmented poses of samples, where the target domain wants them.

    Args:
        augmentor (nn.Module | TrainedNetwork, optional): The augmentor; None to leave poses as they
            are.
        batch (PoseBatch): B samples.
        generator (torch.Generator): Source of all draws.
        domain (TargetDomain, optional): The target domain. Defaults to None.

    Returns:
        AugmentedPoses: The poses.
    """
    pose = poses_of(batch)
    if augmentor is None:
        poses = AugmentedPoses(pose, pose, pose)
    else:
        poses = augmentor(pose, batch.intrinsics, batch.image_size, generator=generator)
    return poses if domain is None or not domain.aligns else domain.align(poses, batch, generator)
