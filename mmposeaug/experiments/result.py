# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Everything that is known of a finished run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from mmposeaug.fileio import sha256_of

from .diagnostics import read_diagnostics, value_at
from .plan import ExperimentError, Run
from .provenance import machine, versions
from .run_folder import RunFolder, best_score_name


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
