# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A picture of the synthetic motions as stick figures, from the front and from the side."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from mmposeaug.fileio import atomic_write
from mmposeaug.structures import Skeleton, get_skeleton

from .parts import FRAME_RATE, PARTS, Part, people_of, perform

COLORS = {'left': 'tab:red', 'right': 'tab:blue', '': 'black'}
"""dict[str, str]: Colour of the bones of each side."""

SHOWN = ('Walk', 'Run', 'WaveLeftHand', 'Squat', 'Kick', 'SitDown', 'Throw', 'Dance')
"""tuple[str]: Motions that are drawn unless others are named."""


def draw_motions(
    path: str | os.PathLike, seed: int = 0, motions: Sequence[str] = SHOWN, frames: int = 7
) -> None:
    """Draw motions as rows of stick figures and save the picture as PNG.

    On the left of a row a figure faces the reader, on the right the right border.
    """
    skeleton = get_skeleton('h36m_17')
    figure = Figure(figsize=(12, 1.35 * len(motions)), dpi=80)
    canvas = FigureCanvasAgg(figure)
    axes = np.atleast_1d(figure.subplots(len(motions), 1))
    step = round(0.3 * FRAME_RATE)
    for axis, name in zip(axes, motions):
        facing = _facing_poses(_part_of(name), name, seed, skeleton)[: frames * step : step]
        for number, pose in enumerate(facing):
            # x is to the person's right, so that someone who faces the reader has it mirrored.
            _draw_figure(axis, number * 1.3 - pose[:, 0], pose[:, 2], skeleton)
            _draw_figure(axis, (frames + 0.4 + number) * 1.3 + pose[:, 1], pose[:, 2], skeleton)
        axis.axhline(0, color='gray', linewidth=0.6)
        axis.text(-1.0, 0.9, name, ha='right', va='center', fontsize=9)
        axis.set(xlim=(-0.9, 2.6 * frames + 0.4), ylim=(-0.1, 2.2), aspect='equal')
        axis.axis('off')
    figure.subplots_adjust(left=0.1, right=0.995, bottom=0.01, top=0.99, hspace=0.02)
    with atomic_write(path) as file:
        # Few colours are enough, and make the file a quarter of its size.
        canvas.draw()
        Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]).quantize(48).save(file, 'png')


def _part_of(name: str) -> Part:
    for part in PARTS:
        if name in part.motions:
            return part
    names = sorted({motion for part in PARTS for motion in part.motions})
    raise KeyError(f"There is no synthetic motion '{name}'; there are {', '.join(names)}.")


def _facing_poses(part: Part, name: str, seed: int, skeleton: Skeleton) -> np.ndarray:
    """One sequence (T, J, 3) of a motion, over the origin and heading along +y."""
    bodies, _ = people_of(part, seed)
    number = list(part.motions).index(name)
    sequences = perform(part, bodies, number, 1, seed, skeleton)
    joints = sequences.joints[0]
    joints = joints - joints[:, skeleton.root, None] * (1.0, 1.0, 0.0)
    heading = -sequences.curves['heading'][0].numpy()
    cos, sin = np.cos(heading)[:, None], np.sin(heading)[:, None]
    x, y = joints[..., 0], joints[..., 1]
    return np.stack((cos * x - sin * y, sin * x + cos * y, joints[..., 2]), axis=-1)


def _draw_figure(axis: Any, across: np.ndarray, height: np.ndarray, skeleton: Skeleton) -> None:
    for child, parent in skeleton.bones:
        ends = [child, parent]
        axis.plot(across[ends], height[ends], color=COLORS[skeleton.sides[child]], linewidth=1.3)
