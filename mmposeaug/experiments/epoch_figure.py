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
from .score_figure import SeriesStyle, series_styles, tidy

COLUMNS = 5
PANEL_SIZE = (2.7, 2.2)
"""tuple[float]: Width and height in inches."""

LINE_STYLES = ('-', '--', ':', '-.', (0, (5, 1, 1, 1, 1, 1)), (0, (8, 3)))
"""tuple: Styles of the values that share a panel."""

KEY_COLUMNS = 4
"""int: Experiments beside each other in the key of a section."""

KEY_HEIGHT, TITLE_HEIGHT = 0.24, 0.4
"""float: Heights of a line of a key and of a title in inches."""

MARKS = 4
"""int: About so many marks are on a line."""

RANGE_LABEL = '5 % to 95 %'
LOOP, PROBE = 'poseaug/', 'augmentation/'
RANGE = r'(_(?P<range>low|high))?'


@dataclass(frozen=True)
class Panel:
    """A panel of the figure.

    Args:
        title (str): Its title.
        patterns (tuple[str]): Regular expressions of the values' names; of those the first one that
            fits any. Values that differ in the group ``kind`` are told apart by the line's style,
            those with the group ``range`` are the ends of a range.
    """

    title: str
    patterns: tuple[str, ...]

    def find(self, result: dict[str, Any]) -> dict[str, re.Match[str]]:
        """Values of a run that belong here.

        Args:
            result (dict): The run's result.

        Returns:
            dict[str, re.Match]: For each name what fits it.
        """
        for pattern in self.patterns:
            matches = {name: re.fullmatch(pattern, name) for name in _columns(result)}
            found = {name: match for name, match in matches.items() if match}
            if found:
                return found
        return {}


def _used(value: str) -> tuple[str, ...]:
    """Patterns of a value for the augmentation that a training uses: the learned or the random."""
    probe = [f'{PROBE}{value}_{name}{RANGE}' for name in ('learned', 'random')]
    return (*probe, f'{LOOP}{value}')


VALIDATION = 'validation'
PANELS = (
    Panel('Validation error (mm)', (VALIDATION,)),
    Panel('Training loss of the lifter', ('loss',)),
    Panel("Lifter's error on training poses (mm)", (rf'{PROBE}error_(?P<kind>\w+)',)),
    Panel('Augmented samples in view (share)', _used('in_view')),
    Panel('Depth of augmented poses (m)', _used('depth')),
    Panel('Camera above the body (degrees)', _used('elevation')),
    Panel('Size of bodies (1: real)', _used('size')),
    Panel('Diversity of poses (1: real)', _used('diversity')),
    Panel('Hardness', (rf'{LOOP}hardness_(?P<kind>\w+)',)),
    Panel(
        'Accuracy of discriminators',
        (rf'{LOOP}accuracy_(?!\w*_with_real)(?P<kind>\w+)',),
    ),
)
"""tuple[Panel]: The panels; those without data are left out."""


def _columns(result: dict[str, Any]) -> dict[str, tuple[list[int], list[Any]]]:
    """Epochs and values of everything that may be drawn, the chosen score as 'validation'."""
    training, validation = (result['diagnostics'][part] for part in ('training', VALIDATION))
    found = {name: (training['epoch'], training[name]) for name in training if name != 'epoch'}
    score = result['checkpoint']['score_name']
    if score in validation:
        found[VALIDATION] = validation['epoch'], validation[score]
    return found


