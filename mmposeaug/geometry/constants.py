# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Small constant tensors that are made once for each device."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=256)
@torch.inference_mode(False)  # an inference tensor in the cache could not be used in training
def index_tensor(values: tuple[int, ...], device: torch.device) -> Tensor:
    """Indices on a device.

    Args:
        values (tuple[int]): The indices.
        device (torch.device): Where they are needed.

    Returns:
        Tensor: Integers of shape (len(values),); not to be written to.

    Example:
        >>> index_tensor((2, 0), torch.device('cpu'))
        tensor([2, 0])
    """
    return torch.tensor(values, device=device)


@lru_cache(maxsize=256)
@torch.inference_mode(False)
def value_tensor(values: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Numbers on a device.

    Args:
        values (tuple[float]): The numbers.
        dtype (torch.dtype): Their type.
        device (torch.device): Where they are needed.

    Returns:
        Tensor: Numbers of shape (len(values),); not to be written to.

    Example:
        >>> value_tensor((0.5, 2.0), torch.float32, torch.device('cpu'))
        tensor([0.5000, 2.0000])
    """
    return torch.tensor(values, dtype=dtype, device=device)
