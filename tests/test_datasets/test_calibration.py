# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Calibration files: JSON and TOML, OpenCV's conventions, and what is refused."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from camera_rig import calibration_json, calibration_toml, make_rig

from mmposeaug.datasets.calibration import load_calibration, world_to_camera
from mmposeaug.datasets.camera_files import intrinsics_of
from mmposeaug.geometry import in_cameras, project


@pytest.fixture(scope='module')
def rig():
    return make_rig()


def write_json(tmp_path: Path, content: object) -> Path:
    path = tmp_path / 'cameras.json'
    path.write_text(json.dumps(content))
    return path


def write_toml(tmp_path: Path, text: str) -> Path:
    pytest.importorskip('tomllib' if sys.version_info >= (3, 11) else 'tomli')
    path = tmp_path / 'Calib.toml'
    path.write_text(text)
    return path


def test_cameras_see_what_opencvs_see(rig, tmp_path):
    cameras = load_calibration(write_json(tmp_path, calibration_json(rig)))
    assert list(cameras) == rig.names
    seen = in_cameras(torch.from_numpy(rig.world), world_to_camera(cameras))
    for index, camera in enumerate(cameras.values()):
        row = torch.from_numpy(intrinsics_of(('', ''), camera))
        pixels = project(seen[..., index, :], row).numpy()
        np.testing.assert_allclose(pixels, rig.keypoints[..., index, :2], atol=1e-6)
        assert (camera['w'], camera['h']) == (1080, 1920)
        position = camera['T'][:, 0]  # MMPose's T is where the camera is
        assert np.linalg.norm(position[:2]) == pytest.approx(3.2 + 0.2 * index)
        assert position[2] == pytest.approx(1.8)


def test_toml_and_json_are_the_same(rig, tmp_path):
    of_json = load_calibration(write_json(tmp_path, calibration_json(rig)))
    of_toml = load_calibration(write_toml(tmp_path, calibration_toml(rig)))
    assert of_json.keys() == of_toml.keys()
    for name, camera in of_json.items():
        for key, value in camera.items():
            np.testing.assert_allclose(of_toml[name][key], value, atol=1e-12, err_msg=key)


def test_four_coefficients_are_without_k3(rig, tmp_path):
    content = calibration_json(rig)
    del content['cam_1']['dist'][4]
    camera = load_calibration(write_json(tmp_path, content))['cam_1']
    assert camera['k'][:, 0].tolist() == [*rig.dist[0, :2], 0]
    assert camera['p'][:, 0].tolist() == rig.dist[0, 2:4].tolist()


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(K=[[0, 0, 540], [0, 0, 960], [0, 0, 1]]), 'focal length .* positive'),
        (dict(K=[[-1600, 0, 540], [0, 1600, 960], [0, 0, 1]]), 'focal length .* positive'),
        (
            dict(K=[[35, 0, 540], [0, 35, 960], [0, 0, 1]]),
            'cam_1 has the focal length 35 for images 1080 px wide, .* not in millimetres',
        ),
        (dict(w=400), 'has its centre at 5.* px in images 400 px wide; give the size'),
        (dict(w=0), 'image size 0 x 1920'),
        (dict(R=[[1, 0, 0], [0, 2, 0], [0, 0, 1]]), 'which is not a rotation; give'),
        (dict(R=[[1, 0, 0], [0, 1, 0], [0, 0, -1]]), 'which is not a rotation; give'),
        (dict(R=[1, 2]), '9 finite numbers are needed'),
        (dict(T=[0, 1]), '3 finite numbers are needed'),
        (dict(T=[0, float('nan'), 1]), '3 finite numbers are needed'),
        (dict(dist=[0.1] * 8), '8 distortion coefficients; k1, k2, p1, p2, k3 are supported'),
        (dict(dist='no'), 'which is not numeric'),
        (dict(dist=[-9, 5, 0, 0, 0]), 'which folds the middle of the image over; check the order'),
        (dict(fisheye=True), 'calibrated as a fisheye'),
        (dict(T=[100.0, 900.0, 3000.0]), 'up to 3.* m apart, so T seems to be in millimetres'),
    ],
)
def test_impossible_parameters_are_one_sentence(rig, tmp_path, change, message):
    content = calibration_json(rig)
    content['cam_1'].update(change)
    with pytest.raises(ValueError, match=message) as caught:
        load_calibration(write_json(tmp_path, content))
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('name', ['K', 'R', 'T', 'w', 'h'])
def test_what_a_camera_lacks_is_named(rig, tmp_path, name):
    content = calibration_json(rig)
    del content['cam_2'][name]
    with pytest.raises(ValueError, match=rf'Camera cameras.json/cam_2 lacks {name} \({name}'):
        load_calibration(write_json(tmp_path, content))


def test_files_that_are_no_calibrations_are_refused(rig, tmp_path, monkeypatch):
    for content in ({}, [], {'metadata': {}}, {'cam': 3}):
        with pytest.raises(ValueError, match='holds no cameras'):
            load_calibration(write_json(tmp_path, content))
    content = calibration_json(rig)
    same = {name: dict(content['cam_1']) for name in 'ab'}
    with pytest.raises(ValueError, match='are all at one place'):
        load_calibration(write_json(tmp_path, same))
    same['b']['name'] = 'a'
    with pytest.raises(ValueError, match="Two cameras of .* are called 'a'"):
        load_calibration(write_json(tmp_path, same))
    with pytest.raises(FileNotFoundError, match='calibration file .* does not exist'):
        load_calibration(tmp_path / 'absent.json')
    (tmp_path / 'bad.json').write_text('{')
    with pytest.raises(ValueError, match='is not valid JSON'):
        load_calibration(tmp_path / 'bad.json')
    (tmp_path / 'calib.yml').write_text('')
    with pytest.raises(ValueError, match='must end in .json or .toml'):
        load_calibration(tmp_path / 'calib.yml')
    with pytest.raises(ValueError, match='is not valid TOML'):
        load_calibration(write_toml(tmp_path, '[cam'))

    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, 'import_module', absent)  # as Python 3.9 without tomli
    with pytest.raises(ValueError, match='TOML, which Python reads from 3.11 on; call pip install'):
        load_calibration(tmp_path / 'Calib.toml')
