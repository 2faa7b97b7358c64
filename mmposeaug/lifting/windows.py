# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Frames that the lifter sees together, for every frame of a sequence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

import numpy as np

from mmposeaug.datasets import VideoIndex, WindowRule
from mmposeaug.datasets.keypoints_2d import split_runs

FRAMES_AT_ONCE = 32768
"""int: Input frames of a batch; bounds the memory of long windows."""


def iterate_windows(
    rule: WindowRule, runs: np.ndarray, batch_size: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Batches of windows that make every row a target once.

    Args:
        runs (np.ndarray): Number of each row's run, (N,), ascending.

    Yields:
        tuple[np.ndarray, np.ndarray, np.ndarray]: Rows (B, T) of the windows; for each row that
        is a target its window (M,) and its place in what the lifter predicts (M,). In the order
        in which they come, the targets are the rows 0, 1, 2 and so on.
    """
    if rule.multiple_target:
        yield from _clips(runs, rule.multiple_target, batch_size)
        return
    padded = replace(rule, pad_video_seq=rule.seq_len > 1)
    number = np.cumsum(np.diff(runs, prepend=runs[0] - 1) != 0) - 1
    count = max(1, min(batch_size, FRAMES_AT_ONCE // rule.seq_len))
    reach = rule.seq_len * rule.seq_step
    for first in range(0, len(runs), count):
        # only the rows that the windows of one batch can reach are laid out at a time
        last = min(first + count, len(runs))
        low, high = max(first - reach, 0), min(last + reach, len(runs))
        near = number[low:high] - number[low]
        videos = tuple((f'{run:09d}', '', '') for run in range(near[-1] + 1))
        around = padded.build(VideoIndex(videos, near))
        windows = low + around.frames_of(slice(first - low, last - low))
        places = np.arange(last - first)
        yield windows.numpy(), places, np.zeros_like(places)


def _clips(
    runs: np.ndarray, length: int, batch_size: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Clips of a lifter that predicts all of their frames."""
    clips = []  # frames of a clip, its first row, its first row that is new
    for rows in split_runs(runs):
        start, end = int(rows[0]), int(rows[-1]) + 1
        frames = min(length, end - start)
        clips += [(frames, min(new, end - frames), new) for new in range(start, end, frames)]
    limit = max(1, min(batch_size, FRAMES_AT_ONCE // length))
    for frames, alike in groupby(clips, key=lambda clip: clip[0]):
        group = list(alike)
        for at in range(0, len(group), limit):
            _, first, new = np.array(group[at : at + limit]).T
            windows = first[:, None] + np.arange(frames)
            which, places = np.nonzero(windows >= new[:, None])
            yield windows, which, places
