# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Colours and marks of experiments, the same in all figures."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from mmposeaug.visualization import SERIES_COLORS

from .plan import ExperimentPlan

COLORS = (*SERIES_COLORS, '#d55e00', '#0072b2', '#4d4d4d')
MARKERS = ('', 'o', '^', 's', 'x', 'v', '+', 'D')
"""tuple[str]: Marks on lines, for experiments beyond the colours; beyond these all come again."""


class SeriesStyle(NamedTuple):
    """What tells an experiment from the others of its section."""

    color: str
    marker: str


def series_styles(plan: ExperimentPlan) -> dict[str, SeriesStyle]:
    """Styles by label."""
    sections = [{e.label for e in experiments} for experiments in plan.sections.values()]
    choices = [SeriesStyle(color, marker) for marker, color in product(MARKERS, COLORS)]
    styles: dict[str, SeriesStyle] = {}
    for place, label in enumerate(dict.fromkeys(e.label for e in plan.experiments)):
        beside = set().union(*(labels for labels in sections if label in labels))
        used = {styles[other] for other in beside if other in styles}
        free = (style for style in choices if style not in used)
        styles[label] = next(free, choices[place % len(choices)])
    return styles
