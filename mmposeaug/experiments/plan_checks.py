# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What the parts of a file of experiments say of each other: whether it fits together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from .plan import Experiment, ExperimentError

Reported = Mapping[str, tuple[str, ...]]
"""The scores to report of each set."""


def check_name(name: str, kind: str, known: Collection[str], where: str) -> None:
    """Refuse a name of a set or score that the file does not report."""
    if name not in known:
        raise ExperimentError(
            f'{where} names the {kind} {name!r}, but {kind}s are {", ".join(known)}; add it there.'
        )


def check_experiment(name: Any, known: Collection[str], where: str) -> None:
    """Refuse a name that is not that of an experiment."""
    if name not in known:
        raise ExperimentError(
            f'{where} names {name!r}, which is not an experiment; the experiments are '
            f'{", ".join(known)}.'
        )


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
        check_experiment(start, by_name, where)
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
        missing = [seed for seed in experiment.seeds if seed not in by_name[chain[1]].seeds]
        if missing:
            raise ExperimentError(
                f'{where} names {chain[1]}, which has no seed {missing[0]}; add it to the seeds of '
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
            check_name(set_name, 'set', reported, where)
            for score in figures:
                check_name(score, 'score', reported[set_name], where)
