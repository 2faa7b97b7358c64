# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A run that is resumed with other settings follows them, and what it does not follow is said."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from train_runs import (
    BATCH_SIZE,
    LOOPS,
    NUM_TRAIN,
    InterruptError,
    StopAfter,
    differing,
    make_runner,
    train_cfg,
)

PER_EPOCH = NUM_TRAIN // BATCH_SIZE
LINEAR = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, convert_to_iter_based=True)]


class Rates(Hook):
    """The lifter's learning rate, and that of the augmentor, before every update."""

    def __init__(self) -> None:
        self.lifter: list[float] = []
        self.augmentor: list[float] = []

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        self.lifter.append(runner.optim_wrapper.param_groups[0]['lr'])
        adversary = getattr(runner.train_loop, 'adversary', None)
        if adversary is not None:
            self.augmentor.append(adversary.augmentor.optim.param_groups[0]['lr'])


@pytest.fixture(scope='module')
def interrupted(mocap_root, tmp_path_factory):
    """Checkpoints after the second of four epochs, by name of the loop."""
    found: dict[str, Any] = {}

    def run(name: str) -> Any:
        if name not in found:
            folder = tmp_path_factory.mktemp(f'interrupted_{name}')
            runner = make_runner(config(mocap_root, folder, name))
            runner.register_hook(StopAfter(2))
            with pytest.raises(InterruptError):
                runner.train()
            found[name] = folder / 'epoch_2.pth'
        return found[name]

    return run


def config(root, folder, name, **changes):
    return train_cfg(root, folder, LOOPS[name], **{'param_scheduler': LINEAR, **changes})


def go_on(root, folder, checkpoint, name, **changes):
    """Resume; the rates, the runner, and what was said."""
    changes = {'val_cfg': None, 'val_dataloader': None, 'val_evaluator': None, **changes}
    runner = make_runner(
        config(root, folder, name, resume=True, load_from=str(checkpoint), **changes)
    )
    rates, said = Rates(), []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(record.getMessage())
    runner.register_hook(rates)
    runner.logger.addHandler(handler)
    try:
        runner.train()
    finally:
        runner.logger.removeHandler(handler)
    return rates, runner, [line for line in said if line.startswith('Resumed with other')]


def linear(peak: float, updates: int, first: int) -> list[float]:
    return [peak * (1 - done / (updates - 1)) for done in range(first, updates)]


CHANGES = {
    'longer': (
        {'train_cfg.max_epochs': 6},
        linear(2e-3, 6 * PER_EPOCH, 2 * PER_EPOCH),
        ['train_cfg.max_epochs 4 -> 6'],
    ),
    'larger batches': (
        {'train_dataloader.batch_size': 2 * BATCH_SIZE},
        linear(2e-3, 2 * PER_EPOCH, PER_EPOCH),
        ['train_dataloader.batch_size 32 -> 64'],
    ),
    'higher rate': (
        {'optim_wrapper.optimizer.lr': 6e-3},
        linear(6e-3, 4 * PER_EPOCH, 2 * PER_EPOCH),
        ['optim_wrapper.optimizer.lr 0.002 -> 0.006'],
    ),
    'another schedule': (
        {'param_scheduler': [dict(type='StepLR', step_size=1, gamma=0.5)]},
        [5e-4] * PER_EPOCH + [2.5e-4] * PER_EPOCH,
        ['param_scheduler[0].type LinearLR -> StepLR'],
    ),
    'weight decay': (
        {'optim_wrapper.optimizer.weight_decay': 0.01},
        linear(2e-3, 4 * PER_EPOCH, 2 * PER_EPOCH),
        ['optim_wrapper.optimizer.weight_decay (not set) -> 0.01'],
    ),
}


@pytest.mark.parametrize('change', CHANGES)
def test_the_schedule_of_the_config_is_in_force(mocap_root, tmp_path, interrupted, change):
    changes, wanted, sentences = CHANGES[change]
    rates, runner, said = go_on(mocap_root, tmp_path, interrupted('tensor'), 'tensor', **changes)
    assert rates.lifter == pytest.approx(wanted)
    assert len(said) == 1 and all(sentence in said[0] for sentence in sentences)
    if change == 'weight decay':
        assert runner.optim_wrapper.param_groups[0]['weight_decay'] == 0.01


