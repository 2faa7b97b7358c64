# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Bars of the most important score."""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mmposeaug.visualization import SERIES_COLORS, new_figure
from mmposeaug.visualization.style import LABEL_SIZE, TITLE_SIZE

from .collect import Results
from .plan import Experiment, ExperimentPlan
from .tables import mean_and_deviation, unit_of

PUBLISHED_STYLE: dict[str, Any] = dict(
    marker='D',
    markersize=7,
    markerfacecolor='none',
    markeredgecolor='#111111',
    markeredgewidth=1.4,
    zorder=4,
)
"""dict[str, Any]: How published figures are marked."""

NEAR = 1.2
"""float: Up to this many times a bar's length the text beside it reaches."""

WIDTH, BAR_HEIGHT, SECTION_HEIGHT, MARGIN_HEIGHT = 9.0, 0.36, 0.45, 1.1
"""float: Sizes in inches."""


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


def draw_scores(results: Results) -> Figure | None:
    """Draw the first score on the last set: means, deviations, single seeds, published figures."""
    plan = results.plan
    set_name, score = plan.headline
    sections = {
        name: [e for e in experiments if results.values(e, set_name, score)]
        for name, experiments in plan.sections.items()
    }
    sections = {name: experiments for name, experiments in sections.items() if experiments}
    if not sections:
        return None
    counts = [len(experiments) for experiments in sections.values()]
    height = BAR_HEIGHT * sum(counts) + SECTION_HEIGHT * len(counts) + MARGIN_HEIGHT
    figure = new_figure(WIDTH, height)
    figure.set_layout_engine('constrained')
    rows = figure.subplots(len(counts), 1, sharex=True, squeeze=False, height_ratios=counts)
    for axes, (name, experiments) in zip(rows[:, 0], sections.items()):
        _draw_section(axes, results, experiments)
        axes.set_title(name, fontsize=TITLE_SIZE, loc='left')
    unit = unit_of(score)
    better = 'higher' if unit == '%' else 'lower'
    rows[-1, 0].set_xlabel(
        f'{score} on {set_name} ({unit}), {better} is better', fontsize=LABEL_SIZE + 1
    )
    figure.suptitle(plan.title, fontsize=TITLE_SIZE + 2)
    drawn = [e for experiments in sections.values() for e in experiments]
    if any(e.published_figure(set_name, score) is not None for e in drawn):
        mark = Line2D([], [], linestyle='', **PUBLISHED_STYLE, label='published')
        figure.legend(handles=[mark], loc='outside lower right', frameon=False, fontsize=LABEL_SIZE)
    return figure


def _draw_section(axes: Any, results: Results, experiments: list[Experiment]) -> None:
    reference = results.plan.references.get(experiments[0].section)
    set_name, score = results.plan.headline
    styles = series_styles(results.plan)
    for place, experiment in enumerate(experiments):
        values = results.values(experiment, set_name, score)
        mean, deviation = mean_and_deviation(values)
        axes.barh(place, mean, 0.72, color=styles[experiment.label].color)
        if deviation is not None:
            axes.errorbar(mean, place, xerr=deviation, color='#222222', capsize=4, linewidth=1.4)
            spread = np.linspace(-0.16, 0.16, len(values))
            axes.scatter(
                values, place + spread, 16, 'white', edgecolors='#222222', linewidths=0.8, zorder=3
            )
        text = f'{mean:.1f}' if deviation is None else f'{mean:.1f} ± {deviation:.1f}'
        right = max([*values, mean + (deviation or 0)])
        published = experiment.published_figure(set_name, score)
        if published is not None:
            axes.plot(published, place, linestyle='', **PUBLISHED_STYLE)
            if right < published < NEAR * right:
                right = published  # the text would hide the mark
        axes.annotate(
            text,
            (right, place),
            (8, 0),
            textcoords='offset points',
            va='center',
            fontsize=LABEL_SIZE,
            bbox=dict(facecolor='white', edgecolor='none', pad=1.0),
        )
        if experiment.name == reference:
            axes.axvline(mean, color='#555555', linewidth=0.9, linestyle='--', zorder=0.5)
    axes.set_yticks(range(len(experiments)), [e.label for e in experiments], fontsize=LABEL_SIZE)
    axes.invert_yaxis()
    axes.tick_params(axis='x', labelsize=LABEL_SIZE)
    axes.margins(x=0.14)
    tidy(axes, 'x')


def tidy(axes: Any, grid: str) -> None:
    """Take away what is no data."""
    axes.grid(axis=grid, color='#e2e2e2', linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ('top', 'right'):
        axes.spines[side].set_visible(False)
