# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Learning rates and schedules of the config, to apply in a resumed run."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from typing import Any

from mmengine.optim import ReduceOnPlateauParamScheduler

PROGRESS = ('_global_step', 'last_step', '_last_value', 'verbose')
"""tuple[str]: Parts of a scheduler's state that say how far it is, not what it does."""


class Schedule:
    """An optimizer and its schedulers, and how the config sets them before the first step.

    A checkpoint brings the schedule that it was written with, whatever the config says by then;
    so does MMEngine's resume.
    """

    def __init__(self, optim: Any, schedulers: Sequence[Any]) -> None:
        self.optim = optim
        self.schedulers = list(schedulers)
        self._groups = [_settings(group) for group in optim.param_groups]
        self._states = [copy.deepcopy(scheduler.state_dict()) for scheduler in schedulers]

    @property
    def updates(self) -> int | None:
        """Updates that the schedulers by iterations have counted; None without such."""
        counts = [each._global_step for each in self.schedulers if not each.by_epoch]
        return max(counts) if counts else None

    @property
    def follows_scores(self) -> bool:
        """bool: Whether a scheduler depends on scores, which cannot be replayed."""
        return any(isinstance(each, ReduceOnPlateauParamScheduler) for each in self.schedulers)

    def is_in_force(self, factor: float = 1.0, times: int = 0) -> bool:
        """Whether rates and schedules are the config's."""
        scheduled = {scheduler.param_name for scheduler in self.schedulers}
        for group, wanted in zip(self.optim.param_groups, self._groups):
            for name in set(wanted) & set(group) - scheduled:
                value = wanted[name]
                if name == 'initial_lr' or (name == 'lr' and 'lr' not in scheduled):
                    value = _scaled(value, factor, times)
                if group[name] != value:
                    return False
        for scheduler, state in zip(self.schedulers, self._states):
            loaded = scheduler.state_dict()
            for name in set(state) - set(PROGRESS):
                value = state[name]
                if name == 'base_values' and scheduler.param_name == 'lr':
                    value = [_scaled(each, factor, times) for each in value]
                if loaded.get(name) != value:
                    return False
        return True

    def restart(self, updates: int, epochs: int) -> None:
        """Replay the config's schedule from its start."""
        for group, settings in zip(self.optim.param_groups, self._groups):
            group.update(copy.deepcopy(settings))
        for scheduler, state in zip(self.schedulers, self._states):
            scheduler.load_state_dict(copy.deepcopy(state))
        by_update = [each for each in self.schedulers if not each.by_epoch]
        by_epoch = [each for each in self.schedulers if each.by_epoch]
        with warnings.catch_warnings():
            # MMEngine warns of schedulers that step before the optimizer has
            warnings.simplefilter('ignore', UserWarning)
            done = 0
            for epoch in range(1, max(epochs, 1) + 1):
                until = updates * epoch // max(epochs, 1)
                for _ in range(done, until):
                    for scheduler in by_update:
                        scheduler.step()
                done = until
                if epoch <= epochs:
                    for scheduler in by_epoch:
                        scheduler.step()

    def scale(self, factor: float) -> None:
        """Multiply the learning rate, now and for the rest of the schedule.

        MMEngine's schedules compute a value from the one before it, some from the initial one.
        """
        for group in self.optim.param_groups:
            group['lr'] *= factor
            if 'initial_lr' in group:
                group['initial_lr'] *= factor
        for scheduler in self.schedulers:
            scheduler.base_values = [value * factor for value in scheduler.base_values]


def _settings(group: dict[str, Any]) -> dict[str, Any]:
    """A parameter group without its parameters."""
    return copy.deepcopy({key: value for key, value in group.items() if key != 'params'})


def _scaled(value: float, factor: float, times: int) -> float:
    """The value after so many recoveries, rounded as they round it."""
    for _ in range(times):
        value *= factor
    return value
