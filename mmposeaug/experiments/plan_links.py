# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What the parts of a file of experiments say of each other: whether it fits together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from .plan import CrossTable, Experiment, ExperimentError
from .plan_values import as_mapping, as_text, as_texts, check_keys

TABLE_KEYS = ('title', 'set', 'score')
Reported = Mapping[str, tuple[str, ...]]
"""The scores to report of each set."""


def check_labels(experiments: Iterable[Experiment]) -> None:
    """Labels of a section must differ, and so must the cells of the tables."""
    labels: dict[tuple[str, str], str] = {}
    cells: dict[tuple[str, str], str] = {}
    for experiment in experiments:
        name = experiment.name
        other = labels.setdefault((experiment.section, experiment.label), name)
        if other != name:
            raise ExperimentError(
                f'experiments.{name}.label {experiment.label!r} is also that of '
                f'{other}; give each experiment of a section a label of its own.'
            )
        other = name if experiment.cell is None else cells.setdefault(experiment.cell, name)
        if other != name:
            raise ExperimentError(
                f'experiments.{name} has the row and column {experiment.cell!r} of {other}; give '
                'each experiment a cell of its own.'
            )


def check_starts(experiments: Iterable[Experiment]) -> None:
    """Each experiment must be able to start from what it names."""
    by_name = {experiment.name: experiment for experiment in experiments}
    for name, experiment in by_name.items():
        start, where = experiment.start_from, f'experiments.{name}.start_from'
        if not start:
            continue
        if start not in by_name:
            raise ExperimentError(
                f'{where} names {start!r}, which is no experiment; the experiments are '
                f'{", ".join(by_name)}.'
            )
        if 'load_from' in experiment.options:
            raise ExperimentError(
                f'experiments.{name} has start_from and options with load_from; leave one out.'
            )
        chain = [name]
        while start and start not in chain:
            chain.append(start)
            start = by_name[start].start_from if start in by_name else ''
        if start == name:
            raise ExperimentError(
                f'{where} leads in a circle, {" -> ".join([*chain, name])}; one of them must '
                'start from nothing.'
            )
        lacking = [seed for seed in experiment.seeds if seed not in by_name[chain[1]].seeds]
        if lacking:
            raise ExperimentError(
                f'{where} names {chain[1]}, which has no seed {lacking[0]}; add it to the seeds of '
                f'{chain[1]} or take it from those of {name}.'
            )


def check_published(experiments: Iterable[Experiment], source: str, reported: Reported) -> None:
    """Published figures must be of the sets and scores to report, and from somewhere."""
    for experiment in experiments:
        where = f'experiments.{experiment.name}.published'
        if experiment.published and not source:
            raise ExperimentError(
                f'{where} has no source; add published_source: TEXT at the top of the file.'
            )
        for set_name, figures in experiment.published.items():
            _check_name(set_name, 'set', reported, where)
            for score in figures:
                _check_name(score, 'score', reported[set_name], where)


def read_tables(
    value: Any, experiments: tuple[Experiment, ...], reported: Reported
) -> tuple[CrossTable, ...]:
    """The tables, which need experiments with rows and columns."""
    has_cells = any(experiment.cell is not None for experiment in experiments)
    if value is None:
        if has_cells:
            raise ExperimentError(
                'Experiments have a row and a column, but the file has no tables; add '
                'tables: [{title: TEXT, set: SET, score: SCORE}].'
            )
        return ()
    if not isinstance(value, list) or not value:
        raise ExperimentError(
            f'tables must be a list, not {value!r}; write [{{title: TEXT, set: SET, '
            'score: SCORE}, ...].'
        )
    if not has_cells:
        raise ExperimentError(
            'The file has tables, but no experiment has a row and a column; give them to those '
            'that belong there.'
        )
    return tuple(_read_table(entry, place, reported) for place, entry in enumerate(value, 1))


def _read_table(entry: Any, place: int, reported: Reported) -> CrossTable:
    where = f'table {place}'
    entry = as_mapping(entry, where, TABLE_KEYS)
    check_keys(entry, TABLE_KEYS, where)
    title, set_name, score = (as_text(entry.get(key), f'{where}.{key}') for key in TABLE_KEYS)
    _check_name(set_name, 'set', reported, where)
    _check_name(score, 'score', reported[set_name], where)
    return CrossTable(title, set_name, score)


def _check_name(name: Any, kind: str, known: Collection[str], where: str) -> None:
    if name not in known:
        raise ExperimentError(
            f'{where} names the {kind} {name!r}, but {kind}s are {", ".join(known)}; add it there.'
        )


def read_references(value: Any, experiments: tuple[Experiment, ...]) -> dict[str, str]:
    """The reference of each section, from one name or from names by section."""
    sections = {experiment.name: experiment.section for experiment in experiments}
    if value is None:
        return {}
    if isinstance(value, str):
        value = {sections.get(value, ''): value}
    for section, name in as_mapping(value, 'reference', ['SECTION: NAME']).items():
        as_text(name, f'reference of section {section!r}')
        if name not in sections:
            raise ExperimentError(
                f'reference names {name!r}, which is no experiment; the experiments are '
                f'{", ".join(sections)}.'
            )
        if sections[name] != section:
            raise ExperimentError(
                f'reference of section {section!r} is {name}, which is in section '
                f'{sections[name]!r}; name one of its own.'
            )
    return dict(value)


def read_set_scores(value: Any, sets: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The scores of sets that have others than the rest."""
    if value is None:
        return {}
    scores = as_mapping(value, 'set_scores', ['SET: [SCORE, ...]'])
    for name in scores:
        _check_name(name, 'set', sets, 'set_scores')
    return {name: as_texts(scores[name], f'set_scores.{name}') for name in scores}


def read_groups(value: Any, sets: tuple[str, ...]) -> dict[str, str]:
    """By what the tables of groups are, for each set that has one."""
    if value is None:
        return {}
    groups = as_mapping(value, 'groups', ['SET: subject'])
    for name, by in groups.items():
        _check_name(name, 'set', sets, 'groups')
        as_text(by, f'groups.{name}')
    return dict(groups)
