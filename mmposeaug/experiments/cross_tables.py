# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Tables of one score over all sections, as papers have them: ours beside what was published."""

from __future__ import annotations

from mmposeaug.evaluation import format_table

from .collect import Results
from .plan import CrossTable, Experiment
from .tables import NOT_RUN, format_cell, unit_of


def cross_table(results: Results, table: CrossTable) -> str:
    """A table with a cell for each experiment that has a row and a column."""
    placed = {e.cell: e for e in results.plan.experiments if e.cell is not None}
    columns = dict.fromkeys(column for _, column in placed)
    rows = {
        row: {
            column: _cell(results, table, placed[row, column]) if (row, column) in placed else '-'
            for column in columns
        }
        for row in dict.fromkeys(row for row, _ in placed)
    }
    text = format_table(f'{table.score} ({unit_of(table.score)})', rows)
    return f'{text}\n\n{_legend(results, table)}'


def _cell(results: Results, table: CrossTable, experiment: Experiment) -> str:
    values = results.values(experiment, f'{table.set_name}/{table.score}')
    ours = format_cell(values) if values else NOT_RUN
    if 0 < len(values) < len(experiment.seeds):
        ours += f' ({len(values)} of {len(experiment.seeds)} seeds)'
    published = experiment.published_figure(table.set_name, table.score)
    return ours if published is None else f'{ours}<br>*{published:.1f}*'


def _legend(results: Results, table: CrossTable) -> str:
    plan = results.plan
    placed = [e for e in plan.experiments if e.cell is not None]
    several = any(len(experiment.seeds) > 1 for experiment in placed)
    what = 'mean ± sample standard deviation over the seeds' if several else 'of one seed'
    words = f'Upright: ours on {table.set_name}, {what}.'
    if any(e.published_figure(table.set_name, table.score) is not None for e in placed):
        words += f' *Italics*: published ({plan.published_source}).'
    return words
