# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The summary of results: Markdown, CSV, JSON and figures."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmposeaug.fileio import atomic_write
from mmposeaug.visualization import save_png

from .collect import NO_RESULT, Results
from .epoch_figure import draw_epochs
from .json_files import save_compact_json
from .plan import Experiment, ExperimentPlan, Run
from .score_figure import draw_scores
from .tables import cross_table, csv_rows, group_table, score_table, training_table


def write_summary(results: Results, out: str | os.PathLike) -> tuple[str, list[Path]]:
    """Write all files of a summary, each at once.

    Args:
        results (Results): The results.
        out (str | PathLike): Path of the files without their endings.

    Returns:
        tuple[str, list[Path]]: The Markdown text, and the files.
    """
    out = Path(out)
    pictures = {
        out.with_name(f'{out.name}.png'): draw_scores(results),
        out.with_name(f'{out.name}_epochs.png'): draw_epochs(results),
    }
    for path, figure in pictures.items():
        if figure is None:
            path.unlink(missing_ok=True)  # of an earlier summary
        else:
            save_png(figure, path)
    shown = [path for path, figure in pictures.items() if figure is not None]
    text = format_summary(results, [path.name for path in shown])
    files = [out.with_name(f'{out.name}.{ending}') for ending in ('md', 'csv', 'json')]
    with atomic_write(files[0], 'w') as file:
        file.write(text)
    with atomic_write(files[1], 'w') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerows(csv_rows(results))
    content = dict(title=results.plan.title, results=list(results.found.values()))
    save_compact_json(files[2], content)
    return text, [*files, *shown]


def format_summary(results: Results, pictures: list[str]) -> str:
    """The Markdown file."""
    plan = results.plan
    several = any(len(experiment.seeds) > 1 for experiment in plan.experiments)
    words = ['Mean ± sample standard deviation over the seeds.'] if several else ['One seed each.']
    if plan.references:
        words.append(
            'In brackets: how much larger or smaller the mean is than that of '
            f'{_name_references(plan)}, in percent of the latter.'
        )
    if plan.published_source:
        words.append(f'Published: {plan.published_source}; no number of ours counts these.')
    parts = [f'# {plan.title}', ' '.join(words)]
    parts += _say_missing(results)
    for table in plan.tables:
        parts += [f'## {table.title}', cross_table(results, table)]
    for section, experiments in plan.sections.items():
        level = '##' if not section else '###'
        if section:
            parts.append(f'## {section}')
        for name in plan.sets:
            parts += [f'{level} {name}', score_table(results, experiments, name)]
            if name in plan.groups and results.groups(name, experiments):
                by = plan.groups[name]
                parts += [
                    f'{plan.scores_of(name)[0]} by {by}:',
                    group_table(results, experiments, name),
                ]
        if any(results.of(experiment) for experiment in experiments):
            parts += [f'{level} Trainings', training_table(results, experiments)]
    parts += [f'![{_caption(name, plan.title)}]({name})' for name in pictures]
    parts += ['## Runs', '\n'.join(_describe(results, e) for e in plan.experiments)]
    return '\n\n'.join(parts) + '\n'


def _name_references(plan: ExperimentPlan) -> str:
    """Labels of the references, with their sections where these have different ones."""
    labels = {experiment.name: experiment.label for experiment in plan.experiments}
    sections: dict[str, list[str]] = {}
    for section, name in plan.references.items():
        sections.setdefault(labels[name], []).append(section)
    if len(sections) == 1:
        return f'"{next(iter(sections))}"'
    *first, last = (f'"{label}" in {" and ".join(names)}' for label, names in sections.items())
    return f'{", ".join(first)} and {last}'


def _say_missing(results: Results) -> Iterator[str]:
    """Names what is missing, an experiment in one line where all of it is for one reason."""
    if not results.missing:
        return
    if not results.found and set(results.missing.values()) == {NO_RESULT}:
        yield '**Nothing of this has been run yet.**'
        return
    lines = []
    for experiment in results.plan.experiments:
        runs = [Run(experiment, seed).label for seed in experiment.seeds]
        reasons = {label: results.missing[label] for label in runs if label in results.missing}
        if len(reasons) == len(runs) > 1 and len(set(reasons.values())) == 1:
            reasons = {f'{experiment.name}, all seeds': reasons[runs[0]]}
        lines += [f'- {label}: {reason}' for label, reason in reasons.items()]
    yield '**Missing runs**, which no number here counts:\n\n' + '\n'.join(lines)


def _caption(name: str, title: str) -> str:
    what = 'training by epoch' if name.endswith('_epochs.png') else 'scores'
    return f'{title}: {what}'


def _describe(results: Results, experiment: Experiment) -> str:
    """What an experiment's runs were made with."""
    name = ', '.join(filter(None, (experiment.section, experiment.label)))
    options = ', '.join(f'{key}={value}' for key, value in experiment.options.items())
    parts = [
        f'`{results.plan.config_name(experiment)}`' + (f' with `{options}`' if options else '')
    ]
    if experiment.start_from:
        parts.append(f'from the checkpoint of `{experiment.start_from}`')
    found = results.of(experiment)
    if not found:
        return f'- {name}: {"; ".join(parts)}; not run'
    seeds = 'seed' if len(found) == 1 else 'seeds'
    parts.append(f'{seeds} {", ".join(str(result["seed"]) for result in found)}')
    revisions = dict.fromkeys(text for result in found for text in _revisions(result))
    parts.append(f'revision {", ".join(revisions)}')
    machines = dict.fromkeys(
        f'torch {r["versions"]["torch"]} on {r["machine"].get("gpu", r["machine"]["cpu"])}'
        for r in found
    )
    parts += machines
    if len({result['config_sha256'] for result in found}) > 1:
        parts.append('**the seeds had different configs**, see `config_sha256`')
    return f'- {name}: {"; ".join(parts)}'


def _revisions(result: dict[str, Any]) -> Iterator[str]:
    if result['commit'] is None:
        yield 'unknown'
    else:
        yield result['commit'][:10] + (' with changes' if result['dirty'] else '')
    for commit in result['resumed_on']:
        if commit is not None and commit != result['commit']:
            yield commit[:10]
