# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Poses before cameras, and what an augmentation makes of them, as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .lifted_poses import check_shapes
from .skeleton import Skeleton

_ARRAYS = ('pose_cam', 'keypoints_px', 'intrinsics', 'image_size')


@dataclass(frozen=True)
class ViewedPoses:
    """Single poses, each seen by a camera.

    Args:
        skeleton (Skeleton): The J joints.
        pose_cam (np.ndarray): Camera-space joints in metres, of shape (N, J, 3).
        keypoints_px (np.ndarray): Where the camera sees them, of shape (N, J, 2), pixels.
        intrinsics (np.ndarray): The cameras, of shape (N, 9), pixels.
        image_size (np.ndarray): Width and height, of shape (N, 2), pixels.

    Raises:
        ValueError: If shapes disagree.
    """

    skeleton: Skeleton
    pose_cam: np.ndarray
    keypoints_px: np.ndarray
    intrinsics: np.ndarray
    image_size: np.ndarray

    def __post_init__(self) -> None:
        count, joints = len(self.pose_cam), self.skeleton.num_joints
        shapes = ((count, joints, 3), (count, joints, 2), (count, 9), (count, 2))
        check_shapes(self, **dict(zip(_ARRAYS, shapes)))

    def __len__(self) -> int:
        return len(self.pose_cam)

    def take(self, rows: np.ndarray | slice) -> ViewedPoses:
        """Return some of the poses, by their numbers or by booleans of shape (N,)."""
        return replace(self, **{name: getattr(self, name)[rows] for name in _ARRAYS})

    @staticmethod
    def concat(parts: Sequence[ViewedPoses]) -> ViewedPoses:
        """Return all poses, in order, of several sets of one skeleton."""
        arrays = {name: np.concatenate([getattr(p, name) for p in parts]) for name in _ARRAYS}
        return replace(parts[0], **arrays)


@dataclass(frozen=True)
class AugmentedSamples:
    """What an augmentation made of N samples, step by step; of clips the middle frame.

    Args:
        stages (dict[str, ViewedPoses]): The poses before and after each step, by its name.
        in_view (dict[str, np.ndarray]): By stage, who is wholly in the image and before the
            camera, booleans of shape (N,).
        kinds (dict[str, str]): Names of the stages that are compared: of the ``'real'`` poses, of
            the ``'random'`` ones and of the ``'learned'`` ones, as far as there are.
        turns_deg (dict[str, np.ndarray]): For each of the kinds that turned bones by how much, of
            shape (N, B), degrees: the random draw, and the learned turn on top of it.
        errors_mm (dict[str, np.ndarray]): By kind, a lifter's mean joint error, of shape (N,).
        clips (dict[str, np.ndarray]): By kind, all frames of the samples, of shape (N, T, J, 3), in
            metres; empty for single frames and where clips were not asked for.
    """

    stages: dict[str, ViewedPoses]
    in_view: dict[str, np.ndarray]
    kinds: dict[str, str]
    turns_deg: dict[str, np.ndarray] = field(default_factory=dict)
    errors_mm: dict[str, np.ndarray] = field(default_factory=dict)
    clips: dict[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.of_kind('real'))

    @property
    def skeleton(self) -> Skeleton:
        """Skeleton: The joints."""
        return self.of_kind('real').skeleton

    def of_kind(self, kind: str) -> ViewedPoses:
        """Return all poses of a kind, whether in view or not."""
        return self.stages[self.kinds[kind]]

    def visible(self) -> dict[str, ViewedPoses]:
        """dict[str, ViewedPoses]: For each kind the poses that are in view."""
        return {
            kind: self.stages[name].take(self.in_view[name]) for kind, name in self.kinds.items()
        }

    @staticmethod
    def concat(parts: Sequence[AugmentedSamples]) -> AugmentedSamples:
        """Return all samples, in order, of several batches of one augmentation."""
        first = parts[0]
        return replace(
            first,
            stages={n: ViewedPoses.concat([p.stages[n] for p in parts]) for n in first.stages},
            in_view=_joined([part.in_view for part in parts]),
            turns_deg=_joined([part.turns_deg for part in parts]),
            errors_mm=_joined([part.errors_mm for part in parts]),
            clips=_joined([part.clips for part in parts]),
        )


def _joined(parts: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
