# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How fast people move in clips, real and augmented."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from .augmentation_values import KIND_COLORS, KIND_LABELS
from .figures import new_figure
from .motion_values import MOTION
from .style import LABEL_SIZE, TICK_SIZE, TITLE_SIZE

COLUMNS = 4
"""int: Panels in a row."""
DECADES = 4.5
"""float: How many powers of ten an axis shows at most, below the largest value."""
BINS = 60
NOTE = (
    'Share of the values in bins that\n'
    'are equally wide on this axis.\n'
    'Dotted lines are means.\n\n'
    'Frames repeated to fill up a clip\n'
    'are left out.'
)


def draw_motion(
    motion: Mapping[str, Mapping[str, np.ndarray]], title: str = '', dpi: int = 80
) -> Figure:
    """Draw the distributions of speeds, accelerations and turns of the clips of each kind.

    Args:
        motion (Mapping[str, Mapping[str, np.ndarray]]): By kind, the values of
            :func:`mmposeaug.visualization.motion_values.motion_of`.
        title (str): Title of the picture.
        dpi (int): Pixels per inch. Defaults to 80.

    Returns:
        Figure: A panel for each quantity, both axes logarithmic, with means and maxima below, and
        one that explains them.
    """
    rows = -(-(len(MOTION) + 1) // COLUMNS)
    height = 3.4 * rows + 0.5
    figure = new_figure(3.2 * COLUMNS, height, dpi)
    panels = figure.subplots(rows, COLUMNS).flatten()
    for panel, name in zip(panels, MOTION):
        _panel(panel, name, {kind: values[name] for kind, values in motion.items()})
    for panel in panels[len(MOTION) :]:
        panel.set_axis_off()
    panels[len(MOTION)].text(0.0, 0.95, NOTE, va='top', fontsize=LABEL_SIZE + 1, linespacing=1.4)
    if title:
        figure.text(0.5, 1 - 0.32 / height, title, ha='center', fontsize=TITLE_SIZE + 2)
    figure.subplots_adjust(0.045, 0.14, 0.99, 1 - 0.85 / height, wspace=0.22, hspace=0.66)
    return figure


def _panel(axes: Any, name: str, values: Mapping[str, np.ndarray]) -> None:
    axes.set_title(MOTION[name].title, fontsize=LABEL_SIZE + 1)
    axes.set_xlabel(MOTION[name].unit, fontsize=TICK_SIZE + 1, labelpad=1)
    axes.tick_params(labelsize=TICK_SIZE + 1)
    known = {kind: each for kind, each in values.items() if len(each)}
    high = max((each.max() for each in known.values()), default=0.0)
    if not high > 0:
        axes.text(0.5, 0.5, 'no motion', ha='center', transform=axes.transAxes)
        return
    low = max(
        min(np.quantile(each[each > 0], 0.01) for each in known.values() if (each > 0).any()),
        high / 10**DECADES,
    )
    bins = np.geomspace(min(low, high / 10), 1.01 * high, BINS)
    for kind, each in known.items():
        counts, _ = np.histogram(each, bins)
        text = f'{KIND_LABELS[kind]}: mean {_short(each.mean())}, largest {_short(each.max())}'
        shares = np.where(counts > 0, counts / len(each), np.nan)
        axes.stairs(shares, bins, color=KIND_COLORS[kind], linewidth=1.7, label=text)
        axes.axvline(each.mean(), color=KIND_COLORS[kind], linewidth=1.3, linestyle=':')
    axes.set(xscale='log', yscale='log', xlim=(bins[0], bins[-1] * 1.3))
    axes.grid(color='#e4e4e4', linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(
        loc='upper center',
        bbox_to_anchor=(0.5, -0.17),
        fontsize=TICK_SIZE + 1,
        frameon=False,
        handlelength=1.4,
    )


def _short(value: float) -> str:
    """Three digits, or all before the point."""
    return f'{value:,.0f}' if value >= 100 else f'{value:.3g}'
