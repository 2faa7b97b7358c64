# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
from __future__ import annotations

import numpy as np
import pytest
from published_files import h36m_actions, load_tool, project_cv2, write_h36m

from mmposeaug.converters import convert_h36m
from mmposeaug.converters.joints import H36M_32
from mmposeaug.datasets import MocapDataset, load_pose_bank
from mmposeaug.fileio import load_npy, load_npz
from mmposeaug.structures import H36M_17, H36M_17_TO_16

FRAMES = 4
KEPT = [H36M_32.index(name) for name in H36M_17.joint_names]


@pytest.fixture(scope='module')
def published(tmp_path_factory):
    return write_h36m(tmp_path_factory.mktemp('h36m'), FRAMES)


@pytest.fixture(scope='module')
def converted(published, tmp_path_factory):
    out = tmp_path_factory.mktemp('converted')
    lines = []
    files = {key: published[key] for key in ('positions', 'cameras', 'keypoints')}
    convert_h36m(**files, out_dir=out, report=lines.append)
    return out, lines


def replaced(published, tmp_path, **entries):
    """The 3D file with some entries of positions_3d exchanged."""
    positions = {**published['content'][0], **entries}
    positions = {key: value for key, value in positions.items() if value is not None}
    path = tmp_path / 'data_3d_h36m.npz'
    np.savez_compressed(path, positions_3d=positions)
    return dict(positions=str(path), cameras=published['cameras'])


def test_the_kept_joints_are_those_of_mmpose():
    assert KEPT == [0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27]


def test_every_video_has_its_poses_and_their_projection(published, converted):
    positions, _, cameras = published['content']
    count = 0
    for split, subjects in (('train', ['S1', 'S5', 'S6', 'S7', 'S8']), ('test', ['S9', 'S11'])):
        arrays = load_npz(str(converted[0] / f'fps50/h36m_{split}.npz'))
        names = [name.rsplit('/', 1)[-1] for name in arrays['imgname']]
        for subject in subjects:
            for stored, action in h36m_actions(subject).items():
                for (person, camera_id), camera in cameras.items():
                    stem = f'{subject}_{action}.{camera_id}_'
                    rows = [i for i, name in enumerate(names) if name.startswith(stem)]
                    if (subject, action) == ('S11', 'Directions'):
                        assert not rows
                        continue
                    if person != subject:
                        continue
                    count += len(rows)
                    assert [names[i] for i in rows] == [
                        f'{stem}{frame + 1:06d}.jpg' for frame in range(FRAMES)
                    ]
                    world = positions[subject][stored][:, KEPT].astype(np.float64)
                    seen = np.einsum('ji,tkj->tki', camera['R'], world - camera['T'].ravel())
                    assert np.abs(arrays['S'][rows, :, :3] - seen).max() < 1e-6
                    pixels = project_cv2(seen, camera)
                    assert np.abs(arrays['part'][rows, :, :2] - pixels).max() < 0.01
        assert (arrays['S'][..., 3] == 1).all() and (arrays['part'][..., 2] == 1).all()
    assert count == 13 * 4 * FRAMES


def test_detections_follow_the_annotations_row_by_row(published, converted):
    keypoints = published['content'][1]
    arrays = load_npz(str(converted[0] / 'fps50/h36m_test.npz'))
    folder = converted[0] / 'fps50/joint_2d_det_files'
    detected = load_npy(str(folder / 'cpn_ft_h36m_dbb_test.npy'))
    assert detected.shape == (len(arrays['imgname']), 17, 3)
    videos = [v for a in keypoints['S9'].values() for v in a] + keypoints['S11']['WalkDog 1']
    np.testing.assert_array_equal(
        detected[..., :2], np.concatenate([video[:FRAMES] for video in videos])
    )
    assert (detected[..., 2] == 1).all()
    cut = [line for line in converted[1] if 'cut to 4' in line]
    assert len(cut) == 13 * 4 and 'S1 Directions, camera 54138969' in cut[0]


def test_bank_and_dataset_read_what_was_written(converted):
    cfg = dict(
        type='MocapDataset',
        data_root=str(converted[0]),
        ann_file='fps50/h36m_train.npz',
        camera_param_file='cameras.json',
    )
    bank = load_pose_bank(cfg)  # checks the projection of all
    assert bank.subjects == ('S1', 'S5', 'S6', 'S7', 'S8') and len(bank.cameras) == 28
    detections = dict(
        keypoint_2d_src='detection',
        keypoint_2d_det_file='fps50/joint_2d_det_files/cpn_ft_h36m_dbb_train.npy',
    )
    assert len(load_pose_bank(dict(cfg, **detections))) == len(bank) == 10 * 4 * FRAMES
    cfg.pop('type')
    sample = MocapDataset(**cfg, **detections)[0]
    assert sample['keypoints'].shape == (1, 17, 2)


def test_sixteen_joints_and_a_lower_rate(published, converted, tmp_path):
    files = {key: published[key] for key in ('positions', 'cameras', 'keypoints')}
    convert_h36m(**files, out_dir=tmp_path, joints=16, frame_step=2)
    whole = load_npz(str(converted[0] / 'fps50/h36m_test.npz'))
    part = load_npz(str(tmp_path / 'fps25/h36m_test.npz'))
    assert list(part['imgname']) == list(whole['imgname'][::2])
    np.testing.assert_array_equal(part['S'], whole['S'][::2][:, list(H36M_17_TO_16)])
    name = 'joint_2d_det_files/cpn_ft_h36m_dbb_test.npy'
    np.testing.assert_array_equal(
        load_npy(str(tmp_path / 'fps25' / name)),
        load_npy(str(converted[0] / 'fps50' / name))[::2][:, list(H36M_17_TO_16)],
    )


