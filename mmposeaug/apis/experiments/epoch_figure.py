# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How trainings went, epoch by epoch."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mmposeaug.visualization import new_figure
from mmposeaug.visualization.style import LABEL_SIZE, TICK_SIZE, TITLE_SIZE

from .collect import Results
from .plan import Experiment
from .score_figure import color_of, tidy

COLUMNS = 4
PANEL_SIZE = (3.1, 2.3)
"""tuple[float]: Width and height in inches."""

LINE_STYLES = ('-', '--', ':', '-.', (0, (5, 1, 1, 1, 1, 1)), (0, (8, 3)))
"""tuple: Styles of the values that share a panel."""

QUANTILE = re.compile(r'_(?:[pq]_?)?(\d+|low|high)$')


@dataclass(frozen=True)
class Panel:
    """A panel of the figure.

    Args:
        title (str): Its title.
        part (str): Part of the diagnostics, ``'training'`` or ``'validation'``.
        pattern (str): Regular expression of the values' names; '' for the score by which
            checkpoints are chosen.
    """

    title: str
    part: str
    pattern: str

    def names(self, result: dict[str, Any]) -> list[str]:
        """Values of a run that belong here.

        Args:
            result (dict): The run's result.

        Returns:
            list[str]: Their names.
        """
        columns = result['diagnostics'][self.part]
        if not self.pattern:
            return [name for name in columns if name == result['checkpoint']['score_name']]
        return [name for name in columns if re.fullmatch(self.pattern, name)]


PANELS = (
    Panel('Validation error (mm)', 'validation', ''),
    Panel('Training loss of the lifter', 'training', 'loss'),
    Panel("Lifter's error on training poses", 'training', r'poseaug/(\w+_)?(error|mpjpe)(_\w+)?'),
    Panel('Augmented samples in view (share)', 'training', r'poseaug/in_view(_\w+)?'),
    Panel(
        'Root depth of augmented poses (m)',
        'training',
        r'poseaug/(root_)?depth(_(mean|([pq]_?)?\d+|low|high))?',
    ),
    Panel('Hardness', 'training', r'poseaug/hardness(_\w+)?'),
    Panel(
        'Accuracy of discriminators (0.5: chance)',
        'training',
        r'poseaug/accuracy_(?!\w*_with_real)\w+',
    ),
    Panel('Diversity of augmented poses', 'training', r'poseaug/diversity(_\w+)?'),
)
"""tuple[Panel]: The panels; those without data are left out."""


def draw_epochs(results: Results) -> Figure | None:
    """Draw validation and diagnostics by epoch: mean over the seeds, and their range.

    Args:
        results (Results): The results.

    Returns:
        Figure | None: The figure, None if nothing was logged.
    """
    found = list(results.found.values())
    panels = [panel for panel in PANELS if any(panel.names(result) for result in found)]
    sections = {
        name: [experiment for experiment in experiments if results.of(experiment)]
        for name, experiments in results.plan.sections.items()
    }
    sections = {name: experiments for name, experiments in sections.items() if experiments}
    if not panels:
        return None
    columns = min(COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    width, height = PANEL_SIZE
    figure = new_figure(columns * width, len(sections) * (rows * height + 0.4) + 0.9, dpi=90)
    figure.set_layout_engine('constrained')
    parts = figure.subfigures(len(sections), 1, squeeze=False)[:, 0]
    for part, (name, experiments) in zip(parts, sections.items()):
        if name:
            part.suptitle(name, fontsize=TITLE_SIZE, fontweight='bold')
        grid = part.subplots(rows, columns, squeeze=False).ravel()
        for axes, panel in zip(grid, panels):
            _draw_panel(axes, panel, results, experiments)
        for axes in grid[len(panels) :]:
            axes.set_visible(False)
    _add_legend(figure, results)
    figure.suptitle(f'{results.plan.title}: by epoch', fontsize=TITLE_SIZE + 2)
    return figure


def _add_legend(figure: Figure, results: Results) -> None:
    shown = {e.label: color_of(results, e) for e in results.plan.experiments if results.of(e)}
    lines = [
        Line2D([], [], color=color, linewidth=2, label=label) for label, color in shown.items()
    ]
    figure.legend(
        handles=lines,
        loc='outside lower center',
        ncols=min(len(lines), 4),
        frameon=False,
        fontsize=LABEL_SIZE + 1,
    )


def _draw_panel(axes: Any, panel: Panel, results: Results, experiments: list[Experiment]) -> None:
    names = list(
        dict.fromkeys(
            name for e in experiments for result in results.of(e) for name in panel.names(result)
        )
    )
    middle = [name for name in names if not QUANTILE.search(name)]
    styles = {name: LINE_STYLES[i % len(LINE_STYLES)] for i, name in enumerate(middle)}
    for experiment in experiments:
        color = color_of(results, experiment)
        for name in names:
            columns = [result['diagnostics'][panel.part] for result in results.of(experiment)]
            epochs, values = _align([c for c in columns if name in c], name)
            if not len(epochs):
                continue
            mean = np.nanmean(values, axis=0)
            if name not in styles:  # a quantile of the samples
                axes.plot(epochs, mean, color=color, linewidth=0.8, linestyle='--', alpha=0.8)
                continue
            marker = '.' if len(epochs) < 2 else ''
            axes.plot(
                epochs, mean, color=color, linewidth=1.5, linestyle=styles[name], marker=marker
            )
            low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
            axes.fill_between(epochs, low, high, color=color, alpha=0.18, linewidth=0)
    _label_styles(axes, panel, styles, names)
    axes.set_title(panel.title, fontsize=LABEL_SIZE)
    axes.set_xlabel('epoch', fontsize=TICK_SIZE + 1)
    axes.tick_params(labelsize=TICK_SIZE + 1)
    axes.set_xlim(0, 1.02 * max(result['epochs'] for result in results.found.values()))
    tidy(axes, 'both')
    if not names:  # the panel has data in another section
        axes.text(0.5, 0.5, 'not logged', ha='center', transform=axes.transAxes, color='#888888')


def _label_styles(axes: Any, panel: Panel, styles: dict[str, Any], names: Sequence[str]) -> None:
    """A key of the line styles, where a panel has several."""
    entries = {name.rsplit('/', 1)[-1]: style for name, style in styles.items()}
    quantiles = [name.rsplit('/', 1)[-1] for name in names if name not in styles]
    if len(entries) + len(quantiles) < 2:
        return
    lines = [
        Line2D([], [], color='#333333', linewidth=1.2, linestyle=style, label=name)
        for name, style in entries.items()
    ]
    if quantiles:
        text = ', '.join(quantiles)
        lines.append(Line2D([], [], color='#333333', linewidth=0.8, linestyle='--', label=text))
    axes.legend(handles=lines, fontsize=TICK_SIZE, frameon=False, handlelength=2.4)


def _align(columns: Sequence[dict[str, list[Any]]], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Values of several runs at the epochs that any of them has.

    Returns:
        tuple[np.ndarray, np.ndarray]: Epochs of shape (E,), and values of shape (runs, E), with NaN
        where a run has none; epochs at which no run has a value are left out.
    """
    epochs = sorted({epoch for c in columns for epoch in c['epoch']})
    values = np.full((len(columns), len(epochs)), np.nan)
    for row, c in zip(values, columns):
        for epoch, value in zip(c['epoch'], c[name]):
            if value is not None:
                row[epochs.index(epoch)] = value
    known = np.isfinite(values).any(axis=0) if len(columns) else np.zeros(0, bool)
    return np.array(epochs)[known], values[:, known]
