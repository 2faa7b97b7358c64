# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The inferencer gives for each frame what the lifter gives for the frames around it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from small_lifters import Saved, all_frames, calibrated, clip, single_frame

from mmposeaug.apis import LiftingInferencer, LiftingOptions
from mmposeaug.datasets import WindowRule
from mmposeaug.datasets.keypoints_2d import Keypoints2D, keypoint_names
from mmposeaug.geometry import euler_to_matrix, project, rotate
from mmposeaug.lifting.scale import scale_to_stature
from mmposeaug.lifting.windows import iterate_windows
from mmposeaug.structures import H36M_17, stature_ratios
from mmposeaug.synthetic import Scene

Save = Callable[[Config], Saved]
SIZE = (1280, 720)


@pytest.fixture(scope='module')
def motion() -> np.ndarray:
    """Keypoints (T, 17, 2) of a person who moves."""
    scene = Scene(frames=30)
    pose = torch.from_numpy(scene.film()[0])
    return project(pose, torch.from_numpy(scene.intrinsics)).float().numpy()


def lift(saved: Saved, points: Any, **options: Any) -> Any:
    return LiftingInferencer(*saved)(
        points, LiftingOptions(keypoint_set='h36m_17', image_size=SIZE), **options
    )


def by_hand(inferencer: LiftingInferencer, windows: np.ndarray) -> np.ndarray:
    """Root-relative poses of windows (B, T, K, 2), with flip."""
    pose = inferencer.lifter.adapter.predict(
        torch.from_numpy(windows),
        torch.tensor([SIZE], dtype=torch.float32).expand(len(windows), 2),
        flip_indices=H36M_17.flip_indices,
    )
    return (pose - pose[..., :1, :]).numpy()


def test_single_frames(saved: Save, motion: np.ndarray) -> None:
    config, checkpoint = saved(single_frame())
    inferencer = LiftingInferencer(config, checkpoint, batch_size=7)
    lifted = inferencer(motion, keypoint_set='h36m_17', image_size=SIZE)
    expected = by_hand(inferencer, motion[:, None])[:, 0]
    np.testing.assert_allclose(lifted.poses_rel, expected, atol=1e-5)
    assert lifted.frames.tolist() == list(range(30)) and (lifted.tracks == 0).all()
    np.testing.assert_array_equal(lifted.keypoints_px, motion)
    info = lifted.info
    assert info['checkpoint_sha256'] == hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    assert info['image_size'] == 'given' and info['camera'].startswith('assumed')
    assert info['flip_test'] is True and info['people_lifted'] == 30
    assert info['keypoint_set'] == 'given: h36m_17'
    plain = LiftingInferencer(config, checkpoint, flip_test=False)
    other = plain(motion, keypoint_set='h36m_17', image_size=SIZE)
    assert np.abs(other.poses_rel - lifted.poses_rel).max() > 1e-4


def test_padded_portraits_are_lifted_as_squares(saved: Save, motion: np.ndarray) -> None:
    pair = saved(single_frame())
    motion = motion / 2  # which fits into the narrow image
    width, height = 720, 1280
    padded = lift(pair, motion, image_size=(width, height), pad_portrait=True)
    shift = np.array([(height - width) / 2, 0], np.float32)
    square = lift(pair, motion + shift, image_size=(height, height))
    np.testing.assert_allclose(padded.poses_rel, square.poses_rel, atol=1e-6)
    # where people are in the image that there is, and before its camera
    np.testing.assert_array_equal(padded.keypoints_px, motion)
    assert padded.image_sizes[0].tolist() == [width, height]
    plain = lift(pair, motion, image_size=(width, height))
    assert np.abs(plain.poses_rel - padded.poses_rel).max() > 1e-3
    landscape = [lift(pair, motion, pad_portrait=pads).poses_rel for pads in (False, True)]
    np.testing.assert_array_equal(*landscape)


@pytest.mark.parametrize('causal', [False, True])
def test_clips_are_padded_at_both_ends(saved: Save, motion: np.ndarray, causal: bool) -> None:
    pair = saved(clip(9, causal))
    lifted = lift(pair, motion)
    places = np.arange(30)[:, None] + np.arange(-8 if causal else -4, 1 if causal else 5)
    windows = motion[np.clip(places, 0, 29)]
    expected = by_hand(LiftingInferencer(*pair), windows)[:, 0]
    np.testing.assert_allclose(lifted.poses_rel, expected, atol=1e-5)


def test_runs_do_not_see_each_other(saved: Save, motion: np.ndarray) -> None:
    pair = saved(clip(9, False))
    frames = np.concatenate((np.arange(12), np.arange(30, 48)))
    broken = Keypoints2D(frames, np.zeros(30), motion, np.ones((30, 17)))
    lifted = lift(pair, broken, max_gap=3)
    for part in (slice(0, 12), slice(12, 30)):
        alone = lift(pair, motion[part])
        np.testing.assert_allclose(lifted.poses_rel[part], alone.poses_rel, atol=1e-5)


