# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Stick figures of 2D and 3D poses, drawn into matplotlib axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from mmposeaug.structures import Skeleton

from .style import GHOST_COLOR, LABEL_SIZE, SIDE_COLORS, TICK_SIZE

VIEW = dict(elev=12.0, azim=-62.0)
"""dict: Where 3D axes are looked at from: beside the camera and above, so that depth shows."""


def to_plot_axes(pose_cam: np.ndarray) -> np.ndarray:
    """Camera-space axes (x right, y down, z forward) to those of a 3D plot (third axis up).

    Args:
        pose_cam (np.ndarray): Points of shape (*, 3).

    Returns:
        np.ndarray: The same points as (x, z, -y); a rotation, so that left stays left.

    Example:
        >>> to_plot_axes(np.array([1.0, 2.0, 3.0])).tolist()
        [1.0, 3.0, -2.0]
    """
    return np.stack((pose_cam[..., 0], pose_cam[..., 2], -pose_cam[..., 1]), axis=-1)


def _draw_bones(
    axes: Any,
    points: np.ndarray,
    skeleton: Skeleton,
    ghost: bool,
    width: float,
    hollow: np.ndarray | None,
) -> None:
    """Bones and joints of points of shape (J, 2) or (J, 3)."""
    for child, parent in skeleton.bones:
        color = GHOST_COLOR if ghost else SIDE_COLORS[skeleton.sides[child]]
        axes.plot(
            *points[[parent, child]].T,
            color=color,
            linewidth=0.7 * width if ghost else width,
            solid_capstyle='round',
            zorder=2 if ghost else 3,
        )
    if not ghost:
        empty = np.zeros(len(points), bool) if hollow is None else np.asarray(hollow, bool)
        colors = np.array([SIDE_COLORS[side] for side in skeleton.sides])
        axes.scatter(
            *points.T,
            c=np.where(empty, '#ffffff', colors),
            edgecolors=colors,
            s=np.where(empty, 3.5, 2.2) * width**2,
            linewidths=np.where(empty, 0.5 * width, 0),
            zorder=4,
            alpha=1,
        )


def _check(points: np.ndarray, skeleton: Skeleton, size: int) -> np.ndarray:
    points = np.asarray(points, dtype=float)
    if points.shape != (skeleton.num_joints, size):
        raise ValueError(
            f'A {size}D pose of the skeleton {skeleton.name!r} is of shape '
            f'({skeleton.num_joints}, {size}), got {points.shape}; pass one pose at a time.'
        )
    return points


def draw_pose_2d(
    axes: Any,
    keypoints_px: np.ndarray,
    skeleton: Skeleton,
    ghost: bool = False,
    width: float = 2.0,
    hollow: np.ndarray | None = None,
) -> None:
    """Draw 2D keypoints as a stick figure, left limbs red and right limbs blue.

    Args:
        axes (Axes): 2D axes, see :func:`image_axes`.
        keypoints_px (np.ndarray): Keypoints of shape (J, 2), in pixels.
        skeleton (Skeleton): The joints.
        ghost (bool): Thin and grey, as something to compare with. Defaults to False.
        width (float): Width of the bones in points. Defaults to 2.
        hollow (np.ndarray, optional): True for each joint (J,) to mark by a ring, which was
            interpolated. Defaults to None, none.

    Raises:
        ValueError: If the shape does not fit the skeleton.
    """
    _draw_bones(axes, _check(keypoints_px, skeleton, 2), skeleton, ghost, width, hollow)


def draw_pose_3d(
    axes: Any,
    pose_cam: np.ndarray,
    skeleton: Skeleton,
    ghost: bool = False,
    width: float = 2.0,
    hollow: np.ndarray | None = None,
) -> None:
    """Draw a camera-space pose as a stick figure that stands upright.

    Args:
        axes (Axes3D): 3D axes, see :func:`space_axes`.
        pose_cam (np.ndarray): Joints of shape (J, 3), in metres.
        skeleton (Skeleton): The joints.
        ghost (bool): Thin and grey, as something to compare with. Defaults to False.
        width (float): Width of the bones in points. Defaults to 2.
        hollow (np.ndarray, optional): True for each joint (J,) to mark by a ring, which was
            interpolated. Defaults to None, none.

    Raises:
        ValueError: If the shape does not fit the skeleton.
    """
    _draw_bones(axes, to_plot_axes(_check(pose_cam, skeleton, 3)), skeleton, ghost, width, hollow)


