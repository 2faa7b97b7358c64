# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Kernel-1 convolutions as linear layers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mmposeaug.engine import pointwise_convs_as_linear
from mmposeaug.engine.pointwise import PointwiseConv1d


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
    with pointwise_convs_as_linear(model) as count:
        assert count == 2
        actual = model(x)
        found = torch.autograd.grad(actual.square().sum(), list(model.parameters()))
    torch.testing.assert_close(actual, expected)
    torch.testing.assert_close(found, gradients)


def test_the_model_is_as_before_afterwards():
    model = make()
    names = list(model.state_dict())
    with pytest.raises(RuntimeError), pointwise_convs_as_linear(model):
        assert isinstance(model[0], PointwiseConv1d) and list(model.state_dict()) == names
        raise RuntimeError
    assert type(model[0]) is nn.Conv1d
