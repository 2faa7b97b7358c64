# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Motion of a tree of joints: local rotations and offsets, and the positions they give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import roma
import torch

EULER_AXES = 'XYZ'


@dataclass(frozen=True)
class Motion:
    """A recording as motion-capture files hold it.

    A joint lies at its parent's place plus ``steps``, turned by its parent's rotation (BVH), or by
    its own (ASF, where a joint is the end of the bone that turns).

    Args:
        names (tuple[str, ...]): The J joints, each after its parent.
        steps (np.ndarray): Way from the parent to each joint, (T, J, 3); the root's is its place.
        rotations (np.ndarray): Local rotation of each joint, (T, J, 3, 3).
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    steps: np.ndarray
    rotations: np.ndarray
    frame_rate: float
    own_rotation: bool
    source: str

    def __len__(self) -> int:
        return len(self.steps)

    def positions(self) -> np.ndarray:
        """Return the world positions (T, J, 3) of all joints in the file's unit and axes."""
        turned = np.empty_like(self.rotations)
        places = np.empty_like(self.steps)
        for joint, parent in enumerate(self.parents):  # all frames at once
            local, step = self.rotations[:, joint], self.steps[:, joint]
            turned[:, joint] = local if parent < 0 else turned[:, parent] @ local
            if parent < 0:
                places[:, joint] = step
                continue
            by = turned[:, joint if self.own_rotation else parent]
            places[:, joint] = places[:, parent] + (by @ step[..., None])[..., 0]
        return places

    def resampled(self, frame_rate: float) -> Motion:
        """Return the same motion at another frame rate.

        Rotations are interpolated on the sphere, so that bones keep their lengths.
        """
        if not frame_rate > 0:
            raise ValueError(f'The frame rate is {frame_rate}; give frames a second above 0.')
        last = len(self) - 1
        # slightly more, so that rounding does not lose the last frame of an even ratio
        count = int(np.floor(last / self.frame_rate * frame_rate + 1e-6)) + 1
        place = np.minimum(np.arange(count) / frame_rate * self.frame_rate, last)
        before = np.minimum(np.floor(place + 1e-9).astype(int), last)
        after = np.minimum(before + 1, last)
        part = np.clip(place - before, 0, 1)
        steps = (
            self.steps[before] * (1 - part)[:, None, None] + self.steps[after] * part[:, None, None]
        )
        return Motion(
            self.names,
            self.parents,
            steps,
            _between(self.rotations[before], self.rotations[after], part),
            frame_rate,
            self.own_rotation,
            self.source,
        )


def _between(first: np.ndarray, second: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Rotations (T, J, 3, 3) the given part (T,) of the way from the first to the second."""
    start, end = torch.from_numpy(first), torch.from_numpy(second)
    turn = roma.rotmat_to_rotvec(start.transpose(-1, -2) @ end)
    share = torch.from_numpy(part)[:, None, None]
    return (start @ roma.rotvec_to_rotmat(turn * share)).numpy()


def euler_rotations(order: str, degrees: np.ndarray) -> np.ndarray:
    """Return matrices (*, 3, 3) of angles (*, len(order)), degrees, about axes that turn along.

    Example:
        >>> euler_rotations('Z', np.array([90.0])).round(6)[:, 0].tolist()
        [0.0, 1.0, 0.0]
    """
    angles = torch.from_numpy(np.deg2rad(degrees))
    matrix = torch.eye(3, dtype=angles.dtype).expand(*angles.shape[:-1], 3, 3)
    for place, axis in enumerate(order):
        unit = torch.eye(3, dtype=angles.dtype)[EULER_AXES.index(axis)]
        matrix = matrix @ roma.rotvec_to_rotmat(angles[..., place, None] * unit)
    return matrix.numpy().copy()
