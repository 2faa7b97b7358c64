# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Which settings of a config take effect in a resumed run, and a message that says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from mmpose.registry import HOOKS

from .schedules import Schedule

SETTINGS_KEY = 'poseaug_settings'
"""str: Key in a checkpoint's meta of the settings that it was trained with."""
SECTIONS = (
    'train_cfg',
    'train_dataloader',
    'model',
    'optim_wrapper',
    'param_scheduler',
    'auto_scale_lr',
    'randomness',
)
"""tuple[str]: Parts of a config that a training depends on."""
UNUSED = ('train_dataloader.num_workers', 'train_dataloader.persistent_workers')
"""tuple[str]: Settings that change nothing."""
OPTIMIZER = 'optim_wrapper.optimizer.type'
"""str: Setting that no resumed run can change."""
MOST_NAMED = 12
"""int: Changes that are named one by one."""


@HOOKS.register_module()
class ResumeSettingsHook(Hook):
    """Applies the config in a resumed run, and says what differs from the checkpoint.

    MMEngine goes on with the schedules and rates of the checkpoint, whatever the config says: a
    run that is resumed for more epochs would learn nothing in them. Here the config's schedule is
    gone through up to where the run is. Where nothing changed nothing is touched, so that the
    resumed run equals the uninterrupted one. The train loops register the hook themselves.
    """

    priority = 'VERY_LOW'

    def __init__(self) -> None:
        self._schedule: Schedule | None = None
        self._before: Mapping[str, Any] | None = None
        self._resumed = self._warned = False

    def before_run(self, runner: Any) -> None:
        """Remember the schedule as the config sets it."""
        if isinstance(runner.optim_wrapper, OptimWrapper):
            schedulers = runner.param_schedulers
            self._schedule = Schedule(
                runner.optim_wrapper, schedulers if isinstance(schedulers, list) else []
            )

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Add the settings that are in force to a checkpoint to resume from."""
        if 'optimizer' in checkpoint:
            checkpoint['meta'][SETTINGS_KEY] = _settings_of(runner)

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Refuse to resume what cannot go on with the config."""
        if not runner._resume:
            return
        meta = checkpoint.get('meta', {})
        self._resumed = True
        self._before = meta.get(SETTINGS_KEY)
        epochs, wanted = meta.get('epoch', 0), runner.train_loop.max_epochs
        if epochs > wanted:
            raise ValueError(
                f'The checkpoint was written after epoch {epochs}, but train_cfg.max_epochs is '
                f'{wanted}; set it to more than {epochs}, or resume from an earlier checkpoint.'
            )
        self._check_optimizer(runner, checkpoint)

    def _check_optimizer(self, runner: Any, checkpoint: dict) -> None:
        now = _settings_of(runner).get(OPTIMIZER)
        before = (self._before or {}).get(OPTIMIZER, now)
        if before != now:
            raise ValueError(
                f'The checkpoint was trained with {OPTIMIZER} {before}, the config sets {now}, '
                f'whose state is another one; resume with {before}, or start from the weights with '
                'load_from instead of --resume.'
            )
        saved = checkpoint.get('optimizer', {})
        if self._schedule is None or 'param_groups' not in saved:
            return
        sizes = [
            [len(group.get('params', ())) for group in groups]
            for groups in (saved['param_groups'], runner.optim_wrapper.optimizer.param_groups)
        ]
        if sizes[0] != sizes[1]:
            raise ValueError(
                f'The optimizer of the checkpoint has parameter groups of {sizes[0]} parameters, '
                f'the one of the config has {sizes[1]}; resume with the model and the '
                'optim_wrapper that it was trained with.'
            )

    def before_train(self, runner: Any) -> None:
        """Apply the config's schedules, and say so."""
        if not self._resumed:
            return
        self._resumed = False
        loop, now = runner.train_loop, _settings_of(runner)
        restarted, kept = self._restart_schedules(runner, now)
        lines = []
        changes = _changes(self._before, now) if self._before is not None else []
        without_force = [name for name in changes if _stays(name)]
        with_force = [name for name in changes if not _stays(name)]
        before: Mapping[str, Any] = self._before or {}
        if with_force:
            lines.append(
                f'from epoch {loop.epoch + 1} on these settings are in force: '
                f'{_listed(with_force, before, now)}'
            )
        if restarted:
            groups = runner.optim_wrapper.param_groups
            rates = ', '.join(f'{rate:.4g}' for rate in sorted({g['lr'] for g in groups}))
            lines.append(
                f'the schedules of {" and ".join(restarted)} are those of the config, gone through '
                f'up to here (learning rate of the lifter {rates})'
            )
        if without_force:
            lines.append(
                'without effect, since the state of the checkpoint stays: '
                f'{_listed(without_force, before, now)}'
            )
        if kept:
            lines.append(
                'the schedule of the lifter stays that of the checkpoint, since ReduceOnPlateau '
                'depends on past scores'
            )
        if lines:
            runner.logger.warning(f'Resumed with other settings: {"; ".join(lines)}.')

    def _restart_schedules(self, runner: Any, now: Mapping[str, Any]) -> tuple[list[str], bool]:
        """Replay schedules; whose they were, and whether the lifter's could not be."""
        loop, restarted, kept = runner.train_loop, [], False
        schedule = self._schedule
        if schedule is not None and not schedule.is_in_force():
            kept = schedule.follows_scores
            if not kept:
                schedule.restart(self._updates(runner, schedule, now), loop.epoch)
                restarted.append('the lifter')
        return restarted + loop.restart_schedules(), kept

    def _updates(self, runner: Any, schedule: Schedule, now: Mapping[str, Any]) -> int:
        """Updates that are over, in those of the config: batches may have become larger."""
        loop, per_pass = runner.train_loop, 'updates per pass'
        done = schedule.updates
        if done is None:
            return loop.epoch * len(loop.dataloader)
        before = (self._before or {}).get(per_pass)
        if before is None:
            # of a checkpoint without settings only this is known, unless epochs have passes
            before = round(loop.iter / max(loop.epoch, 1)) if _one_pass(loop) else now[per_pass]
        return round(done * now[per_pass] / max(before, 1))

    def before_train_epoch(self, runner: Any) -> None:
        """Warn of an epoch in which nothing is learned."""
        if self._warned or self._schedule is None:
            return
        if not any(group['lr'] for group in runner.optim_wrapper.param_groups):
            self._warned = True
            runner.logger.warning(
                f'The learning rate is 0 in epoch {runner.epoch + 1} of {runner.max_epochs}: the '
                'param_scheduler ends before the training does; leave its end out, or set it to '
                'train_cfg.max_epochs.'
            )


