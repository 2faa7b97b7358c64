# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The numbers behind the pictures of an augmentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from mmposeaug.geometry import bone_lengths
from mmposeaug.structures import AugmentedSamples, ViewedPoses, judge_human
from mmposeaug.visualization.augmentation_values import length_change, view_angles
from mmposeaug.visualization.motion_values import MOTION

QUANTILES = {'low': 0.05, 'median': 0.5, 'high': 0.95}
"""dict[str, float]: Quantiles of every quantity, by their names."""


def summarize_samples(samples: AugmentedSamples) -> dict[str, Any]:
    """Numbers of every kind of poses, plain values for JSON.

    Args:
        samples (AugmentedSamples): The samples.

    Returns:
        dict[str, Any]: ``samples``, ``stages`` with the share in view after each, and for each of
        the kinds ``in_view``, and of those in view ``depth_m``, ``azimuth_deg``,
        ``elevation_deg``, ``length_change`` and ``turn_deg`` by bone, the lifter's ``error_mm``
        and its ``hardness``: the mean error over that on the same samples before (``over_real``)
        and on their draw (``over_random``), of samples that are in view in all kinds.
    """
    found: dict[str, Any] = {
        'samples': len(samples),
        'stages': {name: {'in_view': float(v.mean())} for name, v in samples.in_view.items()},
        'kinds': {},
    }
    seen_by_all = np.all([samples.in_view[name] for name in samples.kinds.values()], axis=0)
    human = _are_human(samples.of_kind('real'))
    for kind, poses in samples.visible().items():
        seen = samples.in_view[samples.kinds[kind]]
        values: dict[str, Any] = {'stage': samples.kinds[kind], 'in_view': float(seen.mean())}
        values.update(_of_poses(poses, human))
        if kind != 'real':
            change = length_change(
                samples.of_kind('real').pose_cam[seen], poses.pose_cam, samples.skeleton
            )
            values['length_change'] = _by_bone(change, samples)
        if kind in samples.turns_deg:
            values['turn_deg'] = _by_bone(samples.turns_deg[kind][seen], samples)
        if kind in samples.errors_mm:
            values['error_mm'] = _quantity(samples.errors_mm[kind][seen])
            if kind != 'real':
                values['hardness'] = _hardness(samples, kind, seen_by_all)
        found['kinds'][kind] = values
    return found


def summarize_motion(motion: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, Any]:
    """Numbers of how fast clips move.

    Args:
        motion (Mapping[str, Mapping[str, np.ndarray]]): By kind, the values of
            :func:`mmposeaug.visualization.motion_values.motion_of`.

    Returns:
        dict[str, Any]: The ``units``, and in ``kinds`` for each kind and quantity ``mean``,
        ``median``, ``p99.9``, ``max`` and ``over_real``, the mean over that of real clips; None
        where nothing moves.
    """
    found: dict[str, Any] = {}
    for kind, quantities in motion.items():
        found[kind] = {}
        for name, values in quantities.items():
            if not len(values):
                found[kind][name] = None
                continue
            median, high = map(float, np.quantile(values, (0.5, 0.999)))
            each: dict[str, Any] = dict(mean=float(values.mean()), median=median)
            each.update({'p99.9': high, 'max': float(values.max())})
            found[kind][name] = each
            real = found['real'][name]
            each['over_real'] = each['mean'] / real['mean'] if real and real['mean'] else None
    return dict(units={name: each.unit for name, each in MOTION.items()}, kinds=found)


def _are_human(poses: ViewedPoses) -> bool:
    lengths = bone_lengths(torch.as_tensor(poses.pose_cam), poses.skeleton).median(0).values
    return bool(judge_human(poses.skeleton, lengths.tolist()).human)


def _of_poses(poses: ViewedPoses, human: bool) -> dict[str, Any]:
    values = {'depth_m': _quantity(poses.pose_cam[:, poses.skeleton.root, 2])}
    angles = view_angles(poses)
    if angles is not None and human:
        values['azimuth_deg'] = _quantity(angles[:, 0])
        values['elevation_deg'] = _quantity(angles[:, 1])
    return values


def _quantity(values: np.ndarray) -> dict[str, float] | None:
    """Mean and quantiles; None of nothing."""
    if not len(values):
        return None
    quantiles = np.quantile(values, list(QUANTILES.values()))
    return {'mean': float(values.mean()), **dict(zip(QUANTILES, map(float, quantiles)))}


def _by_bone(values: np.ndarray, samples: AugmentedSamples) -> dict[str, Any]:
    return {name: _quantity(values[:, i]) for i, name in enumerate(samples.skeleton.bone_names)}


def _hardness(samples: AugmentedSamples, kind: str, chosen: np.ndarray) -> dict[str, float]:
    """Mean error over that on other kinds of the same samples."""
    if not chosen.any():
        return {}
    own = float(samples.errors_mm[kind][chosen].mean())
    return {
        f'over_{other}': own / float(errors[chosen].mean())
        for other, errors in samples.errors_mm.items()
        if other != kind and other != 'learned'
    }
