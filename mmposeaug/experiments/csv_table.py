# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The rows of a summary's CSV file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .collect import Results
from .plan import Experiment

RUN_KEYS = ('lifter_steps', 'epochs', 'collapses')


def csv_rows(results: Results) -> Iterator[list[Any]]:
    """The rows of the CSV file: one for each run and set, and for each of its groups.

    Published figures have columns of their own in the rows of sets. An experiment that has some and
    was not run has a row without a seed for each of these sets.
    """
    plan = results.plan
    published = [
        score
        for score in plan.all_scores
        if any(score in plan.published_scores(plan.experiments, name) for name in plan.sets)
    ]
    columns = [f'{score}_published' for score in published]
    head = ['section', 'experiment', 'label', 'seed', 'set', 'group']
    all_scores = plan.all_scores
    yield [*head, *all_scores, *columns, *RUN_KEYS]
    for experiment in plan.experiments:
        name_cells = [experiment.section, experiment.name, experiment.label]
        found = results.of(experiment)
        for result in found:
            for name, group, place in _places(results, experiment):
                scores = [_number(result['metrics'].get(f'{place}/{s}')) for s in all_scores]
                figures = _figures(experiment, '' if group else name, published)
                tail = [result[key] for key in RUN_KEYS]
                yield [*name_cells, result['seed'], name, group, *scores, *figures, *tail]
        for name in () if found else plan.sets:
            if experiment.published.get(name):
                figures, empty = _figures(experiment, name, published), [''] * len(RUN_KEYS)
                yield [*name_cells, '', name, '', *([''] * len(all_scores)), *figures, *empty]


def _places(results: Results, experiment: Experiment) -> Iterator[tuple[str, str, str]]:
    """Each set and its groups, with what their metrics begin with."""
    plan = results.plan
    for name in plan.sets:
        yield name, '', name
        if name in plan.groups:
            for group in results.groups(name, [experiment]):
                yield name, group, f'{name}/{plan.groups[name]}/{group}'


def _figures(experiment: Experiment, set_name: str, scores: list[str]) -> list[str]:
    return [_number(experiment.published_figure(set_name, score)) for score in scores]


def _number(value: float | None) -> str:
    return '' if value is None else f'{value:.4f}'
