# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Poses of a person keep their bone lengths, and get nearer to what the camera saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.config import Config
from small_lifters import Saved, all_frames, single_frame

from mmposeaug.apis import LiftingInferencer, LiftingOptions
from mmposeaug.evaluation.motion import bone_spread, reprojection_errors, side_difference
from mmposeaug.geometry import bone_lengths, place_roots, project
from mmposeaug.lifting import hold_bones
from mmposeaug.lifting.one_body import MOST_TOLD
from mmposeaug.structures import H36M_17, LiftedPoses, Skeleton, stature_ratios
from mmposeaug.synthetic import Scene

CAMERA = np.array([1100, 1090, 640, 360, -0.2, 0.1, 0.0, 0.001, -0.001])
ROOT = H36M_17.root


def lengths_of(poses: np.ndarray, skeleton: Skeleton = H36M_17) -> np.ndarray:
    return bone_lengths(torch.from_numpy(poses), skeleton).numpy()


def lifted_of(
    poses_cam: np.ndarray,
    frames: np.ndarray | None = None,
    tracks: np.ndarray | None = None,
    noise_m: float = 0.0,
    noise_px: float = 0.0,
    skeleton: Skeleton = H36M_17,
    camera: np.ndarray = CAMERA,
) -> LiftedPoses:
    """Poses (N, J, 3) as a lifter and a detector with errors give them."""
    rng = np.random.default_rng(0)
    count = len(poses_cam)
    cameras = np.tile(camera, (count, 1))
    seen = project(torch.from_numpy(poses_cam).double(), torch.from_numpy(cameras)).numpy()
    seen = (seen + rng.normal(0, noise_px, seen.shape)).astype(np.float32)
    poses = poses_cam + rng.normal(0, noise_m, poses_cam.shape)
    poses = (poses - poses[:, skeleton.root, None]).astype(np.float32)
    scores = np.ones(poses.shape[:2], np.float32)
    return LiftedPoses(
        skeleton=skeleton,
        frames=np.arange(count) if frames is None else frames,
        tracks=np.zeros(count, int) if tracks is None else tracks,
        poses_rel=poses,
        keypoints_px=seen,
        scores=scores,
        interpolated=np.zeros(poses.shape[:2], bool),
        image_sizes=np.tile([1280.0, 720.0], (count, 1)),
        roots_cam=place_roots(poses, seen, scores, cameras),
        intrinsics=cameras,
    )


@pytest.fixture(scope='module')
def truth() -> np.ndarray:
    """Poses (60, 17, 3) of a person in camera space, metres."""
    return Scene(frames=60).film()[0]


@pytest.fixture(scope='module')
def noisy(truth: np.ndarray) -> LiftedPoses:
    return lifted_of(truth, noise_m=0.04, noise_px=3.0)


@pytest.fixture(scope='module')
def held(noisy: LiftedPoses) -> LiftedPoses:
    return hold_bones(noisy)


def errors_of(lifted: LiftedPoses, truth: np.ndarray) -> float:
    target = truth - truth[:, ROOT, None]
    return float(np.linalg.norm(lifted.poses_rel - target, axis=-1).mean())


def test_lengths_are_the_same_in_all_frames_and_on_both_sides(held: LiftedPoses) -> None:
    lengths = lengths_of(held.poses_rel.astype(float))
    np.testing.assert_allclose(lengths, np.broadcast_to(lengths[:1], lengths.shape), atol=1e-6)
    assert bone_spread(held.poses_rel, H36M_17) < 1e-3
    assert side_difference(held.poses_rel, H36M_17) < 1e-3
    told = held.info['bone_lengths']['0']
    np.testing.assert_allclose([told[name] for name in H36M_17.bone_names], lengths[0], atol=1e-4)
    assert held.info['bones'] == 'held constant: left and right equal'


