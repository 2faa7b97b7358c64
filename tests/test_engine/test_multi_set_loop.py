# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Evaluation on several named sets, in runs of MMEngine's Runner on small files."""

from __future__ import annotations

import copy
import json
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

import mmposeaug.engine.multi_set_loop
import mmposeaug.evaluation  # noqa: F401

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
SUBJECTS = {'S1': (1000, 1000), 'S2': (800, 600)}
CAMERAS = ('54138969', '60457274')


@pytest.fixture(scope='module')
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two annotation files in MMPose's format, of 22 and 9 frames, with their cameras."""
    root = tmp_path_factory.mktemp('data')
    cameras = {
        (subject, camera): dict(
            f=np.full((2, 1), 1100.0), c=np.array([[w / 2 + 5], [h / 2 - 3]]), w=w, h=h
        )
        for subject, (w, h) in SUBJECTS.items()
        for camera in CAMERAS
    }
    (root / 'cameras.pkl').write_bytes(pickle.dumps(cameras))
    rng = np.random.default_rng(0)
    for name, subject, frames in (('source', 'S1', 22), ('target', 'S2', 9)):
        pose = rng.normal(scale=0.3, size=(frames, 17, 3)) + [0.0, 0.0, 5.0]
        ones = np.ones((frames, 17, 1))
        camera = cameras[subject, CAMERAS[0]]
        pixels = pose[..., :2] / pose[..., 2:] * camera['f'][:, 0] + camera['c'][:, 0]
        np.savez(
            root / f'{name}.npz',
            imgname=[f'{subject}_Walk_{i % 2}.{CAMERAS[i % 2]}_{i:06d}.jpg' for i in range(frames)],
            S=np.concatenate((pose, ones), axis=-1).astype(np.float32),
            part=np.concatenate((pixels, ones), axis=-1).astype(np.float32),
            center=np.zeros((frames, 2), np.float32),
            scale=np.ones(frames, np.float32),
        )
    return root


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


TWO_SETS = dict(source=dict(), target=dict(ann_file='target.npz'))


def run_test(cfg: Config) -> dict:
    init_default_scope('mmpose')
    return Runner.from_cfg(cfg).test()


def read_log(work_dir: Path) -> str:
    return '\n'.join(path.read_text() for path in sorted(work_dir.rglob('*.log')))


def test_results_are_those_of_separate_runs(data_root: Path, tmp_path: Path):
    both = run_test(make_cfg(data_root, tmp_path, **{'test_cfg.sets': TWO_SETS}))
    assert list(both) == ['source/MPJPE', 'source/PCK', 'target/MPJPE', 'target/PCK']
    for name in TWO_SETS:
        options = {
            'test_cfg': dict(_delete_=True),
            'test_dataloader.dataset.ann_file': f'{name}.npz',
        }
        alone = run_test(make_cfg(data_root, tmp_path, **options))
        assert {f'{name}/{key}': value for key, value in alone.items()} == {
            key: value for key, value in both.items() if key.startswith(name)
        }


def test_without_sets_it_is_the_plain_loop(data_root: Path, tmp_path: Path):
    plain = run_test(make_cfg(data_root, tmp_path, test_cfg=dict(_delete_=True)))
    assert run_test(make_cfg(data_root, tmp_path)) == plain
    assert list(plain) == ['MPJPE', 'PCK']


def test_log_counts_through_the_sets_and_ends_in_a_table(data_root: Path, tmp_path: Path):
    options = {
        'test_cfg.sets': TWO_SETS,
        'default_hooks.logger': dict(type='LoggerHook', interval=1),
    }
    scores = run_test(make_cfg(data_root, tmp_path, **options))
    log = read_log(tmp_path)
    steps = [int(n) for n in re.findall(r'Epoch\(test\) \[(\d)/9\]', log)]
    assert steps == [*range(1, 10), 9]  # 6 batches and 3 batches, and the summary
    assert 'eta: 0:00:00' in log
    rows = [[cell.strip() for cell in line.split('|')[1:-1]] for line in log.splitlines()]
    assert ['set', 'MPJPE', 'PCK'] in rows
    assert ['target', *(f'{scores[f"target/{key}"]:.4g}' for key in ('MPJPE', 'PCK'))] in [
        [row[0], *(f'{float(cell):.4g}' for cell in row[1:])] for row in rows if 'target' in row
    ] or ['target', f'{scores["target/MPJPE"]:.2f}', f'{scores["target/PCK"]:.2f}'] in rows
    assert 'Evaluating on target, 9 samples' in log
    (summary,) = [path for path in tmp_path.rglob('2*/2*.json')]
    assert json.loads(summary.read_text())['target/MPJPE'] == pytest.approx(scores['target/MPJPE'])


