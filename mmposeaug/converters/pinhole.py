# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pinhole cameras of data sets that give pairs of 2D and 3D, or only the size of the image."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmposeaug.datasets.camera_files import camera_dict


def pinhole_camera(
    size: tuple[int, int], focal: np.ndarray, centre: np.ndarray, camera_id: str
) -> dict[str, Any]:
    """Return a camera without distortion as MMPose's camera files hold it; all in pixels."""
    return camera_dict(np.array([*focal, *centre, 0, 0, 0, 0, 0]), size, id=camera_id)


def fit_pinhole(
    pose_cam: np.ndarray, keypoints_px: np.ndarray, where: str
) -> tuple[np.ndarray, np.ndarray, float]:
    """Fit focal length (2,) and centre (2,) to points (*, 3) and keypoints (*, 2), pixels.

    The third value returned is the mean distance that is left, in pixels.

    Example:
        >>> points = np.array([[0.0, 0, 2], [1, 1, 4], [1, 0, 2], [0, 1, 2]])
        >>> focal, centre, left = fit_pinhole(points, points[:, :2] / points[:, 2:] * 900 + 500, '')
        >>> focal.round(6).tolist(), centre.round(6).tolist()
        ([900.0, 900.0], [500.0, 500.0])
    """
    points, pixels = pose_cam.reshape(-1, 3), keypoints_px.reshape(-1, 2)
    ratio = points[:, :2] / points[:, 2:]
    spread = ratio - ratio.mean(0)
    square = (spread**2).sum(0)
    if len(points) < 2 or not np.isfinite(ratio).all() or (square <= 1e-12).any():
        raise ValueError(f'No camera can be fitted to {where}: too few points that differ.')
    focal = (spread * (pixels - pixels.mean(0))).sum(0) / square
    centre = pixels.mean(0) - focal * ratio.mean(0)
    left = float(np.linalg.norm(ratio * focal + centre - pixels, axis=-1).mean())
    if (focal <= 0).any():
        raise ValueError(
            f'The camera fitted to {where} has the focal length {focal.tolist()}; its 2D and 3D '
            'do not belong together.'
        )
    return focal, centre, left
