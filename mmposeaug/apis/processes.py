# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Runs the tools as processes beside each other, with their output in log files."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

POLL_SECONDS = 0.5
TAIL_LINES = 15


class ToolError(RuntimeError):
    """A command failed; the message ends in its last log lines."""


class Task:
    """Commands that run one after the other.

    Args:
        label (str): Name for messages.
        commands (Iterator[tuple[str, list[str], Path]]): What each is (``'training'``), the
            command, and its log file; asked for the next one when one has ended.
        progress (Callable): Called again and again while a command runs.
        cwd (Path, optional): Folder that the commands start in. Defaults to this process's.
    """

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
        self.process: subprocess.Popen | None = None
        self.what, self.log = '', Path()

    def advance(self, env: Mapping[str, str]) -> bool:
        """Look after the task; whether there is more to do.

        Args:
            env (Mapping[str, str]): Environment variables of the processes.

        Returns:
            bool: False when all commands have ended.

        Raises:
            ToolError: If a command failed.
        """
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


def run_tasks(
    tasks: Sequence[Task],
    slots: Sequence[Mapping[str, str]],
    on_failure: Callable[[Task, ToolError], None] | None = None,
) -> None:
    """Run tasks, some of them at the same time; all end on Ctrl-C.

    Args:
        tasks (Sequence[Task]): The tasks; the first ones start first.
        slots (Sequence[Mapping[str, str]]): Environment variables of the processes, for each of
            the places in which one task at a time runs.
        on_failure (Callable, optional): Takes a task that failed, while the others go on. Defaults
            to None: the first failure ends all.

    Raises:
        ToolError: If a command failed and ``on_failure`` is None.
    """
    waiting = list(tasks)
    running: dict[int, Task] = {}
    try:
        while waiting or running:
            for slot in range(len(slots)):
                if waiting and slot not in running:
                    running[slot] = waiting.pop(0)
            for slot, task in list(running.items()):
                try:
                    goes_on = task.advance(slots[slot])
                except ToolError as error:
                    if on_failure is None:
                        raise
                    on_failure(task, error)
                    goes_on = False
                if not goes_on:
                    del running[slot]
            if running:
                time.sleep(POLL_SECONDS)
    finally:
        for task in running.values():
            task.stop()


def num_cores() -> int:
    """Cores that this process may use.

    Returns:
        int: The number, 1 or more.
    """
    affinity = getattr(os, 'sched_getaffinity', None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def tool_env(repo_root: Path) -> dict[str, str]:
    """Environment variables for tools that share the cores: one thread each.

    Args:
        repo_root (Path): The checkout, whose package the tools shall find.

    Returns:
        dict[str, str]: This process's variables and those.
    """
    path = os.pathsep.join(filter(None, (str(repo_root), os.environ.get('PYTHONPATH'))))
    threads = dict.fromkeys(('OMP_NUM_THREADS', 'MKL_NUM_THREADS'), '1')
    # unbuffered, so that an error is the last thing in the log
    return {**os.environ, **threads, 'PYTHONPATH': path, 'PYTHONUNBUFFERED': '1'}


def tail(path: Path, lines: int = TAIL_LINES) -> str:
    """The last lines of a log file, indented.

    Args:
        path (Path): The file.
        lines (int): How many. Defaults to 15.

    Returns:
        str: The lines; a remark where there are none.
    """
    try:
        found = path.read_text(encoding='utf-8', errors='replace').splitlines()[-lines:]
    except OSError:
        found = []
    return '\n'.join('    ' + line[:300] for line in found or ['(the log is empty)'])
