# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""2D keypoints of several people over several frames, whatever file they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from mmposeaug.structures import H36M_17

from .keypoint_sets import is_mislabelled

UNTRACKED = -1
"""int: Track number of a person that nobody has followed over the frames yet."""

MAX_COORDINATE = 1e5
"""float: Largest coordinate in pixels that is taken for one."""

MAX_SCORE = 2.0
"""float: Scores above it are mentioned: percentages would all count as certain."""

GIVEN = 'given with the keypoints'
"""str: How frames are known that no reader has told."""


@dataclass(frozen=True)
class Keypoints2D:
    """Detected people, one row for each person in each frame, sorted by frame.

    Coordinates that are not finite, and scores that are not numbers, mean that a keypoint was
    not found: such a keypoint has the score 0. Scores above 1
    count as 1. Rows without a single keypoint, or with all of them at (0, 0), are left out.

    Names by which MMPose's ``h36m_to_coco`` calls Human3.6M's right leg left are replaced by the
    right ones, which is told in ``notices``.

    Attributes:
        frames (np.ndarray): Number of each row's frame, (N,), integers from 0.
        tracks (np.ndarray): Number of each row's person, :data:`UNTRACKED` where unknown: (N,).
        keypoints_px (np.ndarray): Pixels: (N, K, 2).
        scores (np.ndarray): Confidence, (N, K); 0 where a keypoint was not found.
        joint_names (tuple[str], optional): Names of the K keypoints, where they are known.
        boxes (np.ndarray, optional): Boxes (N, 4) of the people: left, top, right, bottom in
            pixels. Defaults to None, those of the keypoints.
        image_names (Mapping[int, str]): File name by frame, where it is known.
        image_sizes (Mapping[int, tuple[int, int]]): Width and height by frame, likewise.
        fps (float, optional): Frames a second, where it is known.
        source (str): What to call the data in messages.
        guessed_set (str, optional): Keypoint set that ``joint_names`` were taken from since the
            file has none. Defaults to None: the names are the file's own.
        frames_from (str): How the frames are known, in words; it begins with ``'assumed: '``
            where they are not.
        notices (tuple[str, ...]): Sentences on what was changed when it was read.

    Raises:
        ValueError: If shapes disagree, frames or tracks are not whole numbers, coordinates are far
            beyond any image, ``fps`` is not positive, or there is no keypoint at all.
    """

    frames: np.ndarray
    tracks: np.ndarray
    keypoints_px: np.ndarray
    scores: np.ndarray
    joint_names: tuple[str, ...] | None = None
    boxes: np.ndarray | None = None
    image_names: Mapping[int, str] = field(default_factory=dict)
    image_sizes: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    fps: float | None = None
    source: str = 'keypoints'
    guessed_set: str | None = None
    frames_from: str = GIVEN
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        keypoints = np.asarray(self.keypoints_px, np.float32)
        if keypoints.ndim != 3 or keypoints.shape[2] != 2:
            raise ValueError(
                f'The keypoints of {self.source} are of shape {keypoints.shape}; they must be of '
                'shape (people, keypoints, 2).'
            )
        rows, count = keypoints.shape[:2]
        if self.joint_names is not None and len(self.joint_names) != count:
            raise ValueError(
                f'{self.source} has {count} keypoints a person but {len(self.joint_names)} names '
                'for them; make them agree.'
            )
        scores = np.asarray(self.scores, np.float32)
        self._check_numbers(keypoints)
        self._mend_names()
        shapes = dict(frames=(rows,), tracks=(rows,), scores=(rows, count))
        for name, shape in shapes.items():
            found = np.shape(getattr(self, name))
            if found != shape:
                raise ValueError(
                    f'{name} of {self.source} must be of shape {shape} to match its keypoints, '
                    f'got {found}.'
                )
        found_there = np.isfinite(keypoints).all(-1) & np.isfinite(scores)
        placed = found_there & (scores > 0) & (keypoints != 0).any(-1)
        found_there &= placed.any(1)[:, None]  # who is at (0, 0) as a whole was not detected
        self._tell_large(scores[found_there])
        scores = np.where(found_there, np.clip(scores, 0, 1), 0)
        kept = np.flatnonzero((scores > 0).any(1))
        if not len(kept):
            raise ValueError(
                f'{self.source} holds no keypoint with a position and a score above 0 '
                f'({rows} people); check that it is the output of a 2D detector.'
            )
        kept = kept[np.argsort(np.asarray(self.frames)[kept], kind='stable')]
        boxes = None if self.boxes is None else np.asarray(self.boxes, np.float32)[kept]
        for name, value in (
            ('frames', np.asarray(self.frames, np.int64)[kept]),
            ('tracks', np.asarray(self.tracks, np.int64)[kept]),
            ('keypoints_px', keypoints[kept]),
            ('scores', scores[kept]),
            ('boxes', _boxes(keypoints[kept], scores[kept]) if boxes is None else boxes),
        ):
            object.__setattr__(self, name, value)

    def _check_numbers(self, keypoints: np.ndarray) -> None:
        for name in ('frames', 'tracks'):
            values = np.asarray(getattr(self, name))
            whole = values.astype(np.int64) if values.dtype.kind in 'iufb' else None
            if whole is None or not (whole == values).all() or whole.min(initial=0) < UNTRACKED:
                raise ValueError(f'The {name} of {self.source} must be whole numbers from 0 on.')
        if np.asarray(self.frames).min(initial=0) < 0:
            raise ValueError(f'The frames of {self.source} must be whole numbers from 0 on.')
        if self.fps is not None and not (np.isfinite(self.fps) and self.fps > 0):
            raise ValueError(f'fps of {self.source} is {self.fps}; it must be above 0.')
        largest = np.abs(keypoints[np.isfinite(keypoints)]).max(initial=0)
        if largest > MAX_COORDINATE:
            raise ValueError(
                f'{self.source} has a keypoint at {largest:g}; coordinates must be pixels of an '
                'image.'
            )

    def _tell_large(self, scores: np.ndarray) -> None:
        if scores.max(initial=0) > MAX_SCORE:
            notice = (
                f'The scores of {self.source} reach {scores.max():g}; those above 1 count as 1. '
                'Divide percentages by 100.'
            )
            object.__setattr__(self, 'notices', (*self.notices, notice))

    def _mend_names(self) -> None:
        if self.joint_names is not None and is_mislabelled(self.joint_names):
            notice = (
                f"The names of {self.source} are those of MMPose's h36m_to_coco, which calls the "
                'right leg left; those of h36m_17 are taken in their place.'
            )
            object.__setattr__(self, 'joint_names', H36M_17.joint_names)
            object.__setattr__(self, 'notices', (*self.notices, notice))

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def num_keypoints(self) -> int:
        """int: Keypoints K of a person."""
        return self.keypoints_px.shape[1]

    def take(self, rows: np.ndarray) -> Keypoints2D:
        """Return the people of some of the rows, by number or mask."""
        parts = ('frames', 'tracks', 'keypoints_px', 'scores')
        assert self.boxes is not None
        return replace(
            self, boxes=self.boxes[rows], **{name: getattr(self, name)[rows] for name in parts}
        )


def certain_scores(keypoints: np.ndarray) -> np.ndarray:
    """Return scores (*) of keypoints (*, 2) without any: 1, or 0 at (0, 0), for not found."""
    return (np.asarray(keypoints)[..., :2] != 0).any(-1).astype(np.float32)


def _boxes(keypoints: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) around the keypoints that were found."""
    there = (scores > 0)[..., None]
    low = np.where(there, keypoints, np.inf).min(1)
    high = np.where(there, keypoints, -np.inf).max(1)
    return np.concatenate((low, high), axis=1)
