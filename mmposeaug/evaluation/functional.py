# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Alignments and scores of 3D poses, batched in numpy.

MMPose's :func:`~mmpose.evaluation.functional.keypoint_mpjpe` gives the same errors where every
joint is visible. It lets invisible joints into the alignments, gives NaN where a prediction is a
single point, and aligns pose by pose (1.4 s against 0.1 s for 18,000 poses);
:func:`~mmpose.evaluation.functional.keypoint_auc` is made for 2D. Hence these.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

EPS = 1e-12
"""float: Squared extents (mm^2) below this are those of a single point."""


def root_align(poses: np.ndarray, root: Sequence[int]) -> np.ndarray:
    """Move poses so that the root is the origin.

    Args:
        poses (np.ndarray): Joints of shape (N, K, 3).
        root (Sequence[int]): Root joint; of several the mean is taken.

    Returns:
        np.ndarray: Root-relative joints of shape (N, K, 3).

    Example:
        >>> root_align(np.array([[[1.0, 2.0, 3.0], [1.0, 2.0, 4.0]]]), [0]).tolist()
        [[[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]]
    """
    return poses - poses[:, list(root)].mean(axis=1, keepdims=True)


def scale_align(pred: np.ndarray, gt: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Scale each prediction by the factor that brings it closest to the ground truth.

    Args:
        pred (np.ndarray): Predicted root-relative joints of shape (N, K, 3).
        gt (np.ndarray): Ground truth of shape (N, K, 3).
        mask (np.ndarray): Joints to look at, booleans of shape (N, K).

    Returns:
        np.ndarray: Scaled predictions of shape (N, K, 3); one whose joints are all at the origin
        stays there.

    Example:
        >>> gt = np.array([[[0.0, 0.0, 2.0]]])
        >>> scale_align(gt / 2, gt, np.ones((1, 1), bool)).tolist()
        [[[0.0, 0.0, 2.0]]]
    """
    weighted = pred * mask[..., None]
    dot = (weighted * gt).sum(axis=(1, 2))
    norm = (weighted * pred).sum(axis=(1, 2))
    scale = np.divide(dot, norm, out=np.zeros_like(dot), where=norm > EPS)
    return pred * scale[:, None, None]


def procrustes_align(pred: np.ndarray, gt: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Rotate, scale and move each prediction to where it is closest to the ground truth.

    The orthogonal Procrustes problem in the least-squares sense, reflections left out.

    Args:
        pred (np.ndarray): Predicted joints of shape (N, K, 3).
        gt (np.ndarray): Ground truth of shape (N, K, 3).
        mask (np.ndarray): Joints to look at, booleans of shape (N, K).

    Returns:
        np.ndarray: Aligned predictions of shape (N, K, 3). A prediction whose joints all
        coincide has no size or direction; it is moved to the centre of the ground truth.

    Example:
        >>> gt = np.array([[[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
        >>> turned = 3 * gt[..., [1, 0, 2]] * [-1.0, 1.0, 1.0] + 5
        >>> bool(np.allclose(procrustes_align(turned, gt, np.ones((1, 3), bool)), gt))
        True
    """
    weight = mask[..., None].astype(pred.dtype)
    count = np.maximum(weight.sum(axis=1, keepdims=True), 1)
    pred_mean = (pred * weight).sum(axis=1, keepdims=True) / count
    gt_mean = (gt * weight).sum(axis=1, keepdims=True) / count
    pred_centred = pred - pred_mean
    covariance = np.swapaxes(pred_centred * weight, 1, 2) @ (gt - gt_mean)
    left, singular, right = np.linalg.svd(covariance)
    sign = np.ones_like(singular)
    sign[:, -1] = np.where(np.linalg.det(left @ right) < 0, -1, 1)
    rotation = (left * sign[:, None, :]) @ right
    extent = (pred_centred**2 * weight).sum(axis=(1, 2))
    scale = np.divide(
        (singular * sign).sum(axis=1), extent, out=np.zeros_like(extent), where=extent > EPS
    )
    return scale[:, None, None] * (pred_centred @ rotation) + gt_mean


def joint_errors(pred: np.ndarray, gt: np.ndarray) -> np.ndarray:
    """Distance of each joint to its ground truth.

    Args:
        pred (np.ndarray): Predicted joints of shape (N, K, 3).
        gt (np.ndarray): Ground truth of shape (N, K, 3).

    Returns:
        np.ndarray: Distances of shape (N, K), in the unit of the joints.
    """
    return np.linalg.norm(pred - gt, axis=-1)


def pck(errors: np.ndarray, threshold: float) -> float:
    """Percentage of correct keypoints: of errors that are smaller than a threshold.

    Args:
        errors (np.ndarray): Joint errors of any shape.
        threshold (float): Threshold in the unit of the errors; an error equal to it is too large.

    Returns:
        float: Percentage, 0 to 100.

    Example:
        >>> pck(np.array([10.0, 149.0, 150.0, 400.0]), 150)
        50.0
    """
    return float((errors < threshold).mean() * 100)


def auc(errors: np.ndarray, thresholds: Sequence[float] | np.ndarray) -> float:
    """Area under the curve of :func:`pck` over the threshold: its mean.

    Args:
        errors (np.ndarray): Joint errors of any shape.
        thresholds (Sequence[float] | np.ndarray): Thresholds in the unit of the errors.

    Returns:
        float: Percentage, 0 to 100.

    Example:
        >>> auc(np.array([10.0, 149.0]), [0, 50, 150])
        50.0
    """
    ordered = np.sort(errors, axis=None)
    below = np.searchsorted(ordered, np.asarray(thresholds), side='left')
    return float(below.mean() / ordered.size * 100)
