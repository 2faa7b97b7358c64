# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What a run's scalar files say about each of its epochs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Columns = dict[str, list[Any]]
"""Values by name, one for each of the epochs under ``'epoch'``; None where there is none."""

LOSS = 'loss'
LOOP_PREFIX = 'poseaug/'
"""str: Values of the adversarial training; in lines of their own the step counts its updates."""

PROBE_PREFIX = 'augmentation/'
"""str: Values that are measured once an epoch; their step is the epoch."""


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
