# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Whether the rows of an annotation file follow each other in time, as clips take them."""

from __future__ import annotations

import logging

import numpy as np
from mmengine.logging import print_log

from .frames import VideoIndex, frame_numbers


def warn_of_gaps(names: np.ndarray, index: VideoIndex, source: str) -> None:
    """Log a warning if the numbers in the names (N,) of a video do not run in one step.

    A clip takes the rows of a video as they are.
    """
    numbers = frame_numbers(names)
    if (numbers < 0).any():
        print_log(
            f'{source}: image names such as {_text(names[numbers < 0][0])!r} have no frame '
            'number; clips take the rows of a video for frames that follow each other.',
            'current',
            logging.WARNING,
        )
        return
    order = np.argsort(index.of_frame, kind='stable')
    starts = np.flatnonzero(np.diff(index.of_frame[order])) + 1
    broken = []
    for rows in np.split(order, starts):
        steps = np.diff(numbers[rows])
        if len(steps):
            usual = np.sort(steps)[len(steps) // 2]
            broken.append(rows[:-1][steps != usual])
    behind = np.concatenate(broken) if broken else np.zeros(0, np.int64)
    if len(behind):
        print_log(
            f'{source}: behind {_text(names[behind[0]])!r} and at {len(behind) - 1} other places '
            'frames of a video are missing or out of order; clips take its rows for frames that '
            'follow each other.',
            'current',
            logging.WARNING,
        )


def _text(name: np.str_ | np.bytes_) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)
