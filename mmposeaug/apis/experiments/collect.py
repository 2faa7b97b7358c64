# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Gathers the results of a plan's runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .json_files import round_numbers
from .plan import Experiment, ExperimentError, ExperimentPlan, Run
from .run_folder import read_json

DIGITS = 4
"""int: Significant digits of what is kept of each epoch."""

RESULT_KEYS = ('experiment', 'config', 'options', 'seed', 'metrics', 'checkpoint', 'diagnostics')


@dataclass(frozen=True)
class Results:
    """Results of a plan's runs.

    Args:
        plan (ExperimentPlan): The plan.
        found (dict[tuple[str, int], dict]): What ``result.json`` holds, by experiment and seed; the
            values of epochs are rounded.
        missing (dict[str, str]): For each run without a result, by its label, why.
    """

    plan: ExperimentPlan
    found: dict[tuple[str, int], dict[str, Any]]
    missing: dict[str, str]

    def of(self, experiment: Experiment) -> list[dict[str, Any]]:
        """The results of an experiment.

        Args:
            experiment (Experiment): The experiment.

        Returns:
            list[dict[str, Any]]: Those that there are, by seed.
        """
        keys = [(experiment.name, seed) for seed in experiment.seeds]
        return [self.found[key] for key in keys if key in self.found]

    def values(self, experiment: Experiment, metric: str) -> list[float]:
        """A metric of all runs of an experiment.

        Args:
            experiment (Experiment): The experiment.
            metric (str): Its name, ``set/score``.

        Returns:
            list[float]: The values that there are, by seed.
        """
        values = [result['metrics'].get(metric) for result in self.of(experiment)]
        return [float(value) for value in values if value is not None]

    def groups(self, set_name: str, experiments: Iterable[Experiment]) -> list[str]:
        """Names of the groups of a set.

        Args:
            set_name (str): The set; it must have groups in the plan.
            experiments (Iterable[Experiment]): Where to look for them.

        Returns:
            list[str]: The names in order, numbers within them by size.
        """
        prefix = f'{set_name}/{self.plan.groups[set_name]}/'
        names = {
            metric[len(prefix) :].rsplit('/', 1)[0]
            for experiment in experiments
            for result in self.of(experiment)
            for metric in result['metrics']
            if metric.startswith(prefix)
        }
        return sorted(names, key=_natural)


def collect_runs(plan: ExperimentPlan, work_dir: str | os.PathLike) -> Results:
    """Gather results from the folders of runs.

    Args:
        plan (ExperimentPlan): The plan.
        work_dir (str | PathLike): The folder that holds them.

    Returns:
        Results: What is there.

    Raises:
        ExperimentError: If there is nothing, or a score that the plan names in no result.
    """
    work_dir = Path(work_dir)

    def find(run: Run) -> dict[str, Any] | None:
        return read_json(work_dir / run.experiment.name / f'seed_{run.seed}' / 'result.json')

    return _collect(plan, find, f"'{work_dir}'")


def collect_file(plan: ExperimentPlan, path: str | os.PathLike) -> Results:
    """Gather results from a file of an earlier summary.

    Args:
        plan (ExperimentPlan): The plan.
        path (str | PathLike): The JSON file.

    Returns:
        Results: What is there.

    Raises:
        ExperimentError: If it is no such file, there is nothing of the plan in it, or a score that
            the plan names is in no result.
    """
    content = read_json(Path(path))
    if content is None or not isinstance(content.get('results'), list):
        raise ExperimentError(
            f"'{path}' is no file of results; name a JSON file that tools/summarize_results.py "
            'wrote.'
        )
    by_run = {
        (result.get('experiment'), result.get('seed')): result for result in content['results']
    }
    return _collect(plan, lambda run: by_run.get((run.experiment.name, run.seed)), f"'{path}'")


def _collect(
    plan: ExperimentPlan, find: Callable[[Run], dict[str, Any] | None], where: str
) -> Results:
    found: dict[tuple[str, int], dict[str, Any]] = {}
    missing: dict[str, str] = {}
    for run in plan.runs():
        result = find(run)
        reason = 'no result' if result is None else _mismatch(plan, run, result)
        if result is None or reason:
            missing[run.label] = reason
            continue
        rounded = round_numbers(result['diagnostics'], DIGITS)
        found[run.experiment.name, run.seed] = dict(result, diagnostics=rounded)
    if not found:
        reason = '; '.join(f'{label}: {why}' for label, why in list(missing.items())[:3])
        raise ExperimentError(
            f'There is no result of these experiments in {where} ({reason}); run '
            'tools/run_experiments.py with that folder first.'
        )
    _check_metrics(plan, found)
    return Results(plan, found, missing)


def _mismatch(plan: ExperimentPlan, run: Run, result: dict[str, Any]) -> str:
    """Why a result is not that of a run; '' if it is."""
    absent = [key for key in RESULT_KEYS if key not in result]
    if absent:
        return f'its result lacks {absent[0]!r}'
    options = dict(run.experiment.options)
    expected = dict(
        experiment=run.experiment.name,
        config=plan.config_name(run.experiment),
        options=options,
        seed=run.seed,
    )
    for key, value in expected.items():
        if result[key] != value:
            return f'its result is left out, since it was made with {key} {result[key]!r}'
    return ''


def _check_metrics(plan: ExperimentPlan, found: dict[tuple[str, int], dict[str, Any]]) -> None:
    """A name that is in no result is misspelt."""
    known = {metric for result in found.values() for metric in result['metrics']}
    for name in plan.sets:
        for score in plan.scores:
            if f'{name}/{score}' not in known:
                plain = sorted(metric for metric in known if metric.count('/') == 1)
                raise ExperimentError(
                    f'No result has {name}/{score}, which sets and scores of the file ask for; '
                    f'there are {", ".join(plain)}.'
                )
    for name, by in plan.groups.items():
        if not any(metric.startswith(f'{name}/{by}/') for metric in known):
            raise ExperimentError(
                f'No result of {name} is by {by}, which groups of the file ask for; let the '
                f"config's test_evaluator have by=('{by}',) and group_results=True."
            )


def _natural(name: str) -> tuple[list[str], list[int]]:
    digits = ''.join(c if c.isdigit() else ' ' for c in name).split()
    letters = ''.join(' ' if c.isdigit() else c for c in name).split()
    return letters, [int(number) for number in digits]