def test_the_schedules_of_the_augmentor_too(mocap_root, tmp_path, interrupted):
    checkpoint = interrupted('learned')
    rates, runner, said = go_on(
        mocap_root, tmp_path, checkpoint, 'learned', **{'train_cfg.max_epochs': 6}
    )
    # one of the five epochs of PoseAug is over
    wanted = [1e-4 * (1 - epoch / 5) for epoch in range(1, 5) for _ in range(PER_EPOCH)]
    assert rates.augmentor == pytest.approx(wanted)
    assert 'the schedules of the lifter and the augmentor and the discriminator_3d' in said[0]
    assert runner.train_loop.progress == 1.0


def test_a_recovery_keeps_its_lower_rate(mocap_root, tmp_path, interrupted):
    state = torch.load(interrupted('learned'), weights_only=True)
    runner = make_runner(config(mocap_root, tmp_path / 'a', 'learned'))
    loop = runner.build_train_loop(runner._train_loop)
    loop.load_state_dict(state['poseaug'])
    loop.watchdog.recoveries = 2
    for network in loop.adversary.networks.values():
        network.schedule.scale(0.25)
    loop._epoch = 2
    assert loop.restart_schedules() == []
    # as a checkpoint of a longer run would bring it
    for network in loop.adversary.networks.values():
        network.schedulers[0].end += 10
    assert loop.restart_schedules() == ['the augmentor', 'the discriminator_3d']
    rate = loop.adversary.augmentor.optim.param_groups[0]['lr']
    assert rate == pytest.approx(0.25 * 1e-4 * 2 / 3)


def test_without_changes_nothing_is_touched_or_said(mocap_root, tmp_path, interrupted, trained):
    _, runner, said = go_on(mocap_root, tmp_path, interrupted('tensor'), 'tensor')
    assert said == []
    full = make_runner(config(mocap_root, tmp_path / 'full', 'tensor'))
    full.train()
    assert differing(full.model, runner.model) == []
    assert differing(full.optim_wrapper.state_dict(), runner.optim_wrapper.state_dict()) == []


def test_what_the_checkpoint_decides_is_named(mocap_root, tmp_path, interrupted):
    _, runner, said = go_on(
        mocap_root, tmp_path, interrupted('tensor'), 'tensor', **{'randomness.seed': 7}
    )
    assert runner.seed == 0
    assert 'without effect' in said[0] and 'randomness.seed 0 -> 7' in said[0]
    assert 'in force' not in said[0]


@pytest.mark.parametrize(
    ('changes', 'sentence'),
    [
        (
            {'train_cfg.max_epochs': 1},
            'written after epoch 2, but train_cfg.max_epochs is 1; set it to more than 2',
        ),
        (
            {'optim_wrapper.optimizer.type': 'RMSprop'},
            'trained with optim_wrapper.optimizer.type Adam, the config sets RMSprop',
        ),
        (
            {'optim_wrapper.paramwise_cfg': dict(custom_keys=dict(head=dict(lr_mult=0.1)))},
            r'parameter groups of \[\d+\] parameters, the one of the config has \[1',
        ),
    ],
)
def test_what_cannot_go_on_is_refused(mocap_root, tmp_path, interrupted, changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        go_on(mocap_root, tmp_path, interrupted('tensor'), 'tensor', **changes)


def test_another_augmentor_is_refused(mocap_root, tmp_path, interrupted):
    with pytest.raises(ValueError, match='The augmentor of the checkpoint is not the one that'):
        go_on(
            mocap_root,
            tmp_path,
            interrupted('learned'),
            'learned',
            **{'train_cfg.augmentor.angle.hidden': 24},
        )


def test_a_rate_of_zero_is_said(mocap_root, tmp_path, interrupted, caplog):
    ends_early = [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, end=3)]
    runner = make_runner(
        train_cfg(mocap_root, tmp_path, LOOPS['tensor'], param_scheduler=ends_early)
    )
    said = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(record.getMessage())
    runner.logger.addHandler(handler)
    runner.train()
    runner.logger.removeHandler(handler)
    assert [line[:42] for line in said if 'learning rate is 0' in line] == [
        'The learning rate is 0 in epoch 3 of 4: th'
    ]
