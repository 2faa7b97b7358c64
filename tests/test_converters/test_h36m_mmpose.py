# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Human3.6M as MMPose preprocesses it, brought to 16 joints."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from published_files import load_tool, write_h36m

from mmposeaug.converters import convert_h36m
from mmposeaug.datasets import MocapDataset
from mmposeaug.fileio import load_npy, load_npz
from mmposeaug.structures import H36M_17_TO_16

FRAMES = 5
KEPT = list(H36M_17_TO_16)
NAME = 'cpn_ft_h36m_dbb'


@pytest.fixture(scope='module')
def mmpose_files(tmp_path_factory):
    """annotation_body3d of 17 joints, double precision, the corrupt recording among them."""
    folder = tmp_path_factory.mktemp('h36m')
    made = write_h36m(folder, FRAMES)
    out = folder / 'annotation_body3d'
    convert_h36m(made['positions'], made['cameras'], out, made['keypoints'], keep_corrupt=True)
    for split in ('train', 'test'):
        path = out / f'fps50/h36m_{split}.npz'
        arrays = load_npz(str(path))
        arrays['S'] = arrays['S'].astype(np.float64)
        np.savez(path, **arrays)
    (out / 'conversion.json').unlink()
    return out


def inputs_of(folder):
    detections = sorted((folder / 'fps50/joint_2d_det_files').iterdir())
    return str(folder), str(folder / 'cameras.pkl'), [str(path) for path in detections]


def test_sixteen_joints_with_their_detections(mmpose_files, tmp_path):
    positions, cameras, keypoints = inputs_of(mmpose_files)
    paths = convert_h36m(positions, cameras, tmp_path, keypoints, joints=16)
    assert all(path.exists() for path in paths)
    for split, kept in (('train', slice(None)), ('test', None)):
        before = load_npz(str(mmpose_files / f'fps50/h36m_{split}.npz'))
        after = load_npz(str(tmp_path / f'fps50/h36m_{split}.npz'))
        if kept is None:  # S11's Directions is left out
            kept = ['S11_Directions.' not in name for name in before['imgname']]
            assert np.sum(np.invert(kept)) == 4 * FRAMES
        for name in ('imgname', 'center', 'scale'):
            np.testing.assert_array_equal(after[name], before[name][kept])
        for name in ('part', 'S'):
            expected = before[name][kept][:, KEPT].astype(np.float32)
            assert after[name].dtype == np.float32 and after[name].tobytes() == expected.tobytes()
        file = f'fps50/joint_2d_det_files/{NAME}_{split}.npy'
        detected, all_joints = (load_npy(str(f / file)) for f in (tmp_path, mmpose_files))
        np.testing.assert_array_equal(detected, all_joints[kept][:, KEPT])
    assert (tmp_path / 'cameras.json').exists()


def test_fewer_frames_and_the_corrupt_recording(mmpose_files, tmp_path):
    positions, cameras, keypoints = inputs_of(mmpose_files)
    convert_h36m(
        positions, cameras, tmp_path, keypoints, joints=16, frame_step=2, keep_corrupt=True
    )
    arrays = load_npz(str(tmp_path / 'fps25/h36m_test.npz'))
    numbers = [int(name[-10:-4]) for name in arrays['imgname']]
    assert numbers == [1, 3, 5] * 16 and 'S11_Directions.' in ''.join(arrays['imgname'])
    detected = load_npy(str(tmp_path / f'fps25/joint_2d_det_files/{NAME}_test.npy'))
    assert len(detected) == len(numbers)


def test_the_protocols_dataset_reads_them(mmpose_files, tmp_path, repo_root):
    positions, cameras, keypoints = inputs_of(mmpose_files)
    convert_h36m(positions, cameras, tmp_path, keypoints, joints=16)
    dataset = MocapDataset(
        ann_file='fps50/h36m_test.npz',
        camera_param_file='cameras.pkl',
        data_root=str(tmp_path),
        metainfo=dict(from_file=str(repo_root / 'configs/_base_/datasets/h36m_16.py')),
        keypoint_2d_src='detection',
        keypoint_2d_det_file=f'fps50/joint_2d_det_files/{NAME}_test.npy',
    )
    assert len(dataset) == 3 * 4 * FRAMES
    assert dataset[0]['keypoints'].shape == (1, 16, 2)


