# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Grids of 2D and 3D poses under common titles, scales and colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Union

import numpy as np
from matplotlib.figure import Figure

from mmposeaug.structures import Skeleton

from .figures import new_figure
from .legend import add_legend
from .poses import draw_pose_2d, draw_pose_3d, image_axes, person_window, space_axes
from .style import LABEL_SIZE, TITLE_SIZE

CELL = 2.75
"""float: Edge of a cell in inches."""


@dataclass(frozen=True)
class KeypointPanel:
    """A 2D pose in its image.

    Args:
        keypoints_px (np.ndarray): Keypoints of shape (J, 2), in pixels.
        image_size (tuple[float, float]): Width and height in pixels.
        title (str): Line above the panel. Defaults to none.
        image (np.ndarray, optional): RGB of the image, of shape (height, width, 3).
        ghost_px (np.ndarray, optional): Keypoints to compare with, of shape (J, 2).
        whole_image (bool): Show the whole image instead of the square around the person. Defaults
            to False.
    """

    keypoints_px: np.ndarray
    image_size: tuple[float, float]
    title: str = ''
    image: np.ndarray | None = field(default=None, repr=False)
    ghost_px: np.ndarray | None = None
    whole_image: bool = False


@dataclass(frozen=True)
class PosePanel:
    """A root-relative 3D pose.

    Args:
        pose_rel (np.ndarray): Camera-space joints of shape (J, 3), in metres, around the origin.
        title (str): Line above the panel. Defaults to none.
        ghost_rel (np.ndarray, optional): A pose to compare with, of shape (J, 3).
    """

    pose_rel: np.ndarray
    title: str = ''
    ghost_rel: np.ndarray | None = None


Box = tuple[float, float, float, float]

Panel = Union[KeypointPanel, PosePanel, None]
"""A cell of a gallery; None leaves it empty."""


def draw_gallery(
    rows: Sequence[Sequence[Panel]],
    skeleton: Skeleton,
    column_titles: Sequence[str] = (),
    row_titles: Sequence[str] = (),
    title: str = '',
    note: str = '',
    ghost_label: str = '',
    dpi: int = 100,
) -> Figure:
    """Draw a grid of poses; all 3D panels are cubes of one size.

    Args:
        rows (Sequence[Sequence[Panel]]): Panels, row by row.
        skeleton (Skeleton): The joints of all poses.
        column_titles (Sequence[str]): Titles of the columns.
        row_titles (Sequence[str]): Titles of the rows, written along the left border.
        title (str): Title of the picture.
        note (str): Line below the panels.
        ghost_label (str): What the grey poses are, for the legend.
        dpi (int): Pixels per inch. Defaults to 100.

    Returns:
        Figure: The figure, see :func:`mmposeaug.visualization.save_png`.

    Raises:
        ValueError: If there is no panel, or a shape does not fit the skeleton.
    """
    columns = max((len(row) for row in rows), default=0)
    if columns == 0:
        raise ValueError('A gallery needs at least one panel; give rows of panels.')
    top = 0.12 + 0.34 * bool(title) + 0.3 * bool(column_titles)
    bottom, left = 0.62 if note else 0.42, 0.42 if row_titles else 0.12
    width, height = left + columns * CELL + 0.15, top + len(rows) * CELL + bottom
    figure = new_figure(width, height, dpi)
    radius = _radius(rows)
    for i, row in enumerate(rows):
        for j, panel in enumerate(row):
            x, y = left + j * CELL, bottom + (len(rows) - 1 - i) * CELL
            _draw_panel(figure, panel, skeleton, radius, (x, y, width, height))
        if i < len(row_titles):
            y = (bottom + (len(rows) - 0.5 - i) * CELL) / height
            figure.text(
                0.16 / width, y, row_titles[i], rotation=90, va='center', fontsize=LABEL_SIZE + 1
            )
    for j, text in enumerate(column_titles):
        x, y = (left + (j + 0.5) * CELL) / width, 1 - (top - 0.1) / height
        figure.text(x, y, text, ha='center', fontsize=TITLE_SIZE, weight='bold')
    if title:
        figure.text(0.5, 1 - 0.3 / height, title, ha='center', fontsize=TITLE_SIZE + 2)
    if note:
        figure.text(0.5, 0.1 / height, note, ha='center', fontsize=LABEL_SIZE, color='#444444')
    add_legend(figure, (bottom - 0.36) / height, ghost_label)
    return figure


def _radius(rows: Sequence[Sequence[Panel]]) -> float:
    """Half an edge that holds every 3D pose, in quarters of a metre."""
    poses = [panel.pose_rel for row in rows for panel in row if isinstance(panel, PosePanel)]
    reach = max((float(np.abs(pose).max()) for pose in poses), default=1.0)
    return max(np.ceil(4 * reach) / 4, 0.25)


def _draw_panel(
    figure: Figure,
    panel: Panel,
    skeleton: Skeleton,
    radius: float,
    place: Box,
) -> None:
    """Draw a panel into the cell whose lower left corner is at x, y inches."""
    x, y, width, height = place

    def box(left: float, low: float, across: float, up: float) -> Box:
        return (x + left) / width, (y + low) / height, across / width, up / height

    if panel is None:
        return
    if isinstance(panel, KeypointPanel):
        axes: Any = figure.add_axes(box(0.45, 0.42, CELL - 0.65, CELL - 0.72))
        window = None if panel.whole_image else person_window(panel.keypoints_px)
        image_axes(axes, panel.image_size, panel.image, window)
        if panel.ghost_px is not None:
            draw_pose_2d(axes, panel.ghost_px, skeleton, ghost=True)
        draw_pose_2d(axes, panel.keypoints_px, skeleton)
    else:
        axes = figure.add_axes(box(-0.02, 0.08, CELL - 0.2, CELL - 0.3), projection='3d')
        axes.computed_zorder = False
        space_axes(axes, radius=radius)
        if panel.ghost_rel is not None:
            draw_pose_3d(axes, panel.ghost_rel, skeleton, ghost=True)
        draw_pose_3d(axes, panel.pose_rel, skeleton)
    if panel.title:
        figure.text(
            (x + CELL / 2) / width,
            (y + CELL - 0.2) / height,
            panel.title,
            ha='center',
            fontsize=LABEL_SIZE,
        )
