# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The people before a camera, frame by frame: what was last seen of them, and before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NEVER = -(2**40)  # a frame before all others


class LivePeople:
    """People whose joints are held for a while where they are not found.

    What :func:`mmposeaug.datasets.keypoints_2d.fill_gaps` does, without a look ahead: a joint with
    a low score stays at its last good place, for at most ``max_gap`` frames; so does somebody who
    is not detected, who is forgotten after that. A joint that is missing for longer has the place
    that the detector gave it; a person with one that has none is left out.

    Attributes:
        tracks (np.ndarray): Ascending numbers (S,) of the people.
        joints_px (np.ndarray): Their last frames (S, L, J, 2), pixels, the last one last.
        scores (np.ndarray): Confidence (S, L, J); of held joints that of the place.
        held (np.ndarray): True where a joint of the last frame is held: (S, J).
        complete (np.ndarray): Whether somebody has all joints in the last frame: (S,).
    """

    def __init__(self, num_joints: int, length: int, max_gap: int, score_thr: float) -> None:
        self.max_gap, self.score_thr = max_gap, score_thr
        self.tracks = np.zeros(0, np.int64)
        self.joints_px = np.zeros((0, length, num_joints, 2), np.float32)
        self.scores = np.zeros((0, length, num_joints), np.float32)
        self.held = np.zeros((0, num_joints), bool)
        self.complete = np.zeros(0, bool)
        self._seen = np.zeros(0, np.int64)  # frame in which somebody was detected last
        self._good = np.zeros((0, num_joints), np.int64)  # and each joint was found
        self._good_px = np.zeros((0, num_joints, 2), np.float32)
        self._good_scores = np.zeros((0, num_joints), np.float32)

    def step(
        self, frame: int, tracks: np.ndarray, joints_px: np.ndarray, scores: np.ndarray
    ) -> None:
        """Take the people of the next frame.

        Args:
            tracks (np.ndarray): Numbers (P,) of those who are detected, each once.
            joints_px (np.ndarray): Their joints (P, J, 2), pixels.
            scores (np.ndarray): Confidence (P, J), 0 where a joint was not found.
        """
        self._take(self._kept(frame, tracks))
        self._add(np.setdiff1d(tracks, self.tracks))
        rows = np.searchsorted(self.tracks, tracks)
        points = np.zeros_like(self._good_px)
        confidence = np.zeros_like(self._good_scores)
        points[rows], confidence[rows] = joints_px, scores
        self._seen[rows] = frame
        found = confidence > 0
        good = found & (confidence >= self.score_thr)
        self._good[good] = frame
        self._good_px[good], self._good_scores[good] = points[good], confidence[good]
        self.held = ~good & (frame - self._good <= self.max_gap)
        points = np.where(self.held[..., None], self._good_px, points)
        confidence = np.where(self.held, self._good_scores, confidence)
        was_complete = self.complete
        self.complete = (found | self.held).all(1)
        for buffer, new in ((self.joints_px, points), (self.scores, confidence)):
            buffer[:, :-1] = buffer[:, 1:]
            buffer[:, -1] = new
            # who comes, or comes back, has no frames before
            begun = self.complete & ~was_complete
            buffer[begun] = new[begun, None]

    def _kept(self, frame: int, tracks: np.ndarray) -> np.ndarray:
        return (frame - self._seen <= self.max_gap) | np.isin(self.tracks, tracks)

    def _take(self, kept: np.ndarray) -> None:
        if not kept.all():
            for name in self._state():
                setattr(self, name, getattr(self, name)[kept])

    def _add(self, newcomers: Sequence[int] | np.ndarray) -> None:
        if not len(newcomers):
            return
        order = np.argsort(np.concatenate((self.tracks, newcomers)))
        for name, empty in self._state().items():
            old = getattr(self, name)
            new = np.full((len(newcomers), *old.shape[1:]), empty, old.dtype)
            if name == 'tracks':
                new = np.asarray(newcomers, np.int64)
            setattr(self, name, np.concatenate((old, new))[order])

    @staticmethod
    def _state() -> dict[str, int]:
        """Arrays of the people, and what they hold of somebody new."""
        return dict(
            tracks=0,
            joints_px=0,
            scores=0,
            held=0,
            complete=0,
            _seen=NEVER,
            _good=NEVER,
            _good_px=0,
            _good_scores=0,
        )
