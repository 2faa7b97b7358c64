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


class QuickstartError(RuntimeError):
    """A command of the quickstart failed; the message ends in its last log lines."""


class Task:
    """Commands that run one after the other.

    Args:
        label (str): Name for messages.
        commands (Iterator[tuple[str, list[str], Path]]): What each is (``'training'``), the
            command, and its log file; asked for the next one when one has ended.
        progress (Callable): Called again and again while a command runs.
    """

    def __init__(
        self,
        label: str,
        commands: Iterator[tuple[str, list[str], Path]],
        progress: Callable[[], None] = lambda: None,
    ) -> None:
        self.label = label
        self.commands = commands
        self.progress = progress
        self.process: subprocess.Popen | None = None
        self.what, self.log = '', Path()

    def advance(self, env: Mapping[str, str]) -> bool:
        """Look after the task; whether there is more to do.

        Args:
            env (Mapping[str, str]): Environment variables of the processes.

        Returns:
            bool: False when all commands have ended.

        Raises:
            QuickstartError: If a command failed.
        """
        if self.process is not None:
            status = self.process.poll()
            self.progress()
            if status is None:
                return True
            if status != 0:
                raise QuickstartError(
                    f'{self.label}: the {self.what} ended with exit status {status}. The last '
                    f'lines of its log, {self.log}:\n{tail(self.log)}'
                )
        following = next(self.commands, None)
        if following is None:
            return False
        self.what, command, self.log = following
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(
                command, env=dict(env), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
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


def run_tasks(tasks: Sequence[Task], jobs: int, env: Mapping[str, str]) -> None:
    """Run tasks, some of them at the same time; all end when one fails or on Ctrl-C.

    Args:
        tasks (Sequence[Task]): The tasks; the first ones start first.
        jobs (int): Tasks at the same time.
        env (Mapping[str, str]): Environment variables of the processes.

    Raises:
        QuickstartError: If a command failed.
    """
    waiting, running = list(tasks), list[Task]()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                running.append(waiting.pop(0))
            running = [task for task in running if task.advance(env)]
            if running:
                time.sleep(POLL_SECONDS)
    finally:
        for task in running:
            task.stop()


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
