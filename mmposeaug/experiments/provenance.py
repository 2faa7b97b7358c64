# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Where a result comes from: revision, versions and machine."""

from __future__ import annotations

import platform
import re
import subprocess
from pathlib import Path
from typing import Any

import mmengine
import mmpose
import torch

from mmposeaug.version import __version__

CODE_PATHS = ('mmposeaug', 'configs', 'tools')
"""tuple[str]: Parts of the checkout that decide what a run does."""


def git_state(repo_root: Path) -> dict[str, Any]:
    """The checkout's revision."""
    unknown: dict[str, Any] = dict(commit=None, dirty=None)
    top = _git(repo_root, 'rev-parse', '--show-toplevel')
    # a copy inside of another project's checkout has no revision of its own
    if top is None or Path(top).resolve() != repo_root.resolve():
        return unknown
    commit = _git(repo_root, 'rev-parse', 'HEAD')
    changes = _git(repo_root, 'status', '--porcelain', '--', *CODE_PATHS)
    if commit is None or changes is None:
        return unknown
    return dict(commit=commit, dirty=bool(changes))


def _git(repo_root: Path, *args: str) -> str | None:
    command = ['git', '--no-optional-locks', '-C', str(repo_root), *args]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.strip()


def versions() -> dict[str, str]:
    """Versions of what a training runs on."""
    return dict(
        mmposeaug=__version__,
        torch=str(torch.__version__),
        mmpose=mmpose.__version__,
        mmengine=mmengine.__version__,
        python=platform.python_version(),
    )


def machine(log: Path, processor: str | None = None) -> dict[str, str]:
    """The machine."""
    found = dict(
        platform=f'{platform.system()} {platform.machine()}', cpu=processor or _cpu_model()
    )
    gpus = re.findall(r'^ *GPU [\d,]+: (.+)$', _read_text(log), re.MULTILINE)
    if gpus:
        found['gpu'] = gpus[-1].strip()
    return found


def _cpu_model() -> str:
    text = _read_text(Path('/proc/cpuinfo'))
    model = re.search(r'^model name\s*:\s*(.+)$', text, re.MULTILINE)
    return model[1].strip() if model else platform.processor() or platform.machine()


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding='utf-8', errors='replace')
    except OSError:
        return ''
