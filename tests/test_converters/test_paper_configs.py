# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The paper's experiments run on converted files, with the paper's constants."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from published_files import ROOT, write_h36m, write_pw3d, write_spin
from test_protocols import FOURTEEN, root_distance

from mmposeaug.converters import convert_h36m, convert_mpi_spin, convert_pw3d
from mmposeaug.models.losses.feedback import (
    GROUP_WEIGHTS,
    ExponentialFeedbackLoss,
    RangeFeedbackLoss,
)
from mmposeaug.structures import H36M_16

NARROW: dict[str, dict[str, Any]] = {
    'mlp': {'model.backbone.stem_channels': 16, 'model.head.in_channels': 16},
    'semgcn': {'model.backbone.channels': 8, 'model.head.in_channels': 16},
    'stgcn': {
        'model.backbone.channels': (8, 12),
        'model.backbone.part_channels': 16,
        'model.head.in_channels': 24,
    },
    'videopose-1frm': {'model.backbone.stem_channels': 16, 'model.head.in_channels': 16},
}
BODY = [j for j in range(H36M_16.num_joints) if j != H36M_16.root]


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three data sets, converted."""
    folder = tmp_path_factory.mktemp('paper')
    published = folder / 'published'
    files = write_h36m(published)
    keypoints = files['keypoints']
    convert_h36m(files['positions'], files['cameras'], folder / 'h36m', keypoints, joints=16)
    write_spin(published)
    convert_mpi_spin(str(published / 'mpi_inf_3dhp_valid.npz'), folder / 'spin')
    write_pw3d(published)
    convert_pw3d(published / 'sequenceFiles', folder / 'pw3d', joints=16)
    return folder


@pytest.fixture(autouse=True)
def environment(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names the folders as a user would."""
    for name, folder in (('H36M', 'h36m'), ('3DHP', 'spin'), ('3DPW', 'pw3d')):
        monkeypatch.setenv(f'MMPOSEAUG_{name}', str(data / folder))
    init_default_scope('mmpose')


def small_runner(method: str, lifter: str, work_dir: Path, **changes: Any) -> Runner:
    """Runner of an experiment with a narrow lifter, keypoints of CPN and small batches."""
    (path,) = (ROOT / 'configs/poseaug/h36m').glob(f'{method}_{lifter}-cpn_1xb1024-*e_h36m.py')
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(
        {
            **NARROW[lifter],
            'train_dataloader.batch_size': 32,
            'val_dataloader.dataset.frame_step': 1,
            'randomness': dict(seed=0),
            'log_level': 'WARNING',
            'work_dir': str(work_dir),
            'experiment_name': uuid.uuid4().hex,
            **changes,
        }
    )
    return Runner.from_cfg(cfg)


def learning_rates(runner: Runner) -> list[float]:
    return [group['lr'] for group in runner.optim_wrapper.param_groups]


@pytest.mark.parametrize('lifter', NARROW)
def test_baseline_then_poseaug_then_three_sets(data: Path, tmp_path: Path, lifter: str):
    rate, slow = (2e-2, 1e-3) if lifter == 'semgcn' else (1e-3, 1e-4)
    runner = small_runner('baseline', lifter, tmp_path / 'a', **{'train_cfg.max_epochs': 1})
    runner.train()
    assert learning_rates(runner) == [rate]
    (start,) = (tmp_path / 'a').glob('best_source_val_MPJPE_epoch_1.pth')

    # the lifter learns from the third epoch on
    changes = {'train_cfg.max_epochs': 3, 'train_cfg.val_interval': 3, 'load_from': str(start)}
    runner = small_runner('poseaug', lifter, tmp_path / 'b', **changes)
    loop = runner.train_loop
    runner.train()
    passes = loop.dataloader.batches_per_pass
    assert passes <= runner.iter <= 2 * passes
    assert learning_rates(runner) == [pytest.approx(slow * (1 - 3 / 51))]
    adversary = loop.adversary.augmentor.optim.param_groups[0]['lr']
    assert adversary == pytest.approx(1e-4 * (1 - 3 / 51))
    assert loop.augmentation.length_bank.names == ('S1', 'S5', 'S6', 'S7', 'S8')
    for module in runner.model.modules():
        if isinstance(module, torch.nn.Dropout):
            assert module.p == (0 if 'gcn' in lifter else 0.25)

    for parameter in runner.model.parameters():
        torch.nn.init.zeros_(parameter)  # now it answers with all joints at the root
    scores = runner.test()
    assert [flip is not None for flip in runner.test_loop.flips] == [False, True, False]
    h36m, mpi, pw3d = (item.dataloader.dataset for item in runner.test_loop.sets)
    assert [each.keypoint_2d_src for each in (h36m, mpi, pw3d)] == ['detection', 'gt', 'gt']
    detected = np.load(data / 'h36m/fps50/joint_2d_det_files/cpn_ft_h36m_dbb_test.npy')
    distance = np.abs(detected[..., :2] - h36m.get_data_info(3)['keypoints']).max((1, 2))
    assert distance.min() == 0

    far = root_distance(data / 'h36m/fps50/h36m_test.npz', BODY)
    assert scores['h36m/MPJPE'] == pytest.approx(far, rel=1e-5)
    assert scores['h36m/MPJPE_with_root'] == pytest.approx(far * 15 / 16, rel=1e-5)
    assert 'h36m/action/WalkDog/MPJPE' in scores
    far = root_distance(data / 'spin/mpi_inf_3dhp_2929.npz', BODY)
    assert scores['mpi_inf_3dhp/MPJPE'] == pytest.approx(far, rel=1e-5)
    assert 'mpi_inf_3dhp/scene/outdoor/AUC_with_root' in scores
    scored = [joint for joint in FOURTEEN if joint != H36M_16.index('head')]
    far = root_distance(data / 'pw3d/3dpw_test.npz', scored)
    assert scores['pw3d/MPJPE'] == pytest.approx(far, rel=1e-5)
    assert [key for key in scores if key.startswith('pw3d/')] == ['pw3d/P-MPJPE', 'pw3d/MPJPE']


