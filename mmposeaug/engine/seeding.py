# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Random number generators that depend on nothing but seed, epoch, rank and purpose."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.dist import broadcast


def derive_seed(*parts: int | str) -> int:
    """A 31-bit seed from numbers and names, the same on every machine.

    Example:
        >>> derive_seed(0, 'noise', 1) == derive_seed(0, 'noise', 1)
        True
        >>> derive_seed(0, 'noise', 1) == derive_seed(0, 'noise', 2)
        False
    """
    text = '/'.join(map(str, parts)).encode()
    return zlib.crc32(text[::-1], zlib.crc32(text)) & 0x7FFFFFFF


def make_generator(device: torch.device | str, *parts: int | str) -> torch.Generator:
    """A generator seeded by :func:`derive_seed`."""
    return torch.Generator(device=device).manual_seed(derive_seed(*parts))


def common_seed(runner: Any) -> int:
    """The run seed: that of the first process in all (``diff_rank_seed`` makes them differ)."""
    seed = torch.tensor(int(runner.seed))
    broadcast(seed)
    return int(seed)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Weights that are drawn inside the context depend on a seed alone.

    Outside of it the random numbers of every device go on as if nothing had been drawn. Modules
    draw their first weights from the CPU's generator; ``torch.manual_seed`` would reseed all GPUs
    too, which ``fork_rng(devices=[])`` does not restore.
    """
    started = torch.cuda.is_available() and torch.cuda.is_initialized()
    with torch.random.fork_rng(devices=range(torch.cuda.device_count()) if started else ()):
        torch.default_generator.manual_seed(seed)
        if started:
            torch.cuda.manual_seed_all(seed)
        yield
