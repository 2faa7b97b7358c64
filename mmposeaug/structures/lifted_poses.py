# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What lifting 2D keypoints gives: poses of several people over several frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .skeleton import Skeleton


def check_shapes(record: Any, **shapes: tuple[int, ...]) -> None:
    """Check the arrays of a record about a skeleton, but for those that are None."""
    for name, shape in shapes.items():
        found = getattr(record, name)
        if found is not None and found.shape != shape:
            raise ValueError(
                f'{name} of {len(record)} {type(record).__name__} of the skeleton '
                f'{record.skeleton.name!r} must be of shape {shape}, got {found.shape}.'
            )


@dataclass(frozen=True)
class LiftedPoses:
    """Lifted poses, one row for each person in each frame.

    Rows are sorted by frame, within a frame by track, and no (frame, track) is there twice.

    Attributes:
        skeleton (Skeleton): The J joints.
        frames (np.ndarray): Number of each row's frame, (N,), integers from 0.
        tracks (np.ndarray): Number of each row's person, (N,), integers.
        poses_rel (np.ndarray): Camera-space axes (x right, y down, z away from the camera),
            root at the origin, metres: (N, J, 3).
        keypoints_px (np.ndarray): The 2D keypoints that were lifted, pixels: (N, J, 2).
        scores (np.ndarray): Confidence of these, 0 to 1: (N, J).
        interpolated (np.ndarray): True where a keypoint was not detected but interpolated:
            (N, J).
        image_sizes (np.ndarray): Width and height of each row's image in pixels: (N, 2).
        roots_cam (np.ndarray): Estimated place of the root in camera space, metres: (N, 3). It
            is as good as the camera, which may be assumed.
        image_names (dict[int, str]): File name by frame, where it is known.
        fps (float, optional): Frames a second, where it is known.
        info (dict): What the poses were made with, plain values: checkpoint, camera and so on.
        intrinsics (np.ndarray, optional): Each row's camera (N, 9): fx, fy, cx, cy in pixels, k1,
            k2, k3, p1, p2; given or assumed. None in files of older versions.
        up_cam (np.ndarray, optional): The direction against gravity in camera axes, (3,), of
            length 1, where it is known or estimated; the camera is taken to stand still.

    Raises:
        ValueError: If shapes disagree, rows are not sorted, ``fps`` is not positive, or ``up_cam``
            is not of length 1.
    """

    skeleton: Skeleton
    frames: np.ndarray
    tracks: np.ndarray
    poses_rel: np.ndarray
    keypoints_px: np.ndarray
    scores: np.ndarray
    interpolated: np.ndarray
    image_sizes: np.ndarray
    roots_cam: np.ndarray
    image_names: dict[int, str] = field(default_factory=dict)
    fps: float | None = None
    info: dict[str, Any] = field(default_factory=dict)
    intrinsics: np.ndarray | None = None
    up_cam: np.ndarray | None = None

    def __post_init__(self) -> None:
        rows, joints = len(self.frames), self.skeleton.num_joints
        check_shapes(
            self,
            frames=(rows,),
            tracks=(rows,),
            poses_rel=(rows, joints, 3),
            keypoints_px=(rows, joints, 2),
            scores=(rows, joints),
            interpolated=(rows, joints),
            image_sizes=(rows, 2),
            roots_cam=(rows, 3),
            intrinsics=(rows, 9),
            up_cam=(3,),
        )
        keys = np.stack((self.frames, self.tracks), axis=1).astype(np.int64)
        step = np.diff(keys, axis=0)
        if self.fps is not None and not (np.isfinite(self.fps) and self.fps > 0):
            raise ValueError(f'fps of LiftedPoses is {self.fps}; it must be above 0, or None.')
        if self.up_cam is not None and not abs(np.linalg.norm(self.up_cam) - 1) < 1e-3:
            raise ValueError(
                f'up_cam of LiftedPoses is {self.up_cam.tolist()}; it must be of length 1, or None.'
            )
        if not ((step[:, 0] > 0) | ((step[:, 0] == 0) & (step[:, 1] > 0))).all():
            raise ValueError('The rows of LiftedPoses must be sorted by frame, then by track.')

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def frame_numbers(self) -> np.ndarray:
        """np.ndarray: The frames that have a pose, ascending, each once."""
        return np.unique(self.frames)

    @property
    def track_numbers(self) -> np.ndarray:
        """np.ndarray: The people, ascending, each once."""
        return np.unique(self.tracks)

    def rows_of(self, frame: int) -> np.ndarray:
        """Return the rows of one frame by its number; empty if the frame has no pose."""
        first, end = np.searchsorted(self.frames, [frame, frame + 1])
        return np.arange(first, end)

    @property
    def poses_cam(self) -> np.ndarray:
        """np.ndarray: Poses (N, J, 3) at their estimated places in camera space, metres."""
        return self.poses_rel + self.roots_cam[:, None]