def test_stills_are_lifted_one_by_one(saved: Save, motion: np.ndarray) -> None:
    pair = saved(clip(9, False))
    lifted = lift(pair, np.stack((motion, motion[::-1]), axis=1), stills=True)
    expected = by_hand(LiftingInferencer(*pair), np.repeat(motion[:, None], 9, axis=1))[:, 0]
    assert lifted.info['tracks'] == 'none: single pictures'
    np.testing.assert_allclose(lifted.poses_rel[lifted.tracks == 0], expected, atol=1e-5)
    np.testing.assert_allclose(lifted.poses_rel[lifted.tracks == 1], expected[::-1], atol=1e-5)


def test_a_lifter_of_all_frames_gets_clips(saved: Save, motion: np.ndarray) -> None:
    pair = saved(all_frames(12))
    inferencer = LiftingInferencer(*pair)
    lifted = inferencer(motion, keypoint_set='h36m_17', image_size=SIZE, stature=1.8)
    windows = motion[np.array([0, 12, 18])[:, None] + np.arange(12)]
    pose = inferencer.lifter.adapter.predict(
        torch.from_numpy(windows),
        torch.tensor([SIZE] * 3).float(),
        intrinsics=torch.full((3, 9), 1000.0),
        root_depth=torch.full((3, 12), 4.0),
        flip_indices=H36M_17.flip_indices,
    ).numpy()
    expected = np.concatenate((pose[0], pose[1], pose[2][6:]))
    expected = expected - expected[:, :1]
    scale = lifted.poses_rel.std() / expected.std()
    np.testing.assert_allclose(lifted.poses_rel, expected * scale, atol=1e-4)
    children, parents = np.array(H36M_17.bones).T
    lengths = np.linalg.norm(
        lifted.poses_rel[:, children] - lifted.poses_rel[:, parents], axis=-1
    ).sum(1)
    ratios = stature_ratios(H36M_17)
    assert np.median(lengths) == pytest.approx(1.8 * sum(r or 0 for r in ratios), rel=1e-4)
    assert lifted.info['scale'] == 'assumed: people 1.8 m tall'


def test_only_people_have_a_stature() -> None:
    """Bones of a dog were scaled as if they were a person's, and nothing was said."""
    pose = np.random.default_rng(0).normal(size=(5, 17, 3))
    runs = np.zeros(5, int)
    assert np.isfinite(scale_to_stature(pose, runs, H36M_17, 1.7)).all()
    animal = replace(H36M_17, name='dog')
    nameless = replace(H36M_17, joint_names=tuple(f'joint_{i}' for i in range(17)))
    for skeleton, sentence in (
        (animal, "A stature of 1.7 m does not tell the size of 'dog', which is no human body"),
        (replace(H36M_17, human=False), 'its metainfo says human=False; use a lifter that'),
        (nameless, "'h36m_17', which is no human body, for its"),
    ):
        with pytest.raises(ValueError, match=sentence):
            scale_to_stature(pose * [1, 1, 3], runs, skeleton, 1.7)


@pytest.mark.parametrize(
    'rule',
    [
        WindowRule(),
        WindowRule(9, 1, causal=False),
        WindowRule(9, 3, causal=True),
        WindowRule(multiple_target=7),
    ],
)
def test_every_row_is_a_target_once_and_windows_stay_in_their_run(rule: WindowRule) -> None:
    runs = np.repeat(np.arange(9), [1, 3, 40, 7, 8, 2, 25, 6, 14])
    targets = []
    for windows, which, places in iterate_windows(rule, runs, 6):
        assert len(windows) <= 6
        assert (runs[windows] == runs[windows[:, :1]]).all()
        inside = places if rule.multiple_target else places + rule.target_frames[0]
        targets.append(windows[which, inside])
    assert np.concatenate(targets).tolist() == list(range(len(runs)))


def test_lifter_and_key_points_must_fit(saved: Save, motion: np.ndarray) -> None:
    inferencer = LiftingInferencer(*saved(single_frame()))
    with pytest.raises(ValueError, match='17 keypoints a person and does not name them'):
        inferencer(motion)
    with pytest.raises(ValueError, match='15 keypoints a person and does not name them'):
        inferencer(motion[:, :15])
    with pytest.raises(ValueError, match="set 'halpe26' has 26"):
        inferencer(motion, keypoint_set='halpe26')
    hands = Keypoints2D(
        np.zeros(1), np.zeros(1), motion[:1, :3], np.ones((1, 3)), ('wrist', 'thumb', 'palm')
    )
    with pytest.raises(ValueError, match="joint 'root' cannot be made of the keypoints"):
        inferencer(hands)
    with pytest.raises(ValueError, match='stature is 17'):
        inferencer(motion, stature=17)
    with pytest.raises(ValueError, match='joints lie outside of the image of 100 x 50'):
        inferencer(motion, keypoint_set='h36m_17', image_size=(100, 50))
    with pytest.raises(ValueError, match='lie in .* they are normalised, not pixels; multiply'):
        inferencer(motion / SIZE, keypoint_set='h36m_17')
    rows = Keypoints2D(np.arange(30), np.zeros(30), motion / SIZE, np.ones((30, 17)))
    with pytest.raises(ValueError, match='lie in .* they are normalised, not pixels; multiply'):
        inferencer(rows, keypoint_set='h36m_17')
    with pytest.raises(ValueError, match='first_frame is 1, but it is for files'):
        inferencer(motion, keypoint_set='h36m_17', first_frame=1)
    with pytest.raises(ValueError, match='batch_size is 0'):
        LiftingInferencer(*saved(single_frame()), batch_size=0)


