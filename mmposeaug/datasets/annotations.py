# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The arrays of an annotation file of MMPose's ``Human36mDataset``."""

from __future__ import annotations

import numpy as np


def annotation_arrays(
    keypoints_px: np.ndarray,
    pose_cam: np.ndarray,
    keypoint_scores: np.ndarray | None = None,
    pose_visible: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Boxes and joints as an annotation file holds them, all but ``imgname``.

    Args:
        keypoints_px (np.ndarray): 2D key points in pixels, of shape (N, J, 2).
        pose_cam (np.ndarray): Camera-space joints in metres, of shape (N, J, 3).
        keypoint_scores (np.ndarray, optional): Of shape (N, J). Defaults to ones.
        pose_visible (np.ndarray, optional): Of shape (N, J). Defaults to ones.

    Returns:
        dict[str, np.ndarray]: ``center`` (N, 2), ``scale`` (N,), ``part`` (N, J, 3) and ``S``
        (N, J, 4), float32.
    """
    low, high = keypoints_px.min(axis=1), keypoints_px.max(axis=1)
    ones = np.ones(keypoints_px.shape[:-1])
    scores = ones if keypoint_scores is None else keypoint_scores
    visible = ones if pose_visible is None else pose_visible
    return dict(
        center=((low + high) / 2).astype(np.float32),
        scale=(1.2 * (high - low).max(axis=1) / 200).astype(np.float32),
        part=np.concatenate((keypoints_px, scores[..., None]), axis=-1).astype(np.float32),
        S=np.concatenate((pose_cam, visible[..., None]), axis=-1).astype(np.float32),
    )
