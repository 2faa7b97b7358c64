# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Who is who over the frames: numbers of the file, or a tracker's."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import NamedTuple

import numpy as np

from mmposeaug.datasets.keypoints_2d import UNTRACKED, Keypoints2D, split_runs
from mmposeaug.structures.choices import require_choice

TRACKERS = ('auto', 'file', 'iou', 'oks')
"""tuple[str]: Ways to number people."""

THRESHOLD = 0.3
"""float: Overlap of boxes, or similarity of keypoints, from which two people are one, as in
MMPose."""


def assign_tracks(
    keypoints: Keypoints2D, tracker: str = 'auto', max_gap: int = 10
) -> tuple[Keypoints2D, str]:
    """Give every person a number that stays the same over the frames.

    Args:
        keypoints (Keypoints2D): Detected people.
        tracker (str): ``'file'``: the numbers of the file; ``'iou'`` and ``'oks'``: MMPose's
            way, by the overlap of boxes and by the similarity of keypoints. Defaults to
            ``'auto'``: the file's where everybody has one, no tracker for one person a frame, else
            ``'iou'``.
        max_gap (int): Frames for which somebody who is not seen is remembered; who comes later is
            a new person. Defaults to 10.

    Returns:
        tuple[Keypoints2D, str]: The people, sorted by frame and number, and which way was taken.

    Raises:
        ValueError: If the tracker is unknown, numbers of the file are missing, or one appears
            twice in a frame.
    """
    require_choice('tracker', tracker, TRACKERS)
    numbered = bool((keypoints.tracks != UNTRACKED).all())
    if tracker == 'auto' and numbered and _repeated(keypoints):
        numbered = False  # as without tracking: everybody has the same number
    if tracker == 'file' and not numbered:
        missing = keypoints.frames[keypoints.tracks == UNTRACKED][0]
        raise ValueError(
            f'A person in frame {missing} of {keypoints.source} has no track id; choose the '
            "tracker 'iou' or 'oks'."
        )
    alone = len(np.unique(keypoints.frames)) == len(keypoints)
    if tracker in ('auto', 'file') and numbered:
        tracks, way = keypoints.tracks, 'file'
    elif tracker == 'auto' and alone:
        # who comes after a long absence may be somebody else
        order = np.argsort(keypoints.frames, kind='stable')
        tracks = np.empty(len(keypoints), np.int64)
        frames = keypoints.frames[order]
        tracks[order] = np.cumsum(np.diff(frames, prepend=frames[:1]) > max_gap + 1)
        way = 'one person' if not tracks.any() else 'one person at a time, anew after a gap'
    else:
        way = 'iou' if tracker == 'auto' else tracker
        tracks = _follow(keypoints, way, max_gap)
    order = np.lexsort((tracks, keypoints.frames))
    ordered = replace(keypoints.take(order), tracks=tracks[order])
    same = (np.diff(ordered.frames) == 0) & (np.diff(ordered.tracks) == 0)
    if same.any():
        row = int(np.flatnonzero(same)[0])
        raise ValueError(
            f'The track id {ordered.tracks[row]} appears twice in frame {ordered.frames[row]} of '
            f"{keypoints.source}; mend the file, or choose the tracker 'iou' or 'oks'."
        )
    return ordered, way


def _repeated(keypoints: Keypoints2D) -> bool:
    """Whether a number appears twice in a frame."""
    pairs = np.stack((keypoints.frames, keypoints.tracks), axis=1)
    return len(np.unique(pairs, axis=0)) < len(pairs)


def number_in_frames(keypoints: Keypoints2D) -> Keypoints2D:
    """People of single pictures, numbered from 0 in each."""
    numbers = [rows - rows[0] for rows in split_runs(keypoints.frames)]
    return replace(keypoints, tracks=np.concatenate(numbers))


class _Seen(NamedTuple):
    """Somebody as last seen."""

    frame: int
    box: np.ndarray
    keypoints: np.ndarray
    area: float
    number: int = UNTRACKED


class Follower:
    """Numbers people frame by frame, each as the most similar one of the frames before."""

    def __init__(self, way: str, max_gap: int) -> None:
        self.way = way
        self.max_gap = max_gap
        self.seen: list[_Seen] = []
        self.newcomers = count()

    def __call__(self, keypoints: Keypoints2D, rows: np.ndarray) -> list[int]:
        """Numbers of the people of the next frame."""
        frame = int(keypoints.frames[rows[0]])
        # those of the last frame, and those who were lost not long ago
        before = [person for person in self.seen if frame - person.frame <= self.max_gap + 1]
        people = []
        for row in rows:
            person, number = _look(keypoints, row), UNTRACKED
            if before:
                similarity = self._similarity(person, before)
                best = int(np.argmax(similarity))
                number = before.pop(best).number if similarity[best] > THRESHOLD else UNTRACKED
            number = next(self.newcomers) if number == UNTRACKED else number
            people.append(person._replace(number=number))
        self.seen = people + before
        return [person.number for person in people]

    def _similarity(self, person: _Seen, before: list[_Seen]) -> np.ndarray:
        """Overlap of boxes, or object keypoint similarity as COCO defines it."""
        if self.way == 'iou':
            return np.array([_overlap(person.box, other.box) for other in before])
        from mmpose.evaluation.functional.nms import oks_iou  # seconds of imports

        points = np.array([other.keypoints for other in before])
        areas = np.array([other.area for other in before])
        number = len(person.keypoints) // 3
        # MMPose's sigmas are for COCO's 17 keypoints; others get their mean
        sigmas = None if number == 17 else np.full(number, 0.06)
        return oks_iou(person.keypoints, points, person.area, areas, sigmas=sigmas)


def _follow(keypoints: Keypoints2D, way: str, max_gap: int) -> np.ndarray:
    """Numbers (N,) of all people."""
    follower = Follower(way, max_gap)
    numbers = [follower(keypoints, rows) for rows in split_runs(keypoints.frames)]
    return np.array(sum(numbers, []), np.int64)


def _look(keypoints: Keypoints2D, row: int) -> _Seen:
    assert keypoints.boxes is not None
    box = keypoints.boxes[row].astype(np.float64)
    scores = keypoints.scores[row].astype(np.float64)
    points = np.where(scores[:, None] > 0, keypoints.keypoints_px[row], 0)
    triples = np.concatenate((points, scores[:, None]), axis=1).reshape(-1)
    area = max(float(np.prod(box[2:] - box[:2])), 1.0)
    return _Seen(int(keypoints.frames[row]), box, triples, area)


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two boxes (left, top, right, bottom)."""
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    shared = float(np.prod(sides.clip(min=0)))
    whole = float(np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2])) - shared
    return shared / (whole or 1e-5)
