# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Keypoints of real rtmlib models: small networks that look for bright spots, saved as ONNX."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmposeaug.apis import FrameSource, build_detector, detect_keypoints
from mmposeaug.datasets.keypoints_2d import keypoint_names
from mmposeaug.lifting.rtmlib_detector import in_boxes

onnx = pytest.importorskip('onnx', reason='onnx is not installed: pip install onnx')
pytest.importorskip('rtmlib', reason='rtmlib is not installed: pip install rtmlib')
pytest.importorskip('onnxruntime', reason='onnxruntime is not installed')

WIDTH, HEIGHT = 192, 256


@pytest.fixture
def pose_model(tmp_path: Path) -> Path:
    """A network of RTMPose's form: brightness by column and by row, at twice the resolution."""
    from onnx import TensorProto, helper

    value = helper.make_tensor_value_info
    shapes = dict(x=[1, 17, 2 * WIDTH], y=[1, 17, 2 * HEIGHT])
    nodes = []
    for axis, dim in (('x', 2), ('y', 3)):
        nodes += [
            helper.make_node('ReduceMax', ['image'], [f'{axis}1'], axes=[1, dim], keepdims=0),
            helper.make_node('Unsqueeze', [f'{axis}1', 'one'], [f'{axis}2']),
            helper.make_node('Unsqueeze', [f'{axis}2', 'two'], [f'{axis}3']),
            helper.make_node('Expand', [f'{axis}3', f'{axis}size'], [f'{axis}4']),
            helper.make_node('Reshape', [f'{axis}4', f'{axis}flat'], [f'simcc_{axis}']),
        ]
    numbers = dict(one=[1], two=[3])
    for axis, size in (('x', WIDTH), ('y', HEIGHT)):
        numbers.update({f'{axis}size': [1, 17, size, 2], f'{axis}flat': [1, 17, 2 * size]})
    constants = [
        helper.make_tensor(name, TensorProto.INT64, [len(values)], values)
        for name, values in numbers.items()
    ]
    graph = helper.make_graph(
        nodes,
        'spots',
        [value('image', TensorProto.FLOAT, [1, 3, HEIGHT, WIDTH])],
        [value(f'simcc_{axis}', TensorProto.FLOAT, shape) for axis, shape in shapes.items()],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=8)
    onnx.checker.check_model(model)
    path = tmp_path / 'pose.onnx'
    onnx.save(model, str(path))
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Three pictures with a bright spot at (60 + 10 i, 100)."""
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for i in range(3):
        image = np.zeros((320, 240, 3), np.uint8)
        image[98:103, 58 + 10 * i : 63 + 10 * i] = 255
        Image.fromarray(image).save(folder / f'{i}.png')
    return folder


def test_key_points_are_where_the_spots_are(pose_model: Path, pictures: Path) -> None:
    done: list[int] = []
    frames = FrameSource(pictures, by_number=True)
    people = detect_keypoints(frames, build_detector(pose_model), done.append)
    assert people.frames_from == "the numbers in the images' names: '2.png' is frame 2"
    assert people.keypoints_px.shape == (3, 17, 2) and done == [1, 2, 3]
    expected = np.array([[60 + 10 * i, 100] for i in range(3)])
    np.testing.assert_allclose(people.keypoints_px[:, 0], expected, atol=3)
    assert people.joint_names == keypoint_names('coco')
    assert people.image_sizes == {i: (240, 320) for i in range(3)}
    assert people.image_names[2] == '2.png' and (people.tracks == -1).all()


def test_models_that_cannot_be_had_are_said_to_be(
    tmp_path: Path, pose_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FileNotFoundError, match='none.onnx.* of pose_model does not exist'):
        build_detector('none.onnx')
    with pytest.raises(ValueError, match='person_model is given without pose_model'):
        build_detector(person_model=pose_model)
    broken = tmp_path / 'broken.onnx'
    broken.write_bytes(b'no model')
    with pytest.raises(ValueError, match='cannot be read .*give an ONNX file of RTMPose'):
        build_detector(broken)
    # no net, nothing in the cache: rtmlib's own download fails
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'cache'))
    monkeypatch.setattr('rtmlib.tools.file.urlopen', _no_net)
    with pytest.raises(ValueError, match='No 2D detection model can be had .*pose_model'):
        build_detector(mode='lightweight')
    monkeypatch.setitem(sys.modules, 'rtmlib', None)
    with pytest.raises(ImportError, match=r'pip install rtmlib onnxruntime'):
        build_detector(pose_model)


def _no_net(*args: object, **kwargs: object) -> None:
    raise OSError('the net cannot be reached')


def test_without_a_box_nobody_is_looked_for(pose_model: Path) -> None:
    pose = build_detector(pose_model).find
    picture = np.zeros((32, 24, 3), np.uint8)

    def boxes(found: list[list[float]]) -> tuple[np.ndarray, np.ndarray]:
        return in_boxes(lambda _: np.array(found), pose, picture)

    assert boxes([])[0].shape == (0, 17, 2)
    assert boxes([[0, 0, 20, 30], [2, 2, 9, 9]])[0].shape == (2, 17, 2)


def test_pictures_of_nobody_are_said_to_be(pictures: Path) -> None:
    def nobody(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((0, 17, 2)), np.zeros((0, 17))

    with pytest.raises(ValueError, match=r"Nobody was detected in the pictures 'pictures' \(3"):
        detect_keypoints(FrameSource(pictures), nobody)
