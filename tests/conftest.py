# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Fixtures shared by all tests."""

from __future__ import annotations

import gc
import importlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import mmposeaug  # compat first

REPO_ROOT = Path(__file__).resolve().parents[1]

torch.set_num_threads(1)
mmposeaug.register_all_modules()
# Each data set that is built has the garbage collector look at all there is: half a second with
# what is imported by now.
gc.freeze()


def _format_once() -> None:
    """Format the same text of a config once; MMEngine does so for each log and each checkpoint."""
    module = importlib.import_module('mmengine.config.config')
    known: dict[tuple[str, str], Any] = {}
    original = module.FormatCode

    def format_code(text: str, **options: Any) -> Any:
        key = text, repr(options)
        if key not in known:
            known[key] = original(text, **options)
        return known[key]

    module.FormatCode = format_code  # type: ignore[attr-defined]


_format_once()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: Any, log: Any) -> Any:
    """Each process of ``-n`` gets a row of tests, so that hardly a fixture is made in two.

    As by default single tests are handed out near the end, the last files' fixtures would be.
    """
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getoption('dist') == 'load' else None


@pytest.fixture(scope='session')
def repo_root() -> Path:
    """The root folder of the checkout."""
    return REPO_ROOT


@pytest.fixture(scope='session')
def shared_dir() -> Path:
    """The folder of shared data: `MMPOSEAUG_SHARED`, or `shared` beside the checkout."""
    folder = Path(os.environ.get('MMPOSEAUG_SHARED', REPO_ROOT.parent / 'shared'))
    if not folder.is_dir():
        pytest.skip(f'the shared data folder {folder} is missing; set MMPOSEAUG_SHARED to it')
    return folder


def _golden_file(request: pytest.FixtureRequest, variable: str, name: str) -> Path:
    """A file of the original's numbers: that of the variable, or the shared one of this name."""
    if variable in os.environ:
        path = Path(os.environ[variable])
    else:
        path = request.getfixturevalue('shared_dir') / 'data' / 'golden' / name
    if not path.is_file():
        pytest.skip(f'the golden file {path} is missing; set {variable} to it')
    return path


@pytest.fixture(scope='session')
def golden(request: pytest.FixtureRequest) -> Path:
    """The reference file of the original's numbers: `MMPOSEAUG_GOLDEN`, or the shared one."""
    return _golden_file(request, 'MMPOSEAUG_GOLDEN', 'poseaug_reference.npz')


@pytest.fixture(scope='session')
def golden_lifters(request: pytest.FixtureRequest) -> Path:
    """The same of the original's lifters: `MMPOSEAUG_GOLDEN_LIFTERS`, or the shared one."""
    return _golden_file(request, 'MMPOSEAUG_GOLDEN_LIFTERS', 'lifters_reference.npz')


DEVICES = ['cpu'] + (['cuda'] if torch.cuda.is_available() else [])


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> torch.device:
    """Every device that tests can run on here."""
    return torch.device(request.param)


@pytest.fixture(params=[torch.float32, torch.float64], ids=['float32', 'float64'])
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    """Both floating-point types that the package supports."""
    return request.param


@pytest.fixture
def generator() -> torch.Generator:
    """A freshly seeded CPU generator."""
    return torch.Generator().manual_seed(0)


NUM_FRAMES = 40

# Written out rather than inherited from MMPose's lifting configs: MMEngine formats the config text
# at each checkpoint, and their long lists of statistics take it two seconds a time.
LIFTING_CONFIG = """
_base_ = ['mmpose::_base_/default_runtime.py']
custom_imports = dict(imports=['mmposeaug'], allow_failed_imports=False)
train_cfg = dict(max_epochs=2, val_interval=1)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3))
auto_scale_lr = dict(base_batch_size=32)
default_hooks = dict(checkpoint=dict(interval=1, save_best='MPJPE', rule='less'))
codec = dict(type='ImagePoseLifting', num_keypoints=17, root_index=0, remove_root=True)
model = dict(
    type='PoseLifter',
    backbone=dict(
        type='TCN', in_channels=34, stem_channels=16, num_blocks=2, kernel_sizes=(1, 1, 1)),
    head=dict(
        type='TemporalRegressionHead', in_channels=16, num_joints=16,
        loss=dict(type='MSELoss'), decoder=codec))
pipeline = [
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs', meta_keys=(
        'id', 'category_id', 'target_img_path', 'target_root', 'target_root_index'))]
train_dataloader = dict(
    batch_size=16, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='Human36mDataset', ann_file='poses.npz', data_root={root!r}, data_prefix=dict(img=''),
        seq_len=1, causal=True, keypoint_2d_src='gt', pipeline=pipeline))
val_dataloader = test_dataloader = dict(
    train_dataloader, sampler=dict(type='DefaultSampler', shuffle=False, round_up=False))
val_evaluator = test_evaluator = [dict(type='MPJPE', mode='mpjpe')]
"""


@pytest.fixture
def lifting_config(tmp_path: Path) -> Path:
    """A small MMPose lifting config on random poses in Human3.6M's format; trains in a second."""
    rng = np.random.default_rng(0)
    pose_cam = rng.normal(scale=0.3, size=(NUM_FRAMES, 17, 3)) + [0, 0, 5]
    keypoints_px = pose_cam[..., :2] / pose_cam[..., 2:] * 1000 + 500
    visible = np.ones((NUM_FRAMES, 17, 1))
    names = [f'S1_Walking_1.54138969_{frame:06d}.jpg' for frame in range(1, NUM_FRAMES + 1)]
    np.savez(
        tmp_path / 'poses.npz',
        imgname=np.array(names),
        center=np.full((NUM_FRAMES, 2), 500, np.float32),
        scale=np.full(NUM_FRAMES, 5, np.float32),
        part=np.concatenate([keypoints_px, visible], -1).astype(np.float32),
        S=np.concatenate([pose_cam, visible], -1).astype(np.float32),
    )
    config = tmp_path / 'lifting.py'
    config.write_text(LIFTING_CONFIG.format(root=str(tmp_path)))
    return config
