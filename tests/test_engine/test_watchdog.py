# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Collapse: detected, said, recovered from, given up on, and the training goes on."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from train_runs import build, differing, poseaug, tensors_of, train, train_cfg

from mmposeaug.engine import CollapseWatchdog
from mmposeaug.engine.adversarial_logs import RunningMeans, counted


@pytest.mark.parametrize(
    ('means', 'sentence'),
    [
        (dict(loss_view=float('nan')), 'loss_view is not finite'),
        (dict(finite=0.75), 'gradients were not finite in 25.0% of the steps'),
        (dict(in_view=0.01), 'only 1.0% of the augmented people are in view'),
        (dict(noise_response=1e-5), r'the augmentor ignores its noise \(response 1.0e-05\)'),
    ],
)
def test_diagnosis(means, sentence):
    healthy = dict(finite=1.0, in_view=0.5, noise_response=0.1, accuracy_3d=0.7)
    assert CollapseWatchdog().diagnose(healthy) is None
    assert CollapseWatchdog().diagnose({}) is None
    with pytest.raises(AssertionError, match=sentence):
        raise AssertionError(CollapseWatchdog().diagnose({**healthy, **means}))


def test_a_saturated_discriminator_is_given_some_epochs():
    watchdog = CollapseWatchdog(patience=3)
    found = [watchdog.diagnose(dict(accuracy_3d=a)) for a in (1.0, 1.0, 0.6, 1.0, 1.0, 0.999)]
    assert found[:5] == [None] * 5
    assert found[5] == 'the 3D discriminator told 99.9% of the poses apart for 3 epochs'


def test_a_single_broken_step_does_not_spoil_the_means_of_an_epoch():
    means = RunningMeans()
    steps = [dict(loss=1.0, in_view=0.5)] * 150 + [dict(loss=float('inf'), in_view=0.0)]
    for step in steps:
        whole = counted({name: torch.tensor(value) for name, value in step.items()})
        means.add(*whole)
        means.add(*counted(dict(finite=whole[-1])))
    found = means.pop()
    assert found == dict(loss=1.0, in_view=0.5, finite=pytest.approx(150 / 151))
    assert CollapseWatchdog().diagnose(found) is None
    assert 'not finite in 0.7%' in str(CollapseWatchdog(max_broken=0.005).diagnose(found))
    means.add(*counted(dict(loss=torch.tensor(float('nan')))))
    assert CollapseWatchdog().diagnose(means.pop()) == 'loss is not finite'


@pytest.fixture
def loop(mocap_root, tmp_path):
    loop = build(mocap_root, tmp_path, poseaug(max_epochs=8)).train_loop
    loop.watchdog.before_epoch(loop.adversary)
    return loop


def rate(loop) -> float:
    """The learning rate, one and the same of all networks."""
    groups = [n.optim.param_groups[0] for n in loop.adversary.networks.values()]
    (found,) = {group['lr'] for group in groups}
    return found


def spoil(loop) -> None:
    with torch.no_grad():
        for network in loop.adversary.networks.values():
            for parameter in network.module.parameters():
                parameter.fill_(float('nan'))


BAD, GOOD = dict(finite=0.5), dict(finite=1.0)


def test_each_recovery_takes_one_factor(loop):
    healthy = tensors_of(loop.adversary.augmentor.module)
    for count, means in enumerate((BAD, BAD), 1):  # in the first epochs, before any healthy one
        spoil(loop)
        assert not loop.watchdog.after_epoch(loop.adversary, means, count)
        assert rate(loop) == pytest.approx(1e-4 / 2**count)
        assert differing(tensors_of(loop.adversary.augmentor.module), healthy) == []
    assert loop.watchdog.after_epoch(loop.adversary, GOOD, 3)
    spoil(loop)
    loop.watchdog.after_epoch(loop.adversary, BAD, 4)
    assert rate(loop) == pytest.approx(1e-4 / 8)
    assert loop.watchdog.gave_up


