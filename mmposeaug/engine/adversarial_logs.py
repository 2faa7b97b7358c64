# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The logs of adversarial training: means over many steps, in MMEngine's channels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from mmengine.dist import all_reduce
from torch import Tensor

from .adversary import Adversary
from .augmentation import AugmentedBatch
from .settings import PoseAugSettings


class RunningMeans:
    """Adds up scalars without waiting for the device; steps that are not finite are left out."""

    def __init__(self) -> None:
        # values that come together are added up together
        self._totals: dict[tuple[str, ...], tuple[Tensor, Tensor]] = {}

    def add(self, names: tuple[str, ...], step: Tensor, count: Tensor) -> None:
        """Count in the values of a step, as :func:`counted` gives them."""
        if names in self._totals:
            total, steps = self._totals[names]
            self._totals[names] = total + step, steps + count
        else:
            self._totals[names] = step, count

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


def counted(values: Mapping[str, Tensor]) -> tuple[tuple[str, ...], Tensor, Tensor]:
    """Names and values of a step, and how often they count: not at all if one is not finite."""
    step = torch.stack([value.detach().float() for value in values.values()])
    finite = torch.isfinite(step).all()
    return tuple(values), torch.where(finite, step, 0.0), finite.float()


def mean_over_processes(values: Mapping[str, float]) -> dict[str, float]:
    """Means over all processes, so that all of them decide the same."""
    names = sorted(values)
    means = torch.tensor([values[name] for name in names], dtype=torch.float64)
    all_reduce(means, op='mean')
    return dict(zip(names, means.tolist()))


class AdversarialLogs:
    """Means of what the steps log, handed on every so often.

    With batches that mix real and augmented pairs they go to the message hub, from where
    MMEngine's logger prints them beside the lifter's. With separate passes no hook runs in the
    adversarial phase, so they are printed and handed to the visualizer here.
    """

    def __init__(self, runner: Any, adversary: Adversary, settings: PoseAugSettings) -> None:
        self.runner = runner
        self.adversary = adversary
        self.settings = settings
        self._recent, self._epoch = RunningMeans(), RunningMeans()

    def add(self, result: AugmentedBatch, epoch: int) -> None:
        """Count in a step; of one that is not finite only that."""
        steps = []
        whole = result.valid.new_zeros((), dtype=torch.float32)
        if result.finite and result.logs:
            steps.append(counted(result.logs))
            whole = steps[0][-1]
        steps.append(counted(dict(finite=whole)))
        for step in steps:
            self._recent.add(*step)
            self._epoch.add(*step)
        if self.adversary.steps % self.settings.log_interval == 0:
            self.flush(epoch)

    def pop_epoch(self) -> dict[str, float]:
        """Means over the epoch so far, which begin anew."""
        return self._epoch.pop()

    def flush(self, epoch: int) -> None:
        """Hand on the means since the last time."""
        means = self._recent.pop()
        if not means:
            return
        hub = self.runner.message_hub
        if self.settings.schedule == 'mixed':
            for name, value in means.items():
                hub.update_scalar(f'train/poseaug/{name}', value)
            return
        steps = self.adversary.steps
        for name in self._gradient_norms():
            scalar = hub.get_scalar(name)
            means[name.removeprefix('train/')] = scalar.mean(self.settings.log_interval)
        self.runner.visualizer.add_scalars(
            {f'poseaug/{name}': value for name, value in means.items()}, step=steps
        )
        text = '  '.join(f'{name}: {value:.4f}' for name, value in means.items())
        self.runner.logger.info(f'Epoch(adversarial) [{epoch + 1}] step {steps}  {text}')

    def clear(self) -> None:
        """Take the values of a phase that is over out of the logs of the lifter."""
        scalars = self.runner.message_hub.log_scalars
        values = [name for name in scalars if name.startswith('train/poseaug/')]
        for name in values + self._gradient_norms():
            del scalars[name]

    def _gradient_norms(self) -> list[str]:
        """Names under which MMEngine's optimizer wrappers log the norms of gradients."""
        names = (f'train/{network.optim.grad_name}' for network in self.adversary.networks.values())
        return [name for name in names if name in self.runner.message_hub.log_scalars]
