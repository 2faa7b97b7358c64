# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Frame by frame gives what the whole recording gives, wherever nothing is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from small_lifters import Saved, all_frames, calibrated, clip, single_frame

from mmposeaug.apis import LiftingInferencer, LiveLifter
from mmposeaug.datasets.keypoints_2d import Keypoints2D
from mmposeaug.geometry import project
from mmposeaug.structures import LiftedPoses
from mmposeaug.synthetic import Scene

Save = Callable[[Config], Saved]
SIZE = (1280, 720)
OPTIONS: dict[str, Any] = dict(keypoint_set='h36m_17', image_size=SIZE)


@pytest.fixture(scope='module')
def people() -> Keypoints2D:
    """Two people in 30 frames; the second one leaves, and returns after 15 frames."""
    scene = Scene(frames=30)
    pose = torch.from_numpy(scene.film()[0])
    motion = project(pose, torch.from_numpy(scene.intrinsics)).float().numpy()
    beside = motion[::-1] + np.array([250, 10], np.float32)
    there = np.r_[0:8, 23:30]
    return Keypoints2D(
        frames=np.r_[np.arange(30), there],
        tracks=np.r_[np.full(30, 3), np.full(len(there), 7)],
        keypoints_px=np.concatenate((motion, beside[there])),
        scores=np.full((45, 17), 0.9),
    )


def replay(live: LiveLifter, people: Keypoints2D, tracked: bool = True) -> list[LiftedPoses]:
    lifted = []
    for frame in range(int(people.frames[-1]) + 1):
        part = people.take(people.frames == frame)
        tracks = part.tracks if tracked else None
        lifted.append(live(part.keypoints_px, part.scores, tracks))
    return lifted


def seen(lifted: list[LiftedPoses], name: str) -> np.ndarray:
    """Values of those who were detected, all frames together."""
    return np.concatenate([getattr(each, name)[~each.interpolated.all(1)] for each in lifted])


@pytest.mark.parametrize(
    'cfg', [single_frame(), clip(9, True), calibrated()], ids=['one', 'clip', 'calibrated']
)
def test_as_the_whole_recording(saved: Save, people: Keypoints2D, cfg: Config) -> None:
    inferencer = LiftingInferencer(*saved(cfg))
    whole = inferencer(people, max_gap=5, **OPTIONS)
    assert not whole.interpolated.any()
    frames = replay(LiveLifter(inferencer, max_gap=5, **OPTIONS), people)
    for name in ('frames', 'tracks', 'keypoints_px', 'scores', 'intrinsics', 'image_sizes'):
        np.testing.assert_array_equal(seen(frames, name), getattr(whole, name))
    for name in ('poses_rel', 'roots_cam'):
        np.testing.assert_allclose(seen(frames, name), getattr(whole, name), atol=2e-5)


def test_portraits_are_padded_alike(saved: Save, people: Keypoints2D) -> None:
    inferencer = LiftingInferencer(*saved(clip(3, True)))
    options = dict(OPTIONS, image_size=(1000, 1800), pad_portrait=True, max_gap=5)
    whole = inferencer(people, **options)
    frames = replay(LiveLifter(inferencer, **options), people)
    np.testing.assert_allclose(seen(frames, 'poses_rel'), whole.poses_rel, atol=2e-5)


def test_people_are_followed_alike(saved: Save, people: Keypoints2D) -> None:
    inferencer = LiftingInferencer(*saved(single_frame()))
    whole = inferencer(people, tracker='iou', max_gap=5, **OPTIONS)
    frames = replay(LiveLifter(inferencer, max_gap=5, **OPTIONS), people, tracked=False)
    np.testing.assert_array_equal(seen(frames, 'tracks'), whole.tracks)
    assert len(np.unique(whole.tracks)) == 3  # who returns after long is new


def test_who_is_lost_is_held_for_a_while(saved: Save, people: Keypoints2D) -> None:
    live = LiveLifter(LiftingInferencer(*saved(single_frame())), max_gap=4, **OPTIONS)
    frames = replay(live, people)
    assert [7 in each.tracks for each in frames] == [f < 12 or f >= 23 for f in range(30)]
    last, held = frames[7], frames[11]
    assert held.interpolated[held.tracks == 7].all()
    for name in ('keypoints_px', 'poses_rel', 'scores'):
        values = (getattr(each, name)[each.tracks == 7] for each in (held, last))
        np.testing.assert_allclose(*values, atol=1e-6)


