# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Figures without a window, and small PNG files of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from mmposeaug.fileio import atomic_write


def new_figure(width: float, height: float, dpi: int = 100) -> Figure:
    """A figure that needs no display and is not kept by pyplot.

    Args:
        width (float): Inches.
        height (float): Inches.
        dpi (int): Pixels per inch. Defaults to 100.

    Returns:
        Figure: The figure.
    """
    figure = Figure(figsize=(width, height), dpi=dpi, facecolor='white')
    FigureCanvasAgg(figure)
    return figure


def to_image(figure: Figure) -> np.ndarray:
    """The pixels of a figure.

    Args:
        figure (Figure): A figure of :func:`new_figure`.

    Returns:
        np.ndarray: RGB of shape (height, width, 3), uint8.
    """
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def background_of(figure: Figure, moving: Sequence[Any]) -> Any:
    """A figure without its moving artists, for :func:`draw_over`."""
    for artist in moving:
        artist.set_visible(False)
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    for artist in moving:
        artist.set_visible(True)
    return canvas.copy_from_bbox(figure.bbox)


def draw_over(figure: Figure, background: Any, moving: Sequence[Any]) -> np.ndarray:
    """Pixels of moving artists over a background, several times as fast as the whole figure.

    Returns:
        np.ndarray: RGB of shape (height, width, 3), uint8.
    """
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.restore_region(background)
    renderer = canvas.get_renderer()
    for artist in sorted(moving, key=lambda each: each.get_zorder()):
        if hasattr(artist, 'do_3d_projection'):
            artist.do_3d_projection()
        artist.draw(renderer)
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def save_png(figure: Figure, path: str | os.PathLike, colors: int | None = 128) -> None:
    """Write a figure as PNG, all at once.

    Args:
        figure (Figure): A figure of :func:`new_figure`.
        path (str | PathLike): The file; its folder is made if need be.
        colors (int, optional): Size of the palette, which makes drawings several times smaller;
            None for all colours, as photographs need. Defaults to 128.
    """
    write_png(to_image(figure), path, colors)


def write_png(image: np.ndarray, path: str | os.PathLike, colors: int | None = 128) -> None:
    """Write pixels as PNG, all at once.

    Args:
        image (np.ndarray): RGB of shape (height, width, 3), uint8.
    """
    picture = Image.fromarray(image)
    if colors is not None:
        picture = picture.quantize(colors, dither=Image.Dither.NONE)
    with atomic_write(path) as file:
        picture.save(file, 'png', optimize=True)
