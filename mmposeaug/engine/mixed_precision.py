# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Mixed precision in bfloat16, which needs no scaling of gradients and so no GPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.device import get_device
from mmengine.optim import OptimWrapper
from mmengine.runner import autocast
from mmpose.registry import OPTIM_WRAPPERS
from torch import nn


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Train the lifter's layers in bfloat16, on CPUs and GPUs.

    Weights, their moments, codecs and losses stay in float32: only the network between input and
    output is computed in bfloat16, by ``torch.autocast``. It has float32's range, so no gradient
    is scaled; MMEngine's ``AmpOptimWrapper`` with float16 does that, and exists on GPUs alone.
    Checkpoints are those of a plain ``OptimWrapper``; see it for the arguments. For the tensor
    train loops: MMPose's own cannot log a loss that is in bfloat16.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Compute the model in bfloat16 inside the context."""
        with super().optim_context(model), autocast(dtype=torch.bfloat16):
            yield


def refusal_of_bfloat16() -> str | None:
    """Why bfloat16 would be slower than float32 on this machine, or None."""
    supported = getattr(torch.ops.mkldnn, '_is_mkldnn_bf16_supported', bool)
    if get_device() == 'cpu' and not supported():
        return 'this processor computes no bfloat16, which would be slower than float32'
    return None
