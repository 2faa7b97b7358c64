# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The config of docs/data.md that holds out part of Human3.6M's training set."""

from __future__ import annotations

import re

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS

from mmposeaug.datasets import load_pose_bank
from mmposeaug.fileio import save_npz, save_pickle


@pytest.fixture
def config(repo_root, tmp_path, sample):
    """The page's config on the sample, laid out as MMPose lays out Human3.6M."""
    folder = sample.folder / 'annotation_body3d'
    for name in ('train', 'test'):
        save_npz(folder / 'fps50' / f'h36m_{name}.npz', sample.arrays)
    save_pickle(folder / 'cameras.pkl', sample.cameras)
    page = (repo_root / 'docs' / 'data.md').read_text()
    section = page.split('## Choosing checkpoints')[1].split('\n## ')[0]
    (snippet,) = re.findall(r'```python\n(.*?)```', section, re.DOTALL)
    path = tmp_path / 'config.py'
    path.write_text(snippet)
    cfg = Config.fromfile(path)
    for name in ('train', 'val', 'test'):
        cfg[f'{name}_dataloader'].dataset.data_root = str(sample.folder)
    return cfg


def sequences(dataset):
    names = (dataset.get_data_info(i)['target_img_path'] for i in range(len(dataset)))
    return {name[0].rsplit('/')[-1].split('.')[0] for name in names}


def test_held_out_part_is_no_part_of_training_or_test(config, sample):
    init_default_scope('mmpose')
    parts = {
        name: DATASETS.build(config[f'{name}_dataloader'].dataset)
        for name in ('train', 'val', 'test')
    }
    train, val = sequences(parts['train']), sequences(parts['val'])
    assert len(train) == 11 and len(val) == 1 and not train & val
    assert len(parts['train']) + len(parts['val']) == len(sample.arrays['S'])
    assert len(load_pose_bank(config.train_dataloader.dataset)) == len(parts['train'])
    assert config.val_dataloader.dataset.ann_file.endswith('h36m_train.npz')
    assert config.test_dataloader.dataset.ann_file.endswith('h36m_test.npz')
    assert 'split' not in config.test_dataloader.dataset
    assert len(parts['test']) == len(sample.arrays['S'])
    assert config.default_hooks.checkpoint.save_best == 'MPJPE'
