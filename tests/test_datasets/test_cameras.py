# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Camera files of every accepted form, and what is said of the others."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from mmpose.utils.camera import SimpleCamera

from mmposeaug.datasets import CameraSet, load_camera_dicts
from mmposeaug.fileio import save_json, save_pickle
from mmposeaug.geometry import project

CAMERA = dict(f=[1145, 1143], c=[512, 515], k=[-0.2, 0.24, -0.002], p=[-0.001, -0.0015], w=1000,
              h=1002)  # fmt: skip
NUMBERS = [1145, 1143, 512, 515, -0.2, 0.24, -0.002, -0.001, -0.0015]


def shaped(**changes):
    """The camera with MMPose's array shapes."""
    camera = {k: np.array(v)[:, None] if isinstance(v, list) else v for k, v in CAMERA.items()}
    return {**camera, **changes}


def test_pickle_and_both_json_forms_agree(tmp_path, sample):
    plain = {
        key: {k: np.asarray(v).tolist() for k, v in c.items()} for key, c in sample.cameras.items()
    }
    save_json(tmp_path / 'map.json', {'/'.join(key): c for key, c in plain.items()})
    save_json(tmp_path / 'list.json', [dict(c, subject=s, camera=i) for (s, i), c in plain.items()])
    expected = CameraSet.from_dicts(load_camera_dicts(str(tmp_path / 'cameras.pkl')))
    for name in ('map.json', 'list.json'):
        found = CameraSet.from_dicts(load_camera_dicts(str(tmp_path / name)))
        assert found.keys == expected.keys
        for field in ('intrinsics', 'image_size', 'rotation', 'position'):
            assert torch.equal(getattr(found, field), getattr(expected, field))
        dicts = load_camera_dicts(str(tmp_path / name))
        for key, camera in sample.cameras.items():
            for number in 'RTfckp':
                assert dicts[key][number].shape == camera[number].shape
                np.testing.assert_allclose(dicts[key][number], camera[number])


@pytest.mark.parametrize('rows', [2, 3])
def test_matrix_stands_for_focal_length_and_centre(rows):
    camera = shaped(K=np.array([[1145.0, 0, 512], [0, 1143, 515], [0, 0, 1]])[:rows])
    del camera['f'], camera['c']
    intrinsics = CameraSet.from_dicts({('S1', 'a'): camera}).intrinsics
    torch.testing.assert_close(intrinsics, torch.tensor([NUMBERS], dtype=torch.float32))


def test_left_out_distortion_is_zero():
    camera = shaped(k=None, p=np.zeros(1))
    assert CameraSet.from_dicts({('S1', 'a'): camera}).intrinsics[0, 4:].tolist() == [0] * 5


def test_projection_through_the_set_is_that_of_mmpose(sample):
    cameras = CameraSet.from_dicts(sample.cameras)
    points = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32) + [0, 0, 5]
    for i, camera in enumerate(sample.cameras.values()):
        theirs = SimpleCamera(camera)
        ours = project(torch.from_numpy(points).float(), cameras.intrinsics[i])
        np.testing.assert_allclose(ours, theirs.camera_to_pixel(points), atol=1e-3)
        world = theirs.camera_to_world(points)
        rotation, position = cameras.rotation[i].numpy(), cameras.position[i].numpy()
        np.testing.assert_allclose((world - position) @ rotation, points, atol=1e-4)


def test_lookup_names_the_missing_cameras(sample):
    cameras = CameraSet.from_dicts(sample.cameras)
    keys = list(sample.cameras)
    assert cameras.lookup([keys[3], keys[0], keys[3]]).tolist() == [3, 0, 3]
    missing = [('S9', str(i)) for i in range(6)]
    with pytest.raises(ValueError, match=r'6 cameras.*: S9/0, S9/1, S9/2, S9/3 and 2 more;'):
        cameras.lookup([keys[0], *missing, *missing])


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(w=None), 'S1/a lacks its image size'),
        (dict(f=None), "S1/a lacks 'f' and 'c'"),
        (dict(f=[1145, -3]), 'focal length'),
        (dict(f=[1145]), 'f = .*2 finite numbers'),
        (dict(c=[np.nan, 3]), 'c = '),
        (dict(c=['x', 3]), 'not numeric'),
        (dict(k=[1, 2, 3, 4, 5, 6]), 'S1/a has 6 coefficients k'),
        (dict(R=np.eye(2), T=[0, 0, 0]), 'R = .*9 finite'),
        (dict(f=None, K=np.eye(4)), r'K of shape \(4, 4\)'),
        (dict(h=0), 'image size 1000 x 0'),
        (dict(w='abc'), "S1/a has w = 'abc', which is not numeric"),
        (dict(h=[1, 2]), r'S1/a has h = \[1.0, 2.0\], 1 finite'),
        (dict(w=np.inf), r'S1/a has w = \[inf\], 1 finite'),
        (dict(k='x'), "S1/a has k = 'x', which is not numeric"),
        (dict(p=[[1], [2, 3]]), 'S1/a has p = .*not numeric'),
        (dict(f=None, K=[['a']]), r"S1/a has K = \[\['a'\]\], which is not numeric"),
        (dict(f=None, K=np.full((3, 3), np.nan)), 'S1/a has focal length .*nan.*finite'),
    ],
)
def test_bad_camera_is_named(tmp_path, changes, message):
    camera = {k: v for k, v in {**CAMERA, **changes}.items() if v is not None}
    save_pickle(tmp_path / 'cameras.pkl', {('S1', 'a'): camera})
    with pytest.raises(ValueError, match=message):
        load_camera_dicts(str(tmp_path / 'cameras.pkl'))


def test_null_image_size_is_named():
    with pytest.raises(ValueError, match="S1/a lacks its image size; add 'w' and 'h'"):
        CameraSet.from_dicts({('S1', 'a'): dict(CAMERA, w=None)})


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('{', 'not valid JSON'),
        ('[]', 'holds no cameras'),
        ('3', 'must be a mapping or a list'),
        (json.dumps({'S1': CAMERA}), "key 'S1'"),
        (json.dumps([CAMERA]), "Entry 0 .*'subject'"),
        (json.dumps({'S1/a': 3}), 'not a .subject, camera id. key'),
    ],
)
def test_malformed_json_is_named(tmp_path, content, message):
    (tmp_path / 'cameras.json').write_text(content)
    with pytest.raises(ValueError, match=message):
        load_camera_dicts(str(tmp_path / 'cameras.json'))


def test_missing_file_names_the_option(tmp_path):
    with pytest.raises(FileNotFoundError, match='absent.pkl.*camera_param_file'):
        load_camera_dicts(str(tmp_path / 'absent.pkl'))


def test_set_moves_and_joins(sample, device):
    cameras = CameraSet.from_dicts(sample.cameras).to(device)
    joined = CameraSet.concat([cameras, cameras])
    assert len(joined) == 2 * len(cameras)
    assert joined.intrinsics.device.type == device.type
    assert joined.rotation is not None
    with pytest.raises(ValueError, match='needs intrinsics'):
        CameraSet(cameras.intrinsics[:2], cameras.image_size, cameras.keys)
