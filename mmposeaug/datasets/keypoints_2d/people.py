# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Collecting the people of a file, entry by entry, into arrays."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .frame_numbers import LARGEST_FRAME
from .keypoint_sets import DETECTOR_SETS, keypoint_names
from .keypoints import GIVEN, UNTRACKED, Keypoints2D, certain_scores


class PeopleCollector:
    """Gather people one by one; numbers are kept as floats, not as Python objects."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.num_keypoints: int | None = None
        self._frames = array('q')
        self._tracks = array('q')
        self._values = array('f')
        self._boxes = array('f')
        self._has_boxes = True

    def add(
        self,
        where: str,
        frame: int,
        keypoints: Any,
        scores: Any = None,
        track: Any = None,
        box: Any = None,
    ) -> None:
        """Add a person."""
        triples = _triples(keypoints, scores, f'{where} of {self.source}')
        if not len(triples):  # a person that was seen, but none of its keypoints
            return
        if self.num_keypoints is None:
            self.num_keypoints = len(triples)
        if len(triples) != self.num_keypoints:
            raise ValueError(
                f'{where} of {self.source} has {len(triples)} keypoints, the others have '
                f'{self.num_keypoints}; every person needs all of them, with the score 0 where one '
                'was not found.'
            )
        number = _track(track, f'{where} of {self.source}')
        if max(abs(frame), abs(number)) >= LARGEST_FRAME:
            raise ValueError(
                f'{where} of {self.source} has the frame {frame} and the track id {number}; both '
                f'must be below {LARGEST_FRAME}.'
            )
        self._frames.append(frame)
        self._tracks.append(number)
        self._values.frombytes(triples.astype(np.float32).tobytes())
        if box is None or not self._has_boxes:
            self._has_boxes = False
        else:
            self._boxes.extend(_box(box, f'{where} of {self.source}'))

    def finish(
        self,
        joint_names: Sequence[str] | None = None,
        image_names: Mapping[int, str] | None = None,
        image_sizes: Mapping[int, tuple[int, int]] | None = None,
        frames_from: str = GIVEN,
    ) -> Keypoints2D:
        """All people."""
        if not self._frames:
            raise ValueError(
                f'{self.source} holds no person with keypoints; check that it is the output of a '
                '2D detector.'
            )
        guessed = None
        if joint_names is None and self.num_keypoints in DETECTOR_SETS:
            guessed = DETECTOR_SETS[self.num_keypoints]
            joint_names = keypoint_names(guessed)
        values = np.frombuffer(self._values, np.float32).reshape(len(self._frames), -1, 3)
        boxes = None
        if self._has_boxes:
            boxes = np.frombuffer(self._boxes, np.float32).reshape(-1, 4)
        return Keypoints2D(
            frames=np.array(self._frames),
            tracks=np.array(self._tracks),
            keypoints_px=values[..., :2],
            scores=values[..., 2],
            joint_names=None if joint_names is None else tuple(joint_names),
            boxes=boxes,
            image_names=dict(image_names or {}),
            image_sizes=dict(image_sizes or {}),
            source=self.source,
            guessed_set=guessed,
            frames_from=frames_from,
        )


def _triples(keypoints: Any, scores: Any, where: str) -> np.ndarray:
    """Keypoints (K, 3): x, y, score."""
    try:
        # JSON has null for what is not a number
        points = np.array(keypoints, dtype=np.float64)
        confidence = None if scores is None else np.array(scores, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError):
        raise ValueError(
            f'{where} has keypoints that are not lists of numbers; give (x, y, score) for each.'
        ) from None
    if points.size == 0:
        return points.reshape(0, 3)
    if confidence is None:
        if points.ndim == 2 and points.shape[1] == 2:
            confidence = certain_scores(points)
        elif points.size % 3 or (points.ndim == 2 and points.shape[1] != 3) or points.ndim > 2:
            raise ValueError(
                f'{where} has {points.size} numbers as keypoints; give (x, y, score) for each.'
            )
        else:
            return points.reshape(-1, 3)
    if points.ndim != 2 or points.shape[1] < 2 or len(points) != len(confidence):
        raise ValueError(
            f'{where} has keypoints of shape {points.shape} and {len(confidence)} scores; give '
            '(x, y) and one score for each.'
        )
    return np.concatenate((points[:, :2], confidence[:, None]), axis=1)


def _track(track: Any, where: str) -> int:
    if track is None:
        return UNTRACKED
    try:
        number = int(np.ravel(track)[0])  # some trackers write a list of one
    except (TypeError, ValueError, IndexError):
        raise ValueError(
            f'{where} has the track id {track!r}; it must be a whole number.'
        ) from None
    return number if number >= 0 else UNTRACKED


def _box(box: Any, where: str) -> list[float]:
    try:
        numbers = [float(v) for v in np.ravel(box)[:4]]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != 4:
        raise ValueError(f'{where} has the box {box!r}; it must be four numbers.')
    return numbers


def corners(box: Any) -> Any:
    """Return left, top, right, bottom of a box of left, top, width, height."""
    if not isinstance(box, (list, tuple)) or len(box) != 4:
        return None
    try:
        left, top, width, height = map(float, box)
    except (TypeError, ValueError):
        return box  # whoever takes it says that it is not four numbers
    return [left, top, left + width, top + height]
