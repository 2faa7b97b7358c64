# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The size of people, for lifters that cannot tell it."""

from __future__ import annotations

import numpy as np

from mmposeaug.structures import Skeleton, stature_ratios

from .gaps import split_runs


def scale_to_stature(
    poses_rel: np.ndarray, runs: np.ndarray, skeleton: Skeleton, stature: float
) -> np.ndarray:
    """Poses of which the person of each run is as tall as said.

    Args:
        poses_rel (np.ndarray): Poses (N, J, 3) in any unit, root at the origin.
        runs (np.ndarray): Number of each row's run, (N,), ascending.
        skeleton (Skeleton): The J joints.
        stature (float): Height of the people in metres.

    Returns:
        np.ndarray: Poses (N, J, 3), metres; one scale a run, by the sum of the bones of which
        the share of stature is published.

    Raises:
        ValueError: If that is published of no bone of the skeleton.
    """
    ratios = stature_ratios(skeleton)
    known = [bone for bone, ratio in enumerate(ratios) if ratio is not None]
    if not known:
        raise ValueError(
            f'Nothing is published of the bones of the skeleton {skeleton.name!r}, by which the '
            'size of its people could be told; use a lifter that predicts metres.'
        )
    wanted = stature * sum(ratios[bone] or 0 for bone in known)
    children, parents = np.array(skeleton.bones)[known].T
    lengths = np.linalg.norm(poses_rel[:, children] - poses_rel[:, parents], axis=-1).sum(1)
    scaled = np.empty_like(poses_rel)
    for rows in split_runs(runs):
        scaled[rows] = poses_rel[rows] * (wanted / max(float(np.median(lengths[rows])), 1e-6))
    return scaled
