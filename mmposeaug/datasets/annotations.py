# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The arrays of MMPose's annotation files for lifting, made from poses."""

from __future__ import annotations

import numpy as np

BOX_PADDING = 1.2
"""float: Scale of a person's box, as in MMPose's preprocessing."""


def annotation_arrays(
    keypoints_px: np.ndarray,
    pose_cam: np.ndarray,
    visible: np.ndarray | None = None,
    keypoint_scores: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Boxes and joints with their visibility.

    Args:
        keypoints_px (np.ndarray): 2D keypoints (N, J, 2), pixels.
        pose_cam (np.ndarray): Camera-space or root-relative joints (N, J, 3), metres.
        visible (np.ndarray, optional): Visibility of the joints, (N, J) or (J,). Defaults to all.
        keypoint_scores (np.ndarray, optional): Confidence of the keypoints, (N, J). Defaults to
            ``visible``.

    Returns:
        dict[str, np.ndarray]: ``center`` (N, 2), ``scale`` (N,), ``part`` (N, J, 3) and ``S``
        (N, J, 4), float32, as ``Human36mDataset`` reads them; ``imgname`` is left to the caller.

    Example:
        >>> arrays = annotation_arrays(np.array([[[0.0, 0], [0, 100]]]), np.zeros((1, 2, 3)))
        >>> arrays['S'].shape, round(float(arrays['scale'][0]), 3)
        ((1, 2, 4), 0.6)
    """
    low, high = keypoints_px.min(axis=1), keypoints_px.max(axis=1)
    shape = keypoints_px.shape[:-1]
    weight = np.broadcast_to(1.0 if visible is None else visible, shape)[..., None]
    scores = weight if keypoint_scores is None else keypoint_scores[..., None]
    return dict(
        center=((low + high) / 2).astype(np.float32),
        scale=(BOX_PADDING * (high - low).max(axis=1) / 200).astype(np.float32),
        part=np.concatenate((keypoints_px, scores), axis=-1).astype(np.float32),
        S=np.concatenate((pose_cam, weight), axis=-1).astype(np.float32),
    )
