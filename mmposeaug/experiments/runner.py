# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trains and tests the runs of a plan, several at a time."""

from __future__ import annotations

import copy
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from mmposeaug.engine.config_files import missing_for_test, missing_for_training
from mmposeaug.fileio import atomic_write, read_record, say, track

from .json_files import save_compact_json
from .plan import ExperimentError, ExperimentPlan, Run
from .processes import OnFailure, Task, ToolError, make_slots, num_cores, run_tasks, tail
from .progress import RunShare
from .result import git_state, make_result
from .runs import DONE, TO_DO, WAITING, RunStates
from .slurm import Slurm

Report = Callable[[str], None]
Command = tuple[str, list[str], Path]

LINE_SECONDS = 60.0
"""float: A log file gets a line of how long it will take after so many seconds."""

PLACEHOLDER = 'BEST_CHECKPOINT'
"""str: Stands for a checkpoint that there is not yet."""


class ExperimentRunner:
    """Runs what is missing of a plan.

    Args:
        plan (ExperimentPlan): The experiments.
        work_dir (Path): Folder for the runs; each has ``NAME/seed_K`` in it.
        jobs (int, optional): Runs at the same time. Defaults to one for each core.
        devices (Sequence[str]): Numbers of CUDA devices, each for one run at a time. Defaults to
            none: the runs use the CPU, one thread each.
        report (Callable): Takes each line of progress. Defaults to
            :func:`mmposeaug.fileio.say`.
        results (Sequence[str | PathLike]): JSON files of summaries; runs whose results they hold
            are done. Defaults to none.
        slurm (Slurm, optional): Where Slurm starts the runs. Defaults to None: they run here.
        progress (Callable, optional): Takes a run; gives what is called again and again while it is
            trained. Defaults to None.
        states (RunStates, optional): Where the runs lie. Defaults to None, as said of ``work_dir``.

    Raises:
        ExperimentError: If a file holds no results, ``jobs`` is below 1, a device is not the number
            of one, or there are devices as well as ``slurm``.
    """

    def __init__(
        self,
        plan: ExperimentPlan,
        work_dir: Path,
        jobs: int | None = None,
        devices: Sequence[str] = (),
        report: Report = say,
        results: Sequence[str | os.PathLike] = (),
        slurm: Slurm | None = None,
        progress: Callable[[Run], Callable[[], None]] | None = None,
        states: RunStates | None = None,
    ) -> None:
        if jobs is not None and jobs < 1:
            raise ExperimentError(f'The number of jobs is {jobs}; set it to 1 or more.')
        self.plan = plan
        self.states = states or RunStates(plan, work_dir, results)
        self.slurm = slurm
        self.slots = make_slots(plan.repo_root, jobs or num_cores(), devices, slurm is not None)
        self.report = report
        self.progress = progress
        self._start = time.monotonic()

    def run(self, runs: Sequence[Run], clean: bool = False) -> dict[str, str]:
        """Train and test runs, except those that are done; go on when one fails.

        A run that starts from another one begins when that has its result.

        Args:
            runs (Sequence[Run]): The runs.
            clean (bool): Delete all checkpoints but the tested one of runs that are done. Defaults
                to False.

        Returns:
            dict[str, str]: For each run that failed, was refused or has to wait for one that is not
            among these, by its label, why.
        """
        failed: dict[str, str] = {}
        tasks: dict[str, Task] = {}
        waiting: list[Run] = []
        for run in runs:
            state = self.states.state(run)
            if state == DONE:
                self.tell(f'{run.label}: done already')
                self._clean(run, clean)
                continue
            refused = self._missing_file(run) if state in TO_DO else state
            if refused:
                failed[run.label] = refused
                self.tell(f'{run.label}: refused: {refused}')
                continue
            progress = (lambda: None) if self.progress is None else self.progress(run)
            commands = self._commands(run, clean)
            tasks[run.label] = Task(run.label, commands, progress, self.plan.repo_root)
            waiting += [run] if state == WAITING else []
        for label, reason in self._link(waiting, tasks, failed).items():
            failed[label] = reason
            self.tell(f'{label}: left out: {reason}')

        def on_failure(task: Task, error: ToolError) -> None:
            ended_badly = task.process is not None and task.process.returncode != 0
            reason = str(error)
            if ended_badly:
                reason = f'the {task.what} says: {tail(task.log, 1).strip()} ({task.log})'
            failed[task.label] = reason
            self.tell(f'{task.label}: failed: {reason}')

        if tasks:
            places = f'up to {len(self.slots)} at a time, in {self.states.work_dir}'
            self.tell(f'{len(tasks)} to do, {places}')
            self._run(tasks, {run.label: run for run in runs}, on_failure)
        return failed

    def _run(
        self, tasks: Mapping[str, Task], runs: Mapping[str, Run], on_failure: OnFailure
    ) -> None:
        """Run tasks, and show how far they are."""
        shares: dict[str, Callable[[], float]] = {}
        for label in tasks:
            train_cfg = self.states.config(runs[label].experiment)[0].get('train_cfg') or {}
            shares[label] = RunShare(self.states.folder(runs[label]).path, train_cfg)

        def done() -> float:
            ended = {label for label, task in tasks.items() if task.has_ended_well is not None}
            return sum(1.0 if label in ended else share() for label, share in shares.items())

        what = 'Trainings and tests'
        with track(None, what, len(tasks), False, done(), LINE_SECONDS) as bar:
            todo = list(tasks.values())
            run_tasks(todo, self.slots, on_failure, lambda: bar.update(done() - bar.n))

    def pending(self, run: Run) -> list[str]:
        """The commands that a run still needs, as a shell takes them; their configs are written."""
        folder = self.states.folder(run)
        state, start = self.states.state(run), self.plan.start_of(run)
        if state not in TO_DO:
            return []
        commands = []
        if not folder.trained_mark.is_file():
            if start is not None and state == WAITING:
                path: Path | None = self.states.folder(start).path / PLACEHOLDER
            else:
                path = self.states.start_checkpoint(run)
            commands.append(self._train(run, path))
        commands.append(self._test(run, folder.path / PLACEHOLDER))
        return [shlex.join(command) for command in commands]

    # --------------------------------------------------------------- commands
    def _train(self, run: Run, start: Path | None) -> list[str]:
        """The command that trains a run, or goes on with it."""
        folder = self.states.folder(run)
        last = folder.last_checkpoint()
        command = self._command('train', run, start, '--work-dir', folder.path)
        return command if last is None else [*command, '--resume', str(last)]

    def _test(self, run: Run, checkpoint: Path) -> list[str]:
        """The command that tests a run."""
        folder = self.states.folder(run)
        out = ('--work-dir', folder.path / 'test', '--out', folder.metrics_file)
        return self._command('test', run, None, checkpoint, *out)

    def _command(self, tool: str, run: Run, start: Path | None, *words: str | Path) -> list[str]:
        script = self.plan.repo_root / 'tools' / f'{tool}.py'
        launcher = [] if self.slurm is None else self.slurm.prefix(run)
        config = self._write_config(run, tool, start)
        return [*launcher, *map(str, (sys.executable, script, config, *words))]

    def _write_config(self, run: Run, tool: str, start: Path | None) -> Path:
        """All settings of a run in one file, from which the tool is started."""
        cfg = copy.deepcopy(self.states.config(run.experiment)[0])
        settings = {'randomness.seed': run.seed}
        hook = cfg.get('default_hooks', {}).get('checkpoint') or {}
        if hook.get('max_keep_ckpts') == 1:
            # a run that is interrupted while it replaces its only checkpoint could not go on
            settings['default_hooks.checkpoint.max_keep_ckpts'] = 2
        cfg.merge_from_dict(settings)
        if start is not None:
            cfg.load_from = str(start)
        path = self.states.folder(run).config_dir / tool / run.experiment.config.name
        with atomic_write(path, 'w') as file:
            file.write(cfg.pretty_text)
        return path

    def _commands(self, run: Run, clean: bool) -> Iterator[Command]:
        """The commands that a run still needs; its result is written after the last one."""
        try:
            self.states.check(run)  # what it waited for may have changed
            folder, (cfg, text) = self.states.folder(run), self.states.config(run.experiment)
            identity = self.states.identity(run)
            if not folder.trained_mark.is_file():
                last = folder.last_checkpoint()
                start = self.states.start_checkpoint(run)
                what = 'training' if last is None else f'going on from {last.name}'
                self.tell(f'{run.label}: {what}' + (f' from {start}' if start else ''))
                folder.begin(identity, text, git_state(self.plan.repo_root))
                yield 'training', self._train(run, start), folder.train_log
                folder.end_training()
            checkpoint = folder.best_checkpoint(cfg)
            if checkpoint is None:
                raise ExperimentError(
                    f"The training left no checkpoint in '{folder.path}'; let the config save one "
                    'and delete that folder.'
                )
            folder.begin_test(identity, text)
            self.tell(f'{run.label}: trained; testing {checkpoint.name}')
            yield 'test', self._test(run, checkpoint), folder.test_log
            processor = None if self.slurm is None else self.slurm.processor
            result = make_result(run, folder, identity, cfg, processor)
            save_compact_json(folder.result_file, result)
            self.tell(f'{run.label}: done, {self._headline(result["metrics"])}')
            self._clean(run, clean)
        except Exception as error:  # whatever it is, the other runs go on
            reason = ' '.join(str(error).split()) or type(error).__name__
            raise ToolError(reason) from error

    # ------------------------------------------------------------------- order
    def _missing_file(self, run: Run) -> str:
        """The first file that a run would not find, in a sentence; '' if all are there.

        Nodes of Slurm may have other disks, so that it is only said of their runs.
        """
        cfg, root = self.states.config(run.experiment)[0], str(self.plan.repo_root)
        is_trained = self.states.folder(run).trained_mark.is_file()
        training = iter(()) if is_trained else missing_for_training(cfg, root)
        try:
            sentence = next(chain(training, missing_for_test(cfg, root)), '')
        except ValueError as error:
            return str(error)
        if sentence and self.slurm is not None:
            self.tell(f'{run.label}: {sentence} It is begun, since a node may have that file.')
            return ''
        return sentence

    def _link(
        self, waiting: Sequence[Run], tasks: dict[str, Task], refused: Mapping[str, str]
    ) -> dict[str, str]:
        """Put tasks after those that they wait for; take out those that would wait for ever."""
        left_out: dict[str, str] = {}
        for run in sorted(waiting, key=lambda run: len(self.plan.starts_of(run))):
            start = self.plan.starts_of(run)[0]
            if start.label in tasks:
                tasks[run.label].after = tasks[start.label]
            else:
                del tasks[run.label]
                left_out[run.label] = (
                    f'it starts from {start.label}, which is refused: {refused[start.label]}'
                    if start.label in refused
                    else f'it waits for {start.label}, which has no result and is not run now; run '
                    'that too.'
                )
        return left_out

    def _headline(self, metrics: Mapping[str, float]) -> str:
        name = '/'.join(self.plan.headline)
        value = metrics.get(name)
        return f'{name} {value:.1f}' if isinstance(value, (int, float)) else f'no {name}'

    def _clean(self, run: Run, clean: bool) -> None:
        folder = self.states.folder(run)
        result = read_record(folder.result_file)
        if not clean or result is None:
            return
        deleted = folder.clean(keep=result['checkpoint']['name'])
        if deleted:
            self.tell(f'{run.label}: deleted {", ".join(path.name for path in deleted)}')

    def tell(self, line: str) -> None:
        """Report a line with the time since the start."""
        minutes, seconds = divmod(int(time.monotonic() - self._start), 60)
        self.report(f'[{minutes:3d}:{seconds:02d}] {line}')