def test_without_a_set(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv('MMPOSEAUG_3DPW', str(tmp_path / 'absent'))
    runner = small_runner('baseline', 'mlp', tmp_path / 'a')
    assert runner.train_loop is not None  # it says so and trains
    sentence = r"'pw3d' does not exist; .* leave the set out with --cfg-options test_cfg.sets.pw3d"
    with pytest.raises(FileNotFoundError, match=sentence):
        runner.test()
    runner = small_runner('baseline', 'mlp', tmp_path / 'b', **{'test_cfg.sets.pw3d': None})
    assert {key.split('/')[0] for key in runner.test()} == {'h36m', 'mpi_inf_3dhp'}


@pytest.mark.filterwarnings('ignore:Detected call of .scheduler.step')  # nothing else is done
@pytest.mark.parametrize('variant', ['released', 'submitted'])
def test_constants_of_the_built_loop(tmp_path: Path, variant: str):
    changes = {'train_cfg.variant': variant, 'load_from': 'given.pth'}
    loop = small_runner('poseaug', 'mlp', tmp_path, **changes).train_loop
    assert (loop.max_epochs, loop.pretrain_epochs, loop.settings.warmup_epochs) == (50, 0, 2)
    # the start itself, which the warm-up leaves as it is, cannot become the best checkpoint
    assert loop.val_begin == loop.settings.warmup_epochs + 1
    assert loop.settings.schedule == 'passes' and loop.flip_prob == 0
    adversary, objective = loop.adversary, loop.adversary.objective
    rules = adversary.augmentation.rules
    assert loop.settings.discriminator_interval == 2 and rules.clamp == 1
    assert {pool.size for pool in adversary.pools.values()} == {4096}
    assert objective.weights == dict(
        adversarial_3d=6,
        adversarial_2d=1,
        adversarial_motion=0,
        ranges=3,
        feedback=1,
        view=0,
        prior=0,
    )
    assert (objective.angle_range.centre, objective.angle_range.width) == (0.205, 0.165)
    assert objective.length_range.limit == 0.1
    feedback = dict(released=RangeFeedbackLoss, submitted=ExponentialFeedbackLoss)[variant]
    assert type(objective.feedback) is feedback
    stages = dict(
        released=dict(
            angle=dict(target=(3, 5), width=2, factor=0.1),
            rigid=dict(target=17, width=15, factor=0.01),
        ),
        submitted=dict(angle=dict(beta=(3, 5), factor=0.1), rigid=dict(beta=17, factor=0.01)),
    )
    assert objective.feedback.stages == stages[variant]
    assert dict(near=5, middle=2, head=1, far=1) == GROUP_WEIGHTS
    assert objective.lifter_mode == 'train' and rules.view_rule == 'released'
    augmentor = adversary.augmentor.module
    assert augmentor.length.limit == 0.2
    for network in (
        augmentor.angle.network,
        augmentor.length.network,
        augmentor.rigid.rotation_network,
        augmentor.rigid.translation_network,
    ):
        assert network.noise_dim == 48 and len(network.blocks) == 2
        assert network.output.in_features == 256
    assert augmentor.angle.network.output.out_features == 15 * 3
    assert augmentor.length.network.output.out_features == 9
    assert len(adversary.networks['discriminator_3d'].module.paths) == 5
    assert adversary.networks['discriminator_2d'].module.layer1.out_features == 100
    for network in adversary.networks.values():
        assert network.optim.clip_grad_kwargs == dict(max_norm=1.0)
        assert [group['lr'] for group in network.optim.param_groups] == [1e-4]
        for _ in range(49):  # to the last epoch
            for scheduler in network.schedulers:
                scheduler.step()
        assert network.optim.param_groups[0]['lr'] == pytest.approx(1e-4 * (1 - 49 / 51))
