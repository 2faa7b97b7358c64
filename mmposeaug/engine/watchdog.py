# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Detects that adversarial training collapsed, says so and goes back to a healthy state."""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Mapping
from typing import Any

from mmengine.logging import print_log

from mmposeaug.models.option_checks import check_number, is_number
from mmposeaug.structures.choices import require_known

from .adversary import Adversary


class CollapseWatchdog:
    """Checks the means of every epoch.

    Collapse is one of: losses or gradients that are not finite, augmented people out of view,
    an augmentor that gives the same pose whatever its noise, a 3D discriminator that tells every
    pose apart for several epochs. Then augmentor and discriminators go back to their state after
    the last healthy epoch, or before the first one, and learn on with a smaller learning rate;
    after too many recoveries they are no longer trained, and the lifter goes on with the last
    healthy augmentor.

    Args:
        max_broken (float): Largest share of steps without finite poses and gradients; such steps
            are skipped. Defaults to 0.01.
        min_in_view (float): Smallest share of augmented samples in view. Defaults to 0.02.
        min_noise_response (float): Smallest distance between two augmentations of the same poses,
            relative to the spread of the poses. Defaults to 1e-3.
        max_accuracy (float): Accuracy of the 3D discriminator that counts as telling all apart.
            Defaults to 0.995.
        patience (int): Epochs that the accuracy may stay there. Defaults to 3.
        lr_factor (float): Factor on the learning rates at a recovery. Defaults to 0.5.
        max_recoveries (int): Recoveries before the augmentor is frozen. Defaults to 3.

    Raises:
        ValueError: If an option is out of its range.
    """

    def __init__(
        self,
        max_broken: float = 0.01,
        min_in_view: float = 0.02,
        min_noise_response: float = 1e-3,
        max_accuracy: float = 0.995,
        patience: int = 3,
        lr_factor: float = 0.5,
        max_recoveries: int = 3,
    ) -> None:
        shares = dict(max_broken=max_broken, min_in_view=min_in_view, max_accuracy=max_accuracy)
        for name, share in shares.items():
            check_number('train_cfg.watchdog', name, share, 0, 1, ', a share')
        check_number('train_cfg.watchdog', 'min_noise_response', min_noise_response)
        if not (is_number(lr_factor) and 0 < lr_factor <= 1):
            raise ValueError(
                f'watchdog.lr_factor is {lr_factor!r}; it is above 0 and at most 1, since learning '
                'goes on slower after a recovery.'
            )
        for name, count in dict(patience=patience, max_recoveries=max_recoveries).items():
            if not (isinstance(count, int) and not isinstance(count, bool) and count >= 1):
                raise ValueError(
                    f'watchdog.{name} is {count!r}; it is a whole number of 1 or more.'
                )
        self.max_broken = max_broken
        self.min_in_view = min_in_view
        self.min_noise_response = min_noise_response
        self.max_accuracy = max_accuracy
        self.patience = patience
        self.lr_factor = lr_factor
        self.max_recoveries = max_recoveries
        self.recoveries = 0
        self.saturated = 0
        self.healthy: dict[str, Any] | None = None

    @property
    def gave_up(self) -> bool:
        """bool: Whether the augmentor is to be trained no longer."""
        return self.recoveries >= self.max_recoveries

    def diagnose(self, means: Mapping[str, float]) -> str | None:
        """Say what is wrong with the means of an epoch, a clause that names the value, or None.

        ``finite`` is the share of steps with finite gradients, over which the others are means.
        """
        if 1 - means.get('finite', 1.0) > self.max_broken:
            broken_share = 1 - means['finite']
            return f'poses or gradients were not finite in {broken_share:.1%} of the steps'
        broken = [name for name, value in means.items() if not math.isfinite(value)]
        if broken:
            return f'{broken[0]} is not finite'
        if means.get('in_view', 1.0) < self.min_in_view:
            return f'only {means["in_view"]:.1%} of the augmented people are in view'
        if means.get('noise_response', 1.0) < self.min_noise_response:
            return f'the augmentor ignores its noise (response {means["noise_response"]:.1e})'
        saturated = means.get('accuracy_3d', 0.0) > self.max_accuracy
        self.saturated = self.saturated + 1 if saturated else 0
        if self.saturated >= self.patience:
            return (
                f'the 3D discriminator told {means["accuracy_3d"]:.1%} of the poses apart for '
                f'{self.saturated} epochs'
            )
        return None

    def before_epoch(self, adversary: Adversary) -> None:
        """Keep the state before the first epoch, which may collapse too."""
        if self.healthy is None:
            self.healthy = copy.deepcopy(adversary.state_dict())

    def after_epoch(self, adversary: Adversary, means: Mapping[str, float], epoch: int) -> bool:
        """Keep a healthy state, or go back to the last one; whether the epoch was healthy."""
        reason = self.diagnose(means)
        if reason is None:
            self.healthy = copy.deepcopy(adversary.state_dict())
            return True
        self.saturated = 0
        self.recoveries += 1
        if self.healthy is not None:
            adversary.restore(copy.deepcopy(self.healthy))
        for network in adversary.networks.values():
            # the rate that the schedule has come to holds the factors of earlier recoveries
            network.schedule.scale(self.lr_factor)
        what_next = (
            'it is trained no longer'
            if self.gave_up
            else f'learning goes on at {self.lr_factor**self.recoveries:g} of the learning rate'
        )
        print_log(
            f'The augmentor collapsed in epoch {epoch}: {reason}. It goes back to its last healthy '
            f'state and {what_next} (recovery {self.recoveries} of {self.max_recoveries}).',
            logger='current',
            level=30,
        )
        return False

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a resumed run."""
        return dict(recoveries=self.recoveries, saturated=self.saturated, healthy=self.healthy)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Load a state."""
        self.recoveries = int(state['recoveries'])
        self.saturated = int(state['saturated'])
        self.healthy = state['healthy']


def build_watchdog(options: Mapping[str, Any]) -> CollapseWatchdog:
    """The watchdog of a config."""
    known = inspect.signature(CollapseWatchdog).parameters
    require_known('train_cfg.watchdog', options, known)
    return CollapseWatchdog(**options)
