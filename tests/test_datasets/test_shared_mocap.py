# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The mocap benchmark as the package reads it."""

from __future__ import annotations

import pytest
import torch
from mmpose.registry import DATASETS

from mmposeaug.datasets import load_pose_bank
from mmposeaug.datasets.bone_length_bank import measure_bone_lengths
from mmposeaug.geometry import project


@pytest.fixture(scope='module')
def mocap_cfg(shared_dir):
    """Dataset config of the benchmark's training file."""
    folder = shared_dir / 'data' / 'mocap'
    if not (folder / 'source_train.npz').is_file():
        pytest.skip(f'the mocap benchmark is missing in {folder}')
    return dict(
        type='MocapDataset',
        data_root=str(folder),
        ann_file='source_train.npz',
        camera_param_file='cameras.pkl',
    )


@pytest.fixture(scope='module')
def bank(mocap_cfg):
    """All training poses."""
    return load_pose_bank(mocap_cfg)


def test_sizes(bank):
    assert len(bank) == len(bank.pose_cam) == 59776
    assert bank.subjects == ('S1', 'S5', 'S6', 'S7', 'S8')
    assert len(bank.camera_index.unique()) == 20


def test_2d_is_the_projection(bank):
    error = project(bank.pose_cam, bank.cameras.intrinsics[bank.camera_index]) - bank.keypoints_px
    assert float(error.norm(dim=-1).max()) < 0.05


def test_bodies_are_one_skeleton(bank):
    lengths = measure_bone_lengths(bank)
    assert float((lengths - lengths.mean(0)).abs().max()) < 2e-3
    names = bank.skeleton.bone_names
    hips = lengths[:, [names.index('left_hip'), names.index('right_hip')]].sum(1)
    torch.testing.assert_close(hips, torch.full_like(hips, 0.13), atol=5e-3, rtol=0)


def test_split_and_agreement_with_the_dataset(mocap_cfg, bank):
    options = dict(frame_step=8, split=dict(part='val', val_fraction=0.1, seed=0))
    val = load_pose_bank(dict(mocap_cfg, **options))
    dataset = DATASETS.build(dict(mocap_cfg, **options))
    assert val.frame_index[val.windows.frames_of()].tolist() == dataset.sequence_indices
    info = dataset.get_data_info(100)
    ours = val.gather(torch.tensor([100])).pose_cam[0]
    assert torch.equal(ours, torch.from_numpy(info['keypoints_3d']))
    train = load_pose_bank(dict(mocap_cfg, split=dict(part='train', val_fraction=0.1, seed=0)))
    share = 1 - len(train) / len(bank)
    assert 0.07 < share < 0.13
