# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Smoothing takes noise, not motion, comes late only if it is causal, and keeps people apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from movers import FPS, lifted_of, walker

from mmposeaug.lifting import CausalSmoother, smooth_poses
from mmposeaug.lifting.smoothing import zero_phase


def wave(hertz: float, frames: int = 120) -> np.ndarray:
    time = np.arange(frames) / FPS
    return np.sin(2 * np.pi * hertz * time)


def swaying(hertz: float, frames: int = 120) -> np.ndarray:
    """Poses (T, 17, 3) at 4 m whose right wrist swings."""
    pose = np.zeros((frames, 17, 3)) + [0, 0, 4]
    pose[:, 16, 0] += 0.2 * wave(hertz, frames)
    return pose


@pytest.mark.parametrize(('hertz', 'kept'), [(0.5, 1.0), (3.0, 0.707), (10.0, 0.02)])
def test_zero_phase_keeps_slow_waves_in_step(hertz: float, kept: float) -> None:
    before = wave(hertz, 300)
    after = zero_phase(before, FPS, 3.0)
    inner = slice(60, 240)
    size = (after[inner] * before[inner]).sum() / (before[inner] ** 2).sum()
    assert size == pytest.approx(kept, abs=0.03)
    # nothing of it is out of step: what is left over after the scaled wave is nearly nothing
    assert np.abs(after[inner] - size * before[inner]).max() < 0.03


def test_poses_and_roots_are_smoothed_and_the_rest_is_kept() -> None:
    rng = np.random.default_rng(0)
    clean = swaying(0.5)
    noisy = clean + rng.normal(0, 0.02, (120, 1, 3)) + rng.normal(0, 0.02, clean.shape)
    lifted = lifted_of(noisy)
    smooth = smooth_poses(lifted, 3.0)
    truth = clean - clean[:, :1]
    assert np.abs(smooth.poses_rel - truth).mean() < 0.6 * np.abs(lifted.poses_rel - truth).mean()
    assert np.abs(np.diff(smooth.roots_cam, 2, axis=0)).mean() < 0.005
    assert (smooth.poses_rel[:, 0] == 0).all()
    assert smooth.poses_rel.dtype == lifted.poses_rel.dtype
    assert smooth.info['smoothing'] == 'zero-phase, Butterworth, 3 Hz at 30 frames a second'
    np.testing.assert_array_equal(smooth.keypoints_px, lifted.keypoints_px)


def test_causal_comes_late_and_zero_phase_does_not() -> None:
    lifted = lifted_of(swaying(1.0))
    time = np.arange(60, 120) / FPS

    def phase(poses: np.ndarray) -> float:
        values = poses[60:120, 16, 0]
        return float(np.angle((values * np.exp(-2j * np.pi * time)).sum()))

    before = phase(lifted.poses_rel)
    assert abs(phase(smooth_poses(lifted, 2.0).poses_rel) - before) < 0.01
    assert 0.05 < before - phase(smooth_poses(lifted, 2.0, causal=True).poses_rel) < 0.8


def test_one_at_a_time_is_the_causal_path_exactly() -> None:
    rng = np.random.default_rng(0)
    frames = np.repeat([0, 1, 2, 3, 6, 7, 8, 9], 2)
    tracks = np.tile([3, 8], 8)
    lifted = lifted_of(rng.normal(0, 0.3, (16, 17, 3)) + [0, 0, 5], frames, tracks)
    wanted = smooth_poses(lifted, 1.0, causal=True)
    smoother = CausalSmoother(FPS, 1.0)
    for row in range(len(lifted)):
        pose, root = smoother(
            lifted.poses_rel[row], lifted.roots_cam[row], int(tracks[row]), int(frames[row])
        )
        np.testing.assert_array_equal(pose, wanted.poses_rel[row])
        np.testing.assert_array_equal(root, wanted.roots_cam[row])


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 30), st.booleans(), st.integers(0, 2**16))
def test_later_poses_do_not_change_causal_ones(count: int, causal: bool, seed: int) -> None:
    pose = np.random.default_rng(seed).normal(0, 0.3, (31, 17, 3)) + [0, 0, 5]
    long = smooth_poses(lifted_of(pose), 2.0, causal)
    short = smooth_poses(lifted_of(pose[:count]), 2.0, causal)
    assert np.isfinite(short.poses_rel).all()
    if causal:
        np.testing.assert_array_equal(short.poses_rel, long.poses_rel[:count])