def test_poses_get_nearer_to_the_truth_and_to_the_detections(
    truth: np.ndarray, noisy: LiftedPoses, held: LiftedPoses
) -> None:
    assert noisy.intrinsics is not None
    assert errors_of(held, truth) < 0.75 * errors_of(noisy, truth)
    before, after = (
        reprojection_errors(each.poses_cam, each.keypoints_px, noisy.intrinsics).mean()
        for each in (noisy, held)
    )
    assert after < 0.5 * before
    lengths = lengths_of(held.poses_rel.astype(float))[0]
    np.testing.assert_allclose(lengths, lengths_of(truth)[0], atol=0.02)


def test_what_is_right_stays(truth: np.ndarray) -> None:
    exact = lifted_of(truth)
    result = hold_bones(exact)
    assert np.abs(result.poses_rel - exact.poses_rel).max() < 2e-3
    assert np.abs(result.poses_cam - truth).max() < 5e-3
    for name in ('frames', 'tracks', 'keypoints_px', 'scores', 'interpolated'):
        assert getattr(result, name) is getattr(exact, name)


def test_sides_may_differ(noisy: LiftedPoses) -> None:
    result = hold_bones(noisy, symmetric=False)
    assert bone_spread(result.poses_rel, H36M_17) < 1e-3
    assert side_difference(result.poses_rel, H36M_17) > 0.5
    assert result.info['bones'] == 'held constant: each side its own'


def test_without_reprojection_directions_stay(noisy: LiftedPoses) -> None:
    result = hold_bones(noisy, keypoint_std=float('inf'))
    children, parents = np.array(H36M_17.bones).T
    before, after = (
        each.poses_rel[:, children] - each.poses_rel[:, parents] for each in (noisy, result)
    )
    cosine = (before * after).sum(-1) / np.linalg.norm(before, axis=-1)
    np.testing.assert_allclose(cosine / np.linalg.norm(after, axis=-1), 1, atol=1e-5)
    assert bone_spread(result.poses_rel, H36M_17) < 1e-3


def test_it_is_deterministic_and_each_frame_is_its_own(
    noisy: LiftedPoses, held: LiftedPoses, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.testing.assert_array_equal(hold_bones(noisy).poses_rel, held.poses_rel)
    monkeypatch.setattr('mmposeaug.lifting.bone_fit._ROWS', 7)
    np.testing.assert_allclose(hold_bones(noisy).poses_rel, held.poses_rel, atol=1e-5)


def test_mirrored_people_are_held_mirrored(truth: np.ndarray) -> None:
    flip = list(H36M_17.flip_indices)
    straight = np.array([1100, 1090, 640, 360, 0, 0, 0, 0, 0.0])
    noisy = lifted_of(truth[:20], noise_m=0.04, noise_px=3.0, camera=straight)
    sign = np.array([-1, 1, 1], np.float32)
    pixels = noisy.keypoints_px[:, flip].copy()
    pixels[..., 0] = 2 * 640 - pixels[..., 0]
    mirrored = replace(
        noisy,
        poses_rel=noisy.poses_rel[:, flip] * sign,
        roots_cam=noisy.roots_cam * sign,
        keypoints_px=pixels,
    )
    result, other = hold_bones(noisy), hold_bones(mirrored)
    off = np.abs(other.poses_rel - result.poses_rel[:, flip] * sign)
    assert off.mean() < 5e-4 and off.max() < 2e-2
    np.testing.assert_allclose(other.roots_cam, result.roots_cam * sign, atol=2e-2)


@settings(max_examples=3, deadline=None)
@given(roll=st.floats(-3.1, 3.1))
def test_a_rolled_camera_gives_rolled_poses(roll: float) -> None:
    """Nothing knows what is up."""
    poses = Scene(frames=4).film()[0]
    camera = np.array([1000, 1000, 500, 500, 0, 0, 0, 0, 0.0])
    turn = np.array(
        [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1.0]]
    )
    plain = lifted_of(poses, noise_m=0.04, noise_px=3.0, camera=camera)
    turned = replace(
        plain,
        poses_rel=(plain.poses_rel @ turn.T).astype(np.float32),
        roots_cam=(plain.roots_cam @ turn.T).astype(np.float32),
        keypoints_px=((plain.keypoints_px - 500) @ turn[:2, :2].T + 500).astype(np.float32),
    )
    off = np.abs(hold_bones(turned).poses_rel - hold_bones(plain).poses_rel @ turn.T)
    # a bone along the line of sight lies in a flat valley, in which the fit stops somewhere
    assert off.mean() < 5e-4 and off.max() < 2e-2


