# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Means of scalars over many steps, kept on the device until they are asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from mmengine.dist import all_reduce
from torch import Tensor


class RunningMeans:
    """Adds up scalars without waiting for the device; steps that are not finite are left out."""

    def __init__(self) -> None:
        # values that come together are added up together
        self._totals: dict[tuple[str, ...], tuple[Tensor, Tensor]] = {}

    def add(self, values: Mapping[str, Tensor]) -> Tensor:
        """Count in the values of a step, if all of them are finite."""
        names = tuple(values)
        step = torch.stack([value.detach().float() for value in values.values()])
        counted = torch.isfinite(step).all()
        step, count = torch.where(counted, step, 0.0), counted.float()
        if names in self._totals:
            total, steps = self._totals[names]
            self._totals[names] = total + step, steps + count
        else:
            self._totals[names] = step, count
        return count

    def pop(self) -> dict[str, float]:
        """Means since the last call."""
        sums: dict[str, float] = {}
        counts: dict[str, float] = {}
        for names, (total, steps) in self._totals.items():
            for name, value in zip(names, total.tolist()):
                sums[name] = sums.get(name, 0.0) + value
                counts[name] = counts.get(name, 0.0) + float(steps)
        self._totals = {}
        return {name: sums[name] / counts[name] if counts[name] else math.nan for name in sums}


def mean_over_processes(values: Mapping[str, float]) -> dict[str, float]:
    """Means over all processes, so that all of them decide alike."""
    names = sorted(values)
    means = torch.tensor([values[name] for name in names], dtype=torch.float64)
    all_reduce(means, op='mean')
    return dict(zip(names, means.tolist()))
