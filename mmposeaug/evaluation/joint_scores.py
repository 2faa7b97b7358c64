# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""From the errors of single joints to scores of a set and of its groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Callable, NamedTuple

import numpy as np
from mmengine.logging import print_log

from .groups import NameGroups
from .tables import format_table


class JointScores(NamedTuple):
    """What a score is made of.

    Args:
        errors (np.ndarray): Error of each joint of each frame, of shape (N, K).
        counts (np.ndarray): Which of them count, booleans of shape (N, K).
        reduce (Callable): The score of errors (M,).
    """

    errors: np.ndarray
    counts: np.ndarray
    reduce: Callable[[np.ndarray], float]

    def score(self, rows: np.ndarray | slice = slice(None)) -> float:
        """Score of some frames; NaN where none of their joints counts."""
        errors = self.errors[rows][self.counts[rows]]
        return float(self.reduce(errors)) if errors.size else float('nan')


def mean_scores(
    scores: Mapping[str, JointScores], names: Sequence[str | None], groups: NameGroups | None
) -> dict[str, float]:
    """Scores of all frames, or the mean of those of the groups of ``mean_over``."""
    if groups is None:
        return {name: each.score() for name, each in scores.items()}
    ((key, found),) = groups.split(names).items()
    lost = len(names) - sum(len(rows) for rows in found.values())
    if lost:
        raise ValueError(
            f'mean_over is {key!r}, but the file names of {lost} of {len(names)} samples are '
            'unknown or do not match name_pattern; correct it, or leave mean_over out.'
        )
    return _mean_row([_row(scores, rows) for rows in found.values()])


def score_groups(
    scores: Mapping[str, JointScores],
    names: Sequence[str | None],
    groups: NameGroups,
    give: bool,
) -> dict[str, float]:
    """Write one table for each of ``by``; the scores if they are to be given."""
    results: dict[str, float] = {}
    for key, found in groups.split(names).items():
        lost = len(names) - sum(len(rows) for rows in found.values())
        if lost:
            print_log(
                f'{lost} of {len(names)} samples are in no group by {key}, as their file '
                'names are unknown or do not match name_pattern.',
                logger='current',
            )
        if not found:
            continue
        table = {name: _row(scores, rows) for name, rows in found.items()}
        if give:
            for name, row in table.items():
                results.update({f'{key}/{name}/{score}': v for score, v in row.items()})
        if len(table) > 1:
            table['mean'] = _mean_row(list(table.values()))
        print_log('Scores by ' + key + '\n' + format_table(key, table), logger='current')
    return results


def _row(scores: Mapping[str, JointScores], rows: np.ndarray) -> dict[str, float]:
    return {name: each.score(rows) for name, each in scores.items()}


def _mean_row(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean of each score; NaN if it is so in a row, of which no joint counts."""
    return {column: float(np.mean([row[column] for row in rows])) for column in rows[0]}
