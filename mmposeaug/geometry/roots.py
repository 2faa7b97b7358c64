# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Where lifted people stand, told by where their joints are seen."""

from __future__ import annotations

import numpy as np
import torch

from .undistortion import undistort


def place_roots(
    poses_rel: np.ndarray, joints_px: np.ndarray, scores: np.ndarray, intrinsics: np.ndarray
) -> np.ndarray:
    """Where the root is, so that the pose is seen where its joints were detected.

    The least squares solution of the pinhole equations, weighted by the scores, which are linear
    in the root's place.

    Args:
        poses_rel (np.ndarray): Poses (N, J, 3), metres, root at the origin.
        joints_px (np.ndarray): Their 2D joints (N, J, 2), pixels.
        scores (np.ndarray): Confidence (N, J).
        intrinsics (np.ndarray): Cameras (N, 9): fx, fy, cx, cy, k1, k2, k3, p1, p2.

    Returns:
        np.ndarray: Roots (N, 3) in camera space, metres; never nearer than 0.1 m beyond the
        joint that is nearest to the camera.
    """
    rays = undistort(*(torch.from_numpy(each).double() for each in (joints_px, intrinsics))).numpy()
    pose = poses_rel.astype(np.float64)
    weight = np.clip(scores, 0.05, 1).astype(np.float64)
    # fx (X + tx) = u' (Z + tz) for each joint, with u' the undistorted ray; the same for y
    ones, zeros = np.ones_like(weight), np.zeros_like(weight)
    rows_x = np.stack((ones, zeros, -rays[..., 0]), -1) * weight[..., None]
    rows_y = np.stack((zeros, ones, -rays[..., 1]), -1) * weight[..., None]
    right = (rays * pose[..., 2:] - pose[..., :2]) * weight[..., None]
    matrix = np.concatenate((rows_x, rows_y), axis=1)
    vector = np.concatenate((right[..., 0], right[..., 1]), axis=1)
    normal = np.einsum('nij,nik->njk', matrix, matrix)
    normal += 1e-9 * np.eye(3)  # a pose without any extent is seen from anywhere
    roots = np.linalg.solve(normal, np.einsum('nij,ni->nj', matrix, vector)[..., None])[..., 0]
    nearest = 0.1 - pose[..., 2].min(1)
    close = np.flatnonzero(roots[:, 2] < nearest)
    roots[close, 2] = nearest[close]
    seen = rays[close] * (pose[close, :, 2:] + nearest[close, None, None]) - pose[close, :, :2]
    share = weight[close, :, None] ** 2
    roots[close, :2] = (seen * share).sum(1) / share.sum(1)
    return roots.astype(np.float32)
