# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trains and tests the runs of a plan, several at a time."""

from __future__ import annotations

import hashlib
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmposeaug.apis.processes import Task, ToolError, num_cores, run_tasks, tail

from .collect import mismatch, read_results
from .json_files import save_compact_json
from .options import format_options, resolve_config
from .plan import Experiment, ExperimentError, ExperimentPlan, Run
from .provenance import git_state
from .result import make_result
from .run_folder import RunFolder, read_json
from .slots import make_slots

Report = Callable[[str], None]
Command = tuple[str, list[str], Path]


class ExperimentRunner:
    """Runs what is missing of a plan.

    Args:
        plan (ExperimentPlan): The experiments.
        work_dir (Path): Folder for the runs; each has ``NAME/seed_K`` in it.
        jobs (int, optional): Runs at the same time. Defaults to one for each core.
        devices (Sequence[str]): Numbers of CUDA devices, each for one run at a time. Defaults to
            none: the runs use the CPU, one thread each.
        report (Callable): Takes each line of progress. Defaults to ``print``.
        results (Sequence[str | PathLike]): JSON files of summaries; runs whose results they hold
            are done. Defaults to none.

    Raises:
        ExperimentError: If a file holds no results, ``jobs`` is below 1, or a device is no number
            of one.
    """

    def __init__(
        self,
        plan: ExperimentPlan,
        work_dir: Path,
        jobs: int | None = None,
        devices: Sequence[str] = (),
        report: Report = print,
        results: Sequence[str | os.PathLike] = (),
    ) -> None:
        if jobs is not None and jobs < 1:
            raise ExperimentError(f'The number of jobs is {jobs}; set it to 1 or more.')
        self.plan = plan
        self.work_dir = Path(work_dir).absolute()
        self.slots = make_slots(plan.repo_root, jobs or num_cores(), devices)
        self.report = report
        self.known = [read_results(path) for path in results]
        self._configs: dict[str, tuple[Config, str]] = {}
        self._start = time.monotonic()

    # ------------------------------------------------------------------- runs
    def run(self, runs: Sequence[Run], clean: bool = False) -> dict[str, str]:
        """Train and test runs, except those that are done; go on when one fails.

        Args:
            runs (Sequence[Run]): The runs.
            clean (bool): Delete all checkpoints but the tested one of runs that are done. Defaults
                to False.

        Returns:
            dict[str, str]: For each run that failed or was refused, by its label, why.
        """
        self._start = time.monotonic()
        failed: dict[str, str] = {}
        tasks: list[Task] = []
        for run in runs:
            state = self.state(run)
            if state == 'done':
                self._tell(f'{run.label}: done already')
                self._clean(run, clean)
            elif state in ('new', 'begun'):
                commands = self._commands(run, clean)
                tasks.append(Task(run.label, commands, cwd=self.plan.repo_root))
            else:
                failed[run.label] = state
                self._tell(f'{run.label}: refused: {state}')

        def on_failure(task: Task, error: ToolError) -> None:
            ended_badly = task.process is not None and task.process.returncode != 0
            reason = str(error)
            if ended_badly:
                reason = f'the {task.what} says: {tail(task.log, 1).strip()} ({task.log})'
            failed[task.label] = reason
            self._tell(f'{task.label}: failed: {reason}')

        if tasks:
            self._tell(f'{len(tasks)} to do, up to {len(self.slots)} at a time, in {self.work_dir}')
        run_tasks(tasks, self.slots, on_failure)
        return failed

    def state(self, run: Run) -> str:
        """How far a run is.

        Args:
            run (Run): The run.

        Returns:
            str: ``'done'``, ``'begun'`` or ``'new'``; else why it is refused, in one sentence.
        """
        for find in self.known:
            result = find(run)
            if result is not None and not mismatch(self.plan, run, result):
                return 'done'
        folder = self.folder(run)
        try:
            folder.check_identity(self.identity(run), self._config(run.experiment)[1])
        except ExperimentError as error:
            return str(error)
        if folder.is_done:
            return 'done'
        return 'begun' if folder.is_begun else 'new'

    def folder(self, run: Run) -> RunFolder:
        """The folder of a run.

        Args:
            run (Run): The run.

        Returns:
            RunFolder: Its files.
        """
        return RunFolder(self.work_dir / run.experiment.name / f'seed_{run.seed}')

    def identity(self, run: Run) -> dict[str, Any]:
        """What makes a result that of a run, and not of another one.

        The hash is of the whole config with the folders of the data, since other data make another
        experiment, even under the same config file.

        Args:
            run (Run): The run.

        Returns:
            dict[str, Any]: Config, options, seed and hash.
        """
        text = self._config(run.experiment)[1]
        return dict(
            config=self.plan.config_name(run.experiment),
            options=dict(run.experiment.options),
            seed=run.seed,
            config_sha256=hashlib.sha256(text.encode()).hexdigest(),
        )

    def _config(self, experiment: Experiment) -> tuple[Config, str]:
        if experiment.name not in self._configs:
            cfg = resolve_config(experiment.config, experiment.options)
            self._configs[experiment.name] = cfg, cfg.pretty_text
        return self._configs[experiment.name]

    # --------------------------------------------------------------- commands
    def train_command(self, run: Run) -> list[str]:
        """The command that trains a run, or goes on with it.

        Args:
            run (Run): The run.

        Returns:
            list[str]: The command.
        """
        folder = self.folder(run)
        last = folder.last_checkpoint()
        command = self._command('train', run, [], ['--work-dir', str(folder.path)])
        checkpoints = self._config(run.experiment)[0].get('default_hooks', {}).get('checkpoint', {})
        if checkpoints.get('max_keep_ckpts') == 1:
            # a run that is interrupted while it replaces its only checkpoint could not go on
            command.append('default_hooks.checkpoint.max_keep_ckpts=2')
        return command if last is None else [*command, '--resume', str(last)]

    def test_command(self, run: Run, checkpoint: str) -> list[str]:
        """The command that tests a run.

        Args:
            run (Run): The run.
            checkpoint (str): The checkpoint.

        Returns:
            list[str]: The command.
        """
        folder = self.folder(run)
        out = ['--work-dir', str(folder.path / 'test'), '--out', str(folder.metrics_file)]
        return self._command('test', run, [checkpoint], out)

    def _command(self, tool: str, run: Run, files: list[str], more: list[str]) -> list[str]:
        script = str(self.plan.repo_root / 'tools' / f'{tool}.py')
        options = [f'randomness.seed={run.seed}', *format_options(run.experiment.options)]
        config = str(run.experiment.config)
        return [sys.executable, script, config, *files, *more, '--cfg-options', *options]

    def pending_commands(self, run: Run) -> list[str]:
        """What would be called for a run.

        Args:
            run (Run): The run.

        Returns:
            list[str]: Command lines for a shell.
        """
        folder, commands = self.folder(run), []
        if not folder.trained_mark.is_file():
            commands.append(self.train_command(run))
        commands.append(self.test_command(run, str(folder.path / 'BEST_CHECKPOINT')))
        return [shlex.join(command) for command in commands]

    def _commands(self, run: Run, clean: bool) -> Iterator[Command]:
        """The commands that a run still needs; its result is written after the last one."""
        folder, (cfg, text) = self.folder(run), self._config(run.experiment)
        identity = self.identity(run)
        try:
            if not folder.trained_mark.is_file():
                last = folder.last_checkpoint()
                what = 'training' if last is None else f'going on from {last.name}'
                self._tell(f'{run.label}: {what}')
                command = self.train_command(run)
                folder.begin(identity, text, git_state(self.plan.repo_root))
                yield 'training', command, folder.train_log
                folder.end_training()
            checkpoint = folder.best_checkpoint(cfg)
            if checkpoint is None:
                raise ExperimentError(
                    f"The training left no checkpoint in '{folder.path}'; let the config save one "
                    'and delete that folder.'
                )
            self._tell(f'{run.label}: trained; testing {checkpoint.name}')
            yield 'test', self.test_command(run, str(checkpoint)), folder.test_log
            result = make_result(run, folder, identity, cfg)
            save_compact_json(folder.result_file, result)
            self._tell(f'{run.label}: done, {self._headline(result["metrics"])}')
            self._clean(run, clean)
        except Exception as error:  # whatever it is, the other runs go on
            reason = ' '.join(str(error).split()) or type(error).__name__
            raise ToolError(reason) from error

    def _headline(self, metrics: Mapping[str, float]) -> str:
        name = f'{self.plan.sets[-1]}/{self.plan.scores[0]}'
        value = metrics.get(name)
        return f'{name} {value:.1f}' if isinstance(value, (int, float)) else f'no {name}'

    def _clean(self, run: Run, clean: bool) -> None:
        folder = self.folder(run)
        result = read_json(folder.result_file)
        if not clean or result is None:
            return
        deleted = folder.clean(keep=result['checkpoint']['name'])
        if deleted:
            self._tell(f'{run.label}: deleted {", ".join(path.name for path in deleted)}')

    def _tell(self, line: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - self._start), 60)
        self.report(f'[{minutes:3d}:{seconds:02d}] {line}')
