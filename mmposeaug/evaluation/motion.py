# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What a person's poses over time are like: bones, speed, and where they are seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from mmposeaug.geometry import bone_lengths, project
from mmposeaug.structures import Skeleton


def bone_spread(poses: np.ndarray, skeleton: Skeleton) -> float:
    """How much the bones of one person change their length, which real ones do not.

    Args:
        poses (np.ndarray): Poses of one person (N, J, 3).

    Example:
        >>> from mmposeaug.structures import H36M_17
        >>> pose = np.random.default_rng(0).normal(size=(1, 17, 3))
        >>> bone_spread(np.concatenate([0.9 * pose, 1.1 * pose]), H36M_17)
        10.0
    """
    lengths = _bone_lengths(poses, skeleton)
    return round(float((lengths.std(0) / lengths.mean(0).clip(1e-9)).mean() * 100), 6)


def side_difference(poses: np.ndarray, skeleton: Skeleton) -> float:
    """How far, in percent, left and right bones of one person's poses (N, J, 3) differ."""
    lengths = np.median(_bone_lengths(poses, skeleton), axis=0)
    pairs = lengths[np.array(skeleton.bone_pairs, int).reshape(-1, 2)]
    differences = np.abs(pairs[:, 0] - pairs[:, 1]) / pairs.mean(1).clip(1e-9)
    return float(differences.max(initial=0) * 100)


def accelerations(poses: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Change of the joints' velocity where three frames follow each other.

    Returns:
        np.ndarray: Second differences (M, J, 3) of poses (N, J, 3) with ascending frames (N,), in
        the unit of the poses per frame squared; of several gaps the frames around them are left
        out.
    """
    return np.diff(poses, 2, axis=0)[in_a_row(np.diff(frames) == 1, 2)]


def in_a_row(joined: np.ndarray, order: int) -> np.ndarray:
    """Where ``order + 1`` frames follow each other, (N - order,), given where two do, (N - 1,).

    Example:
        >>> in_a_row(np.array([True, True, False, True]), 2).tolist()
        [True, False, False]
    """
    count = max(len(joined) + 1 - order, 0)
    return np.all([joined[i : i + count] for i in range(order)], axis=0)


def reprojection_errors(
    poses_cam: np.ndarray, keypoints_px: np.ndarray, intrinsics: np.ndarray
) -> np.ndarray:
    """Pixels (N, J) between detections (N, J, 2) and poses (N, J, 3) as cameras (N, 9) see them."""
    seen = project(torch.from_numpy(poses_cam).double(), torch.from_numpy(intrinsics).double())
    return np.linalg.norm(seen.numpy() - keypoints_px, axis=-1)


def tracks_of(tracks: np.ndarray) -> Iterator[np.ndarray]:
    """Rows of each person, given the number (N,) of each row's."""
    for track in np.unique(tracks):
        yield np.flatnonzero(tracks == track)


def _bone_lengths(poses: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    return bone_lengths(torch.from_numpy(poses), skeleton).numpy()
