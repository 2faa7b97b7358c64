# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Means of scalars over many steps, kept on the device until they are asked for."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from mmengine.dist import all_reduce
from torch import Tensor


class RunningMeans:
    """Adds up scalars without waiting for the device."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, values: Mapping[str, Tensor]) -> None:
        """Count in the values of a step.

        Args:
            values (Mapping[str, Tensor]): Scalars; a step need not have all of them.
        """
        for name, value in values.items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value
            self._counts[name] = self._counts.get(name, 0) + 1

    def pop(self) -> dict[str, float]:
        """Means since the last call.

        Returns:
            dict[str, float]: Means by name.
        """
        means = {name: float(total) / self._counts[name] for name, total in self._sums.items()}
        self._sums, self._counts = {}, {}
        return means


def mean_over_processes(values: Mapping[str, float]) -> dict[str, float]:
    """Means over all processes, so that all of them decide alike.

    Args:
        values (Mapping[str, float]): Values of this process; the names are the same in all.

    Returns:
        dict[str, float]: Means by name.
    """
    names = sorted(values)
    means = torch.tensor([values[name] for name in names], dtype=torch.float64)
    all_reduce(means, op='mean')
    return dict(zip(names, means.tolist()))
