# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Single-frame lifters without the cost of a convolution.

On a CPU a ``Conv1d`` with kernel 1 on one frame is several times slower than the same linear
layer. MMPose's TCN is made of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch.nn.functional as F
from torch import Tensor, nn


class PointwiseConv1d(nn.Conv1d):
    """A ``Conv1d`` with kernel 1 that is computed as a linear layer where there is one frame."""

    def forward(self, input: Tensor) -> Tensor:
        """Convolve.

        Args:
            input (Tensor): Features of shape (N, C, T).

        Returns:
            Tensor: Features of shape (N, C', T).
        """
        if input.ndim != 3 or input.shape[-1] != 1:
            return super().forward(input)
        return F.linear(input.squeeze(-1), self.weight.squeeze(-1), self.bias).unsqueeze(-1)


def _is_pointwise(module: nn.Module) -> bool:
    return (
        type(module) is nn.Conv1d
        and module.kernel_size == (1,)
        and module.stride == (1,)
        and module.padding in ((0,), 0, 'valid')
        and module.groups == 1
    )


@contextmanager
def pointwise_convs_as_linear(model: nn.Module) -> Iterator[int]:
    """Compute a model's kernel-1 convolutions as linear layers inside the context.

    Parameters, buffers and state dict stay as they are.

    Args:
        model (nn.Module): The lifter, wrapped or not.

    Yields:
        int: Number of convolutions that this concerns.
    """
    changed = [module for module in model.modules() if _is_pointwise(module)]
    for module in changed:
        module.__class__ = PointwiseConv1d
    try:
        yield len(changed)
    finally:
        for module in changed:
            module.__class__ = nn.Conv1d
