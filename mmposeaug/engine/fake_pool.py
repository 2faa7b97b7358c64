# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pool of augmented samples that discriminators are shown (Shrivastava et al. 2017)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class FakePool(nn.Module):
    """Keeps samples on the device and shows stored ones half of the time.

    While the pool fills, new samples are stored and shown. Later each new sample is, with
    probability one half, exchanged for a stored one, which is shown instead.
    """

    storage: Tensor

    def __init__(self, size: int = 4096) -> None:
        super().__init__()
        if size < 0:
            raise ValueError(f'pool_size is {size}; set it to 0 (no pool) or more.')
        self.size = size
        self.register_buffer('storage', torch.empty(0))

    def query(self, samples: Tensor, generator: torch.Generator) -> Tensor:
        """Return samples to show in place of new ones (N, *)."""
        if self.size == 0:
            return samples
        samples = samples.detach()
        stored = self.storage if self.storage.numel() else samples[:0]
        free = self.size - len(stored)
        if free > 0:
            self.storage = torch.cat((stored, samples[:free]))
            if free >= len(samples):
                return samples
        free = max(free, 0)
        fresh, rest = samples[:free], samples[free:]
        device = samples.device
        # each new sample meets a stored one of its own, none that this batch shows anyway
        earlier = self.size - free
        rest, overflow = rest[:earlier], rest[earlier:]
        slots = torch.randperm(earlier, generator=generator, device=device)[: len(rest)]
        swap = torch.rand(len(rest), generator=generator, device=device) < 0.5
        stored = self.storage[slots]
        swap = swap.view(-1, *[1] * (rest.ndim - 1))
        shown, kept = torch.where(swap, stored, rest), torch.where(swap, rest, stored)
        self.storage.index_copy_(0, slots, kept)
        return torch.cat((fresh, shown, overflow))

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:  # type: ignore[no-untyped-def]
        """Take the stored samples whatever their number."""
        stored = state_dict[prefix + 'storage']
        self.storage = torch.empty_like(stored, device=self.storage.device)
        super()._load_from_state_dict(state_dict, prefix, *args)
