# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Gathers the results of a plan's runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mmposeaug.fileio import read_record

from .json_files import round_numbers
from .plan import Experiment, ExperimentError, ExperimentPlan, Run

DIGITS = 4
"""int: Significant digits of what is kept of each epoch."""

KEYS = ['experiment', 'seed', 'set', 'group', 'score']
"""list[str]: Columns of the frame that tell a value from the others."""

NO_RESULT = 'no result'
RESULT_KEYS = ('experiment', 'config', 'options', 'seed', 'metrics', 'checkpoint', 'diagnostics')


class Results:
    """Results of a plan's runs.

    Attributes:
        frame (pandas.DataFrame): One row a score of a run, with ``experiment``, ``seed``, ``set``,
            ``group`` ('' for the whole set), ``score`` and ``value``.
    """

    def __init__(
        self,
        plan: ExperimentPlan,
        found: dict[tuple[str, int], dict[str, Any]],
        missing: dict[str, str],
    ) -> None:
        self.plan = plan
        self.found = found
        self.missing = missing
        self.frame = pd.DataFrame(
            [
                (*key, *_place(plan, metric), value)
                for key, result in found.items()
                for metric, value in result['metrics'].items()
                if '/' in metric and value is not None
            ],
            columns=[*KEYS, 'value'],
        )
        self._values = self.frame.set_index(KEYS)['value'].to_dict()

    def of(self, experiment: Experiment) -> list[dict[str, Any]]:
        """The results of an experiment."""
        keys = [(experiment.name, seed) for seed in experiment.seeds]
        return [self.found[key] for key in keys if key in self.found]

    def values(
        self, experiment: Experiment, set_name: str, score: str, group: str = ''
    ) -> list[float]:
        """A score of all runs of an experiment, in the order of its seeds."""
        keys = [(experiment.name, seed, set_name, group, score) for seed in experiment.seeds]
        return [float(self._values[key]) for key in keys if key in self._values]

    def groups(self, set_name: str, experiments: Iterable[Experiment]) -> list[str]:
        """Names of the groups of a set."""
        chosen = self.frame['experiment'].isin([experiment.name for experiment in experiments])
        names = self.frame[chosen & (self.frame['set'] == set_name)]['group'].unique()
        return sorted(filter(None, names), key=_natural)


def _place(plan: ExperimentPlan, metric: str) -> tuple[str, str, str]:
    """Set, group and score of a metric such as ``target_dev/subject/S21/MPJPE``."""
    name, _, rest = metric.partition('/')
    group, _, score = rest.rpartition('/')
    by = plan.groups.get(name)
    if by is not None and group.startswith(f'{by}/'):
        return name, group[len(by) + 1 :], score
    return (name, '', score) if not group else (name, '', rest)


def collect_results(
    plan: ExperimentPlan,
    work_dir: str | os.PathLike | None = None,
    files: Sequence[str | os.PathLike] = (),
) -> Results:
    """Gather results from the folders of runs, and from files of earlier summaries.

    Args:
        plan (ExperimentPlan): The plan.
        work_dir (str | PathLike, optional): The folder that holds the runs. Its results count
            before those of the files. Defaults to None, none.
        files (Sequence[str | PathLike]): JSON files, the first ones count first. Defaults to none.

    Returns:
        Results: What is there.

    Raises:
        ExperimentError: If a file holds no results, there is nothing of the plan and it has no
            published figures either, or a score that the plan names is in no result.
    """
    sources: list[Callable[[Run], dict[str, Any] | None]] = []
    if work_dir is not None:
        folder = Path(work_dir)
        sources.append(
            lambda run: read_record(
                folder / run.experiment.name / f'seed_{run.seed}' / 'result.json'
            )
        )
    sources += [read_results(path) for path in files]
    where = ', '.join(repr(str(place)) for place in (work_dir, *files) if place is not None)
    return _collect(plan, sources, where)


