# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""MediaPipe on a photograph that matplotlib ships: a woman's upper body, 512 x 600 pixels."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib import cbook
from mmengine.config import Config
from small_lifters import Saved, single_frame

from mmposeaug.apis import FrameSource, LiftingInferencer, build_detector, detect_keypoints
from mmposeaug.datasets.keypoints_2d import build_keypoint_map, keypoint_names
from mmposeaug.lifting import Detector
from mmposeaug.structures import H36M_17

NAMES = keypoint_names('mediapipe')
STEP = 30  # pixels to the right from one frame to the next


def need_mediapipe() -> None:
    pytest.importorskip('mediapipe', reason='pip install --no-deps mediapipe==0.10.21')
    protobuf = pytest.importorskip('google.protobuf')
    if int(protobuf.__version__.split('.')[0]) >= 7:
        pytest.skip("MediaPipe needs an older protobuf: pip install 'protobuf<7'")


@pytest.fixture(scope='module')
def photo() -> np.ndarray:
    """The photograph in BGR."""
    return cv2.imread(str(cbook.get_sample_data('grace_hopper.jpg', asfileobj=False)))


@pytest.fixture(scope='module')
def stills() -> Iterator[Detector]:
    need_mediapipe()
    with build_detector(backend='mediapipe', stills=True) as detector:
        yield detector


@pytest.fixture
def video(tmp_path: Path, photo: np.ndarray) -> Path:
    """An upright video of four frames in which she moves to the right; in frame 2 nobody is."""
    path = tmp_path / 'video.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 25, (512, 600))
    for frame in range(4):
        half = np.array([[0.5, 0, 50 + STEP * frame], [0, 0.5, 150]])
        moved = cv2.warpAffine(photo, half, (512, 600), flags=cv2.INTER_AREA)
        writer.write(moved if frame != 2 else np.zeros_like(photo))
    writer.release()
    return path


def at(keypoints: np.ndarray, name: str) -> np.ndarray:
    return keypoints[..., NAMES.index(name), :]


def test_landmarks_are_where_they_are_in_the_photograph(
    stills: Detector, photo: np.ndarray
) -> None:
    keypoints, scores = stills(photo)
    assert keypoints.shape == (1, 33, 2) and scores.shape == (1, 33)
    seen = dict(nose=(270, 223), left_eye=(305, 190), right_eye=(230, 195))  # read off the picture
    seen.update(left_shoulder=(450, 430), right_shoulder=(95, 425))
    for name, place in seen.items():
        np.testing.assert_allclose(at(keypoints[0], name), place, atol=12, err_msg=name)
        assert scores[0, NAMES.index(name)] > 0.99
    hips = [NAMES.index('left_hip'), NAMES.index('right_hip')]
    assert (keypoints[0, hips, 1] > 600).all() and (scores[0, hips] < 0.1).all()  # not in it
    np.testing.assert_array_equal(stills(photo)[0], keypoints)


def test_pictures_of_all_kinds(stills: Detector, photo: np.ndarray) -> None:
    keypoints, _ = stills(photo)
    with_alpha, _ = stills(cv2.cvtColor(photo, cv2.COLOR_BGR2BGRA))
    np.testing.assert_array_equal(with_alpha, keypoints)
    grey = cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)[:500]
    for picture in (grey, grey[..., None]):
        np.testing.assert_allclose(at(stills(picture)[0][0], 'nose'), (270, 225), atol=4)
    wide = cv2.copyMakeBorder(photo, 0, 0, 500, 0, cv2.BORDER_CONSTANT)
    np.testing.assert_allclose(at(stills(wide)[0][0], 'nose'), (770, 225), atol=8)
    assert stills(np.zeros_like(photo))[0].shape == (0, 33, 2)
    noise = np.random.default_rng(0).integers(0, 256, photo.shape, dtype=np.uint8)
    assert stills(noise)[1].shape == (0, 33)