def _one_pass(loop: Any) -> bool:
    """Whether every epoch has as many updates as the bank has batches."""
    return len(loop.dataloader) == loop.dataloader.batches_per_pass


def _settings_of(runner: Any) -> dict[str, Any]:
    """What a training depends on, as plain numbers and strings by dotted names."""
    settings: dict[str, Any] = {'processes': get_world_size()}
    settings['updates per pass'] = runner.train_loop.dataloader.batches_per_pass
    for section in SECTIONS:
        settings.update(_flatten(section, runner.cfg.get(section)))
    return {name: value for name, value in settings.items() if name not in UNUSED}


def _flatten(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key != '_scope_':
                yield from _flatten(f'{name}.{key}', inner)
    elif isinstance(value, (list, tuple)) and any(isinstance(v, (Mapping, list)) for v in value):
        for index, inner in enumerate(value):
            yield from _flatten(f'{name}[{index}]', inner)
    elif value is None or type(value) in (bool, int, float, str):
        yield name, value
    elif isinstance(value, (list, tuple)):
        yield name, repr(list(value))
    else:
        yield name, getattr(value, '__name__', None) or repr(value)


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Names of the settings that differ."""
    names = [*now, *(name for name in before if name not in now)]
    return [name for name in names if before.get(name, '') != now.get(name, '')]


def _stays(name: str) -> bool:
    """Whether the checkpoint decides on a setting, not the config."""
    return name == 'randomness.seed' or 'init_cfg' in name or name.endswith('.pretrained')


def _listed(names: list[str], before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    shown = [
        f'{name} {before.get(name, "(not set)")} -> {now.get(name, "(not set)")}'
        for name in names[:MOST_NAMED]
    ]
    if len(names) > MOST_NAMED:
        shown.append(f'and {len(names) - MOST_NAMED} more')
    return ', '.join(shown)