@pytest.mark.parametrize('causal', [False, True])
def test_people_and_runs_do_not_mix(causal: bool) -> None:
    rng = np.random.default_rng(1)
    frames = np.concatenate([np.repeat(np.arange(20), 2), [30, 31, 32, 40]])
    tracks = np.concatenate([np.tile([0, 1], 20), [0, 0, 0, 0]])
    pose = rng.normal(0, 0.3, (44, 17, 3)) + [0, 0, 5]
    whole = smooth_poses(lifted_of(pose, frames, tracks), 3.0, causal)
    for rows in (np.arange(0, 40, 2), np.arange(1, 40, 2), np.arange(40, 43), np.array([43])):
        alone = smooth_poses(lifted_of(pose[rows]), 3.0, causal)
        np.testing.assert_array_equal(whole.poses_rel[rows], alone.poses_rel)
        np.testing.assert_array_equal(whole.roots_cam[rows], alone.roots_cam)
    # a pose without neighbours stays as it is, and this is said
    np.testing.assert_allclose(whole.roots_cam[43], pose[43, 0], rtol=1e-6)
    assert '1 of 44 poses have no neighbour' in whole.info['smoothing']


def test_noise_of_a_walker_goes_down() -> None:
    pose, _ = walker()
    noisy = lifted_of(pose + np.random.default_rng(0).normal(0, 0.02, pose.shape))
    truth = pose - pose[:, :1]
    errors = [
        np.linalg.norm(each.poses_rel - truth, axis=-1).mean()
        for each in (noisy, smooth_poses(noisy, 6.0), smooth_poses(noisy, 1.0, causal=True))
    ]
    assert errors[1] < 0.7 * errors[0] and errors[2] < errors[0]


def test_reset_forgets_a_person() -> None:
    smoother = CausalSmoother(FPS, 1.0)
    near, far = np.full(3, 2.0), np.full(3, 5.0)
    for track in (0, 1):
        smoother(np.zeros((17, 3)), near, track)
    smoother.reset(0)
    np.testing.assert_array_equal(smoother(np.zeros((17, 3)), far, 0)[1], far)
    assert (smoother(np.zeros((17, 3)), far, 1)[1] < 4.9).all()
    smoother.reset()
    np.testing.assert_array_equal(smoother(np.zeros((17, 3)), far, 1)[1], far)


def test_bad_input_is_refused() -> None:
    lifted = lifted_of(swaying(1.0, 10))
    with pytest.raises(ValueError, match='frames a second .* are not known.*--fps'):
        smooth_poses(replace(lifted, fps=None), 3.0)
    with pytest.raises(ValueError, match='15 Hz, but 30 frames a second allow 12 Hz at most'):
        smooth_poses(lifted, 15.0)
    for cutoff in (0.0, -1.0, float('nan')):
        with pytest.raises(ValueError, match='above 0'):
            smooth_poses(lifted, cutoff)
    with pytest.raises(ValueError, match='single pictures'):
        smooth_poses(replace(lifted, info=dict(frames_from='single pictures')), 3.0)
    with pytest.raises(ValueError, match='frames a second are 0'):
        CausalSmoother(0.0, 1.0)
    smoother = CausalSmoother(FPS, 1.0)
    smoother(np.zeros((17, 3)), np.zeros(3), frame=4)
    with pytest.raises(ValueError, match='frame 4 .* after frame 4'):
        smoother(np.zeros((17, 3)), np.zeros(3), frame=4)


@pytest.mark.parametrize('count', [2, 3, 4, 6, 10, 30])
@pytest.mark.parametrize(('fps', 'cutoff'), [(60, 4), (120, 4), (60, 1)])
def test_runs_of_any_length_keep_straight_motion(count: int, fps: int, cutoff: float) -> None:
    ramp = np.arange(count)[:, None] * np.array([1.0, -3.0]) + 5
    np.testing.assert_allclose(zero_phase(ramp, fps, cutoff), ramp, atol=1e-3 * count)
