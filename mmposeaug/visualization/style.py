# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Colours that mean the same in every picture."""

from __future__ import annotations

SIDE_COLORS: dict[str, str] = {'left': '#d62728', 'right': '#1f77b4', '': '#333333'}
"""dict[str, str]: Colour of the person's own left and right side, and of the midline."""

GHOST_COLOR = '#b0b0b0'
"""str: Colour of a pose that another one is compared with."""

SERIES_COLORS: tuple[str, ...] = ('#8c8c8c', '#e69f00', '#009e73', '#56b4e9', '#cc79a7')
"""tuple[str]: Colours of the things that are compared, told apart by the colour-blind too."""

TITLE_SIZE, LABEL_SIZE, TICK_SIZE = 11, 9, 7
"""int: Font sizes in points."""
