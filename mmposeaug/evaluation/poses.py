# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Predictions and ground truth, from MMPose's samples to checked arrays."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

import numpy as np
import torch
from mmengine.logging import print_log

PLAUSIBLE_SIZE = (20.0, 20000.0)
"""tuple[float]: Extent of a pose in mm, from a mouse to an elephant, outside which the unit is
probably wrong: metres that are taken for millimetres, or the other way round."""


class SamplePoses(NamedTuple):
    """What is kept of one sample: the T frames of its target.

    Args:
        pred (np.ndarray): Predicted joints of shape (T, K, 3), in the unit of the data.
        gt (np.ndarray): Ground truth of shape (T, K, 3), in the same unit.
        visible (np.ndarray): Visible joints, booleans of shape (T, K).
        names (Sequence[str | None]): Name of the image of each of the T frames.
    """

    pred: np.ndarray
    gt: np.ndarray
    visible: np.ndarray
    names: Sequence[Optional[str]]  # noqa: UP045 (evaluated at run time, also by Python 3.9)


class PoseSet(NamedTuple):
    """All frames of a set.

    Args:
        pred (np.ndarray): Predicted joints of shape (N, K, 3), in the unit of the data, or in
            millimetres where a metric has aligned them.
        gt (np.ndarray): Ground truth of shape (N, K, 3), in the same unit; 0 where invisible.
        visible (np.ndarray): Visible joints, booleans of shape (N, K).
    """

    pred: np.ndarray
    gt: np.ndarray
    visible: np.ndarray
    names: list[Optional[str]]  # noqa: UP045


def read_sample(sample: Mapping[str, Any], index: int) -> SamplePoses:
    """Arrays of one sample."""
    truth = sample.get('gt_instances') or {}
    paths = sample.get('target_img_path', sample.get('img_path'))
    single = paths is None or isinstance(paths, str)
    names: list[str | None] = [paths] if single else [str(path) for path in paths]
    name = names[0] if names else None
    if 'lifting_target' not in truth:
        raise ValueError(
            f'The sample {_label(name, index)} has no gt_instances.lifting_target; evaluate on a '
            'set with 3D ground truth.'
        )
    gt = _to_numpy(truth['lifting_target'])
    gt = gt.reshape(-1, *gt.shape[-2:])
    pred = _to_numpy(sample['pred_instances']['keypoints'])
    pred = pred.reshape(-1, *pred.shape[-2:])
    _check_shapes(pred, gt, name, index)
    visible = truth.get('lifting_target_visible')
    if visible is None:
        visible = np.ones(gt.shape[:2], dtype=bool)
    if len(names) != len(gt):
        names = [name] * len(gt)
    return SamplePoses(pred, gt, _to_numpy(visible).astype(bool).reshape(gt.shape[:2]), names)


def read_batch(
    pred: np.ndarray,
    gt: np.ndarray,
    visible: np.ndarray,
    names: np.ndarray | None,
    index: int,
    whole: bool,
) -> list[SamplePoses]:
    """The samples of poses (B, T, K, 3), of which the first has the number ``index``.

    Args:
        whole (bool): Whether to keep them as one sample of B * T frames, which is faster.
    """
    if names is None:
        names = np.full(gt.shape[:2], None)
    names = names.astype(object)
    if len(gt):
        _check_shapes(pred[0], gt[0], names[0, 0], index)
    if whole:
        pred, gt, visible, names = (
            each.reshape(-1, *each.shape[2:]) for each in (pred, gt, visible, names)
        )
        return [SamplePoses(pred, gt, visible, names)]  # type: ignore[arg-type]
    return [SamplePoses(*each) for each in zip(pred, gt, visible, names)]


def _check_shapes(pred: np.ndarray, gt: np.ndarray, name: str | None, index: int) -> None:
    if pred.shape != gt.shape:
        raise ValueError(
            f'The prediction for {_label(name, index)} has shape {pred.shape} but its ground '
            f"truth {gt.shape} (frames, joints, 3); check that the head's decoder has the data "
            "set's num_keypoints and that 'target_root' is among the meta_keys if it removes "
            'the root.'
        )


def stack_samples(samples: Sequence[SamplePoses]) -> PoseSet:
    """Join samples to one set."""
    if not samples:
        raise ValueError('There is no sample to evaluate; the set is empty.')
    joints = sorted({sample[1].shape[1] for sample in samples})
    if len(joints) > 1:
        raise ValueError(
            f'The samples have {joints[0]} and {joints[-1]} joints; evaluate sets of different '
            'skeletons one by one.'
        )
    pred, gt, visible = (np.concatenate(part) for part in list(zip(*samples))[:3])
    names = [name for sample in samples for name in sample[3]]
    _check_finite('prediction', pred, np.ones_like(visible), names)
    _check_finite('ground truth', gt, visible, names)
    gt = np.where(visible[..., None], gt, 0)
    return PoseSet(pred.astype(np.float64), gt.astype(np.float64), visible, names)


def _check_finite(
    what: str, poses: np.ndarray, needed: np.ndarray, names: Sequence[str | None]
) -> None:
    bad = np.flatnonzero((~np.isfinite(poses).all(axis=-1) & needed).any(axis=1))
    if not bad.size:
        return
    remedy = (
        'lower the learning rate or start from another checkpoint'
        if what == 'prediction'
        else 'mark such joints as invisible or leave these samples out'
    )
    raise ValueError(
        f'The {what} of {bad.size} of {len(poses)} samples is not finite, first that of '
        f'{_label(names[bad[0]], int(bad[0]))}; {remedy}.'
    )


def warn_about_size(
    gt_mm: np.ndarray, visible: np.ndarray, unit_scale: float, threshold: float | None = None
) -> None:
    """Warn if poses (N, K, 3) in mm are of no body's size, or smaller than a threshold of PCK."""
    whole = visible.all(axis=1)
    if not whole.any():
        return
    size = float(np.ptp(gt_mm[whole], axis=1).max(axis=-1).mean())
    if not PLAUSIBLE_SIZE[0] < size < PLAUSIBLE_SIZE[1]:
        print_log(
            f'The ground-truth poses are {size:.3g} mm large on average; check unit_scale='
            f'{unit_scale:g} (1000 for data in metres, 1 for millimetres).',
            logger='current',
            level=logging.WARNING,
        )
    elif threshold is not None and size < threshold:
        print_log(
            f'PCK and AUC count errors up to {threshold:g} mm, but the poses are {size:.3g} mm '
            f'large on average; set pck_threshold, {size / 10:.0f} for instance, and '
            'auc_thresholds.',
            logger='current',
            level=logging.WARNING,
        )


def _to_numpy(array: Any) -> np.ndarray:
    if isinstance(array, torch.Tensor):
        return array.detach().cpu().float().numpy()
    return np.asarray(array)


def _label(name: str | None, index: int) -> str:
    return repr(name) if name else f'number {index}'
