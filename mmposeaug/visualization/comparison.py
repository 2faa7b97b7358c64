# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Charts that compare lifters: error bars and PCK curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from .figures import new_figure
from .style import LABEL_SIZE, SERIES_COLORS, TICK_SIZE, TITLE_SIZE


def draw_comparison(
    errors_mm: Mapping[str, Mapping[str, float]],
    joint_errors_mm: Mapping[str, np.ndarray],
    title: str = '',
    curve_title: str = '',
    dpi: int = 100,
) -> Figure:
    """Draw the error of several lifters on several sets, and how it is spread on one of them.

    Args:
        errors_mm (Mapping[str, Mapping[str, float]]): For each lifter its MPJPE by set, in mm.
        joint_errors_mm (Mapping[str, np.ndarray]): For each lifter its joint errors on one set,
            in mm, of any shape.
        title (str): Title of the picture.
        curve_title (str): Title of the curves, which names their set.
        dpi (int): Pixels per inch. Defaults to 100.

    Returns:
        Figure: The figure.

    Raises:
        ValueError: If there is nothing to compare.
    """
    if not errors_mm:
        raise ValueError('A comparison needs at least one lifter; errors_mm is empty.')
    figure = new_figure(11, 4.6, dpi)
    bars, curves = figure.subplots(1, 2, width_ratios=(1.15, 1))
    _draw_bars(bars, errors_mm)
    _draw_curves(curves, joint_errors_mm)
    curves.set_title(curve_title, fontsize=TITLE_SIZE)
    figure.suptitle(title, fontsize=TITLE_SIZE + 2, y=0.975)
    handles, labels = bars.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc='lower center',
        ncols=len(labels),
        frameon=False,
        fontsize=LABEL_SIZE + 1,
    )
    figure.subplots_adjust(left=0.065, right=0.98, top=0.84, bottom=0.2, wspace=0.18)
    return figure


def _draw_bars(axes: Any, errors_mm: Mapping[str, Mapping[str, float]]) -> None:
    sets = list(next(iter(errors_mm.values())))
    width = 0.8 / len(errors_mm)
    for i, (label, row) in enumerate(errors_mm.items()):
        values = [row[name] for name in sets]
        places = np.arange(len(sets)) + (i - (len(errors_mm) - 1) / 2) * width
        color = SERIES_COLORS[i % len(SERIES_COLORS)]
        drawn = axes.bar(places, values, 0.92 * width, color=color, label=label)
        axes.bar_label(drawn, fmt='%.1f', fontsize=LABEL_SIZE, padding=2)
    axes.set_xticks(range(len(sets)), sets, fontsize=LABEL_SIZE + 1)
    axes.set_ylabel('MPJPE (mm), lower is better', fontsize=LABEL_SIZE + 1)
    axes.set_title('Mean joint error', fontsize=TITLE_SIZE)
    axes.margins(y=0.12)
    _tidy(axes, 'y')


def _draw_curves(axes: Any, joint_errors_mm: Mapping[str, np.ndarray]) -> None:
    thresholds = np.arange(0, 151, 1)
    for i, (label, errors) in enumerate(joint_errors_mm.items()):
        errors = np.sort(np.ravel(errors))
        share = 100 * np.searchsorted(errors, thresholds) / len(errors)
        axes.plot(
            thresholds, share, color=SERIES_COLORS[i % len(SERIES_COLORS)], linewidth=2, label=label
        )
    axes.set(xlim=(0, 150), ylim=(0, 100), xticks=range(0, 151, 25))
    axes.set_xlabel('threshold (mm)', fontsize=LABEL_SIZE + 1)
    axes.set_ylabel('joints closer than the threshold (%)', fontsize=LABEL_SIZE + 1)
    _tidy(axes, 'both')


def _tidy(axes: Any, grid: str) -> None:
    axes.tick_params(labelsize=TICK_SIZE + 2)
    axes.grid(axis=grid, color='#e2e2e2', linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ('top', 'right'):
        axes.spines[side].set_visible(False)
