# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A small lifting config and its data, for runs of MMEngine's Runner."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from mmposeaug.engine.multi_set_loop import MultiSetTestLoop

STATS = dict(
    keypoints_mean=[[480.0, 470.0]] * 17,
    keypoints_std=[[110.0, 120.0]] * 17,
    target_mean=[[0.01, 0.0, 0.0]] * 16,
    target_std=[[0.4, 0.4, 0.4]] * 16,
)
IMAGE_POSE = dict(
    type='ImagePoseLifting', num_keypoints=17, root_index=0, remove_root=True, **STATS
)
VIDEO_POSE = dict(type='VideoPoseLifting', num_keypoints=17, zero_center=True, root_index=0)
CALIBRATED = dict(type='CalibratedPoseLifting', num_keypoints=17)
SUBJECTS = {'S1': (1000, 1000), 'S2': (800, 600)}
CAMERAS = ('54138969', '60457274')


TWO_SETS = dict(source=dict(), target=dict(ann_file='target.npz'))


def make_cfg(data_root: Path, work_dir: Path, codec: dict = IMAGE_POSE, **kwargs: Any) -> Config:
    """A lifting config as MMPose's, evaluated on the larger file."""
    meta_keys = ('id', 'target_img_path', 'flip_indices', 'target_root')
    loader = dict(
        batch_size=4,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
        dataset=dict(
            type='Human36mDataset',
            ann_file='source.npz',
            data_root=str(data_root),
            camera_param_file='cameras.pkl',
            pipeline=[
                dict(type='GenerateTarget', encoder=codec),
                dict(type='PackPoseInputs', meta_keys=meta_keys),
            ],
            test_mode=True,
        ),
    )
    cfg = dict(
        default_scope='mmpose',
        model=dict(
            type='PoseLifter',
            backbone=dict(
                type='TCN', in_channels=34, stem_channels=16, num_blocks=1, kernel_sizes=(1, 1)
            ),
            head=dict(
                type='TemporalRegressionHead',
                in_channels=16,
                num_joints=16 if codec['type'] == 'ImagePoseLifting' else 17,
                loss=dict(type='MSELoss'),
                decoder=codec,
            ),
        ),
        train_dataloader=copy.deepcopy(loader),
        val_dataloader=copy.deepcopy(loader),
        test_dataloader=copy.deepcopy(loader),
        train_cfg=dict(by_epoch=True, max_epochs=2, val_interval=1),
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=1e-2)),
        val_cfg=dict(type='MultiSetValLoop'),
        test_cfg=dict(type='MultiSetTestLoop'),
        val_evaluator=[dict(type='LiftingMetrics', scores=['MPJPE', 'PCK'])],
        test_evaluator=[dict(type='LiftingMetrics', scores=['MPJPE', 'PCK'])],
        randomness=dict(seed=3),
        work_dir=str(work_dir),
        experiment_name=f'multi_set_{work_dir.name}_{len(list(work_dir.iterdir()))}',
    )
    cfg = Config(cfg)
    cfg.merge_from_dict(kwargs)
    return cfg


def build_loop(runner: Runner, dataset: dict | None = None, **kwargs: Any) -> MultiSetTestLoop:
    loader = copy.deepcopy(runner.cfg.test_dataloader)
    loader.dataset.update(dataset or {})
    kwargs.setdefault('evaluator', runner.cfg.test_evaluator)
    return MultiSetTestLoop(runner, loader, **kwargs)
