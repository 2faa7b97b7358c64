# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Runs the tools as processes beside each other, with their output in log files."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from .plan import ExperimentError

DEVICE_VARIABLE = 'CUDA_VISIBLE_DEVICES'
POLL_SECONDS = 0.5
TAIL_LINES = 15


class ToolError(RuntimeError):
    """A command failed; the message ends in its last log lines."""


class Task:
    """Commands that run one after the other."""

    def __init__(
        self,
        label: str,
        commands: Iterator[tuple[str, list[str], Path]],
        progress: Callable[[], None] = lambda: None,
        cwd: Path | None = None,
    ) -> None:
        self.label = label
        self.commands = commands
        self.progress = progress
        self.cwd = cwd
        self.after: Task | None = None
        """Task, optional: One that must have ended well before this one begins."""
        self.has_ended_well: bool | None = None
        """bool, optional: None as long as it has not ended."""
        self.process: subprocess.Popen | None = None
        self.what, self.log = '', Path()

    def advance(self, env: Mapping[str, str]) -> bool:
        """Look after the task; whether there is more to do."""
        if self.process is not None:
            status = self.process.poll()
            self.progress()
            if status is None:
                return True
            if status != 0:
                raise ToolError(
                    f'{self.label}: the {self.what} ended with exit status {status}. The last '
                    f'lines of its log, {self.log}:\n{tail(self.log)}'
                )
        following = next(self.commands, None)
        if following is None:
            return False
        self.what, command, self.log = following
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            with open(self.log, 'ab') as log:
                self.process = subprocess.Popen(
                    command,
                    env=dict(env),
                    cwd=self.cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
        except OSError as error:
            raise ToolError(f'{self.label}: the {self.what} cannot be started: {error}') from error
        return True

    def stop(self) -> None:
        """End the process, if there is one."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


OnFailure = Callable[[Task, ToolError], None]


def run_tasks(
    tasks: Sequence[Task],
    slots: Sequence[Mapping[str, str]],
    on_failure: OnFailure | None = None,
    watch: Callable[[], object] = lambda: None,
) -> None:
    """Run tasks, some at the same time; all end on Ctrl-C. ``watch`` is called meanwhile."""
    strays = [task.label for task in tasks if task.after is not None and task.after not in tasks]
    if strays:
        raise ValueError(f'{strays[0]} comes after a task that is not given; give that task too.')
    waiting = list(tasks)
    running: dict[int, Task] = {}

    def fail(task: Task, error: ToolError) -> None:
        if on_failure is None:
            raise error
        task.has_ended_well = False
        on_failure(task, error)

    try:
        while waiting or running:
            for task in list(waiting):
                if task.after is not None and task.after.has_ended_well is False:
                    waiting.remove(task)
                    fail(task, ToolError(f'it was not begun, since {task.after.label} failed'))
            free = [slot for slot in range(len(slots)) if slot not in running]
            ready = [task for task in waiting if task.after is None or task.after.has_ended_well]
            for slot, task in zip(free, ready):
                waiting.remove(task)
                running[slot] = task
            for slot, task in list(running.items()):
                try:
                    if task.advance(slots[slot]):
                        continue
                    task.has_ended_well = True
                except ToolError as error:
                    fail(task, error)
                del running[slot]
            watch()
            if running:
                time.sleep(POLL_SECONDS)
    finally:
        for task in running.values():
            task.stop()


def num_cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, 'sched_getaffinity', None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def tool_env(repo_root: Path, share_cores: bool = True) -> dict[str, str]:
    """Environment variables for tools."""
    path = os.pathsep.join(filter(None, (str(repo_root), os.environ.get('PYTHONPATH'))))
    names = ('OMP_NUM_THREADS', 'MKL_NUM_THREADS') if share_cores else ()
    threads = dict.fromkeys(names, '1')
    # unbuffered, so that an error is the last thing in the log
    return {**os.environ, **threads, 'PYTHONPATH': path, 'PYTHONUNBUFFERED': '1'}


def make_slots(
    repo_root: Path, jobs: int, devices: Sequence[str] = (), is_slurm: bool = False
) -> list[dict[str, str]]:
    """Environment variables for each place in which one run at a time has its turn."""
    # Slurm gives each run cores of its own
    env = tool_env(repo_root, share_cores=not is_slurm)
    if is_slurm:
        if devices:
            raise ExperimentError(
                'Slurm chooses the devices of each run; leave --devices out and ask for them with '
                '--slurm-args "--gres=gpu:1".'
            )
        env.pop(DEVICE_VARIABLE, None)
        return [env] * jobs
    if not devices:
        return [{**env, DEVICE_VARIABLE: '-1'}] * jobs
    visible = list(filter(None, os.environ.get(DEVICE_VARIABLE, '').split(',')))
    slots = []
    for device in devices:
        if (
            not device.isdigit()
            or devices.count(device) > 1
            or (visible and int(device) >= len(visible))
        ):
            raise ExperimentError(
                f'{device!r} is not another CUDA device; give different numbers such as 0,1'
                + (f' below {len(visible)}.' if visible else '.')
            )
        name = visible[int(device)] if visible else device
        slots.append({**env, DEVICE_VARIABLE: name})
    return slots


def tail(path: Path, lines: int = TAIL_LINES) -> str:
    """The last lines of a log file, indented."""
    try:
        found = path.read_text(encoding='utf-8', errors='replace').splitlines()[-lines:]
    except OSError:
        found = []
    return '\n'.join('    ' + line[:300] for line in found or ['(the log is empty)'])
