# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Means, deviations and changes of results, as Markdown tables and as rows of a CSV file."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from mmposeaug.evaluation import format_table

from .collect import Results
from .plan import CrossTable, Experiment

HEADING = 'training'
UNITS = {'PCK': '%', 'AUC': '%', 'MPJVE': 'mm/frame', 'Accel': 'mm/frame²'}
DEFAULT_UNIT = 'mm'
NOT_RUN = 'not run yet'
RUN_KEYS = ('lifter_steps', 'epochs', 'collapses')


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and sample standard deviation.

    Example:
        >>> mean_and_deviation([1.0, 2.0, 3.0])
        (2.0, 1.0)
    """
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None


def unit_of(score: str) -> str:
    """Unit of a score, such as ``'mm'`` or ``'%'``."""
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
        found, planned = len(results.of(experiment)), len(experiment.seeds)
        row = rows[experiment.label] = dict(
            seeds=str(found) if found == planned else f'{found} of {planned}'
        )
        for score in results.plan.scores_of(set_name):
            cell = _cell(results, section, experiment, set_name, score)
            row[f'{score} ({unit_of(score)})'] = cell if found else NOT_RUN
            if score in published:
                figure = experiment.published_figure(set_name, score)
                row[f'{score} published'] = '-' if figure is None else f'{figure:.1f}'
    return format_table(HEADING, rows)


def group_table(results: Results, section: Sequence[Experiment], set_name: str) -> str:
    """The first score of one set by its groups."""
    score = results.plan.scores_of(set_name)[0]
    groups = results.groups(set_name, section)
    return format_table(
        HEADING,
        {
            experiment.label: {
                group: _cell(results, section, experiment, set_name, score, group)
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


def cross_table(results: Results, table: CrossTable) -> str:
    """One score over all sections, as papers have it: ours beside what was published."""
    plan = results.plan
    placed = {e.cell: e for e in plan.experiments if e.cell is not None}

    def cell(experiment: Experiment | None) -> str:
        if experiment is None:
            return '-'
        values = results.values(experiment, table.set_name, table.score)
        ours = format_cell(values) if values else NOT_RUN
        if 0 < len(values) < len(experiment.seeds):
            ours += f' ({len(values)} of {len(experiment.seeds)} seeds)'
        published = experiment.published_figure(table.set_name, table.score)
        return ours if published is None else f'{ours}<br>*{published:.1f}*'

    columns = dict.fromkeys(column for _, column in placed)
    rows = {
        row: {column: cell(placed.get((row, column))) for column in columns}
        for row in dict.fromkeys(row for row, _ in placed)
    }
    several = any(len(experiment.seeds) > 1 for experiment in placed.values())
    what = 'mean ± sample standard deviation over the seeds' if several else 'of one seed'
    words = f'Upright: ours on {table.set_name}, {what}.'
    figures = (e.published_figure(table.set_name, table.score) for e in placed.values())
    if any(figure is not None for figure in figures):
        words += f' *Italics*: published ({plan.published_source}).'
    return f'{format_table(f"{table.score} ({unit_of(table.score)})", rows)}\n\n{words}'


def csv_rows(results: Results) -> Iterator[list[Any]]:
    """The rows of the CSV file: one for each run and set, and for each of its groups.

    Published figures have columns of their own in the rows of sets. An experiment that has some and
    was not run has a row without a seed for each of these sets.
    """
    plan = results.plan
    scores = plan.all_scores
    known = [set(plan.published_scores(plan.experiments, name)) for name in plan.sets]
    published = [score for score in scores if any(score in each for each in known)]
    head = ['section', 'experiment', 'label', 'seed', 'set', 'group']
    yield [*head, *scores, *(f'{score}_published' for score in published), *RUN_KEYS]
    wide = results.frame.pivot(
        index=['experiment', 'seed', 'set', 'group'], columns='score', values='value'
    ).reindex(columns=scores)
    for experiment in plan.experiments:
        names = [experiment.section, experiment.name, experiment.label]
        found = results.of(experiment)
        for result in found:
            for name in plan.sets:
                groups = results.groups(name, [experiment]) if name in plan.groups else []
                for group in ('', *groups):
                    key = (experiment.name, result['seed'], name, group)
                    values = wide.loc[key] if key in wide.index else [None] * len(scores)
                    figures = _figures(experiment, '' if group else name, published)
                    tail = [result[key] for key in RUN_KEYS]
                    row = [result['seed'], name, group, *map(_number, values)]
                    yield [*names, *row, *figures, *tail]
        for name in () if found else plan.sets:
            if experiment.published.get(name):
                figures, empty = _figures(experiment, name, published), [''] * len(RUN_KEYS)
                yield [*names, '', name, '', *([''] * len(scores)), *figures, *empty]


def _cell(
    results: Results,
    section: Sequence[Experiment],
    experiment: Experiment,
    set_name: str,
    score: str,
    group: str = '',
) -> str:
    name = results.plan.references.get(experiment.section)
    reference = [e for e in section if e.name == name and e is not experiment]
    return format_cell(
        results.values(experiment, set_name, score, group),
        results.values(reference[0], set_name, score, group) if reference else (),
    )


def _figures(experiment: Experiment, set_name: str, scores: Sequence[str]) -> list[str]:
    return [_number(experiment.published_figure(set_name, score)) for score in scores]


def _number(value: float | None) -> str:
    return '' if value is None or value != value else f'{value:.4f}'


def _range(values: Sequence[int]) -> str:
    if not values:
        return '-'
    low, high = min(values), max(values)
    return f'{low:,}' if low == high else f'{low:,} to {high:,}'


def _list(values: Sequence[Any]) -> str:
    if not values or all(value is None for value in values):
        return '-'
    return ', '.join('-' if value is None else str(value) for value in values)
