# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Batch normalisation in several processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed.nn.functional as distributed
from mmengine.dist import get_world_size
from mmengine.logging import print_log
from mmengine.model import convert_sync_batchnorm
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class CpuSyncBatchNorm(nn.SyncBatchNorm):
    """``SyncBatchNorm`` on CPUs, which torch computes on GPUs only."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalise features (N, C) or (N, C, *) by the batches of all processes."""
        if input.device.type != 'cpu' or not self.training or get_world_size() == 1:
            return super().forward(input)
        dims = [0, *range(2, input.ndim)]
        shape = (1, -1) + (1,) * (input.ndim - 2)
        number = torch.full((1,), input.numel() / input.shape[1], dtype=input.dtype)
        sums = distributed.all_reduce(torch.cat((input.sum(dims), number)))
        count, mean = sums[-1].detach(), sums[:-1] / sums[-1].detach()
        centred = input - mean.view(shape)
        var = distributed.all_reduce(centred.square().sum(dims)) / count
        if self.track_running_stats:
            self._update_running(mean.detach(), var.detach() * count / (count - 1))
        normalised = centred * torch.rsqrt(var + self.eps).view(shape)
        if self.weight is None:
            return normalised
        return normalised * self.weight.view(shape) + self.bias.view(shape)

    @torch.no_grad()
    def _update_running(self, mean: Tensor, var: Tensor) -> None:
        running = self.running_mean, self.running_var
        if running[0] is None or running[1] is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        share = self.momentum
        if share is None:
            share = 1 / float(self.num_batches_tracked)
        running[0].lerp_(mean, share)
        running[1].lerp_(var, share)


def synchronise(module: nn.Module, sync_bn: str | None) -> nn.Module:
    """Let batch normalisations see the batches of all processes, if that is asked for."""
    if get_world_size() == 1:
        return module
    if sync_bn is not None:
        module = convert_sync_batchnorm(module, sync_bn)
    # on CPUs torch's own would raise
    for part in module.modules():
        if type(part) is nn.SyncBatchNorm:
            part.__class__ = CpuSyncBatchNorm
    return module


class _LocalBatchNorm(_BatchNorm):
    """Batch normalisation of this process alone, of features of any number of dimensions."""

    def _check_input_dim(self, input: Tensor) -> None:
        pass


@contextmanager
def local_statistics(module: nn.Module) -> Iterator[None]:
    """Let one process call a network alone, without waiting for the others."""
    changed = [(part, type(part)) for part in module.modules() if _is_synchronised(part)]
    for part, _ in changed:
        part.__class__ = _LocalBatchNorm
    try:
        yield
    finally:
        for part, kind in changed:
            part.__class__ = kind


def _is_synchronised(part: nn.Module) -> bool:
    return isinstance(part, nn.SyncBatchNorm)


def warn_of_separate_statistics(module: nn.Module, batch_size: int) -> None:
    """Say that batch normalisations see the batch of their own process alone."""
    norms = [part for part in module.modules() if isinstance(part, _BatchNorm)]
    if get_world_size() > 1 and not all(_is_synchronised(norm) for norm in norms):
        print_log(
            f'The batch normalisation of the lifter takes its statistics from the {batch_size} '
            f'samples of each of the {get_world_size()} processes, so that the result is not that '
            "of one process with the whole batch; set sync_bn='torch' in the config to take them "
            'over all processes.',
            logger='current',
            level=30,
        )
