# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
from __future__ import annotations

import builtins

import numpy as np
import pytest
from published_files import (
    load_tool,
    project_cv2,
    write_mpi_test,
    write_mpi_train,
    write_spin,
)
from scipy.io import savemat

from mmposeaug.converters import convert_mpi_spin, convert_mpi_test, convert_mpi_train
from mmposeaug.converters.mpi_train import CAMERAS
from mmposeaug.datasets import MocapDataset, load_camera_dicts, load_pose_bank
from mmposeaug.fileio import load_npz
from mmposeaug.structures import H36M_17_TO_16

# where the public scripts find Human3.6M's joints in the files
TEST_ORDER = [14, 8, 9, 10, 11, 12, 13, 15, 1, 16, 0, 5, 6, 7, 2, 3, 4]
TRAIN_ORDER = [4, 23, 24, 25, 18, 19, 20, 3, 5, 6, 7, 9, 10, 11, 14, 15, 16]
SPIN_ORDER_16 = [14, 2, 1, 0, 3, 4, 5, 16, 12, 18, 9, 10, 11, 8, 7, 6]


@pytest.mark.parametrize('hdf5', [False, True], ids=['matlab5', 'matlab7.3'])
def test_official_test_set(tmp_path, hdf5):
    if hdf5:
        pytest.importorskip('h5py')
    content = write_mpi_test(tmp_path, hdf5=hdf5)
    lines = []
    convert_mpi_test(tmp_path, tmp_path / 'out', report=lines.append)
    arrays = load_npz(str(tmp_path / 'out/mpi_inf_3dhp_test_official.npz'))
    assert list(arrays['imgname'][:4]) == [
        f'TS1_Activity2_GS.0_{frame:06d}.jpg' for frame in (1, 3, 4, 5)
    ]
    scenes = [name.split('.')[0].split('_')[2] for name in arrays['imgname'][::4]]
    assert scenes == ['GS', 'GS', 'noGS', 'noGS', 'outdoor', 'outdoor']
    valid = [0, 2, 3, 4]
    cameras = load_camera_dicts(str(tmp_path / 'out/cameras.pkl'))
    for i, (name, each) in enumerate(content.items()):
        rows = slice(4 * i, 4 * i + 4)
        pose = each['univ_annot3'][valid, 0][:, TEST_ORDER] / 1000
        assert np.abs(arrays['S'][rows, :, :3] - pose).max() < 1e-6
        points = each['annot2'][valid, 0][:, TEST_ORDER]
        assert np.abs(arrays['part'][rows, :, :2] - points).max() < 0.01
        camera = cameras[name, '0']
        np.testing.assert_allclose(camera['f'], 1001 + i, rtol=1e-6)
        assert (camera['w'], camera['h']) == ((2048, 2048) if i < 4 else (1920, 1080))
        seen = each['annot3'][valid, 0] / 1000
        assert np.abs(project_cv2(seen, camera) - each['annot2'][valid, 0]).max() < 0.01
    assert '4 valid frames; the fitted camera leaves 0.00 px' in lines[0]


def test_official_poses_as_recorded_load(tmp_path):
    content = write_mpi_test(tmp_path)
    convert_mpi_test(tmp_path, tmp_path / 'out', joints=16, pose='annot3')
    files = dict(data_root=str(tmp_path / 'out'), ann_file='mpi_inf_3dhp_test_official.npz')
    arrays = load_npz(str(tmp_path / 'out/mpi_inf_3dhp_test_official.npz'))
    order = [TEST_ORDER[joint] for joint in H36M_17_TO_16]
    pose = content['TS1']['annot3'][0, 0, order] / 1000
    assert np.abs(arrays['S'][0, :, :3] - pose).max() < 1e-6
    with pytest.raises(ValueError, match='16 joints'):  # the data set's default has 17
        MocapDataset(**files)


def test_wrong_test_files(tmp_path):
    content = write_mpi_test(tmp_path)
    path = tmp_path / 'TS3' / 'annot_data.mat'

    def refused(match, kind=ValueError, **changes):
        arrays = {**content['TS3'], **changes}
        savemat(path, {name: v.T for name, v in arrays.items() if v is not None})
        with pytest.raises(kind, match=match):
            convert_mpi_test(tmp_path, tmp_path / 'out')

    refused("no array 'univ_annot3'", univ_annot3=None)
    refused(
        r"'annot2' of .*TS3.* shape \(5, 1, 16, 2\)", annot2=content['TS3']['annot2'][:, :, :16]
    )
    refused('annot2 of .*TS3.* not pixels', annot2=content['TS3']['annot2'] / 2048)
    refused('different numbers of frames', valid_frame=np.ones((3, 1)))
    refused('no frame as valid', valid_frame=np.zeros((5, 1)))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match='cannot be read as a MATLAB file'):
        convert_mpi_test(tmp_path, tmp_path / 'out')
    path.unlink()
    with pytest.raises(FileNotFoundError, match='TS3'):
        convert_mpi_test(tmp_path, tmp_path / 'out')
    with pytest.raises(ValueError, match="pose is 'annot4'"):
        convert_mpi_test(tmp_path, tmp_path / 'out', pose='annot4')


def test_matlab_7_3_without_h5py(tmp_path, monkeypatch, capsys):
    for number in range(1, 7):
        path = tmp_path / f'TS{number}' / 'annot_data.mat'
        path.parent.mkdir()
        path.write_bytes(b'MATLAB 7.3 MAT-file'.ljust(512) + b'\x89HDF\r\n\x1a\n')
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == 'h5py':
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, '__import__', without)
    assert load_tool('mpi_inf_3dhp')(['test', str(tmp_path), str(tmp_path / 'out')]) == 1
    error = capsys.readouterr().err
    assert 'pip install h5py' in error and '-v7' in error


