# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Who is who over the frames: numbers of the file, or MMPose's trackers."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from types import SimpleNamespace
from typing import Any

import numpy as np
from mmpose.apis import _track_by_iou, _track_by_oks

from mmposeaug.datasets.keypoints_2d import UNTRACKED, Keypoints2D, split_runs

TRACKERS = ('auto', 'file', 'iou', 'oks')
"""tuple[str]: Ways to number people."""

THRESHOLD = 0.3
"""float: Overlap of boxes, or similarity of keypoints, from which two people are one; MMPose's."""


def assign_tracks(
    keypoints: Keypoints2D, tracker: str = 'auto', max_gap: int = 10
) -> tuple[Keypoints2D, str]:
    """Give every person a number that stays the same over the frames.

    Args:
        keypoints (Keypoints2D): Detected people.
        tracker (str): ``'file'``: the numbers of the file; ``'iou'`` and ``'oks'``: MMPose's
            trackers, by the overlap of boxes and by the similarity of keypoints. Defaults to
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
    if tracker not in TRACKERS:
        raise ValueError(f'There is no tracker {tracker!r}; use one of {", ".join(TRACKERS)}.')
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


class Follower:
    """Numbers people frame by frame with one of MMPose's trackers."""

    def __init__(self, way: str, max_gap: int) -> None:
        self.way = way
        self.max_gap = max_gap
        self.seen: list[Any] = []
        self.newcomers = count()

    def __call__(self, keypoints: Keypoints2D, rows: np.ndarray) -> list[int]:
        """Numbers of the people of the next frame."""
        frame = int(keypoints.frames[rows[0]])
        # those of the last frame, and those who were lost not long ago
        candidates = [person for person in self.seen if frame - person.frame <= self.max_gap + 1]
        people = [_person(keypoints, row) for row in rows]
        for person in people:
            person.track_id, candidates, _ = _track(person, candidates, self.way)
            if person.track_id == UNTRACKED:
                person.track_id = next(self.newcomers)
        self.seen = people + candidates
        return [person.track_id for person in people]


def _follow(keypoints: Keypoints2D, way: str, max_gap: int) -> np.ndarray:
    """Numbers (N,) from one of MMPose's trackers."""
    follower = Follower(way, max_gap)
    numbers = [follower(keypoints, rows) for rows in split_runs(keypoints.frames)]
    return np.array(sum(numbers, []), np.int64)


def _track(person: Any, candidates: list[Any], way: str) -> Any:
    if way == 'iou':
        return _track_by_iou(person, candidates, THRESHOLD)
    number = person.pred_instances.keypoints.shape[1]
    # its own sigmas are for COCO's 17 keypoints; others get their mean
    sigmas = None if number == 17 else np.full(number, 0.06)
    return _track_by_oks(person, candidates, THRESHOLD, sigmas)


def _person(keypoints: Keypoints2D, row: int) -> Any:
    """What MMPose's trackers look at."""
    assert keypoints.boxes is not None
    box = keypoints.boxes[row].astype(np.float64)
    points = np.where(keypoints.scores[row][:, None] > 0, keypoints.keypoints_px[row], 0)
    instances = SimpleNamespace(
        bboxes=box[None],
        areas=np.array([max(float((box[2] - box[0]) * (box[3] - box[1])), 1.0)]),
        keypoints=points[None].astype(np.float64),
        keypoint_scores=keypoints.scores[row][None].astype(np.float64),
    )
    return SimpleNamespace(pred_instances=instances, track_id=-1, frame=int(keypoints.frames[row]))
