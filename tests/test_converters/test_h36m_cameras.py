# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Cameras of Human3.6M from the tables in VideoPose3D's source."""

from __future__ import annotations

from pathlib import Path
from pprint import pformat
from typing import Any

import numpy as np
import pytest
from published_files import load_tool, write_h36m
from scipy.spatial.transform import Rotation

from mmposeaug.converters.h36m_cameras import read_cameras
from mmposeaug.converters.h36m_files import CAMERA_IDS
from mmposeaug.fileio import load_npz

Tables = tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]


@pytest.fixture(scope='module')
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return write_h36m(tmp_path_factory.mktemp('h36m'), 3)


def lens_of(number: int) -> dict[str, Any]:
    return dict(
        id=CAMERA_IDS[number],
        center=[512.5 + number, 515.5],
        focal_length=[1145.0, 1143.0 + number],
        radial_distortion=[-0.2, 0.25, -0.003],
        tangential_distortion=[-0.001, -0.0014],
        res_w=1000,
        res_h=1002,
        azimuth=70,
    )


@pytest.fixture
def tables(published: dict[str, Any]) -> Tables:
    """The tables of the made-up cameras, which share their lenses, and of subjects without any."""
    poses: dict[str, list[dict[str, Any]]] = {'S2': [{}] * 4}
    for (subject, _), camera in published['content'][2].items():
        turn = Rotation.from_matrix(camera['R']).as_quat()
        entry = dict(
            orientation=[float(each) for each in (turn[3], *turn[:3])],
            translation=[1000 * float(each) for each in camera['T'].ravel()],
        )
        poses.setdefault(subject, []).append(entry)
    return [lens_of(number) for number in range(4)], poses


def write(path: Path, tables: Tables, more: str = '') -> str:
    lenses, poses = tables
    path.write_text(
        'import nowhere_to_be_found\n\nraise SystemExit\n'
        f'h36m_cameras_intrinsic_params = {pformat(lenses)}\n'
        f'h36m_cameras_extrinsic_params = {pformat(poses)}\n{more}'
    )
    return str(path)


def test_the_numbers_are_those_of_mmposes_cameras(published, tables, tmp_path):
    cameras = read_cameras(write(tmp_path / 'h36m_dataset.py', tables))  # which would not run
    expected = published['content'][2]
    assert len(cameras) == 28 and cameras.keys() == expected.keys()
    for (subject, camera_id), camera in cameras.items():
        np.testing.assert_allclose(camera['R'], expected[subject, camera_id]['R'], atol=1e-6)
        np.testing.assert_allclose(camera['T'], expected[subject, camera_id]['T'], atol=1e-6)
        lens = lens_of(CAMERA_IDS.index(camera_id))
        assert camera['f'].tolist() == [[each] for each in lens['focal_length']]
        assert camera['c'].tolist() == [[each] for each in lens['center']]
        assert camera['k'].tolist() == [[-0.2], [0.25], [-0.003]]
        assert camera['p'].tolist() == [[-0.0014], [-0.001]]  # OpenCV's p1, p2
        assert (camera['w'], camera['h']) == (1000, 1002)


def test_the_tool_converts_with_them(published, tables, tmp_path):
    source = write(tmp_path / 'h36m_dataset.py', tables)
    main = load_tool('h36m')
    assert main([published['positions'], source, str(tmp_path / 'a')]) == 0
    assert main([published['positions'], str(tmp_path / 'a/cameras.pkl'), str(tmp_path / 'b')]) == 0
    for split in ('train', 'test'):
        a, b = (load_npz(str(tmp_path / f'{out}/fps50/h36m_{split}.npz')) for out in 'ab')
        assert all(a[name].tobytes() == b[name].tobytes() for name in a)


def test_other_files_are_refused(tables, tmp_path):
    lenses, poses = tables
    path = tmp_path / 'h36m_dataset.py'

    def refused(match: str) -> None:
        with pytest.raises(ValueError, match=match):
            read_cameras(str(path))

    write(path, (lenses[:3], poses))
    refused(r"extrinsic_params\['S1'\] of .* must list 3 cameras")
    write(path, (lenses, {key: value for key, value in poses.items() if key != 'S9'}))
    refused("extrinsic_params of .* no key 'S9'")
    write(path, (lenses, {**poses, 'S6': [{}] * 4}))
    refused(r"\['S6'\]\[0\] of .* no key 'orientation'")
    write(path, (lenses, {**poses, 'S6': [dict(poses['S6'][0], orientation=[1, 1, 0, 0])] * 4}))
    refused('has the length 1.414; 1 is needed')
    write(path, ([dict(lens, center=[1]) for lens in lenses], poses))
    refused(r'center of .* has shape \(1,\)')
    write(path, ([dict(lens, res_w='wide') for lens in lenses], poses))
    refused("res_w .* is 'wide'")
    write(path, ([dict(lens, id=7) for lens in lenses], poses))
    refused('has no camera S1/54138969')
    write(
        path,
        (lenses, {**poses, 'S1': [dict(each, translation=[9e7, 0, 0]) for each in poses['S1']]}),
    )
    refused('millimetres')
    write(path, tables, 'h36m_cameras_intrinsic_params = list(range(4))\n')
    refused('intrinsic_params of .* is not plain numbers')
    path.write_text('cameras = 3\n')
    refused('does not set h36m_cameras_intrinsic_params')
    path.write_text('cameras = (\n')
    refused('cannot be read as Python')
    with pytest.raises(FileNotFoundError, match='camera file .* does not exist'):
        read_cameras(str(tmp_path / 'absent.py'))
