# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The line below a picture that says what its colours and marks mean."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .style import GHOST_COLOR, LABEL_SIZE, SIDE_COLORS


def add_legend(
    figure: Figure, y: float, ghost_label: str = '', hollow_label: str = '', text_label: str = ''
) -> None:
    """Say what the colours and marks mean."""
    entries = [(SIDE_COLORS['left'], "person's left"), (SIDE_COLORS['right'], "person's right")]
    entries.append((SIDE_COLORS[''], 'midline'))
    if ghost_label:
        entries.append((GHOST_COLOR, ghost_label))
    handles = [Line2D([], [], color=color, linewidth=2.5, label=label) for color, label in entries]
    if hollow_label:
        ring: dict[str, Any] = dict(
            marker='o', markerfacecolor='white', color=SIDE_COLORS[''], linewidth=0
        )
        handles.append(Line2D([], [], label=hollow_label, **ring))
    if text_label:
        number: dict[str, Any] = dict(marker='$1$', color='black', linewidth=0, markeredgewidth=0)
        handles.append(Line2D([], [], label=text_label, **number))
    figure.legend(
        handles=handles,
        loc='lower center',
        bbox_to_anchor=(0.5, y),
        ncols=len(handles),
        frameon=False,
        fontsize=LABEL_SIZE,
        borderaxespad=0.1,
    )
