# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A small lifter on a small synthetic set, for training runs of MMEngine's Runner in seconds."""

from __future__ import annotations

import copy
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch import Tensor, nn

from mmposeaug.datasets import PoseBank, load_pose_bank

NUM_TRAIN = 192
BATCH_SIZE = 32
CODEC = dict(
    type='VideoPoseLifting', num_keypoints=17, zero_center=True, root_index=0, remove_root=False
)
PIPELINE = [
    dict(type='RandomFlipAroundRoot', keypoints_flip_cfg=dict(), target_flip_cfg=dict()),
    dict(type='GenerateTarget', encoder=CODEC),
    dict(
        type='PackPoseInputs',
        meta_keys=('id', 'category_id', 'target_img_path', 'flip_indices', 'target_root'),
    ),
]
LIFTER = dict(
    type='PoseLifter',
    backbone=dict(
        type='TCN',
        in_channels=34,
        stem_channels=16,
        num_blocks=2,
        kernel_sizes=(1, 1, 1),
        dropout=0.25,
    ),
    head=dict(
        type='TemporalRegressionHead',
        in_channels=16,
        num_joints=17,
        loss=dict(type='MPJPELoss'),
        decoder=CODEC,
    ),
)
SMALL = dict(hidden=16, noise_dim=8, num_blocks=1)
DISCRIMINATOR = dict(channels=16, last_channels=16)
NETWORKS = dict(
    learned=dict(
        augmentor=dict(
            angle=SMALL,
            length=dict(type='BoneLengthAugmentor', zero_output=True, **SMALL),
            rigid=dict(type='PlacementAugmentor', **SMALL),
        ),
        discriminator_3d=DISCRIMINATOR,
    ),
    released=dict(
        augmentor=dict(
            angle=dict(type='BoneAngleAugmentor', **SMALL),
            length=dict(type='BoneLengthAugmentor', **SMALL),
            rigid=dict(type='RigidAugmentor', **SMALL),
        ),
        discriminator_3d=DISCRIMINATOR,
        discriminator_2d=dict(channels=16),
    ),
)
"""dict: Settings that make the networks beside the lifter small, by variant."""


def dataset_cfg(root: Path, **options: Any) -> dict[str, Any]:
    """Config of the training data."""
    return dict(
        dict(
            type='Human36mDataset',
            ann_file='source_train.npz',
            camera_param_file='cameras.pkl',
            data_root=str(root),
            pipeline=copy.deepcopy(PIPELINE),
        ),
        **options,
    )


def train_cfg(root: Path, work_dir: Path, loop: dict[str, Any], **changes: Any) -> Config:
    """A whole config; ``loop`` is its ``train_cfg``, ``changes`` are merged by dotted keys."""
    loader = dict(batch_size=BATCH_SIZE, num_workers=0, dataset=dataset_cfg(root))
    evaluation = copy.deepcopy(loader)
    evaluation['dataset'].update(
        ann_file='source_test.npz', pipeline=copy.deepcopy(PIPELINE[1:]), test_mode=True
    )
    evaluation['sampler'] = dict(type='DefaultSampler', shuffle=False, round_up=False)
    cfg = Config(
        dict(
            default_scope='mmpose',
            model=copy.deepcopy(LIFTER),
            train_dataloader=loader,
            val_dataloader=evaluation,
            train_cfg=loop,
            val_cfg=dict(type='MultiSetValLoop'),
            val_evaluator=dict(type='LiftingMetrics', scores=('MPJPE',)),
            optim_wrapper=dict(optimizer=dict(type='Adam', lr=2e-3)),
            param_scheduler=[dict(type='LinearLR', start_factor=1.0, end_factor=0.1, end=8)],
            default_hooks=dict(
                checkpoint=dict(type='CheckpointHook', interval=1, save_best='MPJPE', rule='less'),
                logger=dict(type='LoggerHook', interval=2),
            ),
            randomness=dict(seed=0),
            log_level='WARNING',
            work_dir=str(work_dir),
            # the runner's log channel is global, a run each needs one of its own
            experiment_name=uuid.uuid4().hex,
        )
    )
    cfg.merge_from_dict(changes)
    return cfg


def poseaug(variant: str = 'learned', max_epochs: int = 4, **settings: Any) -> dict[str, Any]:
    """``train_cfg`` of a small PoseAug run."""
    loop = dict(
        type='PoseAugTrainLoop',
        variant=variant,
        max_epochs=max_epochs,
        val_interval=max_epochs,
        pretrain_epochs=1,
        warmup_epochs=1,
        pool_size=64,
        log_interval=2,
    )
    return {**loop, **copy.deepcopy(NETWORKS[variant]), **settings}


