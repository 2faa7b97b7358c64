# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What was missed is interpolated for as long as it may be, and marked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmposeaug.datasets.keypoints_2d import fill_gaps


def line(frames: list[int], joints: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A person who moves 10 px a frame to the right, joint j 100 j px lower."""
    number = np.array(frames)
    points = np.zeros((len(frames), joints, 2), np.float32)
    points[..., 0] = 10 * number[:, None]
    points[..., 1] = 100 * np.arange(joints)
    return number, points, np.full((len(frames), joints), 0.8, np.float32)


def test_frames_without_the_person_are_interpolated() -> None:
    frames, points, scores = line([3, 4, 7, 8])
    filled = fill_gaps(frames, np.zeros(4, int), points, scores, max_gap=2)
    assert filled.frames.tolist() == [3, 4, 5, 6, 7, 8]
    np.testing.assert_allclose(filled.joints_px, line([3, 4, 5, 6, 7, 8])[1])
    assert filled.interpolated.tolist() == [[i in (2, 3)] * 2 for i in range(6)]
    assert (filled.runs == 0).all() and not len(filled.incomplete)


def test_longer_gaps_end_a_run() -> None:
    frames, points, scores = line([3, 4, 7, 8])
    filled = fill_gaps(frames, np.full(4, 9), points, scores, max_gap=1)
    assert filled.frames.tolist() == [3, 4, 7, 8]
    assert filled.runs.tolist() == [0, 0, 1, 1] and filled.tracks.tolist() == [9] * 4
    assert not filled.interpolated.any()


def test_a_joint_with_a_low_score_is_interpolated_others_stay() -> None:
    frames, points, scores = line(list(range(6)))
    points[2:4, 1] = 999
    scores[2:4, 1] = 0.1
    filled = fill_gaps(frames, np.zeros(6, int), points, scores, max_gap=2, score_thr=0.3)
    np.testing.assert_allclose(filled.joints_px, line(list(range(6)))[1])
    assert np.argwhere(filled.interpolated).tolist() == [[2, 1], [3, 1]]
    np.testing.assert_allclose(filled.scores, 0.8)
    kept = fill_gaps(frames, np.zeros(6, int), points, scores, max_gap=1, score_thr=0.3)
    np.testing.assert_array_equal(kept.joints_px, points)  # where the detector saw it
    assert not kept.interpolated.any() and kept.scores[2, 1] == np.float32(0.1)


def test_ends_hold_the_nearest_place() -> None:
    frames, points, scores = line(list(range(5)))
    scores[[0, 4], 0] = 0
    filled = fill_gaps(frames, np.zeros(5, int), points, scores, max_gap=1)
    assert filled.joints_px[:, 0, 0].tolist() == [10, 10, 20, 30, 30]


def test_people_without_a_joint_are_left_out_and_counted() -> None:
    frames, points, scores = line(list(range(7)))
    points[2:5, 1], scores[2:5, 1] = np.nan, 0
    filled = fill_gaps(frames, np.full(7, 4), points, scores, max_gap=2)
    assert filled.frames.tolist() == [0, 1, 5, 6] and filled.runs.tolist() == [0, 0, 1, 1]
    assert filled.incomplete.tolist() == [[2, 4], [3, 4], [4, 4]]
    with pytest.raises(ValueError, match='No person has all joints: in each of 7 cases'):
        fill_gaps(frames, np.zeros(7, int), points, np.zeros_like(scores))


def test_people_do_not_mix() -> None:
    frames, points, scores = line([0, 1, 2])
    both = fill_gaps(
        np.concatenate((frames, frames)),
        np.repeat([5, 2], 3),
        np.concatenate((points, points + 1000)),
        np.concatenate((scores, scores)),
    )
    assert both.tracks.tolist() == [2, 2, 2, 5, 5, 5] and both.runs.tolist() == [0] * 3 + [1] * 3
    assert both.joints_px[0, 0, 0] == 1000 and both.joints_px[3, 0, 0] == 0


@given(
    st.integers(0, 6),
    st.lists(
        st.lists(st.sampled_from([0.0, 0.2, 0.9]), min_size=2, max_size=2), min_size=1, max_size=30
    ),
)
def test_a_straight_motion_is_filled_with_itself(max_gap: int, scores: list[list[float]]) -> None:
    """Whatever is missing, every row is finite, and what was interpolated lies on the line."""
    confidence = np.array(scores, np.float32)
    frames, points, _ = line(list(range(len(scores))))
    points[confidence == 0] = np.nan
    kept = (confidence > 0).any(1)
    if not kept.any():
        return
    try:
        filled = fill_gaps(
            frames[kept], np.zeros(kept.sum(), int), points[kept], confidence[kept], max_gap
        )
    except ValueError:
        return
    assert np.isfinite(filled.joints_px).all() and np.isfinite(filled.scores).all()
    good = confidence >= 0.3
    for row, joint in np.argwhere(filled.interpolated):
        frame = filled.frames[row]
        # a person who was away for longer starts anew
        seen = np.flatnonzero(kept)
        breaks = seen[np.flatnonzero(np.diff(seen) > max_gap + 1) + 1]
        first = max((b for b in breaks if b <= frame), default=0)
        last = min((b for b in breaks if b > frame), default=len(good))
        known = np.flatnonzero(good[first:last, joint]) + first
        before, after = known[known < frame], known[known > frame]
        assert len(known)
        if len(before) and len(after):
            assert after[0] - before[-1] - 1 <= max_gap
            np.testing.assert_allclose(filled.joints_px[row, joint, 0], 10 * frame, atol=1e-3)
    for run in np.unique(filled.runs):
        assert (np.diff(filled.frames[filled.runs == run]) == 1).all()


def test_wrong_options_are_said_to_be() -> None:
    frames, points, scores = line([0])
    with pytest.raises(ValueError, match='max_gap is -1'):
        fill_gaps(frames, np.zeros(1, int), points, scores, max_gap=-1)
    with pytest.raises(ValueError, match='score_thr is 2'):
        fill_gaps(frames, np.zeros(1, int), points, scores, score_thr=2)
