# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Clips of videos whose frames have gaps, or come at several rates, are told of."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
from mmengine.logging import print_log

from .frames import VideoIndex


def warn_of_gaps(
    numbers: np.ndarray,
    name_of: Callable[[int], Any],
    index: VideoIndex,
    shown: np.ndarray,
    source: str,
) -> None:
    """Log a warning if frame numbers do not run in one step, alike in all videos.

    A clip takes the rows of a video as they are.

    Args:
        numbers (np.ndarray): Those of the names (N,), see ``frame_numbers``.
        name_of (Callable): The name of a row, for the message.
        shown (np.ndarray): Rows of which clips are made, one or more of each video.
    """
    used = np.zeros(len(index.videos), dtype=bool)
    used[index.of_frame[shown]] = True
    order = np.argsort(index.of_frame, kind='stable')
    order = order[used[index.of_frame[order]]]
    unnumbered = order[numbers[order] < 0]
    if len(unnumbered):
        _warn(
            f'{source}: image names such as {_text(name_of(unnumbered[0]))!r} have no frame '
            'number; clips take the rows of a video for frames that follow each other.'
        )
        return
    starts = np.flatnonzero(np.diff(index.of_frame[order])) + 1
    broken: list[np.ndarray] = []
    rates: dict[int, list[np.ndarray]] = {}
    for rows in np.split(order, starts):
        steps = np.diff(numbers[rows])
        if len(steps):
            usual = np.sort(steps)[len(steps) // 2]
            broken.append(rows[:-1][steps != usual])
            rates.setdefault(int(usual), []).append(rows)
    behind = np.concatenate(broken) if broken else np.zeros(0, np.int64)
    if len(behind):
        _warn(
            f'{source}: after {_text(name_of(behind[0]))!r} and at {len(behind) - 1} other places '
            'frames of a video are missing or out of order; clips take its rows for frames that '
            'follow each other. Give the parts names of their own, such as another action, to '
            'keep clips from reaching over them.'
        )
    if len(rates) > 1:
        found = ', '.join(
            f'{step} in {len(videos)} videos ({_text(name_of(videos[0][0]))!r})'
            for step, videos in sorted(rates.items())
        )
        _warn(
            f'{source}: the frame numbers of its videos go in different steps, {found}; a clip '
            'takes them for one rate. Make data sets of their own of them (subjects, split, or '
            'files) and join these, with a seq_step of its own each.'
        )


def _warn(sentence: str) -> None:
    print_log(sentence, 'current', logging.WARNING)


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)