def test_one_frame(truth: np.ndarray) -> None:
    noisy = lifted_of(truth[:1], noise_m=0.04)
    result = hold_bones(noisy)
    assert side_difference(result.poses_rel, H36M_17) < 1e-3
    assert errors_of(result, truth[:1]) < errors_of(noisy, truth[:1])


def test_nobody_stays_nobody(noisy: LiftedPoses) -> None:
    fields = ('frames', 'tracks', 'poses_rel', 'keypoints_px', 'scores', 'interpolated')
    fields += ('image_sizes', 'roots_cam', 'intrinsics')
    nobody = replace(noisy, **{name: getattr(noisy, name)[:0] for name in fields})
    assert len(hold_bones(nobody)) == 0


@pytest.mark.parametrize('seen', [(), (3,), (0, 16)])
def test_what_is_not_seen_follows_the_prediction(noisy: LiftedPoses, seen: tuple[int, ...]) -> None:
    scores = np.zeros_like(noisy.scores)
    scores[:, list(seen)] = 1
    blind = replace(noisy, scores=scores)
    rigid, result = hold_bones(blind, keypoint_std=float('inf')), hold_bones(blind)
    assert np.isfinite(result.poses_cam).all() and bone_spread(result.poses_rel, H36M_17) < 1e-3
    if len(seen) < 2:  # moving the root is enough
        np.testing.assert_allclose(result.poses_rel, rigid.poses_rel, atol=5e-3)
    assert result.intrinsics is not None
    errors = reprojection_errors(result.poses_cam, result.keypoints_px, result.intrinsics)
    assert (errors[:, list(seen)] < 4).all()


def test_interpolated_joints_tell_no_length(truth: np.ndarray) -> None:
    wrist = H36M_17.index('left_wrist')
    lifted = lifted_of(truth)
    pixels, poses, marks = (
        each.copy() for each in (lifted.keypoints_px, lifted.poses_rel, lifted.interpolated)
    )
    pixels[:40, wrist] += 60
    marks[:40, wrist] = True
    result = hold_bones(replace(lifted, keypoints_px=pixels, interpolated=marks), symmetric=False)
    bone = H36M_17.bone_of(wrist)
    assert abs(lengths_of(result.poses_rel)[0, bone] - lengths_of(truth)[0, bone]) < 0.005


def test_a_detection_far_off_moves_little(truth: np.ndarray) -> None:
    lifted = lifted_of(truth)
    pixels = lifted.keypoints_px.copy()
    pixels[5, 3] = (5, 5)
    pixels[6, 3] = np.nan
    result = hold_bones(replace(lifted, keypoints_px=pixels))
    assert np.abs(result.poses_rel - lifted.poses_rel)[[4, 6, 7]].max() < 5e-3
    assert np.linalg.norm(result.poses_rel - lifted.poses_rel, axis=-1)[5].max() < 0.15


def test_who_leaves_and_returns_has_one_body_and_others_their_own(truth: np.ndarray) -> None:
    large = (truth[:20] - truth[:20, ROOT, None]) * 1.2 + truth[:20, ROOT, None]
    frames = np.r_[np.repeat(np.arange(10), 2), np.arange(50, 60), np.arange(70, 80)]
    tracks = np.r_[np.tile([3, 8], 10), np.full(10, 3), np.full(10, 8)]
    poses = np.empty((40, 17, 3))
    poses[tracks == 3], poses[tracks == 8] = truth[:20], large
    result = hold_bones(lifted_of(poses, frames, tracks, noise_m=0.02))
    bodies = [lengths_of(result.poses_rel[tracks == track].astype(float)) for track in (3, 8)]
    for body in bodies:
        np.testing.assert_allclose(body, np.broadcast_to(body[:1], body.shape), atol=1e-6)
    thigh = H36M_17.bone_names.index('left_knee')
    assert bodies[1][0, thigh] / bodies[0][0, thigh] == pytest.approx(1.2, abs=0.06)
    assert set(result.info['bone_lengths']) == {'3', '8'}


