# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""H3WB's file gives the samples that MMPose's own class makes of it."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from mmpose.registry import DATASETS, KEYPOINT_CODECS

from mmposeaug.datasets import load_pose_bank, make_pose_bank
from mmposeaug.datasets.cameras import CameraSet
from mmposeaug.datasets.metainfo import skeleton_of_cfg
from mmposeaug.datasets.wholebody import CAMERAS
from mmposeaug.fileio import save_pickle
from mmposeaug.geometry import project

METAINFO = dict(
    from_file='configs/_base_/datasets/h3wb.py',
    root='nose',
    drop_links=[(f'left_{joint}', f'right_{joint}') for joint in ('eye', 'shoulder', 'hip')],
    add_links=[
        *((f'{side}_wrist', f'{side}_hand_root') for side in ('left', 'right')),
        *(('nose', f'face-{i}') for i in range(68)),
    ],
)
LENS = [-0.2, 0.24, -0.001, -0.0014, -0.007]
"""list[float]: k1, k2, p1, p2, k3."""


def wholebody_content(frames: int = 4, lens=LENS) -> dict:
    """Entries of a file of H3WB with random bodies, in millimetres, seen by two cameras."""
    rng = np.random.default_rng(0)
    matrix = np.array([[[1.145, 0, 0.512], [0, 1.144, 0.515], [0, 0, 1e-3]]])
    camera = dict(K=matrix, R=np.eye(3)[None], T=np.zeros((1, 3)), Distortion=np.array([lens]))
    numbers = [1145, 1144, 512, 515, *np.array(LENS)[[0, 1, 4, 2, 3]]]
    names = list(CAMERAS)[1:3]
    data, boxes = {}, {}
    for subject in ('S1', 'S5', 'S7'):
        data[subject] = {}
        for action in ('Walking', 'Eating'):
            views = {'frame_id': [5 * i for i in range(frames)]}
            for name in names:
                pose = rng.normal(0, 300, (frames, 133, 3)) + (0, 0, 4000)
                seen = project(
                    torch.from_numpy(pose / 1000), torch.tensor(numbers).double().expand(frames, 9)
                )
                views[name] = dict(pose_2d=seen.numpy(), camera_3d=pose)
                for number in views['frame_id']:
                    boxes[subject, action, name, number] = dict(x_min=0, y_min=0, x_max=9, y_max=9)
            data[subject][action] = views
    metadata = {subject: dict.fromkeys(names, camera) for subject in data}
    return dict(train_data=data, metadata=metadata, bbox=boxes)


def save(folder, **content) -> dict:
    np.savez(folder / 'h3wb_train.npz', **{k: np.array(v, object) for k, v in content.items()})
    return dict(
        type='H36MWholeBodyDataset',
        data_root=str(folder),
        ann_file='h3wb_train.npz',
        metainfo=METAINFO,
    )


@pytest.mark.parametrize('own', [False, True])
@pytest.mark.parametrize(
    'options', [dict(), dict(seq_len=3, causal=False), dict(test_mode=True, seq_len=2)]
)
def test_samples_are_those_of_mmpose(tmp_path, own, options):
    cfg = dict(save(tmp_path, **wholebody_content()), **options)
    if own:
        cfg['type'] = 'WholeBodyDataset'
    bank = load_pose_bank(cfg)
    dataset = DATASETS.build(copy.deepcopy(cfg))
    assert len(bank) == len(dataset) > 0
    assert bank.subjects == (('S7',) if options.get('test_mode') else ('S1', 'S5'))
    batch = bank.gather(torch.arange(len(bank)))
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        np.testing.assert_allclose(batch.keypoints_px[i], info['keypoints'], rtol=1e-6)
        np.testing.assert_allclose(batch.pose_cam[i], info['keypoints_3d'], rtol=1e-6)
        target = batch.pose_cam[i][list(bank.target_frames)]
        np.testing.assert_allclose(target, info['lifting_target'], rtol=1e-6)
        camera = info['camera_param']
        (camera,) = [camera] if own else camera
        found = batch.intrinsics[i, :4]
        np.testing.assert_allclose(found, np.ravel([*camera['f'], *camera['c']]), rtol=1e-6)
    assert bank.skeleton.joint_names[bank.skeleton.root] == 'nose'
    if own:  # with what codecs need, and nothing that a network refuses
        assert dataset.metainfo['root'] == 'nose'
        assert (camera['w'], camera['h']) == (1000, 1000)
        np.testing.assert_allclose(np.ravel(camera['k']), np.array(LENS)[[0, 1, 4]])
        codec = KEYPOINT_CODECS.build(dict(type='VideoPoseLifting', num_keypoints=133))
        encoded = codec.encode(
            info['keypoints'],
            info['keypoints_visible'],
            info['lifting_target'],
            info['lifting_target_visible'],
            camera,
        )
        assert encoded['keypoint_labels'].dtype == np.float32