class HookCounter(Hook):
    """Counts calls, and takes what they are given."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.batches: list[int] = []
        self.metrics: list[dict] = []

    def before_val_epoch(self, runner: Any) -> None:
        self.calls.append('before')

    def after_val_iter(self, runner: Any, batch_idx: int, data_batch: Any, outputs: Any) -> None:
        self.batches.append(batch_idx)
        assert runner.val_evaluator.dataset_meta['num_keypoints'] == 17
        assert len(outputs) == len(data_batch['inputs'])

    def after_val_epoch(self, runner: Any, metrics: dict) -> None:
        self.calls.append('after')
        self.metrics.append(metrics)


def test_best_checkpoint_by_a_named_set_and_hooks(data_root: Path, tmp_path: Path):
    cfg = make_cfg(
        data_root,
        tmp_path,
        **{
            'val_cfg.sets': TWO_SETS,
            'val_cfg.flip_test': True,
            'default_hooks.checkpoint': dict(
                type='CheckpointHook', interval=-1, save_best='target/MPJPE', rule='less'
            ),
            'custom_hooks': [dict(type='EMAHook')],
        },
    )
    init_default_scope('mmpose')
    runner = Runner.from_cfg(cfg)
    counter = HookCounter()
    runner.register_hook(counter)
    runner.train()
    assert counter.calls == ['before', 'after'] * 2
    assert counter.batches == [*range(9)] * 2
    assert set(counter.metrics[0]) == {f'{s}/{m}' for s in TWO_SETS for m in ('MPJPE', 'PCK')}
    scores = [metrics['target/MPJPE'] for metrics in counter.metrics]
    best = tmp_path / f'best_target_MPJPE_epoch_{1 + int(np.argmin(scores))}.pth'
    assert best.is_file()
    assert runner.message_hub.get_info('best_score') == pytest.approx(min(scores))
    assert runner.message_hub.get_scalar('val/source/MPJPE').current() == pytest.approx(
        counter.metrics[-1]['source/MPJPE']
    )


class PoseKeeper(Hook):
    """Keeps what is evaluated."""

    def __init__(self) -> None:
        self.poses: list[torch.Tensor] = []

    def after_test_iter(self, runner: Any, batch_idx: int, data_batch: Any, outputs: Any) -> None:
        self.poses += [torch.tensor(output.pred_instances.keypoints[0]) for output in outputs]


@pytest.mark.parametrize('codec', [IMAGE_POSE, VIDEO_POSE], ids=lambda codec: codec['type'])
def test_flip_test_is_the_mean_with_mirrored_data(codec: dict, data_root: Path, tmp_path: Path):
    """The second prediction is that for key points mirrored in the file."""
    options = {'test_cfg.sets': TWO_SETS, 'test_cfg.flip_test': True}
    init_default_scope('mmpose')
    runner = Runner.from_cfg(make_cfg(data_root, tmp_path, codec, **options))
    keeper = PoseKeeper()
    runner.register_hook(keeper)
    runner.test()
    found = dict(zip(TWO_SETS, torch.stack(keeper.poses).split([22, 9])))
    flip_indices = [0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13]
    for item, subject in zip(runner.test_loop.sets, SUBJECTS):
        dataset = item.dataloader.dataset
        part = dataset.ann_data['part']
        mirrored_part = part[:, flip_indices]
        mirrored_part[..., 0] = SUBJECTS[subject][0] - mirrored_part[..., 0]
        plain = predict(runner.model, dataset, part)
        mirrored = predict(runner.model, dataset, mirrored_part)
        back = mirrored[:, flip_indices] * torch.tensor([-1.0, 1.0, 1.0])
        expected = (plain - plain[:, :1] + back - back[:, :1]) / 2 + plain[:, :1]
        assert not torch.allclose(plain, expected, atol=1e-3)
        torch.testing.assert_close(found[item.name], expected, atol=1e-5, rtol=1e-5)


def predict(model: torch.nn.Module, dataset: Any, part: np.ndarray) -> torch.Tensor:
    """Predictions for other 2D key points than the file's, through MMPose's own pipeline."""
    poses = []
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        info['keypoints'] = part[info['img_ids'], :, :2].astype(np.float32)
        sample = dataset.pipeline(info)
        batch = dict(inputs=[sample['inputs']], data_samples=[sample['data_samples']])
        poses.append(torch.tensor(model.test_step(batch)[0].pred_instances.keypoints[0]))
    return torch.stack(poses)