def test_spin_file(tmp_path):
    published = write_spin(tmp_path)
    lines = []
    path = str(tmp_path / 'mpi_inf_3dhp_valid.npz')
    convert_mpi_spin(path, tmp_path / 'out', report=lines.append)
    arrays = load_npz(str(tmp_path / 'out/mpi_inf_3dhp_2929.npz'))
    assert np.abs(arrays['S'][..., :3] - published['S'][:, SPIN_ORDER_16, :3]).max() < 1e-6
    points = published['part'][:, SPIN_ORDER_16, :2]
    assert np.abs(arrays['part'][..., :2] - points).max() < 0.01
    assert (arrays['S'][..., 3] == 1).all()
    assert arrays['imgname'][3] == 'TS2_Test_GS.0_000001.jpg'
    assert lines[0] == '18 frames; the published protocol has 2929'
    cameras = load_camera_dicts(str(tmp_path / 'out/cameras.json'))
    assert [cameras[f'TS{i}', '0']['w'] for i in range(1, 7)] == [2048] * 4 + [1920] * 2


def test_spin_file_marks_absent_joints_invisible(tmp_path):
    published = write_spin(tmp_path)
    published['S'][2, 14:, 3] = 0
    np.savez(tmp_path / 'changed.npz', **published)
    convert_mpi_spin(str(tmp_path / 'changed.npz'), tmp_path / 'out')
    visible = load_npz(str(tmp_path / 'out/mpi_inf_3dhp_2929.npz'))['S'][..., 3]
    assert visible[2].tolist() == [float(joint < 14) for joint in SPIN_ORDER_16]
    assert (np.delete(visible, 2, 0) == 1).all()


def test_wrong_spin_files(tmp_path):
    published = write_spin(tmp_path)
    path = tmp_path / 'wrong.npz'

    def refused(match, **changes):
        arrays = {**published, **changes}
        np.savez(path, **{name: v for name, v in arrays.items() if v is not None})
        with pytest.raises(ValueError, match=match):
            convert_mpi_spin(str(path), tmp_path / 'out')

    refused("no key 'S'", S=None)
    refused('not pixels', part=published['part'] / [2048, 2048, 1])
    refused(r"'S' .* shape \(18, 23, 4\)", S=published['S'][:, :23])
    refused(r"'part' .* shape \(18, 17, 3\)", part=published['part'][:, :17])
    names = published['imgname'].copy()
    names[1] = 'S9/img_000001.jpg'
    refused("image name 'S9/img_000001.jpg'", imgname=names)
    refused('cannot be read', imgname=np.array(list(names), dtype=object))


def test_training_set(tmp_path):
    content = write_mpi_train(tmp_path)
    convert_mpi_train(tmp_path, tmp_path / 'out')
    arrays = load_npz(str(tmp_path / 'out/mpi_inf_3dhp_train.npz'))
    assert len(arrays['imgname']) == 8 * 3  # the last frame of each is not in the image
    assert arrays['imgname'][0] == 'S1_Seq1.0Seq1_000001.jpg'
    assert arrays['imgname'][9] == 'S1_Seq1.4Seq1_000001.jpg'
    poses = np.concatenate([content[number][:3, TRAIN_ORDER] for number in CAMERAS])
    assert np.abs(arrays['S'][..., :3] - poses).max() < 1e-6
    cameras = load_camera_dicts(str(tmp_path / 'out/cameras.pkl'))
    assert cameras['S1', '4Seq1']['f'].ravel().tolist() == [1440, 1440]
    assert cameras['S1', '4Seq1']['c'].ravel().tolist() == [1024.5, 1020]
    for i, number in enumerate(CAMERAS):
        pixels = project_cv2(poses[3 * i : 3 * i + 3], cameras['S1', f'{number}Seq1'])
        assert np.abs(arrays['part'][3 * i : 3 * i + 3, :, :2] - pixels).max() < 0.01
    cfg = dict(
        type='MocapDataset',
        data_root=str(tmp_path / 'out'),
        ann_file='mpi_inf_3dhp_train.npz',
        camera_param_file='cameras.pkl',
    )
    assert len(load_pose_bank(cfg)) == 24


def test_training_set_options_and_wrong_files(tmp_path, capsys):
    main = load_tool('mpi_inf_3dhp')
    write_mpi_train(tmp_path)
    command = ['train', str(tmp_path), str(tmp_path / 'out')]
    assert main([*command, '--cameras', '3', '--frame-step', '2']) == 0
    arrays = load_npz(str(tmp_path / 'out/mpi_inf_3dhp_train.npz'))
    assert list(arrays['imgname']) == [f'S1_Seq1.3Seq1_{n:06d}.jpg' for n in (1, 3)]
    capsys.readouterr()
    assert main([*command, '--overwrite', '--cameras', '14']) == 1
    assert 'no camera 14' in capsys.readouterr().err
    calibration = tmp_path / 'S1/Seq1/camera.calibration'
    calibration.write_text(calibration.read_text().replace('size', 'shape'))
    assert main([*command, '--overwrite']) == 1
    assert "lacks a line 'name', 'size'" in capsys.readouterr().err
    calibration.unlink()
    assert main(command) == 1
    assert 'camera.calibration' in capsys.readouterr().err
    with pytest.raises(FileNotFoundError, match='annot.mat'):
        convert_mpi_train(tmp_path / 'out', tmp_path / 'else')