def test_a_second_call_leaves_them(mmpose_files, tmp_path):
    positions, cameras, keypoints = inputs_of(mmpose_files)
    convert_h36m(positions, cameras, tmp_path, keypoints, joints=16)
    lines = []
    convert_h36m(positions, cameras, tmp_path, keypoints, joints=16, report=lines.append)
    assert [line.rsplit(':', 1)[1] for line in lines] == [' complete, left as it is'] * 3


@pytest.mark.parametrize('split, other', [('train', 'test'), ('test', 'train')])
def test_detections_of_one_split_only_are_said(mmpose_files, tmp_path, split, other):
    positions, cameras, keypoints = inputs_of(mmpose_files)
    (given,) = (path for path in keypoints if path.endswith(f'{split}.npy'))
    lines = []
    convert_h36m(positions, cameras, tmp_path, [given], joints=16, report=lines.append)
    assert lines[0].startswith(f'{given}: there is no {NAME}_{other}.npy among the 2D files')
    assert [path.name for path in tmp_path.rglob('*.npy')] == [f'{NAME}_{split}.npy']


def test_wrong_files_are_refused(mmpose_files, tmp_path):
    positions, cameras, keypoints = inputs_of(mmpose_files)

    def refused(match, error=ValueError, positions=positions, keypoints=()):
        with pytest.raises(error, match=match):
            convert_h36m(str(positions), cameras, tmp_path / 'out', keypoints, joints=16)

    folder = tmp_path / 'annotation_body3d'
    source = {s: load_npz(str(mmpose_files / f'fps50/h36m_{s}.npz')) for s in ('train', 'test')}
    for rate in ('fps10', 'fps50'):
        (folder / rate).mkdir(parents=True)
        np.savez(folder / rate / 'h36m_train.npz', **source['train'])
    refused('fps10 and fps50; name one', positions=folder)
    refused("h36m_test.npz' does not exist", FileNotFoundError, folder / 'fps10')
    np.savez(folder / 'fps10/h36m_test.npz', **source['train'])
    refused("subject 'S1'", positions=folder / 'fps10')
    np.savez(folder / 'fps10/h36m_test.npz', **dict(source['test'], S=source['test']['S'][:, KEPT]))
    refused('16 joints in 3D and 17 in 2D', positions=folder / 'fps10')
    np.savez(folder / 'fps10/h36m_test.npz', **dict(source['test'], S=source['test']['S'] * 1000))
    refused('millimetres', positions=folder / 'fps10')
    np.savez(folder / 'fps10/h36m_test.npz', **dict(source['test'], S=source['test']['S'] * np.nan))
    refused('NaN', positions=folder / 'fps10')
    with pytest.raises(ValueError, match='frame_step is 4; use one of 1, 2, 5, 10'):
        convert_h36m(str(folder / 'fps10'), cameras, tmp_path / 'out', frame_step=4)
    (folder / 'fps10').rename(folder / 'slow')
    refused("called 'slow'", positions=folder / 'slow')

    refused('one of two files; name the folder', positions=folder / 'fps50/h36m_train.npz')

    other = tmp_path / 'hr.npy'
    np.save(other, np.zeros((3, 17, 3)))
    refused('not called NAME_train.npy', keypoints=[str(other)])
    other = other.rename(tmp_path / 'hr_test.npy')
    refused(r"hr_test.npy' has shape \(3, 17, 3\)", keypoints=[str(other)])
    refused("Two of the 2D files are called 'hr_test'", keypoints=[str(other)] * 2)


def test_what_is_read_is_never_written_over(mmpose_files, tmp_path):
    shutil.copytree(mmpose_files, tmp_path / 'here')
    positions, cameras, keypoints = inputs_of(tmp_path / 'here')
    before = (tmp_path / 'here/fps50/h36m_test.npz').read_bytes()
    with pytest.raises(ValueError, match='is read, but would be written over'):
        convert_h36m(positions, cameras, positions, keypoints, joints=16, overwrite=True)
    assert (tmp_path / 'here/fps50/h36m_test.npz').read_bytes() == before


def test_the_tool(mmpose_files, tmp_path, capsys):
    main = load_tool('h36m')
    positions, cameras, keypoints = inputs_of(mmpose_files)
    command = [positions, cameras, str(tmp_path), '--joints', '16', '--keypoints', *keypoints]
    assert main(command) == 0
    assert 'h36m_test.npz: 60 of 80 frames' in capsys.readouterr().out
