# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A small training with PoseAug that is done, for the tools that look at augmentations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from mmposeaug.experiments.augmentation import LoadedAugmentation, load_augmentation
from mmposeaug.synthetic import make_synthetic_mocap

CONFIG = """
_base_ = ['{repo}/configs/poseaug/{base}_simplebaseline-256_1xb256-96e_synthetic.py']
model = dict(backbone=dict(stem_channels=16), head=dict(in_channels=16))
train_dataloader = dict(batch_size=32, dataset=dict(data_root={data!r}))
val_dataloader = dict(dataset=dict(data_root={data!r}))
test_dataloader = dict(dataset=dict(data_root={data!r}))
train_cfg = dict({train_cfg})
log_level = 'WARNING'
"""
LEARNED = 'max_epochs=2, val_interval=2, augmentor=dict(angle=dict(hidden=16)), warmup_epochs=0'


@dataclass(frozen=True)
class SmallRun:
    """Files of the training."""

    folder: Path
    data: Path
    config: Path
    random_config: Path
    baseline_config: Path
    last: Path
    best: Path

    def cfg(self, **changes: object) -> Config:
        """The config with PoseAug."""
        cfg = Config.fromfile(self.config)
        cfg.merge_from_dict(changes)
        return cfg


@pytest.fixture(scope='session')
def small_run(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    """Two epochs of PoseAug on 192 synthetic frames, a tenth of their sequences held out."""
    folder = tmp_path_factory.mktemp('augmentation')
    data = folder / 'data'
    make_synthetic_mocap(data, source_train=192, source_test=40, target_dev=30)
    configs = {}
    for base, train_cfg in (('poseaug', LEARNED), ('random', ''), ('baseline', '')):
        configs[base] = folder / f'{base}.py'
        text = CONFIG.format(repo=repo_root, base=base, data=str(data), train_cfg=train_cfg)
        configs[base].write_text(text)
    cfg = Config.fromfile(configs['poseaug'])
    cfg.work_dir = str(folder / 'run')
    cfg.visualizer.name = str(folder)  # MMEngine keeps one instance for each name
    init_default_scope('mmpose')
    Runner.from_cfg(cfg).train()
    (best,) = (folder / 'run').glob('best_*.pth')
    return SmallRun(
        folder,
        data,
        configs['poseaug'],
        configs['random'],
        configs['baseline'],
        folder / 'run' / 'epoch_2.pth',
        best,
    )


@pytest.fixture(scope='session')
def loaded(small_run: SmallRun) -> LoadedAugmentation:
    """What the training learned."""
    return load_augmentation(small_run.cfg(), small_run.last)
