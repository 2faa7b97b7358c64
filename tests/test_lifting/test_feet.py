# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Feet that stand do not slide, feet that move do, and bones keep their lengths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from movers import FPS, lifted_of, stander, walker

from mmposeaug.apis import LiftingOptions
from mmposeaug.lifting import FootRule, plant_feet, refine_poses, smooth_poses, standing_feet
from mmposeaug.lifting.two_bones import bend_limb
from mmposeaug.structures import H36M_17, LiftedPoses, Skeleton

FEET = [6, 3]


def lengths(poses: np.ndarray) -> np.ndarray:
    children, parents = np.array(H36M_17.bones).T
    return np.linalg.norm(poses[:, children] - poses[:, parents], axis=-1)


def slides(lifted: LiftedPoses, stands: np.ndarray) -> np.ndarray:
    """Farthest way (metres) of a foot from its mean place in each contact."""
    places, found = lifted.poses_cam[:, FEET], []
    for foot in range(2):
        edges = np.flatnonzero(np.diff(np.r_[0, stands[:, foot].astype(int), 0])).reshape(-1, 2)
        for start, end in edges:
            place = places[start:end, foot]
            found.append(np.linalg.norm(place - place.mean(0), axis=-1).max())
    return np.array(found)


@pytest.fixture(scope='module')
def noisy() -> LiftedPoses:
    """A walker whose joints shake by 2 cm, and whose depth drifts, smoothed."""
    pose, up = walker()
    rng = np.random.default_rng(0)
    drift = np.zeros_like(pose)
    drift[..., 2] = 0.1 * np.sin(np.arange(len(pose)) / 8)[:, None]
    shaken = lifted_of(pose + drift + rng.normal(0, 0.02, pose.shape))
    return replace(smooth_poses(shaken, 6.0), up_cam=up)


def test_a_walker_does_not_slide(noisy: LiftedPoses) -> None:
    rows = np.arange(len(noisy))
    stands = standing_feet(noisy, rows)
    before, planted = slides(noisy, stands), plant_feet(noisy)
    after = slides(planted, stands)
    assert len(before) >= 6
    assert before.mean() > 0.03 and after.mean() < 0.005 and after.max() < 0.03
    np.testing.assert_allclose(lengths(planted.poses_rel), lengths(noisy.poses_rel), atol=1e-5)
    # the feet are where they were moved from, not elsewhere
    assert np.linalg.norm(planted.poses_cam - noisy.poses_cam, axis=-1).mean() < 0.12
    assert planted.info['feet'] == f'planted: {len(before)} contacts of feet'
    # only legs change in the root-relative pose
    others = [j for j in range(17) if j not in (2, 3, 5, 6)]
    np.testing.assert_array_equal(planted.poses_rel[:, others], noisy.poses_rel[:, others])


def test_moving_feet_are_not_held() -> None:
    for heading in (0.0, 90.0, 180.0):
        pose, up = walker(heading)
        stands = standing_feet(lifted_of(pose, up_cam=up), np.arange(len(pose)))
        speed = np.linalg.norm(np.gradient(pose[:, FEET], 1 / FPS, axis=0), axis=-1)
        assert (stands & (speed > 1.2)).sum() == 0
        assert (stands & (speed < 0.1)).sum() > 0.7 * (speed < 0.1).sum()


def test_a_lifted_foot_does_not_stand() -> None:
    pose, up = stander()
    raised = pose.copy()
    raised[:, 2] += 0.2 * up
    raised[:, 3] += 0.3 * up
    stands = standing_feet(lifted_of(raised, up_cam=up), np.arange(len(pose)))
    assert stands[:, 0].all() and not stands[:, 1].any()


def test_nothing_jumps_where_contacts_begin_and_end(noisy: LiftedPoses) -> None:
    planted = plant_feet(noisy)
    for poses in (planted.poses_cam, planted.poses_rel):
        steps = np.linalg.norm(np.diff(poses, axis=0), axis=-1)
        assert steps.max() < 1.6 * np.linalg.norm(np.diff(noisy.poses_cam, axis=0), axis=-1).max()


