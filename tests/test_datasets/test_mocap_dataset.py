# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""MocapDataset: what it adds to MMPose's Human36mDataset."""

from __future__ import annotations

import copy
import pickle
import re

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler, pseudo_collate
from mmpose.registry import DATASETS
from torch.utils.data import DataLoader

from mmposeaug.datasets import MocapDataset, load_pose_bank
from mmposeaug.fileio import save_pickle


def build(sample, **options):
    """The dataset of the sample."""
    return DATASETS.build(sample.cfg(type='MocapDataset', **options))


def test_without_options_it_is_the_dataset_of_mmpose(sample):
    ours, theirs = build(sample), DATASETS.build(sample.cfg())
    assert isinstance(ours, MocapDataset) and len(ours) == len(theirs)
    assert ours.sequence_indices == theirs.sequence_indices
    for i in range(len(ours)):
        a, b = ours.get_data_info(i), theirs.get_data_info(i)
        assert a.keys() == b.keys()
        for key in a.keys() - {'center', 'scale', 'camera_param'}:
            np.testing.assert_equal(a[key], b[key])
        for key in 'RTfckpwh':
            np.testing.assert_array_equal(a['camera_param'][key], b['camera_param'][key])


def test_box_is_that_of_the_target_frame(sample):
    dataset = build(sample, seq_len=5, causal=False)
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        row = info['img_ids'][2]
        assert info['scale'] == sample.arrays['scale'][row]
        np.testing.assert_array_equal(info['center'], sample.arrays['center'][row : row + 1])


def test_train_and_val_share_no_sequence(sample):
    parts = [build(sample, split=dict(part=part, val_fraction=0.2)) for part in ('train', 'val')]
    assert sum(map(len, parts)) == len(sample.arrays['S'])
    sequences = [
        {d.get_data_info(i)['target_img_path'][0].split('.')[0] for i in range(len(d))}
        for d in parts
    ]
    assert not sequences[0] & sequences[1]
    assert (len(sequences[0]), len(sequences[1])) == (10, 2)


@pytest.mark.parametrize('lazy', [False, True])
def test_it_can_be_copied_and_sent(sample, lazy):
    dataset = build(sample, frame_step=2, lazy_init=lazy)
    for other in (copy.deepcopy(dataset), pickle.loads(pickle.dumps(dataset))):
        other.full_init()
        assert len(other) == len(dataset.sequence_indices)
        assert other.get_data_info(3)['img_ids'] == dataset.get_data_info(3)['img_ids']
    assert dataset.ann_data == {}  # the arrays are not kept twice
    assert len(dataset.get_subset(4)) == 4


def test_workers_load_it(sample):
    dataset = build(sample)
    loader = DataLoader(
        dataset,
        batch_size=8,
        num_workers=1,
        sampler=DefaultSampler(dataset, shuffle=False),
        collate_fn=pseudo_collate,
    )
    ids = [i for batch in loader for i in batch['id']]
    assert ids == list(range(len(dataset)))


def test_hostile_cameras_are_refused(sample):
    save_pickle(sample.folder / 'bad.pkl', {('S1', 'a'): eval})
    with pytest.raises(ValueError, match='builtins.eval'):
        build(sample, camera_param_file='bad.pkl')


def test_cameras_are_optional(sample):
    assert 'camera_param' not in build(sample, camera_param_file=None).get_data_info(0)


@pytest.mark.parametrize(
    ('options', 'error', 'message'),
    [
        (dict(ann_file='no.npz'), FileNotFoundError, 'no.npz.*ann_file'),
        (dict(camera_param_file='no.pkl'), FileNotFoundError, 'no.pkl.*camera_param_file'),
        (dict(keypoint_2d_src='detection'), ValueError, 'keypoint_2d_det_file'),
        (
            dict(keypoint_2d_src='detection', keypoint_2d_det_file='no.npy'),
            FileNotFoundError,
            'no.npy',
        ),
        (dict(split=dict(part='none')), ValueError, "part='train' or 'val'"),
        (dict(subjects=['S9']), ValueError, 'S1, S11, S5'),
        (dict(seq_len=100), ValueError, 'No video'),
    ],
    ids=str,
)
def test_bad_options_are_named(sample, options, error, message):
    with pytest.raises(error, match=message):
        build(sample, **options)