def test_crowds_are_not_told_one_by_one(truth: np.ndarray) -> None:
    count = MOST_TOLD + 1
    result = hold_bones(lifted_of(truth[:count], np.zeros(count, int), np.arange(count)))
    assert 'bone_lengths' not in result.info and len(result) == count


def test_people_stay_before_the_camera(truth: np.ndarray) -> None:
    near = truth[:10].copy()
    near[..., 2] += 0.15 - near[..., 2].min(1)[:, None]
    result = hold_bones(lifted_of(near, noise_m=0.05, noise_px=20))
    assert np.isfinite(result.poses_cam).all() and result.poses_cam[..., 2].min() > 0.04


def test_bones_without_a_length_and_other_skeletons() -> None:
    arm = Skeleton('arm', ('root', 'elbow', 'hand'), (-1, 0, 1))
    poses = np.array(
        [[[0, 0, 3.0], [0.3, 0, 3], [0.3, 0, 3]], [[0, 0, 3], [0.2, 0, 3], [0.2, 0, 3]]]
    )
    result = hold_bones(lifted_of(poses, skeleton=arm))
    assert np.isfinite(result.poses_cam).all()
    np.testing.assert_allclose(lengths_of(result.poses_rel, arm)[:, 0], 0.25, atol=1e-3)


def test_statures_are_kept(noisy: LiftedPoses) -> None:
    lengths = lengths_of(hold_bones(noisy, stature=1.5).poses_rel.astype(float))[0]
    shares = np.array([ratio or 0 for ratio in stature_ratios(H36M_17)])
    assert lengths[shares > 0].sum() == pytest.approx(1.5 * shares.sum(), abs=1e-4)


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(bone_std=0), 'bone_std is 0'),
        (dict(bone_std=float('inf')), 'bone_std is inf'),
        (dict(keypoint_std=-0.1), 'keypoint_std is -0.1'),
        (dict(keypoint_std=float('nan')), 'keypoint_std is nan'),
    ],
)
def test_bad_weights_are_refused(
    noisy: LiftedPoses, options: dict[str, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        hold_bones(noisy, **options)


def test_poses_that_cannot_be_held_are_refused(noisy: LiftedPoses) -> None:
    with pytest.raises(ValueError, match='without cameras'):
        hold_bones(replace(noisy, intrinsics=None))
    poses = noisy.poses_rel.copy()
    poses[7, 2, 1] = np.nan
    with pytest.raises(ValueError, match='track 0 in frame 7 is not finite'):
        hold_bones(replace(noisy, poses_rel=poses))


def test_the_inferencer_holds_them(saved: Callable[[Config], Saved], truth: np.ndarray) -> None:
    points = lifted_of(truth[:6]).keypoints_px
    inferencer = LiftingInferencer(*saved(single_frame()))
    given_options: dict[str, Any] = dict(keypoint_set='h36m_17', image_size=(1280, 720))
    free = inferencer(points, **given_options)
    result = inferencer(points, bones='constant', **given_options)
    assert 'bones' not in free.info
    np.testing.assert_array_equal(result.poses_rel, hold_bones(free).poses_rel)
    assert bone_spread(result.poses_rel, H36M_17) < 1e-2


def test_an_assumed_stature_is_kept(saved: Callable[[Config], Saved], truth: np.ndarray) -> None:
    inferencer = LiftingInferencer(*saved(all_frames(6)))
    result = inferencer(
        lifted_of(truth[:6]).keypoints_px,
        keypoint_set='h36m_17',
        image_size=(1280, 720),
        stature=1.8,
        bones='constant',
    )
    shares = np.array([ratio or 0 for ratio in stature_ratios(H36M_17)])
    lengths = lengths_of(result.poses_rel.astype(float))[:, shares > 0].sum(1)
    np.testing.assert_allclose(lengths, 1.8 * shares.sum(), atol=1e-4)


def test_options_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="bones is 'stiff'"):
        LiftingOptions(bones='stiff')
    with pytest.raises(ValueError, match='followed over the frames'):
        LiftingOptions(bones='constant', stills=True)