def test_people_and_runs_are_planted_apart(noisy: LiftedPoses) -> None:
    half = len(noisy) // 2
    pose = noisy.poses_cam
    frames = np.concatenate((np.arange(half), np.arange(half, len(pose)) + 50))
    whole = plant_feet(lifted_of(pose, frames, up_cam=noisy.up_cam))
    first = plant_feet(lifted_of(pose[:half], up_cam=noisy.up_cam))
    np.testing.assert_allclose(whole.poses_cam[:half], first.poses_cam, atol=1e-5)


def test_short_runs_stay_as_they_are() -> None:
    pose, up = stander()
    lifted = lifted_of(pose[:2], up_cam=up)
    planted = plant_feet(lifted)
    np.testing.assert_array_equal(planted.poses_cam, lifted.poses_cam)
    assert planted.info['feet'] == 'planted: 0 contacts of feet'


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**16), st.floats(0.0, 0.8), st.booleans())
def test_two_bones_reach_what_can_be_reached(seed: int, size: float, straight: bool) -> None:
    rng = np.random.default_rng(seed)
    poses = rng.normal(0, 0.3, (4, 5, 3))
    if straight:
        poses[:, 1] = (poses[:, 0] + poses[:, 2]) / 2
    off = rng.normal(0, size + 1e-6, (4, 3))
    moved = bend_limb(poses, (0, 1, 2), off, (0, 1, 2, 3))
    bones = [np.linalg.norm(poses[:, i + 1] - poses[:, i], axis=-1) for i in range(2)]
    for i, before in enumerate(bones):
        np.testing.assert_allclose(
            np.linalg.norm(moved[:, i + 1] - moved[:, i], axis=-1), before, atol=1e-6
        )
    reach = np.linalg.norm(poses[:, 2] + off - poses[:, 0], axis=-1)
    possible = (reach < 0.999 * sum(bones)) & (reach > 1.001 * np.abs(bones[0] - bones[1]))
    np.testing.assert_allclose(moved[possible, 2], (poses[:, 2] + off)[possible], atol=1e-6)
    # what is behind the end moves with it, what is elsewhere stays
    np.testing.assert_allclose(moved[:, 3] - poses[:, 3], moved[:, 2] - poses[:, 2], atol=1e-9)
    np.testing.assert_array_equal(moved[:, [0, 4]], poses[:, [0, 4]])


def test_bad_input_is_refused(noisy: LiftedPoses) -> None:
    with pytest.raises(ValueError, match='not known which way is up'):
        plant_feet(replace(noisy, up_cam=None))
    with pytest.raises(ValueError, match='--fps'):
        plant_feet(replace(noisy, fps=None))
    arm = Skeleton('arm', ('root', 'hand'), (-1, 0))
    with pytest.raises(ValueError, match="'arm' has no legs"):
        plant_feet(lifted_of(np.zeros((2, 2, 3)), skeleton=arm))
    with pytest.raises(ValueError, match='lower one first'):
        FootRule(speed=(0.5, 0.4))
    with pytest.raises(ValueError, match='shortest'):
        FootRule(shortest=0)


def test_options_do_all_in_order(noisy: LiftedPoses) -> None:
    shaken = replace(noisy, up_cam=None, info={})
    assert refine_poses(shaken, LiftingOptions()) is shaken
    done = refine_poses(shaken, LiftingOptions(smooth=6, feet=True, up=(4, 0)))
    assert list(done.info) == ['smoothing', 'up', 'feet']
    assert refine_poses(shaken, LiftingOptions(feet=True)).info['up'].startswith('estimated')
    for options, words in (
        (dict(smooth=0), 'smooth is 0'),
        (dict(fps=-1), 'fps is -1'),
        (dict(causal=True), 'give smooth'),
        (dict(smooth=1, causal=True, feet=True), 'what comes later'),
        (dict(up='down'), "up is 'down'"),
        (dict(up=(1, 2, 3)), 'tilt'),
    ):
        with pytest.raises(ValueError, match=words):
            LiftingOptions(**options)
