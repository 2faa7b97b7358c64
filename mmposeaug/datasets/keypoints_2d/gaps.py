# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Sequences without holes: what a detector missed for a short while is interpolated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def split_runs(numbers: np.ndarray) -> list[np.ndarray]:
    """Return the places of equal ``numbers`` (N,) that follow each other, run by run.

    Example:
        >>> [run.tolist() for run in split_runs(np.array([4, 4, 7, 4]))]
        [[0, 1], [2], [3]]
    """
    return np.split(np.arange(len(numbers)), np.flatnonzero(np.diff(numbers)) + 1)


@dataclass(frozen=True)
class Sequences:
    """People in unbroken runs of frames.

    Attributes:
        frames (np.ndarray): Number of each row's frame, (N,).
        tracks (np.ndarray): Number of each row's person, (N,).
        runs (np.ndarray): Number of each row's run, (N,), ascending; a run is one person in
            frames that follow each other.
        joints_px (np.ndarray): (N, J, 2), pixels, all finite.
        scores (np.ndarray): Confidence (N, J); of interpolated joints that of their neighbours.
        interpolated (np.ndarray): True where a joint was not detected: (N, J).
        incomplete (np.ndarray): (frame, track) of the people who were left out since a joint
            was not found and could not be interpolated: (M, 2).
    """

    frames: np.ndarray
    tracks: np.ndarray
    runs: np.ndarray
    joints_px: np.ndarray
    scores: np.ndarray
    interpolated: np.ndarray
    incomplete: np.ndarray

    def __len__(self) -> int:
        return len(self.frames)


def fill_gaps(
    frames: np.ndarray,
    tracks: np.ndarray,
    joints_px: np.ndarray,
    scores: np.ndarray,
    max_gap: int = 10,
    score_thr: float = 0.3,
) -> Sequences:
    """Interpolate what was not found, or with a low score, for at most ``max_gap`` frames.

    A joint that is missing for longer keeps the place that the detector gave it, with its low
    score; where there is none, the person is left out of that frame. At the ends of a run the
    nearest place is held.

    Args:
        frames (np.ndarray): Number of each row's frame, (N,).
        tracks (np.ndarray): Number of each row's person, (N,); no person twice in a frame.
        joints_px (np.ndarray): (N, J, 2), pixels.
        scores (np.ndarray): Confidence (N, J), 0 where a joint was not found.
        max_gap (int): Longest gap in frames. Defaults to 10; 0 interpolates nothing.
        score_thr (float): Joints below it count as missing. Defaults to 0.3.

    Returns:
        Sequences: The people, run by run.

    Raises:
        ValueError: If ``max_gap`` is negative, ``score_thr`` is not in 0 to 1, or nobody is left.
    """
    if max_gap < 0:
        raise ValueError(f'max_gap is {max_gap}; give a number of frames from 0 on.')
    if not 0 <= score_thr <= 1:
        raise ValueError(f'score_thr is {score_thr}; it must lie in 0 to 1.')
    filled = []
    order = np.lexsort((frames, tracks))
    for places in split_runs(tracks[order]):
        rows = order[places]
        breaks = np.flatnonzero(np.diff(frames[rows]) > max_gap + 1) + 1
        for part in np.split(rows, breaks):
            person = _fill(frames[part], joints_px[part], scores[part], max_gap, score_thr)
            filled.append((tracks[rows[0]], *person))
    return _join(filled)


def _fill(
    frames: np.ndarray, joints: np.ndarray, scores: np.ndarray, max_gap: int, score_thr: float
) -> tuple[np.ndarray, ...]:
    """One person from the first frame to the last: frames, joints, scores, marks, usable, seen."""
    place = frames - frames[0]
    count, names = int(place[-1]) + 1, joints.shape[1]
    points = np.full((count, names, 2), np.nan, np.float32)
    confidence = np.zeros((count, names), np.float32)
    points[place], confidence[place] = joints, scores
    found = confidence > 0
    good = found & (confidence >= score_thr)
    steps = np.arange(count)[:, None]
    before = np.maximum.accumulate(np.where(good, steps, -1), axis=0)
    after = np.minimum.accumulate(np.where(good, steps, count)[::-1], axis=0)[::-1]
    inside = (before >= 0) & (after < count)
    distance = np.minimum(
        np.where(before >= 0, steps - before, count), np.where(after < count, after - steps, count)
    )
    length = np.where(inside, after - before - 1, distance)
    marked = ~good & (length <= max_gap) & good.any(0)
    for joint in np.flatnonzero(marked.any(0)):
        known, wanted = np.flatnonzero(good[:, joint]), np.flatnonzero(marked[:, joint])
        for values in (points[..., 0], points[..., 1], confidence):
            values[wanted, joint] = np.interp(wanted, known, values[known, joint])
    usable = (found | marked).all(1)
    seen = np.zeros(count, bool)
    seen[place] = True
    return frames[0] + np.arange(count), points, confidence, marked, usable, seen


_COLUMNS = ('frames', 'tracks', 'runs', 'joints_px', 'scores', 'interpolated')


def _join(filled: list[tuple]) -> Sequences:
    parts: dict[str, list[np.ndarray]] = {name: [] for name in (*_COLUMNS, 'lost')}
    run = 0
    for track, frames, points, scores, marked, usable, seen in filled:
        lost = frames[~usable & seen]
        parts['lost'].append(np.stack((lost, np.full_like(lost, track)), axis=1))
        kept = np.flatnonzero(usable)
        for piece in np.split(kept, np.flatnonzero(np.diff(kept) > 1) + 1):
            if len(piece):
                parts['frames'].append(frames[piece])
                parts['tracks'].append(np.full(len(piece), track))
                parts['runs'].append(np.full(len(piece), run))
                parts['joints_px'].append(points[piece])
                parts['scores'].append(scores[piece])
                parts['interpolated'].append(marked[piece])
                run += 1
    lost = np.concatenate(parts['lost'])
    if not run:
        raise ValueError(
            f'No person has all joints: in each of {len(lost)} cases one was not found, and no '
            'frame near enough has it; choose the keypoint set that the detector gives, or raise '
            'max_gap.'
        )
    columns = {name: np.concatenate(parts[name]) for name in _COLUMNS}
    return Sequences(**columns, incomplete=lost)