@pytest.mark.parametrize(
    ('picture', 'message'),
    [
        (np.zeros((4, 4, 3)), r'an array of float64 with the shape \(4, 4, 3\); give uint8'),
        (np.zeros((0, 4, 3), np.uint8), r'the shape \(0, 4, 3\)'),
        (np.zeros(4, np.uint8), r'the shape \(4,\)'),
        (np.zeros((4, 4, 2), np.uint8), '2 channels; give 1 .grey., 3 .BGR. or 4 .BGRA.'),
    ],
)
def test_what_is_no_picture_is_refused(picture: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Detector(lambda _: pytest.fail('was looked at'))(picture)


def test_a_person_is_followed_through_a_video(video: Path) -> None:
    need_mediapipe()
    with build_detector(backend='mediapipe') as detector:
        people = detect_keypoints(FrameSource(video), detector)
        again = detect_keypoints(FrameSource(video), detector)  # and of the first nothing is left
    assert people.frames.tolist() == [0, 1, 3]  # no row, no crash, where nobody is
    assert people.joint_names == NAMES and people.fps == 25
    assert set(people.image_sizes.values()) == {(512, 600)}
    steps = at(people.keypoints_px, 'nose')[:, 0] - at(people.keypoints_px, 'nose')[0, 0]
    np.testing.assert_allclose(steps, STEP * people.frames, atol=8)
    np.testing.assert_array_equal(again.keypoints_px, people.keypoints_px)
    detector.close()  # once more does nothing
    with pytest.raises(ValueError, match='detector was closed; build another'):
        detector(np.zeros((4, 4, 3), np.uint8))


def test_pictures_of_another_size_are_of_something_else(photo: np.ndarray) -> None:
    """The person is looked for anew, not where they were in the larger picture."""
    need_mediapipe()
    small = cv2.resize(photo, None, fx=0.5, fy=0.5)
    with build_detector(backend='mediapipe') as detector:
        fresh = detector(small)[0]
        detector(photo)
        np.testing.assert_array_equal(detector(small)[0], fresh)


def test_videos_without_pictures_are_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / 'none.avi'
    cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 25, (64, 48)).release()
    with pytest.raises(ValueError, match=r'none.avi. holds no picture that can be read'):
        detect_keypoints(FrameSource(path), lambda _: pytest.fail('was called'))


def test_wrong_options_are_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="no detector 'openpose'; use one of rtmlib, mediapipe"):
        build_detector(backend='openpose')
    with pytest.raises(ValueError, match="mode is 'heavy'; use one of lightweight, balanced"):
        build_detector(backend='mediapipe', mode='heavy')
    with pytest.raises(ValueError, match="pose_model is 'my.onnx', but MediaPipe has its own"):
        build_detector('my.onnx', backend='mediapipe')
    monkeypatch.setitem(sys.modules, 'mediapipe.python.solutions.pose', None)
    with pytest.raises(ImportError, match=r'run `pip install mediapipe==0.10.21`'):
        build_detector(backend='mediapipe')


def test_models_that_are_not_in_the_package_are_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    need_mediapipe()

    def no_net(*args: object) -> None:
        raise OSError('the net cannot be reached')

    loader = importlib.import_module('mediapipe.python.solutions.download_utils')
    monkeypatch.setattr(loader, 'download_oss_model', no_net)
    with pytest.raises(ValueError, match="mode 'performance' .*; take the mode 'balanced'"):
        build_detector(backend='mediapipe', mode='performance')


@pytest.mark.parametrize('when', ['built', 'called'])
def test_another_protobuf_is_said_to_be(when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    need_mediapipe()
    base = importlib.import_module('mediapipe.python.solution_base').SolutionBase

    def fail(*args: object, **kwargs: object) -> None:
        raise AttributeError("object has no attribute 'label'")

    monkeypatch.setattr(base, '__init__' if when == 'built' else 'process', fail)
    with pytest.raises(ImportError, match=r"no attribute 'label'\); run `pip install --no-deps"):
        build_detector(backend='mediapipe', stills=True)(np.zeros((9, 9, 3), np.uint8))


def test_names_are_those_of_mediapipe() -> None:
    need_mediapipe()
    from mediapipe.python.solutions.pose import PoseLandmark

    assert tuple(mark.name.lower() for mark in PoseLandmark) == NAMES


def test_a_lifter_gets_the_same_joints_as_of_coco(saved: Callable[[Config], Saved]) -> None:
    coco = [NAMES.index(name) for name in keypoint_names('coco')]
    weights = build_keypoint_map('mediapipe', H36M_17).weights
    np.testing.assert_array_equal(weights[:, coco], build_keypoint_map('coco', H36M_17).weights)
    inferencer = LiftingInferencer(*saved(single_frame()))
    keypoints = np.random.default_rng(0).uniform(100, 500, (3, 33, 2)).astype(np.float32)
    lifted = inferencer(keypoints, image_size=(640, 640))
    expected = inferencer(keypoints[:, coco], image_size=(640, 640), keypoint_set='coco')
    assert lifted.info['keypoint_set'] == 'assumed: mediapipe, by its 33 keypoints'
    np.testing.assert_array_equal(lifted.poses_rel, expected.poses_rel)
