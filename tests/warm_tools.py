# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Tools in processes of their own that need not import MMPose first, which takes 5 seconds."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

PRELOADED = (
    'mmposeaug.engine.poseaug_train_loop',
    'mmposeaug.engine.multi_set_loop',
    'mmposeaug.engine.progress_hook',
    'mmposeaug.engine.quiet_runner',
    'mmposeaug.engine.resume_settings',
    'mmposeaug.experiments.augmentation.hook',
    'mmposeaug.lifting.visualization_hook',
    'mmposeaug.evaluation.lifting_metrics',
    'mmpose.datasets',
    'mmpose.visualization',
    'mmengine.runner',
    'roma',
)


class WarmProcess:
    """A ``subprocess.Popen`` of a Python script, forked from a process that has MMPose imported."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], cwd: Any, stdout: Any, **_: Any
    ) -> None:
        context = multiprocessing.get_context('forkserver')
        context.set_forkserver_preload(list(PRELOADED))
        words = (list(command[1:]), dict(env), str(cwd), stdout.name)
        self.process = context.Process(target=_run, args=words)
        self.process.start()

    @property
    def returncode(self) -> int | None:
        return self.process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        self.process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.process.name, timeout or 0.0)
        return self.returncode

    def terminate(self) -> None:
        self.process.terminate()

    def kill(self) -> None:
        self.process.kill()


def _run(argv: list[str], env: dict[str, str], cwd: str, log: str) -> None:
    """What Python does with a script."""
    multiprocessing.set_start_method(None, force=True)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    output = os.open(log, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(output, stream)
    sys.argv = argv
    sys.path.insert(0, os.path.dirname(os.path.abspath(argv[0])))
    runpy.run_path(argv[0], run_name='__main__')


def run_tools_warm(patch: pytest.MonkeyPatch) -> None:
    """Let experiments start their tools so; commands of other programs are started as ever."""

    def start(command: Sequence[str], **options: Any) -> Any:
        is_tool = command[0] == sys.executable and command[1].endswith('.py')
        return (WarmProcess if is_tool else subprocess.Popen)(command, **options)

    module = SimpleNamespace(**{**vars(subprocess), 'Popen': start})
    patch.setattr('mmposeaug.experiments.processes.subprocess', module)
