# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The quickstart's scores as a table, as JSON, and in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mmposeaug.evaluation import format_table
from mmposeaug.fileio import atomic_write, save_json

from ..tables import unit_of

METHODS = {
    'baseline': 'No augmentation',
    'random': 'Random augmentation',
    'poseaug': 'PoseAug',
}
"""dict[str, str]: The ways that are compared; they differ in nothing but the augmentation."""

REAL_VIDEO = 'real_video'
"""str: Name of the test set of a real detector's keypoints, which is optional."""

ROLES = {
    'source_test': 'source: other people, same motions',
    'target_dev': 'target: other people, motions and cameras',
    REAL_VIDEO: "real video: a detector's keypoints, 12 joints, mean over calibrated cameras",
}
"""dict[str, str]: What the configs' test sets are."""

SCORES = ('MPJPE', 'P-MPJPE', 'PCK', 'AUC')

Scores = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Scores by method's name, set and score; the sets in the plan's order."""


def format_scores(scores: Scores) -> str:
    """A Markdown table, aligned so that it reads well as plain text."""
    return format_table(
        'set',
        [
            (
                name,
                {
                    'training': label,
                    **{f'{s} ({unit_of(s)})': f'{scores[method][name][s]:.1f}' for s in SCORES},
                },
            )
            for name in _sets(scores)
            for method, label in METHODS.items()
        ],
    )


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
    errors = {method: scores[method][target]['MPJPE'] for method in METHODS}
    own = errors['poseaug']
    labels = dict(baseline='no augmentation', random='random augmentation')
    parts = [
        f'{_difference(own, errors[name])} with {label} ({errors[name]:.1f} mm)'
        for name, label in labels.items()
    ]
    best = min(METHODS, key=lambda method: errors[method])
    return (
        f'On {label_of_set}, MPJPE with PoseAug is {own:.1f} mm: {" and ".join(parts)}. '
        f'Best: {METHODS[best]}.'
    )


def _sets(scores: Scores) -> list[str]:
    return list(scores['baseline'])


def _difference(own: float, other: float) -> str:
    percent = 100 * (own / other - 1)
    return f'{abs(percent):.1f} % {"lower" if percent < 0 else "higher"} than'


def write_report(work_dir: Path, scores: Scores, steps: int, settings: Mapping[str, Any]) -> None:
    """Write ``results.json`` and ``results.md`` to the work folder."""
    content = dict(settings=settings, lifter_steps=steps, scores=scores)
    save_json(work_dir / 'results.json', content)
    sets = '\n'.join(f'- `{name}`, {ROLES[name]}' for name in _sets(scores))
    how = (
        f'SimpleBaseline of width 256, batch 256, {steps} lifter steps ({settings["epochs"]} '
        f'epochs) in each training, seed {settings["seed"]}; checkpoints chosen on a held-out part '
        'of the source; root-aligned, with flip at test time; PCK at 150 mm, AUC over 0, 5, ..., '
        '150 mm.'
    )
    parts = ['# Quickstart', describe(scores), format_scores(scores), sets, how]
    with atomic_write(work_dir / 'results.md', 'w') as file:
        file.write('\n\n'.join(parts) + '\n')