def make_runner(cfg: Config) -> Runner:
    """The runner of a config."""
    init_default_scope('mmpose')
    return Runner.from_cfg(cfg)


def build(root: Path, work_dir: Path, loop: dict[str, Any], **changes: Any) -> Runner:
    """A runner with its train loop built and nothing trained."""
    runner = make_runner(train_cfg(root, work_dir, loop, **changes))
    runner.train_dataloader  # noqa: B018  (the property builds the loop)
    return runner


class InterruptError(Exception):
    """Interrupts a run."""


LIFTER_OF_CLIPS = {
    **{f'{name}_dataloader.dataset.seq_len': 9 for name in ('train', 'val')},
    **{f'{name}_dataloader.dataset.causal': False for name in ('train', 'val')},
    **{f'{name}_dataloader.dataset.pad_video_seq': True for name in ('train', 'val')},
    'model.backbone.num_blocks': 1,
    'model.backbone.kernel_sizes': (3, 3),
}


class StopAfter(Hook):
    """Interrupts a run after an epoch, its checkpoint written."""

    priority = 'LOWEST'

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def after_train_epoch(self, runner: Any) -> None:
        if runner.epoch + 1 == self.epochs:
            raise InterruptError


class Recorder(Hook):
    """Counts the calls of the hook points and the epochs they fall in."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []
        self.losses: list[float] = []
        self.max_iters: list[int] = []

    def count(self, point: str, epoch: int | None = None) -> int:
        return sum(name == point and epoch in (None, at) for name, at in self.calls)

    def before_train_epoch(self, runner: Any) -> None:
        self.calls.append(('before_train_epoch', runner.epoch))

    def after_train_epoch(self, runner: Any) -> None:
        self.calls.append(('after_train_epoch', runner.epoch))

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        self.calls.append(('before_train_iter', runner.epoch))

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        self.calls.append(('after_train_iter', runner.epoch))
        self.losses.append(float(outputs['loss'].detach()))
        self.max_iters.append(runner.max_iters)


def tensors_of(state: Any, name: str = '') -> dict[str, Tensor]:
    """All tensors and numbers of nested containers, by their paths."""
    if isinstance(state, Tensor):
        return {name: state.detach().cpu().clone()}
    if isinstance(state, nn.Module):
        return tensors_of(state.state_dict(), name)
    if isinstance(state, dict):
        items = state.items()
    elif isinstance(state, (list, tuple)):
        items = enumerate(state)
    elif isinstance(state, (bool, int, float)):
        return {name: torch.tensor(state)}
    else:
        return {}
    found: dict[str, Tensor] = {}
    for key, value in items:
        found.update(tensors_of(value, f'{name}/{key}'))
    return found


def differing(first: Any, second: Any) -> list[str]:
    """Paths at which two states are not equal to the last bit."""
    a, b = tensors_of(first), tensors_of(second)
    wrong = sorted(set(a) ^ set(b))
    return wrong + [
        name
        for name in sorted(set(a) & set(b))
        if a[name].shape != b[name].shape
        or not torch.equal(a[name].nan_to_num(), b[name].nan_to_num())
    ]


def make_bank(root: Path, **options: Any) -> PoseBank:
    """The training pairs."""
    return load_pose_bank(dataset_cfg(root, **options))


@dataclass
class Run:
    """A finished training run."""

    runner: Runner
    recorder: Recorder
    folder: Path


def train(cfg: Config, *hooks: Hook) -> Run:
    """Train by a config."""
    runner, recorder = make_runner(cfg), Recorder()
    for hook in (recorder, *hooks):
        runner.register_hook(hook)
    runner.train()
    return Run(runner, recorder, Path(runner.work_dir))


LOOPS: dict[str, dict[str, Any]] = dict(
    tensor=dict(type='TensorTrainLoop', max_epochs=4, val_interval=4),
    random=dict(
        type='TensorTrainLoop',
        max_epochs=4,
        val_interval=4,
        augmentor=dict(type='RandomPoseAugmentor'),
        bone_lengths='measured',
    ),
    default=dict(type='PoseAugTrainLoop', max_epochs=4, val_interval=4, augmented_share=0.5),
    learned=poseaug('learned'),
    released=poseaug('released'),
)
LOOPS['detected'] = dict(
    LOOPS['random'], detector=dict(type='DetectionModel', misses=0.02, swap=0.05, bias='coco')
)
# together, so that one resumed run shows both to be exact; each alone has tests of its own
LOOPS['detected, drawn'] = dict(
    LOOPS['detected'],
    camera=dict(type='RandomCamera', distortion=0.1, portrait=0.5),
    choice=dict(draws=2, by='certain', temperature=-1.0),
    prior=dict(type='AnatomyPrior'),
    strength=(0.5, 1.0),
)