def test_bad_files_are_named(sample):
    arrays = sample.arrays
    sample.write('bad.npz', S=None)
    with pytest.raises(ValueError, match="no 3D joints 'S'"):
        build(sample, ann_file='bad.npz')
    sample.write('bad.npz', **{k: np.delete(arrays[k], 9, axis=1) for k in ('S', 'part')})
    with pytest.raises(ValueError, match='16 joints, but the metainfo .* 17'):
        build(sample, ann_file='bad.npz')
    save_pickle(sample.folder / 'few.pkl', dict(list(sample.cameras.items())[1:]))
    with pytest.raises(ValueError, match='1 cameras.*S1/54138969'):
        build(sample, camera_param_file='few.pkl')


@pytest.mark.parametrize('part', ['train', 'val', None])
def test_a_relative_root_is_joined_once(sample, monkeypatch, part):
    """Of detections too, whose path the parent joins itself."""
    detected = sample.arrays['part'] + np.float32([1, 2, 0])
    np.save(sample.folder / 'cpn.npy', detected)
    monkeypatch.chdir(sample.folder.parent)
    cfg = sample.cfg(
        type='MocapDataset',
        data_root=f'{sample.folder.name}/',
        keypoint_2d_src='detection',
        keypoint_2d_det_file='cpn.npy',
        split=None if part is None else dict(part=part, val_fraction=0.2),
    )
    dataset = DATASETS.build(cfg)
    bank = load_pose_bank(cfg)
    assert len(dataset) == len(bank) > 0
    rows = [dataset.get_data_info(i)['img_ids'][0] for i in range(len(dataset))]
    for i, row in enumerate(rows):
        np.testing.assert_array_equal(
            dataset.get_data_info(i)['keypoints'][0], detected[row, :, :2]
        )
    np.testing.assert_array_equal(
        bank.gather(torch.arange(len(bank))).keypoints_px[:, 0], detected[rows, :, :2]
    )


@pytest.mark.parametrize('build', [DATASETS.build, load_pose_bank])
def test_frames_that_are_missing_in_clips_are_told(sample, build, log_lines):
    names = sample.arrays['imgname'].copy()
    cfg = sample.cfg(type='MocapDataset', ann_file='gap.npz', seq_len=3)
    for step, far, told in ((1, 1, False), (5, 5, False), (1, 3, True)):
        number = {}
        for row, name in enumerate(sample.arrays['imgname']):
            video = name.rpartition('_')[0]
            last = number.get(video, 0)
            number[video] = last + (far if last == 2 else step)
            names[row] = f'{video}_{number[video]:06d}.jpg'
        sample.write('gap.npz', imgname=names)
        build(dict(cfg, seq_len=1))  # single frames do not care
        build(cfg)
        said = [line for line in log_lines if 'missing or out of order' in line]
        assert len(said) == told and all("_000002.jpg' and at 23 other" in line for line in said)
    assert not any('in different steps' in line for line in log_lines)
    fast = [name.split('_')[0] == 'S5' for name in names]
    for row in np.flatnonzero(fast):
        video, _, number = sample.arrays['imgname'][row].rpartition('_')
        names[row] = f'{video}_{5 * int(number[:-4]):06d}.jpg'
    sample.write('gap.npz', imgname=names)
    load_pose_bank(dict(cfg, subjects=['S5']))  # which are all alike, whatever the others are
    assert not any('in different steps' in line for line in log_lines)
    load_pose_bank(cfg)
    (said,) = [line for line in log_lines if 'in different steps' in line]
    assert re.search(r"1 in 16 videos \('S1.*'\), 5 in 8 videos \('S5_.*'\)", said)
    names[0] = names[0].rpartition('_')[0] + '_x.jpg'
    sample.write('gap.npz', imgname=names)
    build(cfg)
    assert any("_x.jpg' have no frame number" in line for line in log_lines)