def test_lifters_that_went_wrong_are_said_to_be(saved: Save, motion: np.ndarray) -> None:
    config, path = saved(single_frame())
    state = torch.load(path, weights_only=True)
    next(iter(state['state_dict'].values())).fill_(float('nan'))
    torch.save(state, path)
    with pytest.raises(ValueError, match="'lifter.pth' gives poses that are not finite"):
        lift((config, path), motion)


def test_names_tell_the_set(saved: Save) -> None:
    points = np.random.default_rng(0).uniform(100, 600, (4, 26, 2))
    people = Keypoints2D(
        np.arange(4), np.zeros(4), points, np.ones((4, 26)), keypoint_names('halpe26')
    )
    inferencer = LiftingInferencer(*saved(single_frame()))
    assert inferencer(people).info['keypoint_set'] == 'names of the file'
    assert inferencer(points).info['keypoint_set'] == 'assumed: halpe26, by its 26 keypoints'
    np.testing.assert_array_equal(
        inferencer(people).poses_rel, inferencer(points, keypoint_set='halpe26').poses_rel
    )


@pytest.mark.parametrize('frames', [1, 9])
def test_calibrated_lifters_see_through_every_camera(
    saved: Save, tmp_path: Path, frames: int
) -> None:
    """A camera with another lens that was panned gives the same poses, turned with it."""
    pose = torch.from_numpy(Scene(frames=30).film()[0])
    angle, zero = torch.tensor(0.2, dtype=pose.dtype), torch.tensor(0.0, dtype=pose.dtype)
    pan = euler_to_matrix(angle, zero, zero)
    cameras = {
        'S/a': dict(
            f=[1000, 1000], c=[640, 360], k=[-0.2, 0.2, 0], p=[0.001, 0.002], w=1280, h=720
        ),
        'S/b': dict(f=[1500, 1450], c=[900, 500], k=[0.1, 0, 0], p=[0, 0], w=1920, h=1080),
    }
    path = tmp_path / 'cameras.json'
    path.write_text(json.dumps(cameras))
    inferencer = LiftingInferencer(*saved(calibrated(frames)))
    found = []
    for (name, camera), seen in zip(cameras.items(), (pose, rotate(pose, pan))):
        numbers = torch.tensor([each for key in 'fckp' for each in camera[key]], dtype=pose.dtype)
        pixels = project(seen, numbers).float().numpy()
        found.append(inferencer(pixels, keypoint_set='h36m_17', camera_file=str(path), camera=name))
    a, b = (torch.from_numpy(each.poses_rel).to(pose.dtype) for each in found)
    torch.testing.assert_close(b, rotate(a, pan), rtol=0, atol=2e-5)
    assert (a - b).abs().max() > 1e-3
    assert found[0].info['poses_by_camera'] and found[0].info['scale'] == 'by the lifter'


def test_calibrated_lifters_are_told_the_camera(
    saved: Save, motion: np.ndarray, tmp_path: Path
) -> None:
    inferencer = LiftingInferencer(*saved(calibrated()))
    options = LiftingOptions(keypoint_set='h36m_17', image_size=SIZE)
    assumed = inferencer(motion, options)
    assert assumed.info['camera'].startswith('assumed: focal length 1280 px (53 degrees')
    known = inferencer(motion, options, focal=1280)
    np.testing.assert_array_equal(assumed.poses_rel, known.poses_rel)
    longer = inferencer(motion, options, focal=1600).poses_rel
    assert np.abs(longer - known.poses_rel).max() > 1e-3
    path = tmp_path / 'cameras.json'
    lens = dict(f=[900, 900], c=[640, 360], k=[-3, 0, 0], w=1280, h=720)
    path.write_text(json.dumps({'S/a': lens}))
    # of the places of people, too, with any codec
    for lifter in (inferencer, LiftingInferencer(*saved(single_frame()))):
        with pytest.raises(ValueError, match='keypoints of the array.*folds over and the lens sh'):
            lifter(motion, keypoint_set='h36m_17', camera_file=str(path))