def read_results(path: str | os.PathLike) -> Callable[[Run], dict[str, Any] | None]:
    """Results of a file of an earlier summary."""
    content = read_record(Path(path))
    listed = None if content is None else content.get('results')
    if not isinstance(listed, list) or not all(isinstance(entry, Mapping) for entry in listed):
        raise ExperimentError(
            f"'{path}' is not a file of results; name a JSON file that tools/summarize_results.py "
            'wrote.'
        )
    by_run = {(entry.get('experiment'), entry.get('seed')): entry for entry in listed}
    return lambda run: by_run.get((run.experiment.name, run.seed))


def _collect(
    plan: ExperimentPlan, sources: Sequence[Callable[[Run], dict[str, Any] | None]], where: str
) -> Results:
    found: dict[tuple[str, int], dict[str, Any]] = {}
    missing: dict[str, str] = {}
    for run in plan.runs():
        reasons = [NO_RESULT]
        for result in filter(None, (find(run) for find in sources)):
            reason = mismatch(plan, run, result)
            if not reason:
                rounded = round_numbers(result['diagnostics'], DIGITS)
                found[run.experiment.name, run.seed] = dict(result, diagnostics=rounded)
                break
            reasons.append(reason)
        else:
            missing[run.label] = reasons[-1]
    _leave_out_outdated(plan, found, missing)
    if not found and not any(experiment.published for experiment in plan.experiments):
        reason = '; '.join(f'{label}: {why}' for label, why in list(missing.items())[:3])
        raise ExperimentError(
            f'There is no result of these experiments in {where} ({reason}); run '
            'tools/run_experiments.py with that folder first.'
        )
    if found:
        _check_metrics(plan, found)
    return Results(plan, found, missing)


def _leave_out_outdated(
    plan: ExperimentPlan, found: dict[tuple[str, int], dict[str, Any]], missing: dict[str, str]
) -> None:
    """Takes away results that started from another run than the one whose result is here."""
    for run in plan.runs():
        result, start = found.get((run.experiment.name, run.seed)), plan.start_of(run)
        before = None if start is None else found.get((start.experiment.name, start.seed))
        if result is None or start is None or before is None:
            continue
        if before['checkpoint'].get('sha256') not in (None, result['start'].get('sha256')):
            del found[run.experiment.name, run.seed]
            missing[run.label] = (
                f'its result is left out, since it started from another run of {start.label} than '
                'the one here'
            )


def mismatch(plan: ExperimentPlan, run: Run, result: dict[str, Any]) -> str:
    """Why a result is not that of a run."""
    absent = [key for key in RESULT_KEYS if key not in result]
    if absent or not _is_result(result):
        return f'its result lacks {absent[0]!r}' if absent else 'its result is not that of a run'
    options = dict(run.experiment.options)
    expected = dict(
        experiment=run.experiment.name,
        config=plan.config_name(run.experiment),
        options=options,
        seed=run.seed,
        start_from=run.experiment.start_from,
    )
    made_with = dict(result, start_from=(result.get('start') or {}).get('experiment', ''))
    for key, value in expected.items():
        if made_with[key] != value:
            return f'its result is left out, since it was made with {key} {made_with[key]!r}'
    return ''


def _is_result(result: Mapping[str, Any]) -> bool:
    """Whether the parts that a summary reads are what they should be."""
    parts = all(
        isinstance(result[key], Mapping) for key in ('metrics', 'checkpoint', 'diagnostics')
    )
    has_start = isinstance(result.get('start') or {}, Mapping)
    return parts and has_start and result['diagnostics'].keys() >= {'training', 'validation'}


def _check_metrics(plan: ExperimentPlan, found: dict[tuple[str, int], dict[str, Any]]) -> None:
    """A name that is in no result is misspelt."""
    known = {metric for result in found.values() for metric in result['metrics']}
    for name in plan.sets:
        for score in plan.scores_of(name):
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
