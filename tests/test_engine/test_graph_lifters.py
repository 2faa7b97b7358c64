# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The configs of lifters on graphs train, test with flip, lift keypoints and can be loaded."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from train_runs import NETWORKS, make_runner

from mmposeaug.apis import LiftingInferencer, load_lifter

NARROW: dict[str, dict[str, Any]] = dict(
    semgcn={'model.backbone.channels': 12, 'model.head.in_channels': 24},
    stgcn={
        'model.backbone.channels': (8, 12),
        'model.backbone.part_channels': 16,
        'model.head.in_channels': 24,
    },
)


def tiny(path: Path, lifter: str, mocap_root: Path, work_dir: Path) -> Config:
    """The config with narrow networks and two short epochs."""
    cfg = Config.fromfile(path)
    for part in ('train', 'val', 'test'):
        cfg[f'{part}_dataloader'].dataset.data_root = str(mocap_root)
        cfg[f'{part}_dataloader'].batch_size = 32
    changes = {
        'train_cfg.max_epochs': 2,
        'train_cfg.val_interval': 2,
        'log_level': 'WARNING',
        'work_dir': str(work_dir),
        'experiment_name': uuid.uuid4().hex,
        'randomness': dict(seed=0),
        'test_cfg.sets': dict(source_test=dict()),
        **NARROW[lifter],
    }
    if cfg.train_cfg.type == 'PoseAugTrainLoop':
        changes['train_cfg.augmentor'] = NETWORKS['learned']['augmentor']
        changes['train_cfg.discriminator_3d'] = NETWORKS['learned']['discriminator_3d']
        changes['train_cfg.warmup_epochs'] = 1
        changes['train_cfg.pool_size'] = 64
    cfg.merge_from_dict(changes)
    return cfg


@pytest.mark.parametrize('lifter', NARROW)
@pytest.mark.parametrize('method', ['baseline', 'poseaug'])
def test_train_test_with_flip_and_lift(
    method: str, lifter: str, mocap_root: Path, tmp_path: Path, repo_root: Path
) -> None:
    path = repo_root / f'configs/poseaug/{method}_{lifter}_1xb256-72e_mocap.py'
    init_default_scope('mmpose')
    cfg = tiny(path, lifter, mocap_root, tmp_path)
    runner = make_runner(cfg)
    before = {key: value.clone() for key, value in runner.model.state_dict().items()}
    runner.train()
    after = runner.model.state_dict()
    assert all(torch.isfinite(value).all() for value in after.values())
    assert all(
        not torch.equal(before[key], after[key]) for key, _ in runner.model.named_parameters()
    )
    metrics = runner.test()
    assert np.isfinite(metrics['source_test/MPJPE'])
    (best,) = tmp_path.glob('best_*.pth')
    loaded = load_lifter(cfg, best)
    keypoints = torch.rand(3, 1, 17, 2) * 500 + 250
    size = torch.full((3, 2), 1000.0)
    flip = loaded.skeleton.flip_indices
    pose = loaded.adapter.predict(keypoints, size, flip_indices=flip)[:, 0]
    lifted = LiftingInferencer(cfg, best)(
        keypoints[:, 0].numpy(), keypoint_set='h36m_17', image_size=(1000, 1000)
    )
    np.testing.assert_allclose(lifted.poses_rel, pose - pose[:, :1], atol=1e-5)


def test_in_a_plain_config_of_mmpose(lifting_config: Path, tmp_path: Path) -> None:
    """MMPose's own loop, codec, loss and metric, from samples rather than tensors."""
    cfg = Config.fromfile(lifting_config)
    encoder = dict(type='ImagePoseLifting', num_keypoints=17, root_index=0, remove_root=False)
    cfg.model.backbone = dict(type='SemGCN', channels=8, num_blocks=1)
    cfg.model.head = dict(
        type='JointRegressionHead',
        in_channels=16,
        num_joints=17,
        loss=dict(type='MPJPELoss'),
        decoder=encoder,
    )
    for part in ('train', 'val', 'test'):
        cfg[f'{part}_dataloader'].dataset.pipeline[0].encoder = encoder
    cfg.merge_from_dict(
        dict(work_dir=str(tmp_path), log_level='WARNING', experiment_name=uuid.uuid4().hex)
    )
    init_default_scope('mmpose')
    runner = make_runner(cfg)
    runner.train()
    assert np.isfinite(runner.test()['MPJPE'])


def test_configs_have_the_published_widths(repo_root: Path) -> None:
    from mmpose.registry import MODELS

    init_default_scope('mmpose')
    counts = dict(semgcn=267_373, stgcn=3_627_847)
    for lifter, count in counts.items():
        path = repo_root / f'configs/poseaug/poseaug_{lifter}_1xb256-72e_mocap.py'
        model = MODELS.build(Config.fromfile(path).model)
        assert sum(parameter.numel() for parameter in model.parameters()) == count
        assert model.eval()(torch.zeros(2, 34, 1), None).shape == (2, 17, 3)