def test_the_lens_is_taken_in_the_order_that_fits(tmp_path):
    """The file does not say which of its five numbers are the tangential ones."""
    expected = np.array(LENS)[[0, 1, 4, 2, 3]]
    for order in ([0, 1, 2, 3, 4], [0, 1, 4, 2, 3]):
        cfg = save(tmp_path, **wholebody_content(lens=np.array(LENS)[order]))
        found = load_pose_bank(cfg).cameras.intrinsics[:, 4:]
        np.testing.assert_allclose(found, np.tile(expected, (len(found), 1)), rtol=1e-6)


def _without_camera(content: dict) -> None:
    del content['metadata']['S5']


def _short(content: dict) -> None:
    content['train_data']['S1']['Eating']['frame_id'].append(99)


def _no_body(content: dict) -> None:
    content['train_data'] = dict(S9=content['train_data']['S1'])


def _text(content: dict) -> None:
    content['train_data']['S1']['Walking'] = 'walking'


def _words(content: dict) -> None:
    content['train_data']['S1']['Walking']['55011271']['pose_2d'] = ['a', 'b']


def _seventeen(content: dict) -> None:
    for view in ('pose_2d', 'camera_3d'):
        views = content['train_data']['S1']['Walking']['55011271']
        views[view] = views[view][:, :17]


def _lens_of_four(content: dict) -> None:
    camera = content['metadata']['S1']['55011271']
    camera['Distortion'] = camera['Distortion'][:, :4]


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (_without_camera, 'metadata/S5 of .*is no dictionary but NoneType'),
        (_short, 'S1/Eating/55011271 .*4 rows of pose_2d and 4 of camera_3d for 5 of frame_id'),
        (_no_body, 'has no view of S1, S5, S6 by one of the cameras 54138969'),
        (_text, 'S1/Walking of .*is no dictionary but str'),
        (_words, "S1/Walking/55011271 .*has no 'pose_2d' of numbers with 3 axes"),
        (_seventeen, "has 17 joints, but the metainfo 'h3wb' describes 133"),
        (_lens_of_four, 'metadata/S1/55011271 .*and 4 numbers of Distortion'),
    ],
)
def test_another_file_is_named_as_what_it_lacks(tmp_path, change, message):
    content = wholebody_content()
    change(content)
    with pytest.raises(ValueError, match=message):
        load_pose_bank(save(tmp_path, **content))


def test_options_without_effect_are_refused(tmp_path):
    cfg = save(tmp_path, **wholebody_content())
    with pytest.raises(ValueError, match='seq_step is 2, but H36MWholeBodyDataset does not act'):
        load_pose_bank(dict(cfg, seq_step=2))
    with pytest.raises(ValueError, match="no option 'sequence_len'"):
        load_pose_bank(dict(cfg, sequence_len=2))


def test_small_faces_and_short_fingers_are_bones(tmp_path):
    """Points of a face that lie 3 mm apart pass the checks of lengths."""
    skeleton = skeleton_of_cfg(dict(type='H36MWholeBodyDataset', metainfo=METAINFO))
    rng = np.random.default_rng(1)
    pose = np.zeros((8, 133, 3)) + (0, 0, 3.0)
    for child, parent in sorted(skeleton.bones, key=lambda b: len(skeleton.path_to_root(b[0]))):
        step = rng.normal(size=(8, 3))
        length = 0.003 if skeleton.joint_names[child].startswith('face') else 0.05
        pose[:, child] = pose[:, parent] + length * step / np.linalg.norm(step, axis=1)[:, None]
    camera = dict(f=[1000, 1000], c=[500, 500], w=1000, h=1000)
    cameras = CameraSet.from_dicts({('S1', 'a'): camera})
    seen = project(torch.from_numpy(pose), cameras.intrinsics.double().expand(8, 9))
    assert len(make_pose_bank(seen, pose, cameras, skeleton)) == 8


def test_training_and_validation_obey_the_same_options(tmp_path):
    cfg = save(tmp_path, **wholebody_content())
    own = dict(cfg, type='WholeBodyDataset')
    for option, value in (('subset_frac', 0.1), ('seq_step', 2)):
        for build in (load_pose_bank, DATASETS.build):
            with pytest.raises(ValueError, match=f'{option} is {value}, but .* does not act on it'):
                build(dict(own, **{option: value}))
    cameras = DATASETS.build(copy.deepcopy(own))._cameras
    moved = {key: dict(camera, c=[[400.0], [300.0]]) for key, camera in cameras.items()}
    save_pickle(tmp_path / 'mine.pkl', moved)
    own['camera_param_file'] = 'mine.pkl'
    bank, dataset = load_pose_bank(own, check=False), DATASETS.build(copy.deepcopy(own))
    assert (bank.gather(torch.arange(1)).intrinsics[0, 2:4].tolist()) == [400.0, 300.0]
    assert np.ravel(dataset.get_data_info(0)['camera_param']['c']).tolist() == [400.0, 300.0]
    save_pickle(tmp_path / 'mine.pkl', dict(list(moved.items())[:1]))
    with pytest.raises((KeyError, ValueError), match='camera'):
        DATASETS.build(copy.deepcopy(own))
