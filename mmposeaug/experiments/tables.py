# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Means, deviations and changes of results, as tables."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from mmposeaug.evaluation import format_table

from .collect import Results
from .plan import Experiment

HEADING = 'training'
UNITS = {'PCK': '%', 'AUC': '%'}
DEFAULT_UNIT = 'mm'
NOT_RUN = 'not run yet'


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and sample standard deviation.

    Example:
        >>> mean_and_deviation([1.0, 2.0, 3.0])
        (2.0, 1.0)
    """
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None


def unit_of(score: str) -> str:
    """Unit of a score.

    Returns:
        str: ``'mm'`` or ``'%'``.
    """
    return UNITS.get(score.removesuffix('_with_root'), DEFAULT_UNIT)


def format_cell(values: Sequence[float], reference: Sequence[float] = ()) -> str:
    """A cell of a table.

    Example:
        >>> format_cell([90.0, 92.0], [100.0])
        '91.0 ± 1.4 (-9.0 %)'
    """
    if not values:
        return '-'
    mean, deviation = mean_and_deviation(values)
    text = f'{mean:.1f}' if deviation is None else f'{mean:.1f} ± {deviation:.1f}'
    base = statistics.fmean(reference) if reference else 0.0
    return f'{text} ({100 * (mean / base - 1):+.1f} %)' if base else text


def score_table(results: Results, section: Sequence[Experiment], set_name: str) -> str:
    """All scores of one set."""
    rows: dict[str, dict[str, Any]] = {}
    published = results.plan.published_scores(section, set_name)
    for experiment in section:
        row: dict[str, Any] = dict(seeds=_count(results, experiment))
        is_run = bool(results.of(experiment))
        for score in results.plan.scores_of(set_name):
            cell = _cell(results, section, experiment, f'{set_name}/{score}')
            row[f'{score} ({unit_of(score)})'] = cell if is_run else NOT_RUN
            if score in published:
                figure = experiment.published_figure(set_name, score)
                row[f'{score} published'] = '-' if figure is None else f'{figure:.1f}'
        rows[experiment.label] = row
    return format_table(HEADING, rows)


def group_table(results: Results, section: Sequence[Experiment], set_name: str) -> str:
    """The first score of one set by its groups."""
    by, score = results.plan.groups[set_name], results.plan.scores_of(set_name)[0]
    groups = results.groups(set_name, section)
    return format_table(
        HEADING,
        {
            experiment.label: {
                group: _cell(results, section, experiment, f'{set_name}/{by}/{group}/{score}')
                for group in groups
            }
            for experiment in section
        },
    )


def training_table(results: Results, section: Sequence[Experiment]) -> str:
    """How the trainings went."""
    rows = {}
    for experiment in section:
        found = results.of(experiment)
        minutes = [result['train_seconds'] / 60 for result in found]
        rows[experiment.label] = {
            'lifter steps': _range([result['lifter_steps'] for result in found]),
            'epochs': _range([result['epochs'] for result in found]),
            'tested epoch': _list([result['checkpoint']['epoch'] for result in found]),
            'validation': format_cell(
                [s for s in (result['checkpoint']['score'] for result in found) if s is not None]
            ),
            'collapses': _list([result['collapses'] for result in found]),
            'minutes': format_cell(minutes),
        }
    return format_table(HEADING, rows)


def _cell(
    results: Results, section: Sequence[Experiment], experiment: Experiment, metric: str
) -> str:
    name = results.plan.references.get(experiment.section)
    reference = [e for e in section if e.name == name and e is not experiment]
    return format_cell(
        results.values(experiment, metric),
        results.values(reference[0], metric) if reference else (),
    )


def _count(results: Results, experiment: Experiment) -> str:
    found, planned = len(results.of(experiment)), len(experiment.seeds)
    return str(found) if found == planned else f'{found} of {planned}'


def _range(values: Sequence[int]) -> str:
    if not values:
        return '-'
    low, high = min(values), max(values)
    return f'{low:,}' if low == high else f'{low:,} to {high:,}'


def _list(values: Sequence[Any]) -> str:
    if not values or all(value is None for value in values):
        return '-'
    return ', '.join('-' if value is None else str(value) for value in values)