def test_complete_parts_are_left_and_missing_ones_made(published, tmp_path):
    files = dict(positions=published['positions'], cameras=published['cameras'])
    paths = convert_h36m(**files, out_dir=tmp_path)
    times = {path: path.stat().st_mtime_ns for path in paths}
    (tmp_path / 'fps50/h36m_test.npz').unlink()
    lines = []
    assert convert_h36m(**files, out_dir=tmp_path, report=lines.append) == paths
    changed = [path.name for path in paths if path.stat().st_mtime_ns != times[path]]
    assert changed == ['h36m_test.npz']
    assert lines[:2] == ['fps50/train: complete, left as it is', 'cameras: complete, left as it is']
    with pytest.raises(FileExistsError, match='made with joints 17, not 16; name another folder'):
        convert_h36m(**files, out_dir=tmp_path, joints=16)
    convert_h36m(**files, out_dir=tmp_path, joints=16, overwrite=True)
    assert load_npz(str(tmp_path / 'fps50/h36m_test.npz'))['S'].shape[1] == 16


def test_files_of_others_are_not_replaced(published, tmp_path):
    (tmp_path / 'fps50').mkdir()
    (tmp_path / 'fps50' / 'h36m_train.npz').write_bytes(b'mine')
    files = dict(positions=published['positions'], cameras=published['cameras'])
    with pytest.raises(FileExistsError, match='not made by this conversion'):
        convert_h36m(**files, out_dir=tmp_path)


def test_keep_corrupt(published, tmp_path):
    files = dict(positions=published['positions'], cameras=published['cameras'])
    convert_h36m(**files, out_dir=tmp_path, keep_corrupt=True)
    names = load_npz(str(tmp_path / 'fps50/h36m_test.npz'))['imgname']
    assert sum('S11_Directions.' in name for name in names) == 4 * FRAMES


def test_wrong_3d_is_refused_with_its_key(published, tmp_path):
    walk = published['content'][0]['S6']['WalkDog 1']

    def refused(match, **entries):
        with pytest.raises(ValueError, match=match):
            files = replaced(published, tmp_path, **entries)
            convert_h36m(**files, out_dir=tmp_path / 'out')

    refused("no key 'S8'", S8=None)
    refused("subject 'S2'", S2=dict(Walking=walk))
    refused(r"'S6'.*'Sitting'.*shape \(4, 17, 3\)", S6=dict(Sitting=walk[:, :17]))
    refused('millimetres', S6=dict(Sitting=walk * 1000))
    refused("'S6'.*'Sitting'.* has no frames", S6=dict(Sitting=walk[:0]))
    refused('NaN', S6=dict(Sitting=walk * np.nan))
    refused('behind the camera', S6=dict(Sitting=walk + 40))
    assert not (tmp_path / 'out' / 'fps50').exists()


def test_wrong_2d_is_refused_with_its_key(published, tmp_path):
    _, keypoints, _ = published['content']
    path = tmp_path / 'data_2d_h36m_hr.npz'
    files = dict(positions=published['positions'], cameras=published['cameras'])

    def refused(match, positions, **metadata):
        metadata = {**dict(num_joints=17, layout_name='h36m'), **metadata}
        np.savez(path, positions_2d=positions, metadata=metadata)
        with pytest.raises(ValueError, match=match):
            convert_h36m(**files, keypoints=[str(path)], out_dir=tmp_path / 'out')

    refused("layout 'coco'", keypoints, layout_name='coco')
    refused('19 keypoints', keypoints, num_joints=19)
    four = keypoints['S1']['Directions']
    refused("no action 'WalkDog_1' of 'S1'", {**keypoints, 'S1': dict(Directions=four)})
    unit = dict(keypoints['S1'], Directions=[video / 1000 for video in four])
    refused("'S1'.*'Directions'.* camera 54138969 lie in .* not pix", {**keypoints, 'S1': unit})
    three = dict(Directions=four[:3])
    refused('3 videos, 4 are needed', {**keypoints, 'S1': three})
    np.savez(path, positions_2d=keypoints)
    with pytest.raises(ValueError, match="no entry 'metadata'"):
        convert_h36m(**files, keypoints=[str(path)], out_dir=tmp_path / 'out')


@pytest.mark.parametrize('step', [0, 3, 26, 100])
def test_frame_steps_that_leave_no_whole_rate_are_refused(published, tmp_path, step):
    files = dict(positions=published['positions'], cameras=published['cameras'])
    with pytest.raises(ValueError, match=f'frame_step is {step}; use one of 1, 2, 5, 10, 25, 50'):
        convert_h36m(**files, out_dir=tmp_path, frame_step=step)


def test_the_tool(published, tmp_path, capsys):
    main = load_tool('h36m')
    files = [published['positions'], published['cameras'], str(tmp_path / 'out')]
    assert main([*files, '--joints', '16', '--frame-step', '2']) == 0
    assert 'h36m_train.npz' in capsys.readouterr().out
    assert main([*files, '--frame-step', '2']) == 1
    error = capsys.readouterr().err
    assert error.count('\n') == 1 and 'overwrite' in error
    assert main(['nowhere.npz', *files[1:]]) == 1
    assert "'nowhere.npz' does not exist" in capsys.readouterr().err
