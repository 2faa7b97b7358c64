# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Moving pictures of clips, real ones above what an augmentation makes of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mmposeaug.structures import AugmentedSamples

from .augmentation_values import KIND_LABELS
from .figures import background_of, draw_over, new_figure
from .frame_files import write_gif
from .legend import add_legend
from .motion_values import moving_steps
from .poses import draw_pose_3d, space_axes, to_plot_axes
from .sequence import DEFAULT_FPS, thin_frames
from .style import GHOST_COLOR, LABEL_SIZE, TITLE_SIZE

CELL = (2.3, 1.9)
"""tuple[float, float]: Width and height of a panel in inches."""
MAX_FRAMES = 81
"""int: Of longer clips so many frames are drawn, evenly spread."""
SPEEDS = (0.5, 0.9)
"""tuple[float, float]: Clips are shown that move faster than these shares of all clips: many
people stand, and the fastest clips have frames missing."""


def write_clips(
    samples: AugmentedSamples,
    path: str | os.PathLike,
    examples: int = 4,
    title: str = '',
    fps: float = DEFAULT_FPS,
    dpi: int = 80,
) -> None:
    """Write clips of an augmentation as a GIF, a column each and a row for each kind.

    Every clip is shown around the place where its root is in the middle frame, all in boxes of one
    size. The way of the root is drawn on the ground.

    Args:
        samples (AugmentedSamples): The samples, with clips.
        path (str | PathLike): The file.
        examples (int): How many clips. Defaults to 4.
        title (str): Title of the picture.
        fps (float): Frames a second. Defaults to 10.
        dpi (int): Pixels per inch. Defaults to 80.
    """
    write_gif(Path(path), _pictures(samples, choose_clips(samples, examples), title, dpi), fps)


def choose_clips(samples: AugmentedSamples, count: int) -> list[int]:
    """Clips of different speeds that are in view in all kinds and have no repeated frames.

    Where there are too few of these, others follow.
    """
    real, skeleton = samples.clips['real'], samples.skeleton
    seen = np.all([samples.in_view[name] for name in samples.kinds.values()], axis=0)
    whole = moving_steps(real, skeleton).all(1).numpy() & seen
    relative = real - real[:, :, [skeleton.root]]
    speed = np.linalg.norm(np.diff(relative, axis=1), axis=-1).mean((1, 2))
    good = np.flatnonzero(whole)
    ranked = good[np.argsort(speed[good])]
    places = np.unique(np.linspace(*SPEEDS, count) * max(len(ranked) - 1, 0)).round().astype(int)
    chosen = list(dict.fromkeys(ranked[places].tolist())) if len(ranked) else []
    others = [*np.flatnonzero(seen).tolist(), *range(len(real))]
    return list(dict.fromkeys([*chosen, *others]))[:count]


def _pictures(
    samples: AugmentedSamples, chosen: list[int], title: str, dpi: int
) -> Iterator[np.ndarray]:
    skeleton = samples.skeleton
    frames = samples.clips['real'].shape[1]
    clips = {}
    for kind, each in samples.clips.items():
        some = each[chosen].astype(float)
        clips[kind] = some - some[:, [frames // 2], [skeleton.root]][:, :, None]
    low = np.min([each.min((0, 1, 2)) for each in clips.values()], axis=0)
    high = np.max([each.max((0, 1, 2)) for each in clips.values()], axis=0)
    across, up = CELL
    left, top = 0.35, 0.35 + 0.3 * bool(title)
    width, height = left + len(chosen) * across + 0.1, top + len(clips) * up + 0.4
    figure = new_figure(width, height, dpi)
    panels: list[tuple[Any, np.ndarray]] = []
    for i, (kind, some) in enumerate(clips.items()):
        y = 0.4 + (len(clips) - 1 - i) * up
        place: dict[str, Any] = dict(rotation=90, va='center', ha='center', fontsize=LABEL_SIZE + 1)
        figure.text(0.17 / width, (y + up / 2) / height, KIND_LABELS[kind], **place)
        for j, clip in enumerate(some):
            box = (left + j * across) / width, y / height, across / width, up / height
            axes: Any = figure.add_axes(box, projection='3d')
            _metre_axes(axes, low - 0.1, high + 0.1)
            _draw_way(axes, clip[:, skeleton.root], clip[..., 1].max())
            panels.append((axes, clip))
    if title:
        figure.text(0.5, 1 - 0.3 / height, title, ha='center', fontsize=TITLE_SIZE)
    add_legend(figure, 0.03 / height, 'way of the root; a square is 1 m wide')
    counter: dict[str, Any] = dict(ha='center', fontsize=LABEL_SIZE + 1)
    background = background_of(figure, [])
    for frame in thin_frames(range(frames), MAX_FRAMES):
        text = f'frame {frame + 1} of {frames}'
        moving: list[Any] = [figure.text(0.5, 1 - (top - 0.12) / height, text, **counter)]
        for axes, clip in panels:
            fixed = set(axes.lines)
            draw_pose_3d(axes, clip[frame], skeleton, width=1.6)
            moving += [line for line in axes.lines if line not in fixed] + list(axes.collections)
        yield draw_over(figure, background, moving)
        for artist in moving:
            artist.remove()


def _metre_axes(axes: Any, low: np.ndarray, high: np.ndarray) -> None:
    """A box of camera space with a grid of metres and no labels."""
    axes.computed_zorder = False
    axes.patch.set_visible(False)  # boxes reach into one another's corners
    halves = (high - low) / 2
    space_axes(axes, (low + high) / 2, halves)
    for name in 'xyz':
        start, end = getattr(axes, f'get_{name}lim')()
        getattr(axes, f'set_{name}ticks')(np.arange(np.ceil(start), end), [])
        getattr(axes, f'set_{name}label')('')
        axis = getattr(axes, f'{name}axis')
        axis.line.set_color('#bbbbbb')
        axis._axinfo['tick'].update(inward_factor=0, outward_factor=0)
    plot_halves = np.abs(to_plot_axes(halves))
    axes.set_box_aspect(plot_halves / plot_halves.max(), zoom=1.42)


def _draw_way(axes: Any, root: np.ndarray, ground: float) -> None:
    """The way of the root (T, 3), on the ground at this height (down is positive)."""
    way = to_plot_axes(np.stack((root[:, 0], np.full(len(root), ground), root[:, 2]), axis=-1))
    axes.plot(*way.T, color=GHOST_COLOR, linewidth=1.6, marker='.', markersize=2.5)