def draw_epochs(results: Results) -> Figure | None:
    """Draw validation and diagnostics by epoch: mean over the seeds, and their range."""
    found = list(results.found.values())
    panels = [panel for panel in PANELS if any(panel.find(result) for result in found)]
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
    keys = [math.ceil(len(experiments) / KEY_COLUMNS) for experiments in sections.values()]
    heights = [rows * height + TITLE_HEIGHT + KEY_HEIGHT * lines for lines in keys]
    figure = new_figure(columns * width, sum(heights) + TITLE_HEIGHT, dpi=90)
    figure.set_layout_engine('constrained')
    parts = figure.subfigures(len(sections), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, (name, experiments) in zip(parts, sections.items()):
        if name:
            part.suptitle(name, fontsize=TITLE_SIZE, fontweight='bold')
        grid = part.subplots(rows, columns, squeeze=False).ravel()
        for axes, panel in zip(grid, panels):
            _draw_panel(axes, panel, results, experiments)
        for axes in grid[len(panels) :]:
            axes.set_visible(False)
        _add_key(part, results, experiments)
    figure.suptitle(f'{results.plan.title}: by epoch', fontsize=TITLE_SIZE + 2)
    return figure


def _add_key(part: Any, results: Results, experiments: list[Experiment]) -> None:
    """What the lines of a section are, below its panels."""
    styles = series_styles(results.plan)
    lines = [
        Line2D(
            [],
            [],
            color=styles[e.label].color,
            linewidth=_line(results, e)['linewidth'] + 0.5,
            label=e.label,
            **_marks(styles[e.label], 2, 0),
        )
        for e in experiments
    ]
    part.legend(
        handles=lines,
        loc='outside lower center',
        ncols=min(len(lines), KEY_COLUMNS),
        frameon=False,
        fontsize=LABEL_SIZE + 1,
    )


def _line(results: Results, experiment: Experiment) -> dict[str, float]:
    """The reference is thicker and lies above, so that it is found among many."""
    is_reference = results.plan.references.get(experiment.section) == experiment.name
    return dict(linewidth=2.4, zorder=3) if is_reference else dict(linewidth=1.2, zorder=2)


def _marks(style: SeriesStyle, count: int, place: int) -> dict[str, Any]:
    """Marks on a line of so many values, at different places on lines that lie together."""
    if not style.marker:
        return dict(marker='.' if count < 2 else '')
    step = max(1, math.ceil(count / MARKS))
    return dict(
        marker=style.marker,
        markersize=4,
        markerfacecolor='white' if style.marker not in 'x+' else style.color,
        markeredgewidth=1.0,
        markevery=(place % step, step),
    )


def _draw_panel(axes: Any, panel: Panel, results: Results, experiments: list[Experiment]) -> None:
    styles: dict[str, Any] = {}
    has_range = False
    series = series_styles(results.plan)
    for place, experiment in enumerate(experiments):
        color = series[experiment.label].color
        found = results.of(experiment)
        matches = {n: match for result in found for n, match in panel.find(result).items()}
        for name, match in matches.items():
            groups = match.groupdict()
            columns = [c[name] for c in map(_columns, found) if name in c]
            epochs, values = _align(columns)
            if not len(epochs):
                continue
            mean = np.nanmean(values, axis=0)
            if groups.get('range'):
                has_range = True
                axes.plot(epochs, mean, color=color, linewidth=0.8, linestyle='--', alpha=0.8)
                continue
            kind = groups.get('kind') or ''
            style = styles.setdefault(kind, LINE_STYLES[len(styles) % len(LINE_STYLES)])
            marks = _marks(series[experiment.label], len(epochs), place)
            line = dict(_line(results, experiment), color=color, linestyle=style)
            axes.plot(epochs, mean, **line, **marks)
            low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
            axes.fill_between(epochs, low, high, color=color, alpha=0.18, linewidth=0)
    _label_styles(axes, styles, has_range)
    axes.set_title(panel.title, fontsize=LABEL_SIZE)
    axes.set_xlabel('epoch', fontsize=TICK_SIZE + 1)
    axes.tick_params(labelsize=TICK_SIZE + 1)
    axes.set_xlim(0, 1.02 * max(result['epochs'] for result in results.found.values()))
    tidy(axes, 'both')
    if not styles:  # the panel has data in another section
        axes.text(0.5, 0.5, 'not logged', ha='center', transform=axes.transAxes, color='#888888')


def _label_styles(axes: Any, styles: dict[str, Any], has_range: bool) -> None:
    """A key of the line styles, where a panel has several."""
    entries = [(kind or 'mean', style, 1.2) for kind, style in styles.items()]
    if has_range:
        entries.append((RANGE_LABEL, '--', 0.8))
    if len(entries) < 2:
        return
    lines = [
        Line2D([], [], color='#333333', linewidth=width, linestyle=style, label=label)
        for label, style, width in entries
    ]
    axes.legend(handles=lines, fontsize=TICK_SIZE, frameon=False, handlelength=2.4)


def _align(columns: Sequence[tuple[list[int], list[Any]]]) -> tuple[np.ndarray, np.ndarray]:
    """Values of several runs at the epochs that any of them has.

    Returns:
        tuple[np.ndarray, np.ndarray]: Epochs of shape (E,), and values of shape (runs, E), with NaN
        where a run has none; epochs at which no run has a value are left out.
    """
    epochs = sorted({epoch for found, _ in columns for epoch in found})
    values = np.full((len(columns), len(epochs)), np.nan)
    for row, (found, column) in zip(values, columns):
        for epoch, value in zip(found, column):
            if value is not None:
                row[epochs.index(epoch)] = value
    known = np.isfinite(values).any(axis=0)
    return np.array(epochs, dtype=int)[known], values[:, known]
