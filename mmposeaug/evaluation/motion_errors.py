# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Errors of the joints' velocity and acceleration over the frames of videos."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from mmengine.logging import print_log

from .motion import in_a_row
from .poses import PoseSet

MOTION_SCORES = {'MPJVE': 1, 'Accel': 2}
"""dict: How often frames are subtracted from the next, by score."""

_SAME_MM = 1.0  # two ground truths of one frame


def require_frame_group(pattern: re.Pattern[str], score: str) -> None:
    """Refuse a ``name_pattern`` that finds no frame numbers."""
    if 'frame' not in pattern.groupindex:
        raise ValueError(
            f'{score} puts frames in order by their number, but name_pattern has the groups '
            f'{", ".join(pattern.groupindex) or "none"}; add (?P<frame>\\d+) to it, or leave '
            f'{score} out of scores.'
        )


def motion_errors(
    poses: PoseSet, orders: Mapping[str, int], pattern: re.Pattern[str]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Distance of each joint's velocity or acceleration to that of the ground truth.

    A video is what has the same file name but for the frame number. Two of its frames follow each
    other if their numbers are one step apart, the most common difference in the set. A frame that
    several samples show counts once, with the mean of its predictions.

    Args:
        poses (PoseSet): Poses in mm, of N frames in any order.
        orders (Mapping[str, int]): 1 for velocity, 2 for acceleration, by the score's name.
        pattern (re.Pattern): Regular expression of file names, with a group ``frame``.

    Returns:
        dict[str, tuple[np.ndarray, np.ndarray]]: By score, errors (N, K) in mm per step, or per
        step squared, and booleans (N, K) of those that count: of the last of two or three frames.

    Raises:
        ValueError: If a name has no frame number, one name stands for several poses, or no two
            (three) frames follow each other.
    """
    video, number = _read_names(poses.names, pattern, ' and '.join(orders))
    rows = np.lexsort((number, video))
    again = (np.diff(video[rows]) == 0) & (np.diff(number[rows]) == 0)
    starts = np.flatnonzero(np.append(True, ~again))
    shown = rows[starts]
    visible = np.logical_and.reduceat(poses.visible[rows], starts)
    if again.any():
        _check_truth(poses, rows, starts, visible)
    times = np.diff(np.append(starts, len(rows)))
    offset = np.add.reduceat((poses.pred - poses.gt)[rows], starts) / times[:, None, None]

    gaps = np.diff(number[shown])[np.diff(video[shown]) == 0]
    steps, occurrences = np.unique(gaps, return_counts=True)
    step = int(steps[occurrences.argmax()]) if len(gaps) else 1
    joined = (np.diff(video[shown]) == 0) & (np.diff(number[shown]) == step)
    if step > 1 or joined.sum() < len(gaps):
        print_log(
            f'{" and ".join(orders)}: frames follow each other where their numbers are {step} '
            f'apart, in {joined.sum()} of {len(gaps)} places.',
            logger='current',
        )
    found = {}
    for score, order in orders.items():
        follow = in_a_row(joined, order)
        last = shown[order:][follow]
        errors, counts = np.zeros(poses.visible.shape), np.zeros_like(poses.visible)
        errors[last] = np.linalg.norm(np.diff(offset, order, axis=0)[follow], axis=-1)
        seen = [visible[i : len(visible) - order + i] for i in range(order + 1)]
        counts[last] = np.all(seen, axis=0)[follow]
        if not counts.any():
            raise ValueError(
                f'{score} needs a joint that is visible in {order + 1} frames of a video that '
                f'follow each other, but none of {len(shown)} frames of {len(np.unique(video))} '
                f'videos are so; evaluate on whole videos, or leave {score} out of scores.'
            )
        found[score] = errors, counts
    return found


def _read_names(
    names: Sequence[str | None], pattern: re.Pattern[str], scores: str
) -> tuple[np.ndarray, np.ndarray]:
    """Video (N,) and number in it (N,) of each frame."""
    videos: dict[tuple[str, str], int] = {}
    video, number = np.empty(len(names), dtype=np.int64), np.empty(len(names), dtype=np.int64)
    for row, name in enumerate(names):
        file = re.split(r'[\\/]', name or '')[-1]
        match = pattern.match(file)
        digits = (match['frame'] or '') if match else ''
        if name is None or match is None or not (digits.isdecimal() and len(digits) <= 18):
            what = 'has no name' if name is None else f'is called {name[:120]!r}'
            raise ValueError(
                f'{scores}: the image of sample {row} {what}, so that its frame number is unknown; '
                "let PackPoseInputs have 'target_img_path' among its meta_keys, and name_pattern "
                f'a group (?P<frame>\\d+) that fits, or leave {scores} out of scores.'
            )
        begin, end = match.span('frame')
        rest = name[: len(name) - len(file) + begin], file[end:]
        video[row] = videos.setdefault(rest, len(videos))
        number[row] = int(digits)
    return video, number


def _check_truth(poses: PoseSet, rows: np.ndarray, starts: np.ndarray, visible: np.ndarray) -> None:
    """A frame has one ground truth, however often it is shown."""
    truth = poses.gt[rows]
    apart = np.maximum.reduceat(truth, starts) - np.minimum.reduceat(truth, starts)
    bad = np.flatnonzero((apart.max(-1) * visible > _SAME_MM).any(-1))
    if len(bad):
        raise ValueError(
            f'The image {poses.names[rows[starts[bad[0]]]]!r} has several poses, so that frames '
            'of a video cannot be put in order; give each person and each frame a name of its own, '
            'or leave MPJVE and Accel out of scores.'
        )
