# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What pictures, pages and numbers of an augmentation show, measured once for all of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from mmposeaug.geometry import bone_lengths, camera_angles
from mmposeaug.structures import AugmentedSamples, Skeleton, ViewedPoses

from .style import SERIES_COLORS

KIND_LABELS = dict(real='Real', random='Random draw', learned='Learned')
"""dict[str, str]: What the kinds of poses are called in pictures."""

KIND_COLORS = dict(zip(KIND_LABELS, SERIES_COLORS))


class BoneValues(NamedTuple):
    """Turns (degrees) or changes of length (percent) of every bone, (N, J - 1)."""

    kind: str
    quantity: str
    values: np.ndarray


def bone_values(samples: AugmentedSamples) -> list[BoneValues]:
    """The ``'turn'`` of bones by kind, then the change of their ``'length'``."""
    found = [
        BoneValues(kind, 'turn', samples.turns_deg[kind])
        for kind in KIND_LABELS
        if kind in samples.turns_deg
    ]
    real = samples.of_kind('real').pose_cam
    for kind in samples.kinds:
        if kind != 'real':
            change = length_change(real, samples.of_kind(kind).pose_cam, samples.skeleton)
            found.append(BoneValues(kind, 'length', 100 * change))
    return found


def length_change(before: np.ndarray, now: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Relative change of every bone's length.

    Args:
        before (np.ndarray): Poses of shape (N, J, 3).
        now (np.ndarray): The poses that they became, of shape (N, J, 3).

    Returns:
        np.ndarray: Changes of shape (N, J - 1); 0 where a bone had no length.
    """
    old, new = (bone_lengths(torch.as_tensor(pose), skeleton).numpy() for pose in (before, now))
    return np.divide(new, old, out=np.ones_like(new), where=old > 0) - 1


def view_angles(poses: ViewedPoses) -> np.ndarray | None:
    """Azimuth and elevation of the camera as seen from each body.

    Returns:
        np.ndarray | None: Degrees of shape (N, 2); None for skeletons without a pelvis.
    """
    if poses.skeleton.pelvis is None:
        return None
    return camera_angles(torch.as_tensor(poses.pose_cam), poses.skeleton).numpy()


def field_of_view(poses: ViewedPoses) -> tuple[float, float]:
    """Slopes x / z of the left and the right border of the middle camera's image, undistorted."""
    focal, centre = poses.intrinsics[:, 0], poses.intrinsics[:, 2]
    right = (poses.image_size[:, 0] - centre) / focal
    return float(np.median(-centre / focal)), float(np.median(right))


def root_places(poses: ViewedPoses) -> tuple[np.ndarray, np.ndarray]:
    """The root from above, x and z in metres, and in the image, as shares of its size; (N, 2)."""
    root = poses.skeleton.root
    return poses.pose_cam[:, root][:, [0, 2]], poses.keypoints_px[:, root] / poses.image_size
