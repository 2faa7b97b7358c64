# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
from __future__ import annotations

import os

import numpy as np
import pytest
from published_files import load_tool, project_cv2, write_pw3d

from mmposeaug.converters import convert_pw3d
from mmposeaug.datasets import MocapDataset, load_camera_dicts, load_pose_bank
from mmposeaug.fileio import load_npy, load_npz
from mmposeaug.structures import H36M_16, H36M_17

# SMPL's numbers of Human3.6M's joints; the head is put beyond SMPL's
SMPL_ORDER = [0, 2, 5, 8, 1, 4, 7, 6, 12, 15, 15, 16, 18, 20, 17, 19, 21]


class Spy:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def convert(folder, **options):
    convert_pw3d(folder / 'sequenceFiles', folder / 'out', **options)
    return load_npz(str(folder / 'out/3dpw_test.npz'))


def camera_space(content, world):
    """(2, 4, J, 3): the people of the valid frames."""
    poses = content['cam_poses'][:4]
    return np.einsum('tij,ptkj->ptki', poses[:, :3, :3], world) + poses[:, None, :3, 3]


def test_smpl_joints_before_a_moving_camera(tmp_path):
    content = write_pw3d(tmp_path)
    arrays = convert(tmp_path)
    smpl = np.stack(content['jointPositions']).reshape(2, 5, 24, 3)[:, :4]
    world = smpl[:, :, SMPL_ORDER]
    world[:, :, 10] = 2 * smpl[:, :, 15] - smpl[:, :, 12]
    pose = camera_space(content, world).reshape(8, 17, 3)
    assert np.abs(arrays['S'][..., :3] - pose).max() < 1e-6
    names = np.array(H36M_17.joint_names)
    assert set(names[arrays['S'][0, :, 3] == 0]) == {'neck_base', 'head'}
    cameras = load_camera_dicts(str(tmp_path / 'out/3dpw_test_cameras.pkl'))
    camera = cameras['P1', 'downtown-walking-00']
    assert (camera['w'], camera['h']) == (1080, 1920)
    assert np.abs(arrays['part'][..., :2] - project_cv2(pose, camera)).max() < 0.01
    assert arrays['imgname'][5] == 'P1_downtown-walking-00.downtown-walking-00_00001.jpg'


def test_openpose_detections(tmp_path):
    content = write_pw3d(tmp_path)
    content['poses2d'][0][2, 2, 9] = 0  # the right knee is not found in a frame
    write_pw3d(tmp_path, poses2d=content['poses2d'])
    convert(tmp_path)
    detected = load_npy(str(tmp_path / 'out/joint_2d_det_files/openpose_test.npy'))
    points = content['poses2d'][1][1].T  # person 1, frame 1
    index = H36M_17.index
    np.testing.assert_allclose(detected[5, index('left_wrist')], points[7], rtol=1e-6)
    np.testing.assert_allclose(detected[5, index('root')], (points[8] + points[11]) / 2, rtol=1e-6)
    np.testing.assert_allclose(detected[5, index('thorax')], points[1], rtol=1e-6)
    assert detected[2, index('right_knee'), 2] == 0 and detected[2, index('left_knee'), 2] == 0.5


def test_regressed_joints_replace_them(tmp_path):
    content = write_pw3d(tmp_path)
    names = [name for name in H36M_17.joint_names if name not in ('spine', 'neck_base')]
    rng = np.random.default_rng(0)
    given = rng.normal(0, 0.3, (2, 5, len(names), 3))
    path = tmp_path / 'joints.npz'
    persons = {f'downtown_walking_00_{i}': given[i] for i in range(2)}
    np.savez(path, joint_names=np.array(names), **persons)
    arrays = convert(tmp_path, regressed=str(path), joints=16)
    kept = [H36M_16.index(name) for name in names]
    pose = camera_space(content, given[:, :4]).reshape(8, len(names), 3)
    assert np.abs(arrays['S'][:, kept, :3] - pose).max() < 1e-6
    assert (arrays['S'][0, :, 3] == [name != 'spine' for name in H36M_16.joint_names]).all()
    np.savez(path, joint_names=np.array(names), downtown_walking_00_0=given[0])
    with pytest.raises(ValueError, match="no key 'downtown_walking_00_1'"):
        convert(tmp_path, regressed=str(path), joints=16, overwrite=True)
    np.savez(path, joint_names=np.array(['wing', *names]), **persons)
    with pytest.raises(ValueError, match="'wing'"):
        convert(tmp_path, regressed=str(path), overwrite=True)


def test_bank_and_dataset_read_it(tmp_path):
    write_pw3d(tmp_path)
    convert(tmp_path)
    files = dict(
        data_root=str(tmp_path / 'out'),
        ann_file='3dpw_test.npz',
        camera_param_file='3dpw_test_cameras.json',
    )
    bank = load_pose_bank(dict(files, type='MocapDataset'))
    assert bank.subjects == ('P0', 'P1')
    dataset = MocapDataset(
        **files,
        keypoint_2d_src='detection',
        keypoint_2d_det_file='joint_2d_det_files/openpose_test.npy',
    )
    assert len(dataset) == 8


def test_wrong_sequences(tmp_path):
    def refused(match, **changes):
        write_pw3d(tmp_path, **changes)
        with pytest.raises(ValueError, match=match):
            convert(tmp_path)

    trace = tmp_path / 'trace'
    refused('refused.*mkdir', genders=Spy(trace))
    assert not trace.exists()
    refused("no key 'cam_poses'", cam_poses=None)
    refused(r'jointPositions.*shape \(5, 66\)', jointPositions=[np.zeros((5, 66))] * 2)
    refused('poses2d.*1 people', poses2d=[np.zeros((5, 3, 18))])
    unit = [np.random.default_rng(0).uniform(0.1, 1, (5, 3, 18))] * 2
    refused("poses2d of the split 'test' lie in .* not pixels", poses2d=unit)
    refused('No frame', campose_valid=[np.zeros(5)] * 2)
    content = write_pw3d(tmp_path)
    refused('millimetres', jointPositions=[each * 1000 for each in content['jointPositions']])
    path = tmp_path / 'sequenceFiles/test/downtown_walking_00.pkl'
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match='check that it is complete'):
        convert(tmp_path)


def test_the_tool(tmp_path, capsys):
    main = load_tool('pw3d')
    write_pw3d(tmp_path)
    command = [str(tmp_path / 'sequenceFiles'), str(tmp_path / 'out')]
    assert main(command) == 0
    assert '1 sequences, 8 frames of people' in capsys.readouterr().out
    assert main(command) == 0
    assert 'complete' in capsys.readouterr().out
    assert main([*command, '--split', 'train']) == 1
    assert 'train/*.pkl' in capsys.readouterr().err
