# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Frames kept by their 2D keypoints, alike in the dataset and in the bank."""

from __future__ import annotations

import numpy as np
import pytest
from mmpose.registry import DATASETS

from mmposeaug.datasets import load_pose_bank
from mmposeaug.fileio import save_npy, save_pickle


@pytest.fixture
def detections(sample):
    """Two frames without a detected point, and points at the borders; widths are 1000 and 1002."""
    points = sample.arrays['part'].copy()
    points[..., :2] = 500
    points[..., 2] = 0.9
    points[3] = 0
    points[10, :, 2] = 0
    points[20, 5, :2] = [-1, 500]
    points[30, 5] = [-1, 500, 0]  # outside, but not detected
    points[40, 5, :2] = [500, 1003]
    points[50, 5, :2] = [0, 1002]
    save_npy(sample.folder / 'found.npy', points)
    return sample.cfg(
        type='MocapDataset', keypoint_2d_src='detection', keypoint_2d_det_file='found.npy'
    )


def rows_of(cfg):
    """Target rows of the file that dataset and bank have, which must be the same."""
    dataset = DATASETS.build(cfg)
    rows = [dataset.get_data_info(i)['img_ids'][-1] for i in range(len(dataset))]
    bank = load_pose_bank(cfg, check=False)
    assert bank.frame_index[bank.windows.frames_at(-1)].tolist() == rows
    return rows


@pytest.mark.parametrize(
    'keep_frames, left_out', [('detected', {3, 10}), ('inside', {3, 10, 20, 40})]
)
@pytest.mark.parametrize('pad_portrait', [False, True])
def test_frames_are_left_out(sample, detections, keep_frames, left_out, pad_portrait):
    cfg = dict(detections, keep_frames=keep_frames, pad_portrait=pad_portrait)
    rows = rows_of(cfg)
    assert set(range(len(sample.arrays['S']))) - set(rows) == left_out


def test_all_frames_are_kept_by_default(sample, detections):
    # but for the one that MMPose leaves out, whose points are all at (0, 0)
    assert len(rows_of(detections)) == len(sample.arrays['S']) - 1
    assert rows_of(detections) == rows_of(dict(detections, keep_frames='all', pad_portrait=True))


def test_the_target_frame_decides_for_a_window(sample, detections):
    clips = dict(detections, seq_len=3)
    every, kept = (rows_of(dict(clips, keep_frames=each)) for each in ('all', 'detected'))
    assert set(every) - set(kept) <= {3, 10} and len(kept) < len(every)
    bank = load_pose_bank(dict(clips, keep_frames='detected'), check=False)
    assert 10 in bank.frame_index[bank.windows.frames_of()[:, :-1]]  # as a frame before the target


def test_visibility_of_the_annotation_counts_without_detections(sample):
    part = sample.arrays['part'].copy()
    part[7, :, 2] = 0
    sample.write('hidden.npz', part=part)
    cfg = sample.cfg(type='MocapDataset', ann_file='hidden.npz', keep_frames='detected')
    assert set(range(len(part))) - set(rows_of(cfg)) == {7}


def test_size_of_each_camera_counts(sample):
    for camera in sample.cameras.values():
        camera['w'] = 499 if camera['id'] == '54138969' else 500
    save_pickle(sample.folder / 'narrow.pkl', sample.cameras)
    points = sample.arrays['part'].copy()
    points[..., 0], points[..., 1] = 500, 300 + 10 * np.arange(17)
    sample.write('middle.npz', part=points)
    cfg = sample.cfg(
        type='MocapDataset',
        ann_file='middle.npz',
        camera_param_file='narrow.pkl',
        keep_frames='inside',
    )
    names = sample.arrays['imgname'][rows_of(cfg)]
    assert all('60457274' in name for name in names) and len(names) > 10


def test_bad_options_are_one_sentence(sample, detections):
    for build in (DATASETS.build, load_pose_bank):
        with pytest.raises(ValueError, match="keep_frames is 'some'; use one of all, detected"):
            build(dict(detections, keep_frames='some'))
        points = np.zeros_like(sample.arrays['part'])
        points[..., 0], points[..., 1] = 500, 300 + 10 * np.arange(17)
        save_npy(sample.folder / 'none.npy', points)
        with pytest.raises(ValueError, match="leaves none of .*train.npz.*'all'"):
            build(dict(detections, keep_frames='detected', keypoint_2d_det_file='none.npy'))
    with pytest.raises(ValueError, match="keep_frames='inside' needs.*camera_param_file"):
        DATASETS.build(
            sample.cfg(type='MocapDataset', camera_param_file=None, keep_frames='inside')
        )


def test_how_many_are_left_out_is_said(detections, log_lines):
    bank = load_pose_bank(dict(detections, keep_frames='detected'), check=False)
    said = [line for line in log_lines if 'left out by keep_frames' in line]
    assert len(said) == 1 and f'2 of {len(bank) + 2} samples' in said[0]