def image_axes(
    axes: Any,
    image_size: tuple[float, float],
    image: np.ndarray | None = None,
    window: tuple[float, float, float] | None = None,
) -> None:
    """Make 2D axes those of an image: pixels, the origin at the upper left, equal scales.

    Args:
        axes (Axes): 2D axes.
        image_size (tuple[float, float]): Width and height in pixels.
        image (np.ndarray, optional): RGB to draw behind, of shape (height, width, 3).
        window (tuple[float, float, float], optional): Show a square only: its middle (u, v) and
            edge in pixels, see :func:`person_window`. Defaults to None, the whole image.
    """
    width, height = image_size
    axes.set_facecolor('#f6f6f6')
    if image is not None:
        axes.imshow(image, extent=(0, width, height, 0), zorder=0)
    left, right, top, low = 0.0, width, 0.0, height
    if window is not None:
        u, v, edge = window
        left, right, top, low = u - edge / 2, u + edge / 2, v - edge / 2, v + edge / 2
    axes.set(xlim=(left, right), ylim=(low, top), aspect='equal')
    axes.set_xlabel('u (px)', fontsize=LABEL_SIZE - 1, labelpad=1)
    axes.set_ylabel('v (px)', fontsize=LABEL_SIZE - 1, labelpad=0)
    axes.set_xticks(np.round([left, (left + right) / 2, right]))
    axes.set_yticks(np.round([top, (top + low) / 2, low]))
    axes.tick_params(labelsize=TICK_SIZE, length=2, pad=2)
    for spine in axes.spines.values():
        spine.set_color('#999999')


def person_window(keypoints_px: np.ndarray, margin: float = 0.2) -> tuple[float, float, float]:
    """The square around a person.

    Args:
        keypoints_px (np.ndarray): Keypoints of shape (*, 2), in pixels.
        margin (float): Space on each side, as a share of the person. Defaults to 0.2.

    Returns:
        tuple[float, float, float]: Middle (u, v) and edge in pixels.

    Example:
        >>> person_window(np.array([[10.0, 20.0], [30.0, 120.0]]), margin=0.25)
        (20.0, 70.0, 150.0)
    """
    points = np.reshape(keypoints_px, (-1, 2))
    low, high = points.min(axis=0), points.max(axis=0)
    u, v = (low + high) / 2
    edge = max(float((high - low).max()), 1.0) * (1 + 2 * margin)
    return float(u), float(v), edge


def space_axes(
    axes: Any, centre_cam: np.ndarray | None = None, radius: float | np.ndarray = 1.0
) -> None:
    """Make 3D axes a box of camera space: x to the right, z away from the camera, -y up.

    All axes have one scale.

    Args:
        axes (Axes3D): 3D axes.
        centre_cam (np.ndarray, optional): Its middle in camera space, of shape (3,), in metres.
            Defaults to the origin.
        radius (float | np.ndarray): Half an edge in metres, or half of each edge (3,). Defaults
            to 1, a cube.
    """
    centre = to_plot_axes(np.zeros(3) if centre_cam is None else np.asarray(centre_cam, float))
    halves = np.abs(to_plot_axes(np.broadcast_to(np.asarray(radius, float), 3)))
    labels = ('x (m)', 'z, depth (m)', '−y, up (m)')
    for name, middle, half, label in zip('xyz', centre, halves, labels):
        getattr(axes, f'set_{name}lim')(middle - half, middle + half)
        low, high = middle - 0.9 * half, middle + 0.9 * half  # labels at the edges collide
        ticks = MaxNLocator(nbins=4, steps=[1, 2, 5, 10]).tick_values(low, high)
        getattr(axes, f'set_{name}ticks')([tick for tick in ticks if low <= tick <= high])
        pad = -6 if name == 'z' else -9
        getattr(axes, f'set_{name}label')(label, fontsize=LABEL_SIZE - 1, labelpad=pad)
        axis = getattr(axes, f'{name}axis')
        axis.set_pane_color((0.965, 0.965, 0.965, 1.0))
        axis._axinfo['grid'].update(color='#dddddd', linewidth=0.6)
    axes.tick_params(labelsize=TICK_SIZE, pad=-4)
    axes.tick_params(axis='z', pad=-1)
    axes.set_box_aspect(halves / halves.max(), zoom=1.15)
    axes.view_init(**VIEW)
