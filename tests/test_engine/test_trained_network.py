# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Networks beside the lifter: steps, clipping, schedules, states, contexts."""

from __future__ import annotations

import copy

import pytest
import torch
from mmengine.registry import init_default_scope
from torch import nn
from train_runs import differing

from mmposeaug.engine.trained_network import TrainedNetwork, frozen, kept_statistics, module_mode

SGD = dict(optimizer=dict(type='SGD', lr=1.0), clip_grad=dict(max_norm=1.0))
LINEAR = dict(type='LinearLR', start_factor=1.0, end_factor=0.0, end=5)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmpose')


def make(optim=SGD, schedule=(LINEAR,), seed=0) -> TrainedNetwork:
    torch.manual_seed(seed)
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1))
    return TrainedNetwork('net', module, optim, schedule)


def learning_rate(network: TrainedNetwork) -> float:
    return network.optim.param_groups[0]['lr']


@pytest.mark.parametrize('clip', [dict(max_norm=1.0), dict(max_norm=1.0, norm_type=1)])
def test_clipping_and_the_log_take_the_norm_of_the_gradients(clip):
    network = make(dict(SGD, clip_grad=dict(clip)))
    before = [p.detach().clone() for p in network.weights]
    network.module.eval()
    loss = network(torch.randn(8, 3)).square().sum()
    gradients = torch.autograd.grad(loss, network.weights, retain_graph=True)
    kind = clip.get('norm_type', 2)
    norm = torch.cat([g.flatten() for g in gradients]).norm(kind)
    assert norm > 1 and network.update(loss)
    logged = network.optim.message_hub.get_scalar('train/net/grad_norm').current()
    assert logged == pytest.approx(float(norm), rel=1e-5)
    for old, new, gradient in zip(before, network.weights, gradients):
        torch.testing.assert_close(old - new, gradient / norm, rtol=1e-4, atol=1e-6)


def test_gradients_are_clipped_to_norm_1():
    network = make()
    before = copy.deepcopy(network.module.state_dict())
    assert network.update(1e4 * network(torch.randn(8, 3)).square().sum())
    moved = [
        (p.detach() - before[name]).square().sum() for name, p in network.module.named_parameters()
    ]
    assert float(torch.stack(moved).sum().sqrt()) == pytest.approx(1.0, rel=1e-4)
    assert all(p.grad is None or not p.grad.any() for p in network.module.parameters())


@pytest.mark.parametrize('factor', [float('nan'), float('inf')])
def test_no_step_where_gradients_are_not_finite(factor):
    network = make()
    before = [p.detach().clone() for p in network.module.parameters()]
    assert not network.update(factor * network(torch.randn(8, 3)).sum())
    assert all(torch.equal(p, b) for p, b in zip(network.module.parameters(), before))
    assert network.update(network(torch.randn(8, 3)).sum())


def epochs(network: TrainedNetwork, count: int) -> list[float]:
    rates = []
    for _ in range(count):
        rates.append(learning_rate(network))
        network.update(network(torch.randn(8, 3)).sum())
        network.end_epoch()
    return rates


def test_linear_decay_reaches_0_after_the_last_epoch():
    network = make()
    assert epochs(network, 4) == pytest.approx([1.0, 0.75, 0.5, 0.25])
    assert learning_rate(network) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ('schedule', 'rates'),
    [
        (LINEAR, [1.0, 0.75, 0.5, 0.25]),
        (dict(type='CosineRestartLR', periods=[4], eta_min=0.0), [1.0, 0.853553, 0.5, 0.146447]),
        (dict(type='StepLR', step_size=2, gamma=0.1), [1.0, 1.0, 0.1, 0.1]),
    ],
)
def test_a_scaled_rate_stays_scaled_through_the_schedule(schedule, rates):
    assert epochs(make(schedule=[schedule]), 4) == pytest.approx(rates, rel=1e-4)
    network = make(schedule=[schedule])
    first = epochs(network, 1)
    network.schedule.scale(0.5)
    assert first + epochs(network, 3) == pytest.approx(
        [rates[0], *(0.5 * rate for rate in rates[1:])], rel=1e-4
    )


def test_states_round_trip():
    network, other = make(), make(seed=1)
    epochs(network, 2)
    other.load_state_dict(copy.deepcopy(network.state_dict()))
    assert differing(network.state_dict(), other.state_dict()) == []
    for trained in (network, other):
        torch.manual_seed(5)
        epochs(trained, 1)
    assert differing(network.state_dict(), other.state_dict()) == []


def test_restoring_takes_weights_back_but_not_the_schedule():
    adam = dict(optimizer=dict(type='Adam', lr=1.0, fused=True))
    network = make(optim=adam)
    epochs(network, 1)
    state = copy.deepcopy(network.state_dict())
    epochs(network, 1)
    network.restore(copy.deepcopy(state))
    assert differing(network.module, state['module']) == []
    assert differing(network.optim.state_dict()['state'], state['optim']['state']) == []
    assert epochs(network, 2) == pytest.approx([0.5, 0.25])


def test_frozen_restores_flags_as_they_were():
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    module[0].weight.requires_grad_(False)
    with pytest.raises(KeyError), frozen(module):
        assert not any(p.requires_grad for p in module.parameters())
        raise KeyError
    assert [p.requires_grad for p in module.parameters()] == [False, True, True, True]


def test_module_mode_restores_every_part():
    module = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5))
    module[0].eval()
    for mode in ('train', 'eval'):
        with module_mode(module, mode):
            assert all(part.training == (mode == 'train') for part in module.modules())
        assert [part.training for part in module.modules()] == [True, False, True]


def test_kept_statistics_normalises_by_the_batch_alone():
    norm, x = nn.BatchNorm1d(2), torch.randn(16, 2) + 3
    module, before = nn.Sequential(norm), copy.deepcopy(norm.state_dict())
    with kept_statistics(module):
        assert module(x).mean(0).abs().max() < 1e-5
    assert differing(norm, before) == []
    module(x)
    assert differing(norm, before)
