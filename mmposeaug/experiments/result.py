# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Everything that is known of a finished run: scores, epochs, revision, versions and machine."""

from __future__ import annotations

import json
import math
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import mmengine
import mmpose
import torch
from mmengine.config import Config

from mmposeaug.fileio import sha256_of
from mmposeaug.version import __version__

from .plan import ExperimentError, Run
from .runs import RunFolder, best_score_name

CODE_PATHS = ('mmposeaug', 'configs', 'tools')
"""tuple[str]: Parts of the checkout that decide what a run does."""

Columns = dict[str, list[Any]]
"""Values by name, one for each of the epochs under ``'epoch'``; None where there is none."""

LOSS = 'loss'
LOOP_PREFIX = 'poseaug/'
"""str: Values of the adversarial training; in lines of their own the step counts its updates."""

PROBE_PREFIX = 'augmentation/'
"""str: Values that are measured once an epoch; their step is the epoch."""


def make_result(
    run: Run,
    folder: RunFolder,
    identity: dict[str, Any],
    cfg: Config,
    processor: str | None = None,
) -> dict[str, Any]:
    """Put together what a trained and tested run gave."""
    best = folder.best_checkpoint(cfg)
    if best is None:
        raise ExperimentError(f"There is no checkpoint in '{folder.path}'; delete that folder.")
    diagnostics = read_diagnostics(folder.path)
    sessions = folder.sessions()
    commits = [session['commit'] for session in sessions]
    return dict(
        experiment=run.experiment.name,
        **identity,
        commit=commits[0],
        dirty=sessions[0]['dirty'],
        resumed_on=commits[1:],
        versions=versions(),
        machine=machine(folder.train_log, processor),
        **_read_training(folder.last_checkpoint() or best),
        train_seconds=round(sum(s['ended'] - s['began'] for s in sessions), 1),
        checkpoint=_describe_checkpoint(best, cfg, diagnostics['validation']),
        metrics=json.loads(folder.metrics_file.read_text(encoding='utf-8')),
        diagnostics=diagnostics,
    )


def _load(path: Path) -> dict[str, Any]:
    return torch.load(path, map_location='cpu', weights_only=True)


def _read_training(path: Path) -> dict[str, Any]:
    """Steps, epochs and recoveries from the last checkpoint."""
    loaded = _load(path)
    watchdog = loaded.get('poseaug', {}).get('watchdog')
    return dict(
        lifter_steps=int(loaded['meta']['iter']),
        epochs=int(loaded['meta']['epoch']),
        collapses=None if watchdog is None else int(watchdog['recoveries']),
    )


def _describe_checkpoint(
    path: Path, cfg: Config, validation: dict[str, list[Any]]
) -> dict[str, Any]:
    named = re.search(r'epoch_(\d+)\.pth$', path.name)
    epoch = int(named[1]) if named else int(_load(path)['meta']['epoch'])
    name = best_score_name(cfg)
    if name == 'auto':
        name = next((key for key in validation if key != 'epoch'), None)
    score = None if name is None else value_at(validation, name, epoch)
    return dict(name=path.name, sha256=sha256_of(path), epoch=epoch, score_name=name, score=score)


# ------------------------------------------------------- what each epoch logged
def read_diagnostics(run_dir: Path) -> dict[str, Columns]:
    """Means of each epoch from all scalar files of a run.

    A run that was resumed has several files; of two lines for the same step the later one counts.
    """
    training: dict[tuple[str, int], dict[str, Any]] = {}
    validation: dict[int, dict[str, Any]] = {}
    for path in sorted(run_dir.glob('*/vis_data/scalars.json')):
        waiting: list[dict[str, Any]] = []
        for line in _read_lines(path):
            if 'epoch' in line:
                # steps of an adversarial phase are logged before the lifter's and name no epoch
                for before in waiting:
                    before['epoch'] = line['epoch']
                waiting = []
                training[LOSS, line['step']] = line
            elif _has(line, LOOP_PREFIX):
                waiting.append(line)
                training[LOOP_PREFIX, line['step']] = line
            elif _has(line, PROBE_PREFIX):
                training[PROBE_PREFIX, line['step']] = dict(line, epoch=line['step'])
            else:
                validation[line['step']] = line
    rows: dict[int, list[dict[str, Any]]] = {}
    for line in training.values():
        if 'epoch' in line:
            values = {name: line[name] for name in line if _is_diagnostic(name)}
            rows.setdefault(line['epoch'], []).append(values)
    scores = {
        epoch: {name: value for name, value in line.items() if not _is_clock(name)}
        for epoch, line in validation.items()
    }
    return dict(
        training=_columns({epoch: _means(lines) for epoch, lines in rows.items()}),
        validation=_columns(scores),
    )


def value_at(columns: Mapping[str, list[Any]], name: str, epoch: int) -> float | None:
    """A value of one epoch."""
    if name not in columns or epoch not in columns['epoch']:
        return None
    return columns[name][columns['epoch'].index(epoch)]


def _read_lines(path: Path) -> Iterable[dict[str, Any]]:
    for line in path.read_text(encoding='utf-8').splitlines():
        try:
            found = json.loads(line)
        except ValueError:  # the last line of a run that was interrupted while it wrote
            continue
        if isinstance(found, dict) and 'step' in found:
            yield found


def _has(line: Mapping[str, Any], prefix: str) -> bool:
    return any(name.startswith(prefix) for name in line)


def _is_diagnostic(name: str) -> bool:
    return name == LOSS or name.startswith((LOOP_PREFIX, PROBE_PREFIX))


def _is_clock(name: str) -> bool:
    return name in ('step', 'time', 'data_time', 'memory')


def _means(lines: Iterable[Mapping[str, float]]) -> dict[str, float | None]:
    values: dict[str, list[float]] = {}
    for line in lines:
        for name, value in line.items():
            if isinstance(value, (int, float)) and math.isfinite(value):
                values.setdefault(name, []).append(float(value))
    return {name: math.fsum(found) / len(found) for name, found in values.items()}


def _columns(rows: Mapping[int, Mapping[str, Any]]) -> Columns:
    epochs = sorted(rows)
    names = dict.fromkeys(name for epoch in epochs for name in rows[epoch])
    return {'epoch': list(epochs), **{n: [rows[e].get(n) for e in epochs] for n in names}}


# ----------------------------------------------- revision, versions and machine
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
