# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The commands that train and test a run."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from .options import format_options
from .plan import Run
from .slurm import Slurm
from .states import TO_DO, WAITING, RunStates

PLACEHOLDER = 'BEST_CHECKPOINT'
"""str: Stands for a checkpoint that there is not yet."""


class RunCommands:
    """Writes the commands of runs."""

    def __init__(self, states: RunStates, slurm: Slurm | None = None) -> None:
        self.states = states
        self.slurm = slurm

    def train(self, run: Run, start: Path | None) -> list[str]:
        """The command that trains a run, or goes on with it."""
        folder = self.states.folder(run)
        last = folder.last_checkpoint()
        command = self._command('train', run, [], ['--work-dir', str(folder.path)])
        cfg = self.states.config(run.experiment)[0]
        if cfg.get('default_hooks', {}).get('checkpoint', {}).get('max_keep_ckpts') == 1:
            # a run that is interrupted while it replaces its only checkpoint could not go on
            command.append('default_hooks.checkpoint.max_keep_ckpts=2')
        if last is not None:
            return [*command, '--resume', str(last)]
        if start is not None:
            command += format_options({'load_from': str(start)}, f'start_from of {run.label}')
        return command

    def test(self, run: Run, checkpoint: str) -> list[str]:
        """The command that tests a run."""
        folder = self.states.folder(run)
        out = ['--work-dir', str(folder.path / 'test'), '--out', str(folder.metrics_file)]
        return self._command('test', run, [checkpoint], out)

    def _command(self, tool: str, run: Run, files: list[str], more: list[str]) -> list[str]:
        script = str(self.states.plan.repo_root / 'tools' / f'{tool}.py')
        options = [f'randomness.seed={run.seed}', *format_options(run.experiment.options)]
        words = [script, str(run.experiment.config), *files, *more, '--cfg-options', *options]
        launcher = [] if self.slurm is None else self.slurm.prefix(run)
        return [*launcher, sys.executable, *words]

    def pending(self, run: Run) -> list[str]:
        """What would be called for a run."""
        folder, commands = self.states.folder(run), []
        state, start = self.states.state(run), self.states.plan.start_of(run)
        if state not in TO_DO:
            return []
        if not folder.trained_mark.is_file():
            if start is not None and state == WAITING:
                path: Path | None = self.states.folder(start).path / PLACEHOLDER
            else:
                path = self.states.start_checkpoint(run)
            commands.append(self.train(run, path))
        commands.append(self.test(run, str(folder.path / PLACEHOLDER)))
        return [shlex.join(command) for command in commands]
