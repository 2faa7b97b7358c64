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
