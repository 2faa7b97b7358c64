# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""People keep their numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmposeaug.datasets.keypoints_2d import UNTRACKED, Keypoints2D
from mmposeaug.lifting import assign_tracks


def walkers(frames: list[int], seed: int = 0) -> tuple[Keypoints2D, np.ndarray]:
    """Two people who walk towards each other, in any order within a frame, and who each row is."""
    rng = np.random.default_rng(seed)
    shape = rng.uniform(-40, 40, (17, 2)) * [1, 2.5]
    rows, people = [], []
    for frame in frames:
        for person in rng.permutation(2):
            x = 200 + 6 * frame if person == 0 else 600 - 6 * frame
            rows.append((frame, shape + [x, 300 + 90 * person]))
            people.append(person)
    points = np.stack([point for _, point in rows])
    number = np.array([frame for frame, _ in rows])
    untracked = np.full(len(rows), UNTRACKED)
    detected = Keypoints2D(number, untracked, points, np.ones(points.shape[:2]))
    return detected, np.array(people)


@pytest.mark.parametrize('tracker', ['auto', 'iou', 'oks'])
def test_trackers_follow_people_over_gaps(tracker: str) -> None:
    detected, people = walkers([0, 1, 2, 3, 7, 8, 9])
    tracked, way = assign_tracks(detected, tracker, max_gap=5)
    assert way == ('oks' if tracker == 'oks' else 'iou')
    assert tracked.frames.tolist() == detected.frames.tolist()
    first = detected.keypoints_px[people == 0]
    number = tracked.tracks[np.all(tracked.keypoints_px == first[0], axis=(1, 2))][0]
    np.testing.assert_array_equal(tracked.keypoints_px[tracked.tracks == number], first)
    assert len(np.unique(tracked.tracks)) == 2


def test_who_is_away_for_long_is_somebody_new() -> None:
    detected, _ = walkers([0, 1, 9, 10])
    assert len(np.unique(assign_tracks(detected, 'iou', max_gap=2)[0].tracks)) == 4


def test_numbers_of_the_file_are_kept() -> None:
    detected, people = walkers([0, 1, 2])
    numbered = replace(detected, tracks=people + 5)
    for tracker in ('auto', 'file'):
        tracked, way = assign_tracks(numbered, tracker)
        assert way == 'file' and tracked.tracks.tolist() == [5, 6] * 3
    assert len(np.unique(assign_tracks(numbered, 'iou')[0].tracks)) == 2


def test_one_person_needs_no_tracker() -> None:
    detected, people = walkers([0, 3, 14, 40, 41])
    tracked, way = assign_tracks(detected.take(people == 1))
    # who comes back after more than max_gap frames may be somebody else
    assert way == 'one person at a time, anew after a gap'
    assert tracked.tracks.tolist() == [0, 0, 0, 1, 1]
    tracked, way = assign_tracks(detected.take(people == 1), max_gap=25)
    assert way == 'one person' and not tracked.tracks.any()


def test_wrong_numbers_are_said_to_be() -> None:
    detected, people = walkers([0, 1])
    with pytest.raises(ValueError, match='frame 0 of keypoints has no track id'):
        assign_tracks(detected, 'file')
    everybody = replace(detected, tracks=np.full(4, 3))
    with pytest.raises(ValueError, match='track id 3 appears twice in frame 0'):
        assign_tracks(everybody, 'file')
    assert assign_tracks(everybody)[1] == 'iou'  # as files without tracking have it
    with pytest.raises(ValueError, match="tracker is 'sort'; use one of auto"):
        assign_tracks(detected, 'sort')
