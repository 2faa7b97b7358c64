# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A network beside the lifter, with its own optimizer and schedule."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.dist import all_reduce_params, broadcast, is_distributed
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS
from mmpose.registry import MODELS
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from mmposeaug.models.option_checks import check_config
from mmposeaug.structures import Skeleton

from .schedules import Schedule


class TrainedNetwork:
    """Augmentor or discriminator with what trains it.

    In a distributed run the gradients are averaged over the processes after every backward pass,
    which needs no wrapper and so no unused-parameter search.
    """

    def __init__(
        self,
        name: str,
        module: nn.Module,
        optim_wrapper: Mapping[str, Any],
        param_scheduler: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.module = module
        self.weights = list(module.parameters())  # walking the modules takes its time
        if is_distributed():
            for tensor in module.state_dict().values():
                broadcast(tensor)
        kind = optim_wrapper.get('type')
        kind = kind if isinstance(kind, str) else getattr(kind, '__name__', '')
        if kind in ('AmpOptimWrapper', 'BFloat16OptimWrapper'):
            raise ValueError(
                f'The optim_wrapper of {name} is of type {kind}; augmentor and discriminators '
                'learn in full precision, use OptimWrapper (the lifter may use AMP).'
            )
        self.optim = build_optim_wrapper(module, {'type': 'OptimWrapper', **optim_wrapper})
        self.optim.grad_name = f'{name}/grad_norm'
        clip = self.optim.clip_grad_kwargs
        if clip and 'max_norm' in clip and clip.get('norm_type', 2) == 2:
            self.optim.clip_func = self._clip  # by the norm that is known already
        self.schedulers = [
            PARAM_SCHEDULERS.build(dict(config), default_args=dict(optimizer=self.optim))
            for config in param_scheduler
        ]
        self.schedule = Schedule(self.optim, self.schedulers)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the network."""
        return self.module(*args, **kwargs)

    def update(self, loss: Tensor) -> bool:
        """One step down a loss; none where the gradients are not finite."""
        self.optim.zero_grad()
        self.optim.backward(loss)
        gradients = [p.grad for p in self.weights if p.grad is not None]
        if is_distributed():
            all_reduce_params(gradients, op='mean')
        self.norm = nn.utils.get_total_norm(gradients)
        finite = math.isfinite(self.norm)
        if finite:
            self.optim.step()
        self.optim.zero_grad()
        return finite

    def _clip(self, parameters: list[Tensor], max_norm: float, **_: Any) -> Tensor:
        """Clip gradients in the place of ``clip_grad_norm_``, which would measure them again."""
        nn.utils.clip_grads_with_norm_(parameters, max_norm, self.norm)
        return self.norm

    def end_epoch(self) -> None:
        """Step the schedules; make statistics the same in all processes."""
        for scheduler in self.schedulers:
            scheduler.step()
        if is_distributed():
            for buffer in self.module.buffers():
                broadcast(buffer)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """No gradients for the parameters inside the context."""
        with frozen(self.module):
            yield

    def state_dict(self) -> dict[str, Any]:
        """State of network, optimizer and schedules."""
        return dict(
            module=self.module.state_dict(),
            optim=self.optim.state_dict(),
            schedulers=[scheduler.state_dict() for scheduler in self.schedulers],
        )

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Load a state."""
        self.module.load_state_dict(state['module'])
        self.optim.load_state_dict(state['optim'])
        for scheduler, saved in zip(self.schedulers, state['schedulers']):
            scheduler.load_state_dict(saved)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to the weights and moments of a state; the schedule goes on."""
        settings = [
            {key: value for key, value in group.items() if key != 'params'}
            for group in self.optim.param_groups
        ]
        self.module.load_state_dict(state['module'])
        self.optim.load_state_dict(state['optim'])
        for group, setting in zip(self.optim.param_groups, settings):
            group.update(setting)


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """No gradients for a module's parameters inside the context."""
    changed = [p for p in module.parameters() if p.requires_grad]
    for parameter in changed:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in changed:
            parameter.requires_grad_(True)


@contextmanager
def kept_statistics(module: nn.Module) -> Iterator[None]:
    """Leave the running statistics of a module's normalisations alone inside the context.

    In train mode they still normalise by the batch, unlike in eval mode.
    """
    changed = [
        m
        for m in module.modules()
        if isinstance(m, _NormBase) and m.training and m.track_running_stats
    ]
    for norm in changed:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in changed:
            norm.track_running_stats = True


@contextmanager
def module_mode(module: nn.Module, mode: str) -> Iterator[None]:
    """Put a module in a mode inside the context."""
    before = [(part, part.training) for part in module.modules()]
    module.train(mode == 'train')
    try:
        yield
    finally:
        # one by one: a config may keep a part of the lifter in eval mode
        for part, training in before:
            part.training = training


def build_network(
    name: str,
    config: Mapping[str, Any],
    skeleton: Skeleton,
    device: torch.device,
    optim_wrapper: Mapping[str, Any],
    param_scheduler: Sequence[Mapping[str, Any]],
) -> TrainedNetwork:
    """Augmentor or discriminator of a config, on its device."""
    check_config(f'train_cfg.{name}', config)
    module = MODELS.build(dict(config), default_args=dict(skeleton=skeleton)).to(device)
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise ValueError(
            f'{type(module).__name__} has nothing to learn; train with it by '
            "variant='default', or give an augmentor that learns."
        )
    return TrainedNetwork(name, module, optim_wrapper, param_scheduler)


def linear_to_zero(max_epochs: int) -> list[dict[str, Any]]:
    """Schedule that ends one epoch after the last, so that the last one still learns."""
    return [dict(type='LinearLR', start_factor=1.0, end_factor=0.0, end=max_epochs + 1)]
