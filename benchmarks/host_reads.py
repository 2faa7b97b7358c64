# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Where a step makes the processor wait for the device: operators that read a tensor's values.

They are counted as they are called, so that they are found without a GPU, too.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

READS = frozenset(
    {
        '_local_scalar_dense',
        'bincount',
        'nonzero',
        'repeat_interleave',
        'masked_select',
        'equal',
        'is_nonzero',
        'unique_consecutive',
        'unique_dim',
        '_unique2',
        '_unique',
    }
)
"""frozenset[str]: Operators whose result, or its shape, depends on values."""


class HostReads(TorchDispatchMode):
    """Counts operators that read values inside the context, by the line that calls them.

    Attributes:
        lines (Counter): Number of reads by ``'file:line operator'``.
        calls (int): All operator calls.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lines: Counter[str] = Counter()
        self.calls = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        """Call an operator, and count it."""
        self.calls += 1
        name = func.overloadpacket.__name__
        masks = name in ('index', 'index_put', 'index_put_') and any(
            isinstance(index, torch.Tensor) and index.dtype is torch.bool
            for index in (args[1] if len(args) > 1 else ())
        )
        if name in READS or masks or _copies_to_host(name, args, kwargs or {}):
            self.lines[f'{_caller()} {name}'] += 1
        return func(*args, **(kwargs or {}))


def _copies_to_host(name: str, args: tuple, kwargs: dict) -> bool:
    if name == '_to_copy':
        device = kwargs.get('device')
        return args[0].is_cuda and device is not None and torch.device(device).type == 'cpu'
    return name == 'copy_' and args[1].is_cuda and not args[0].is_cuda


def _caller() -> str:
    """The innermost line that is neither torch's nor this file's."""
    for frame in reversed(traceback.extract_stack()):
        path = Path(frame.filename)
        if 'torch' not in path.parts and path.name != Path(__file__).name:
            return f'{"/".join(path.parts[-2:])}:{frame.lineno}'
    return 'unknown'


def host_reads(step: Callable[[], None], steps: int = 5) -> tuple[dict[str, float], float]:
    """Reads a step by line, and operator calls a step, after one that is not counted."""
    step()
    with HostReads() as seen:
        for _ in range(steps):
            step()
    return {line: count / steps for line, count in seen.lines.most_common()}, seen.calls / steps
