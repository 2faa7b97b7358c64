# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Chooses one of several augmentations of a sample by what the lifter makes of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from mmposeaug.codecs import LifterAdapter
from mmposeaug.datasets import PoseBatch
from mmposeaug.models.option_checks import check_number
from mmposeaug.structures import Skeleton
from mmposeaug.structures.choices import require_choice, require_known

from .augmentation import AugmentedBatch
from .batches import concat, joint_errors, lift, select
from .trained_network import module_mode

BY = ('error', 'disagreement', 'certain', 'first')
"""tuple[str]: What the augmentations of a sample are compared by."""

DOUBTS = ('disagreement', 'certain')
"""tuple[str]: Those that need dropout."""


class Choice:
    """Gives the lifter one of several random augmentations of each sample.

    The first of them is the one that it would get anyway; all random numbers beyond that are the
    choice's own.

    Args:
        draws (int): Augmentations to choose from.
        by (str): ``'error'`` for the lifter's error, ``'disagreement'`` for the distance between
            its predictions with two dropout masks, ``'certain'`` for the error over that distance,
            ``'first'`` for nothing: the first one that is in view and plausible.
        temperature (float): Probabilities are proportional to the value to the power of 1 /
            temperature: 0 takes the largest, 1 a value twice as large twice as often. Negative
            ones prefer small values.

    Raises:
        ValueError: If an option is unknown or out of its range.
    """

    def __init__(self, draws: int = 4, by: str = 'error', temperature: float = 0.0) -> None:
        if not isinstance(draws, int) or draws < 1:
            raise ValueError(f'train_cfg.choice.draws is {draws!r}; give a whole number from 1 on.')
        require_choice('train_cfg.choice.by', by, BY)
        check_number('train_cfg.choice', 'temperature', temperature, low=-float('inf'))
        self.draws, self.by, self.temperature = draws, by, temperature
        self.generator: torch.Generator  # of the epoch, set by the loop

    @classmethod
    def of(cls, config: Mapping[str, Any] | None, lifter: nn.Module) -> Choice | None:
        """Build the choice of a config, for a lifter; None for none."""
        if config is None:
            return None
        if not isinstance(config, Mapping):
            raise ValueError(
                f"train_cfg.choice is {config!r}; give a config, such as dict(draws=4, by='error'),"
                ' or None.'
            )
        require_known('train_cfg.choice', config, inspect.signature(cls).parameters)
        made = cls(**config)
        if made.by in DOUBTS and not any(module.p > 0 for module in _dropouts(lifter)):
            raise ValueError(
                f"train_cfg.choice.by is {made.by!r}, but the lifter has no dropout; use 'error'."
            )
        return made

    @torch.no_grad()
    def __call__(
        self,
        prepared: PoseBatch,
        first: AugmentedBatch,
        augment: Callable[[PoseBatch, torch.Generator], AugmentedBatch],
        adapter: LifterAdapter,
        skeleton: Skeleton,
    ) -> AugmentedBatch:
        """Augment samples further times, and choose.

        Args:
            prepared (PoseBatch): The samples (B) before the augmentation.
            first (AugmentedBatch): The augmentation that they have already.
        """
        count = len(prepared)
        if self.draws == 1 or count == 0:
            return first
        repeated = torch.arange(count, device=first.valid.device).repeat(self.draws - 1)
        more = augment(select(prepared, repeated), self.generator)
        batch, valid = concat([first.batch, more.batch]), torch.cat((first.valid, more.valid))
        if self.by == 'first':
            values = torch.zeros(len(valid), device=valid.device)
        else:
            values = self.values(batch, adapter, skeleton).clamp_min(1e-9).log()
        # of people out of view any, if there is none in view
        values = torch.where(valid, values, float('-inf')).view(self.draws, count)
        chosen = self._choose(values) * count + torch.arange(count, device=valid.device)
        return AugmentedBatch(select(batch, chosen), valid[chosen])

    def values(self, batch: PoseBatch, adapter: LifterAdapter, skeleton: Skeleton) -> Tensor:
        """What samples are compared by, (N,): metres, or a ratio for ``'certain'``."""
        error = joint_errors(batch, adapter, skeleton).flatten(1).mean(1)
        if self.by == 'error':
            return error
        with dropout_alone(adapter.module, self.generator):
            one, other = (lift(batch, adapter, skeleton.root)[0] for _ in range(2))
        distance = torch.linalg.vector_norm(one - other, dim=-1).flatten(1).mean(1)
        return distance if self.by == 'disagreement' else error / distance.clamp_min(1e-9)

    def _choose(self, values: Tensor) -> Tensor:
        """Which of the logarithms (K, B) is taken, (B,)."""
        if self.temperature == 0:
            return values.argmax(0)
        uniform = torch.rand(values.shape, generator=self.generator, device=values.device)
        gumbel = -(-uniform.clamp(1e-9, 1 - 1e-7).log()).log()
        weighed = torch.where(values.isfinite(), values / self.temperature, values)
        return (weighed + gumbel).argmax(0)


def _dropouts(module: nn.Module) -> list[_DropoutNd]:
    return [part for part in module.modules() if isinstance(part, _DropoutNd)]


@contextmanager
def dropout_alone(module: nn.Module, generator: torch.Generator) -> Iterator[None]:
    """Let dropout act, by a seed from a generator, and nothing else that eval mode turns off."""
    seed = int(torch.randint(2**31, (), generator=generator, device=generator.device))
    devices = [generator.device] if generator.device.type == 'cuda' else []
    with module_mode(module, 'eval'), torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        for part in _dropouts(module):
            part.train()
        yield
