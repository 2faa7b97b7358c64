# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The quickstart's scores as a table, as JSON, and in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mmposeaug.fileio import atomic_write, save_json

from .plan import METHODS, REAL_VIDEO, SCORES, QuickstartPlan

Scores = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Scores by method's name, set and score; the sets in the plan's order."""

_UNITS = {'MPJPE': 'mm', 'P-MPJPE': 'mm', 'PCK': '%', 'AUC': '%'}


def pick_scores(metrics: Mapping[str, float], sets: Iterable[str]) -> dict[str, dict[str, float]]:
    """Scores by set from the results of ``tools/test.py``."""
    return {name: {score: metrics[f'{name}/{score}'] for score in SCORES} for name in sets}


def format_table(scores: Scores) -> str:
    """A Markdown table, aligned so that it reads well as plain text.

    Args:
        scores (Mapping): Scores by method's name, set and score.

    Returns:
        str: The table, without a newline at its end.
    """
    head = ['set', 'training', *(f'{score} ({_UNITS[score]})' for score in SCORES)]
    rows = [
        [name, method.label, *(f'{scores[method.name][name][score]:.1f}' for score in SCORES)]
        for name in _sets(scores)
        for method in METHODS
    ]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]

    def line(cells: list[str]) -> str:
        padded = [
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(cells, widths))
        ]
        return '| ' + ' | '.join(padded) + ' |'

    rule = ['-' * width if i < 2 else '-' * (width - 1) + ':' for i, width in enumerate(widths)]
    return '\n'.join([line(head), line(rule), *map(line, rows)])


def target_of(sets: Iterable[str]) -> str:
    """The set that the trainings are compared on."""
    return [name for name in sets if name != REAL_VIDEO][-1]


def describe(scores: Scores) -> str:
    """Who is better on the target, and on real video where it is there, and by how much."""
    sentences = _verdict(scores, target_of(_sets(scores)), 'the target')
    if REAL_VIDEO in _sets(scores):
        sentences += ' ' + _verdict(scores, REAL_VIDEO, 'real video')
    return sentences


def _verdict(scores: Scores, target: str, label_of_set: str) -> str:
    errors = {method.name: scores[method.name][target]['MPJPE'] for method in METHODS}
    own = errors['poseaug']
    labels = dict(baseline='no augmentation', random='random augmentation')
    parts = [
        f'{_difference(own, errors[name])} with {label} ({errors[name]:.1f} mm)'
        for name, label in labels.items()
    ]
    best = min(METHODS, key=lambda method: errors[method.name])
    return (
        f'On {label_of_set}, MPJPE with PoseAug is {own:.1f} mm: {" and ".join(parts)}. '
        f'Best: {best.label}.'
    )


def _sets(scores: Scores) -> list[str]:
    return list(scores[METHODS[0].name])


def _difference(own: float, other: float) -> str:
    percent = 100 * (own / other - 1)
    return f'{abs(percent):.1f} % {"lower" if percent < 0 else "higher"} than'


def write_report(plan: QuickstartPlan, scores: Scores, steps: int) -> None:
    """Write ``results.json`` and ``results.md`` to the work folder."""
    content = dict(settings=plan.settings(), lifter_steps=steps, scores=scores)
    save_json(plan.work_dir / 'results.json', content)
    sets = '\n'.join(f'- `{name}`, {text}' for name, text in plan.sets.items())
    with atomic_write(plan.work_dir / 'results.md', 'w') as file:
        file.write(
            '# Quickstart\n\n'
            f'{describe(scores)}\n\n{format_table(scores)}\n\n{sets}\n\n'
            f'SimpleBaseline of width 256, batch 256, {steps} lifter steps ({plan.max_epochs} '
            f'epochs) in each training, seed {plan.seed}; checkpoints chosen on a held-out part '
            'of the source; root-aligned, with flip at test time; PCK at 150 mm, AUC over 0, 5, '
            '..., 150 mm.\n'
        )
