# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Faster forms of lifter layers that torch computes slowly on a CPU.

A ``Conv1d`` with kernel 1 on one frame is several times slower than the same linear layer, and
dropout spends its time drawing one random number for each element. MMPose's TCN has both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_LEVELS = 1 << 16
"""int: Values of the 16 random bits that decide over an element."""


class PointwiseConv1d(nn.Conv1d):
    """A ``Conv1d`` with kernel 1 that is computed as a linear layer where there is one frame."""

    def forward(self, input: Tensor) -> Tensor:
        """Convolve features (N, C, T) to (N, C', T)."""
        if input.ndim != 3 or input.shape[-1] != 1:
            return super().forward(input)
        return F.linear(input.squeeze(-1), self.weight.squeeze(-1), self.bias).unsqueeze(-1)


class BitDropout(nn.Dropout):
    """Dropout that draws 64 random bits at a time for four elements, on CPUs.

    The probability is rounded to a multiple of 2^-16. Everywhere but on a CPU in train mode it is
    torch's.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Drop elements of features of any shape."""
        dropped = round(self.p * _LEVELS)
        on_cpu = input.device.type == 'cpu' and input.is_floating_point()
        if not (self.training and on_cpu and 0 < dropped < _LEVELS) or self.inplace:
            return super().forward(input)
        count = input.numel()
        bits = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(2**63), None)
        kept = bits.view(torch.int16)[:count].view(input.shape) >= dropped - _LEVELS // 2
        return input * kept.to(input.dtype).mul_(_LEVELS / (_LEVELS - dropped))


def _is_pointwise(module: nn.Module) -> bool:
    return (
        type(module) is nn.Conv1d
        and module.kernel_size == (1,)
        and module.stride == (1,)
        and module.padding in ((0,), 0, 'valid')
        and module.groups == 1
    )


@contextmanager
def fast_layers(model: nn.Module) -> Iterator[int]:
    """Compute a model's kernel-1 convolutions and dropouts the fast way inside the context.

    Parameters, buffers and state dict stay as they are; dropout draws other random numbers from
    torch's global generator.

    Args:
        model (nn.Module): The lifter, wrapped or not.

    Yields:
        int: Number of layers that this concerns.
    """
    changed: list[tuple[nn.Module, type[nn.Module]]] = []
    for module in model.modules():
        if _is_pointwise(module):
            changed.append((module, nn.Conv1d))
            module.__class__ = PointwiseConv1d
        elif type(module) is nn.Dropout:
            changed.append((module, nn.Dropout))
            module.__class__ = BitDropout
    try:
        yield len(changed)
    finally:
        for module, kind in changed:
            module.__class__ = kind
