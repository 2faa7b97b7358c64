# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What is to be trained, and how its results are put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any


class ExperimentError(ValueError):
    """Experiments or their results cannot be used as they are; the message is one sentence."""


@dataclass(frozen=True)
class Experiment:
    """One way to train, with one or more seeds."""

    name: str
    label: str
    config: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)
    section: str = ''
    start_from: str = ''
    published: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    cell: tuple[str, str] | None = None

    def published_figure(self, set_name: str, score: str) -> float | None:
        """What was published."""
        return self.published.get(set_name, {}).get(score)


@dataclass(frozen=True)
class CrossTable:
    """A table of one score with a cell for each experiment that has a row and a column."""

    title: str
    set_name: str
    score: str


@dataclass(frozen=True)
class Run:
    """A training of an experiment with one seed."""

    experiment: Experiment
    seed: int

    @property
    def label(self) -> str:
        """str: Name for messages."""
        return f'{self.experiment.name}, seed {self.seed}'


@dataclass(frozen=True)
class ExperimentPlan:
    """All experiments of a file."""

    repo_root: Path
    title: str
    experiments: tuple[Experiment, ...]
    sets: tuple[str, ...]
    scores: tuple[str, ...]
    references: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    published_source: str = ''
    tables: tuple[CrossTable, ...] = ()
    set_scores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def scores_of(self, set_name: str) -> tuple[str, ...]:
        """Scores of a set."""
        return self.set_scores.get(set_name, self.scores)

    @property
    def all_scores(self) -> list[str]:
        """list[str]: The scores of all sets, each once."""
        return list(dict.fromkeys(score for name in self.sets for score in self.scores_of(name)))

    @property
    def headline(self) -> tuple[str, str]:
        """tuple[str, str]: The most important set and its most important score."""
        return self.sets[-1], self.scores_of(self.sets[-1])[0]

    @property
    def sections(self) -> dict[str, list[Experiment]]:
        """dict[str, list[Experiment]]: The experiments by section, in the file's order."""
        found: dict[str, list[Experiment]] = {}
        for experiment in self.experiments:
            found.setdefault(experiment.section, []).append(experiment)
        return found

    def published_scores(self, experiments: Iterable[Experiment], set_name: str) -> list[str]:
        """Scores of which there are published figures."""
        known = {score for e in experiments for score in e.published.get(set_name, {})}
        return [score for score in self.scores_of(set_name) if score in known]

    def start_of(self, run: Run) -> Run | None:
        """The run whose tested checkpoint a run starts from."""
        for experiment in self.experiments:
            if experiment.name == run.experiment.start_from:
                return Run(experiment, run.seed)
        return None

    def starts_of(self, run: Run) -> list[Run]:
        """The run that a run starts from, what that starts from, and so on."""
        found: list[Run] = []
        start = self.start_of(run)
        while start is not None:
            found.append(start)
            start = self.start_of(start)
        return found

    def config_name(self, experiment: Experiment) -> str:
        """Name of an experiment's config."""
        try:
            return experiment.config.relative_to(self.repo_root).as_posix()
        except ValueError:
            return experiment.config.as_posix()

    def runs(self, only: Iterable[str] = (), seeds: Iterable[int] = ()) -> list[Run]:
        """Some or all runs, each seed of all experiments before the next seed."""
        only, seeds = list(only), list(seeds)
        names = [experiment.name for experiment in self.experiments]
        for pattern in only:
            if not any(fnmatchcase(name, pattern) for name in names):
                raise ExperimentError(
                    f'No experiment is named like {pattern!r}; there are {", ".join(names)}.'
                )
        chosen = [
            experiment
            for experiment in self.experiments
            if not only or any(fnmatchcase(experiment.name, pattern) for pattern in only)
        ]
        known = list(dict.fromkeys(seed for experiment in chosen for seed in experiment.seeds))
        for seed in seeds:
            if seed not in known:
                raise ExperimentError(
                    f'None of the chosen experiments has the seed {seed}, but they have '
                    f'{", ".join(map(str, known))}; add it to their seeds in the file.'
                )
        return [
            Run(experiment, seed)
            for seed in known
            if not seeds or seed in seeds
            for experiment in chosen
            if seed in experiment.seeds
        ]