@pytest.mark.filterwarnings('ignore:Detected call of .scheduler.step')  # nothing else is done
def test_the_schedule_goes_on_over_recoveries(loop):
    # seven epochs of PoseAug from 1e-4 to 0, the second of which collapses
    for epoch in range(7):
        expected = 1e-4 * (7 - epoch) / 7 * (1.0 if epoch < 2 else 0.5)
        assert rate(loop) == pytest.approx(expected)
        loop.adversary.end_epoch()
        loop.watchdog.after_epoch(loop.adversary, BAD if epoch == 1 else GOOD, epoch)
    assert rate(loop) == pytest.approx(0, abs=1e-15)


def test_the_state_round_trips(loop):
    loop.watchdog.after_epoch(loop.adversary, BAD, 1)
    other = CollapseWatchdog()
    other.load_state_dict(loop.watchdog.state_dict())
    assert other.recoveries == 1 and not other.gave_up
    assert differing(other.healthy, loop.watchdog.healthy) == []


class Spoil(Hook):
    """Does something to the loop before epochs."""

    def __init__(self, action: Any, epochs: tuple[int, ...]) -> None:
        self.action = action
        self.epochs = epochs

    def before_train_epoch(self, runner: Any) -> None:
        if runner.epoch in self.epochs:
            self.action(runner.train_loop)


def out_of_view(loop) -> None:
    """Put everyone far to the right."""
    with torch.no_grad():
        output = loop.adversary.augmentor.module.rigid.translation_network.output
        output.weight.mul_(0.1)
        output.bias.copy_(torch.tensor([30.0, 0.0, 1.0]))


def constant(loop) -> None:
    with torch.no_grad():
        for module in loop.adversary.augmentor.module.modules():
            if hasattr(module, 'output'):
                module.output.weight.zero_()
    loop.adversary.augmentor.optim.param_groups[0]['lr'] = 0.0


def warnings_of(run) -> str:
    (file,) = run.folder.glob('*/*.log')
    return file.read_text()


@pytest.mark.parametrize(
    ('variant', 'action', 'sentence', 'settings'),
    [
        ('learned', spoil, 'gradients were not finite in 100.0% of the steps', {}),
        ('released', spoil, 'gradients were not finite in 100.0% of the steps', {}),
        ('released', out_of_view, 'of the augmented people are in view', dict(view_rule='inside')),
        ('released', constant, 'the augmentor ignores its noise', {}),
    ],
)
def test_training_goes_on_after_a_collapse(
    mocap_root, tmp_path, variant, action, sentence, settings
):
    watchdog = dict(min_in_view=0.0 if action is not out_of_view else 0.005)
    cfg = train_cfg(mocap_root, tmp_path, poseaug(variant, watchdog=watchdog, **settings))
    run = train(cfg, Spoil(action, epochs=(2,)))
    loop, log = run.runner.train_loop, warnings_of(run)
    assert 'The augmentor collapsed in epoch 3: ' in log and sentence in log
    assert 'learning goes on at 0.5 of the learning rate (recovery 1 of 3)' in log
    assert loop.watchdog.recoveries >= 1 and run.runner.epoch == 4
    for network in loop.adversary.networks.values():
        assert all(t.isfinite().all() for t in tensors_of(network.module).values())
    assert all(t.isfinite().all() for t in tensors_of(run.runner.model).values())
    assert run.recorder.count('after_train_iter', 3) >= 6


@pytest.mark.parametrize('variant', ['learned', 'released'])
def test_giving_up_leaves_the_last_healthy_augmentor(mocap_root, tmp_path, variant):
    loop = poseaug(variant, max_epochs=5, watchdog=dict(max_recoveries=2, min_in_view=0.0))
    run = train(train_cfg(mocap_root, tmp_path, loop), Spoil(spoil, epochs=(2, 3)))
    loop, log = run.runner.train_loop, warnings_of(run)
    assert 'it is trained no longer (recovery 2 of 2)' in log
    assert loop.watchdog.gave_up
    module = loop.adversary.augmentor.module
    parameters = dict(module.named_parameters())
    healthy = loop.watchdog.healthy['networks']['augmentor']['module']
    assert all(torch.equal(parameters[name], healthy[name]) for name in parameters)
    assert run.recorder.count('after_train_iter', 4) >= 6
    # nothing is logged of what learns no longer
    assert not any('poseaug' in n or 'grad_norm' in n for n in run.runner.message_hub.log_scalars)
