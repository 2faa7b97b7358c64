# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The size of people, for lifters that cannot tell it."""

from __future__ import annotations

import numpy as np

from mmposeaug.datasets.keypoints_2d import split_runs
from mmposeaug.structures import HumanVerdict, Skeleton, judge_human, stature_ratios


def scale_to_stature(
    poses_rel: np.ndarray, runs: np.ndarray, skeleton: Skeleton, stature: float
) -> np.ndarray:
    """Poses of which the person of each run is as tall as said.

    Args:
        poses_rel (np.ndarray): Poses (N, J, 3) in any unit, root at the origin.
        runs (np.ndarray): Number of each row's run, (N,), ascending.
        stature (float): Height of the people in metres.

    Returns:
        np.ndarray: Poses (N, J, 3), metres; one scale a run, by the sum of the bones of which
        the share of stature is published.
    """
    verdict = _judge(poses_rel, skeleton)
    if not verdict.human:
        raise ValueError(
            f'A stature of {stature:g} m does not tell the size of {skeleton.name!r}, which '
            f'{"is" if verdict.human is False else "may be"} no human body, for {verdict.reason}; '
            'use a lifter that predicts metres, or, if it is one, set human=True in the metainfo.'
        )
    known, share = known_share(skeleton)
    if not known:
        raise ValueError(
            f'Nothing is published of the bones of the skeleton {skeleton.name!r}, by which the '
            'size of its people could be told; use a lifter that predicts metres.'
        )
    wanted = stature * share
    children, parents = np.array(skeleton.bones)[known].T
    lengths = np.linalg.norm(poses_rel[:, children] - poses_rel[:, parents], axis=-1).sum(1)
    scaled = np.empty_like(poses_rel)
    for rows in split_runs(runs):
        scaled[rows] = poses_rel[rows] * (wanted / max(float(np.median(lengths[rows])), 1e-6))
    return scaled


def known_share(skeleton: Skeleton) -> tuple[list[int], float]:
    """Bones of which the share of stature is published, and the sum of these shares."""
    ratios = stature_ratios(skeleton)
    known = {bone: ratio for bone, ratio in enumerate(ratios) if ratio is not None}
    return list(known), sum(known.values())


def _judge(poses_rel: np.ndarray, skeleton: Skeleton) -> HumanVerdict:
    """By names where they tell, since what a lifter predicts has errors; else by lengths."""
    verdict = judge_human(skeleton)
    if verdict.human is not None or not len(poses_rel):
        return verdict
    children, parents = np.array(skeleton.bones).T
    lengths = np.linalg.norm(poses_rel[:, children] - poses_rel[:, parents], axis=-1)
    return judge_human(skeleton, np.median(lengths, axis=0).tolist())
