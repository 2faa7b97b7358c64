# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Where people stand, from where they are seen, and how much an augmentation changes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from mmposeaug.structures import AugmentedSamples, ViewedPoses

from .augmentation_values import (
    KIND_COLORS,
    KIND_LABELS,
    bone_values,
    field_of_view,
    root_places,
    view_angles,
)
from .figures import new_figure
from .style import LABEL_SIZE, SERIES_COLORS, TICK_SIZE, TITLE_SIZE

MAX_POINTS = 4000
"""int: Points drawn in a panel, the first ones."""
ROWS = ('Camera as seen\nfrom the body', 'Root from above', 'Root in the image')
COLUMN = 3.0
"""float: Width of a column in inches."""


def draw_distributions(
    sets: Mapping[str, ViewedPoses],
    title: str = '',
    colors: Mapping[str, str] | None = None,
    dpi: int = 80,
) -> Figure:
    """Draw view points and positions of several sets of poses side by side.

    Args:
        sets (Mapping[str, ViewedPoses]): Poses by the title of their column.
        title (str): Title of the picture.
        colors (Mapping[str, str], optional): Colours by column. Defaults to those of the kinds of
            poses, for other columns to one after the other.
        dpi (int): Pixels per inch. Defaults to 80.

    Returns:
        Figure: The figure: a map of camera directions (azimuth 0 in the middle is before the
        person, to the right is the person's left; elevation up), the root seen from above with
        the field of view, and the root in the image.

    Raises:
        ValueError: If there is no set.
    """
    if not sets:
        raise ValueError('There is nothing to draw; give at least one set of poses.')
    width = 0.9 + COLUMN * len(sets)
    figure = new_figure(width, 8.3, dpi)
    depth = _far(sets)
    span = COLUMN / width
    of_kinds = {KIND_LABELS[kind]: color for kind, color in KIND_COLORS.items()}
    for i, (name, poses) in enumerate(sets.items()):
        color = {**of_kinds, **(colors or {})}.get(name, SERIES_COLORS[i % len(SERIES_COLORS)])
        left = 0.8 / width + i * span
        figure.text(
            left + 0.43 * span, 0.925, name, ha='center', fontsize=TITLE_SIZE, weight='bold'
        )
        box = (left, 0.70, 0.88 * span, 0.2)
        _view_panel(figure.add_axes(box, projection='mollweide'), poses, color)
        _place_panel(figure.add_axes((left, 0.355, 0.86 * span, 0.29)), poses, color, depth, i == 0)
        _image_panel(figure.add_axes((left, 0.055, 0.86 * span, 0.22)), poses, color, i == 0)
    for text, y in zip(ROWS, (0.80, 0.5, 0.165)):
        figure.text(
            0.18 / width, y, text, rotation=90, va='center', ha='center', fontsize=LABEL_SIZE
        )
    if title:
        size = _fitting(title, width, TITLE_SIZE + 2)
        figure.text(0.5, 0.965, title, ha='center', fontsize=size)
    return figure


def _fitting(title: str, width: float, largest: float) -> float:
    """Font size in points in which a title fits into a width in inches."""
    return min(largest, 72 * width / (0.6 * max(len(title), 1)))


def _dot(count: int) -> float:
    """Size of the dots of so many points."""
    return 3.0 if count > 500 else 9.0


def _far(sets: Mapping[str, ViewedPoses]) -> float:
    """A depth that nearly all roots are nearer than, in whole metres."""
    depths = [
        np.quantile(poses.pose_cam[:, poses.skeleton.root, 2], 0.995)
        for poses in sets.values()
        if len(poses)
    ]
    return float(np.ceil(max(depths, default=5.0) + 0.2))


def _view_panel(axes: Any, poses: ViewedPoses, color: str) -> None:
    angles = view_angles(poses.take(slice(MAX_POINTS)))
    if angles is not None:
        axes.scatter(
            *np.radians(angles).T, s=_dot(len(angles)), color=color, alpha=0.35, linewidths=0
        )
    axes.set_xticks(np.radians([-90, 0, 90]), [])
    axes.set_yticks(np.radians([-60, -30, 0, 30, 60]), ['', '-30°', '0°', '30°', ''])
    for place, text in ((0.25, 'right'), (0.5, 'front'), (0.75, 'left')):
        axes.text(place, -0.12, text, transform=axes.transAxes, ha='center', fontsize=TICK_SIZE)
    axes.tick_params(labelsize=TICK_SIZE)
    axes.grid(color='#d5d5d5', linewidth=0.6)
    axes.set_axisbelow(True)


