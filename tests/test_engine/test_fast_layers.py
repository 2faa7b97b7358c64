# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Kernel-1 convolutions as linear layers, dropout from random bits."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmposeaug.engine import fast_layers
from mmposeaug.engine.fast_layers import BitDropout, PointwiseConv1d


def make() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv1d(4, 8, 1),
        nn.BatchNorm1d(8),
        nn.Conv1d(8, 8, 1, groups=2),
        nn.Conv1d(8, 8, 3, padding=1),
        nn.Conv1d(8, 8, 1, padding=1),
        nn.Conv1d(8, 2, 1, bias=False),
    )


@pytest.mark.parametrize('frames', [1, 5])
def test_outputs_and_gradients_are_those_of_the_convolution(frames):
    model, x = make().double(), torch.randn(6, 4, frames, dtype=torch.float64)
    expected = model(x)
    gradients = torch.autograd.grad(expected.square().sum(), list(model.parameters()))
    with fast_layers(model) as count:
        assert count == 2
        actual = model(x)
        found = torch.autograd.grad(actual.square().sum(), list(model.parameters()))
    torch.testing.assert_close(actual, expected)
    torch.testing.assert_close(found, gradients)


def test_the_model_is_as_before_afterwards():
    model = make().append(nn.Dropout(0.5))
    names = list(model.state_dict())
    with pytest.raises(RuntimeError), fast_layers(model):
        assert isinstance(model[0], PointwiseConv1d) and list(model.state_dict()) == names
        assert isinstance(model[-1], BitDropout)
        raise RuntimeError
    assert type(model[0]) is nn.Conv1d and type(model[-1]) is nn.Dropout


@pytest.mark.parametrize('probability', [0.1, 0.25, 0.5])
def test_dropout_drops_and_scales_as_torchs(probability):
    torch.manual_seed(0)
    layer, x = nn.Dropout(probability), torch.ones(401, 999, requires_grad=True)
    with fast_layers(layer):
        y = layer(x)
        y.sum().backward()
    kept = y > 0
    deviation = (probability * (1 - probability) / kept.numel()) ** 0.5
    assert abs(kept.float().mean() - (1 - probability)) < 5 * deviation
    torch.testing.assert_close(
        y[kept], torch.full_like(y[kept], 1 / (1 - probability)), rtol=2e-5, atol=0
    )
    torch.testing.assert_close(x.grad, y.detach())
    # each of the four elements of a draw, rows and columns alike, and independent neighbours
    flat = kept.flatten().float()
    for lane in range(4):
        assert abs(flat[lane::4].mean() - (1 - probability)) < 10 * deviation
    both = (flat[1:] * flat[:-1]).mean()
    assert abs(both - (1 - probability) ** 2) < 10 * deviation


def test_dropout_is_torchs_where_it_does_nothing_or_is_asked_to_work_in_place():
    x = torch.randn(5, 7)
    for layer in (nn.Dropout(0.0), nn.Dropout(0.5).eval()):
        with fast_layers(layer):
            assert torch.equal(layer(x), x)
    with fast_layers(nn.Sequential(nn.Dropout(1.0))) as count:
        assert count == 1
    layer = nn.Dropout(1.0)
    with fast_layers(layer):
        assert not layer(x).any()
    layer, y = nn.Dropout(0.5, inplace=True), x.clone()
    with fast_layers(layer):
        assert layer(y) is y


def test_a_seed_fixes_what_is_dropped():
    layer, x = nn.Dropout(0.5), torch.ones(3, 5)
    with fast_layers(layer):
        first, second = (torch.manual_seed(seed) and layer(x) for seed in (1, 1))
        third = layer(x)
    assert torch.equal(first, second) and not torch.equal(first, third)