def test_joints_are_held_then_left_to_the_detector(saved: Save, people: Keypoints2D) -> None:
    live = LiveLifter(LiftingInferencer(*saved(single_frame())), max_gap=2, **OPTIONS)
    alone = people.take(people.tracks == 3)
    scores = alone.scores.copy()
    scores[5:, 4] = 0.1  # a low score, with a place
    scores[12:, 9] = 0  # not found at all
    lifted = [live(alone.keypoints_px[i, None], scores[i, None], [3]) for i in range(16)]
    place = [each.keypoints_px[0, 4] for each in lifted[:12]]
    np.testing.assert_array_equal(place[6], place[4])
    np.testing.assert_array_equal(place[7], alone.keypoints_px[7, 4])
    marked = [bool(each.interpolated[0, 4]) for each in lifted[:12]]
    assert [i for i, mark in enumerate(marked) if mark] == [5, 6]
    # somebody without a joint cannot be lifted
    assert [len(each) for each in lifted] == [1] * 14 + [0] * 2


def test_dropped_frames_count(saved: Save, people: Keypoints2D) -> None:
    inferencer = LiftingInferencer(*saved(clip(3, True)))
    live = LiveLifter(inferencer, max_gap=3, **OPTIONS)
    alone = people.take(people.tracks == 3)
    for frame in (0, 1, 2, 5, 6):
        part = alone.take(alone.frames == frame)
        lifted = live(part.keypoints_px, part.scores, [3], frame=frame)
    clips = alone.keypoints_px[[2, 5, 6]]  # frame 4 shows what frame 2 did
    one = Keypoints2D(np.arange(3), np.full(3, 3), clips, np.full((3, 17), 0.9))
    expected = inferencer(one, **OPTIONS).poses_rel[-1:]
    np.testing.assert_allclose(lifted.poses_rel, expected, atol=2e-5)
    assert lifted.frames.tolist() == [6]
    with pytest.raises(ValueError, match='Frame 6 comes after frame 6'):
        live(part.keypoints_px, frame=6)
    live.reset()
    assert live(part.keypoints_px).frames.tolist() == [0]


def test_smoothing_is_that_of_the_whole_recording(saved: Save, people: Keypoints2D) -> None:
    inferencer = LiftingInferencer(*saved(single_frame()))
    smooth: dict[str, Any] = dict(smooth=1.0, causal=True, **OPTIONS)
    lifted = replay(LiveLifter(inferencer, fps=50, max_gap=0, **smooth), people)
    whole = inferencer(people, fps=50.0, max_gap=0, tracker='file', **smooth)
    assert np.abs(whole.poses_rel - inferencer(people, **OPTIONS).poses_rel).max() > 1e-3
    for name in ('poses_rel', 'roots_cam'):
        np.testing.assert_allclose(seen(lifted, name), getattr(whole, name), atol=2e-5)


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        (dict(smooth=1.0), 'smooth needs the whole recording; .* causal=True'),
        (dict(smooth=1.0, causal=True), 'give fps'),
        (dict(bones='constant'), 'bones needs the whole recording'),
        (dict(up='auto'), 'up needs the whole'),
        (dict(feet=True), 'feet needs the whole'),
    ],
)
def test_what_looks_ahead_is_refused(saved: Save, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        LiveLifter(LiftingInferencer(*saved(single_frame())), **options)


def test_nobody_is_no_error(saved: Save) -> None:
    live = LiveLifter(LiftingInferencer(*saved(single_frame())), **OPTIONS)
    for keypoints in (np.zeros((0, 17, 2)), np.zeros((2, 17, 2)), np.full((1, 17, 2), np.nan)):
        assert len(live(keypoints)) == 0
    assert live.frame == 2


def test_what_cannot_be_lifted_live_is_refused(saved: Save, people: Keypoints2D) -> None:
    with pytest.raises(ValueError, match='looks 4 frames ahead'):
        LiveLifter(LiftingInferencer(*saved(clip(9, False))))
    with pytest.raises(ValueError, match='lifts whole clips'):
        LiveLifter(LiftingInferencer(*saved(all_frames(8))))
    inferencer = LiftingInferencer(*saved(single_frame()))
    points = people.keypoints_px[:1]
    for options, message in (
        (dict(stills=True), 'stills is for files'),
        (dict(first_frame=1), 'first_frame is for files'),
        (dict(tracker='magic'), "no tracker 'magic'"),
        (dict(fps=0), 'fps is 0'),
    ):
        with pytest.raises(ValueError, match=message):
            LiveLifter(inferencer, **options)
    with pytest.raises(ValueError, match='size of the images is not known'):
        LiveLifter(inferencer, keypoint_set='h36m_17')(points)
    with pytest.raises(ValueError, match='keypoint_set'):
        LiveLifter(inferencer, image_size=SIZE)(points)
    with pytest.raises(ValueError, match='not pixels'):
        LiveLifter(inferencer, **OPTIONS)(points / 1280)
    with pytest.raises(ValueError, match='same number'):
        LiveLifter(inferencer, **OPTIONS)(np.repeat(points, 2, 0), tracks=[1, 1])
    with pytest.raises(ValueError, match='give tracks'):
        LiveLifter(inferencer, tracker='file', **OPTIONS)(points)