def _place_panel(axes: Any, poses: ViewedPoses, color: str, far: float, first: bool) -> None:
    root, _ = root_places(poses.take(slice(MAX_POINTS)))
    axes.scatter(*root.T, s=_dot(len(root)), color=color, alpha=0.35, linewidths=0)
    if len(poses):
        for slope in field_of_view(poses):
            axes.plot([0, slope * far], [0, far], color='#555555', linewidth=0.8)
    axes.plot(0, 0, marker='^', color='#222222', markersize=6)
    axes.set(xlim=(-far / 2, far / 2), ylim=(-0.3, far))
    axes.set_xlabel('x (m), camera at the triangle', fontsize=TICK_SIZE + 1)
    if first:
        axes.set_ylabel('depth z (m)', fontsize=TICK_SIZE + 1)
    axes.tick_params(labelsize=TICK_SIZE)


def _image_panel(axes: Any, poses: ViewedPoses, color: str, first: bool) -> None:
    _, root = root_places(poses.take(slice(MAX_POINTS)))
    axes.scatter(*root.T, s=_dot(len(root)), color=color, alpha=0.35, linewidths=0)
    axes.set(xlim=(0, 1), ylim=(1, 0), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
    axes.set_xlabel('share of the width', fontsize=TICK_SIZE + 1)
    if first:
        axes.set_ylabel('share of the height', fontsize=TICK_SIZE + 1)
    axes.tick_params(labelsize=TICK_SIZE)


# ------------------------------------------------------------------------ changes
def draw_changes(samples: AugmentedSamples, title: str = '', dpi: int = 80) -> Figure:
    """Draw how far bones turned, how their lengths changed, and the lifter's errors.

    Args:
        samples (AugmentedSamples): The samples.
        title (str): Title of the picture.
        dpi (int): Pixels per inch. Defaults to 80.

    Returns:
        Figure: One panel for each kind of turn and of length, in which a row is the histogram of
        a bone, and one of the lifter's errors, where there are any.
    """
    titles = dict(turn='Turn of bones:\n{} (°)', length='Change of length:\n{} (%)')
    spans = dict(turn=(0.0, 90.0), length=(-100.0, 100.0))
    panels = [
        (titles[quantity].format(KIND_LABELS[kind]), values, spans[quantity])
        for kind, quantity, values in bone_values(samples)
    ]
    count = len(panels) + bool(samples.errors_mm)
    figure = new_figure(1.3 + 2.9 * max(count, 1), 4.6, dpi)
    axes = figure.subplots(1, max(count, 1), squeeze=False)[0]
    for i, (text, values, span) in enumerate(panels):
        _bone_panel(axes[i], values, samples.skeleton.bone_names if i == 0 else (), span)
        axes[i].set_title(text, fontsize=LABEL_SIZE + 1)
    if samples.errors_mm:
        _error_panel(axes[-1], samples)
    size = _fitting(title, figure.get_figwidth(), TITLE_SIZE + 1)
    figure.suptitle(title, fontsize=size, y=0.99)
    note = 'Rows: histograms of the bones to these joints; marks: means; last bins: all beyond.'
    figure.text(0.5, 0.02, note, ha='center', fontsize=LABEL_SIZE, color='#444444')
    figure.subplots_adjust(left=1.15 / figure.get_figwidth(), right=0.98, top=0.8, bottom=0.14)
    return figure


def _bone_panel(
    axes: Any, values: np.ndarray, names: tuple[str, ...], span: tuple[float, float]
) -> None:
    """A row of shades for each bone; what lies beyond the span is counted in its last bin."""
    bins = np.linspace(*span, 37)
    clipped = np.clip(values, span[0], np.nextafter(span[1], span[0]))
    shares = np.stack([np.histogram(column, bins)[0] for column in clipped.T]) / len(values)
    rows = np.arange(values.shape[1] + 1) - 0.5
    axes.pcolormesh(bins, rows, np.sqrt(shares), cmap='Greens', vmin=0, vmax=0.6)
    axes.plot(np.mean(values, axis=0), rows[:-1] + 0.5, '|', color='black', markersize=9)
    axes.set_yticks(range(len(names)), names, fontsize=TICK_SIZE + 1)
    axes.invert_yaxis()
    axes.tick_params(labelsize=TICK_SIZE + 1)


def _error_panel(axes: Any, samples: AugmentedSamples) -> None:
    shown = {k: e[samples.in_view[samples.kinds[k]]] for k, e in samples.errors_mm.items()}
    together = np.concatenate(list(shown.values()))
    bins = np.linspace(0, np.quantile(together, 0.98) if len(together) else 1, 50)
    for kind, seen in shown.items():
        text = f'{KIND_LABELS[kind]}, mean {seen.mean():.0f}' if len(seen) else KIND_LABELS[kind]
        axes.hist(seen, bins, histtype='step', linewidth=1.8, color=KIND_COLORS[kind], label=text)
    axes.set_title("The lifter's error\nof people in view (mm)", fontsize=LABEL_SIZE + 1)
    axes.set_yticks([])
    axes.tick_params(labelsize=TICK_SIZE + 1)
    axes.legend(fontsize=TICK_SIZE + 1, frameon=False)
