# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifted poses on a floor, in axes of which one points up."""

from __future__ import annotations

import numpy as np

from mmposeaug.structures import ANKLE_HEIGHT, SEGMENT_RATIOS, LiftedPoses, Skeleton

LOWEST_SHARE = 0.05
"""float: Share of the poses whose lower ankle may be below the place that it has on the floor."""


def world_poses(lifted: LiftedPoses, up_axis: str = 'y') -> np.ndarray:
    """Poses at their places in a world with a floor.

    Both worlds are right-handed, in metres. ``'y'``: x to the right of the camera, y up, z towards
    the camera. ``'z'``: x to the right of the camera, y away from it, z up. The floor is at 0 of
    the axis that points up; the origin is below the root of the first pose.

    Args:
        lifted (LiftedPoses): Poses with ``up_cam``, see
            :func:`mmposeaug.lifting.stand_upright`.
        up_axis (str): ``'y'`` or ``'z'``. Defaults to ``'y'``.

    Returns:
        np.ndarray: (N, J, 3) metres.

    Raises:
        ValueError: If it is not known what is up, or there is no such axis.
    """
    rotation = world_rotation(lifted, up_axis)
    world = lifted.poses_cam.astype(np.float64) @ rotation.T
    if not len(world):
        return world
    up = 'xyz'.index(up_axis)
    origin = world[0, lifted.skeleton.root].copy()
    origin[up] = floor_height(world[..., up], lifted)
    return world - origin


def world_rotation(lifted: LiftedPoses, up_axis: str = 'y') -> np.ndarray:
    """Turn from the camera's axes to those of :func:`world_poses`.

    Args:
        lifted (LiftedPoses): Poses with ``up_cam``.
        up_axis (str): ``'y'`` or ``'z'``. Defaults to ``'y'``.

    Returns:
        np.ndarray: Rotation (3, 3), camera to world.

    Raises:
        ValueError: See :func:`world_poses`.
    """
    if lifted.up_cam is None:
        raise ValueError(
            'It is not known which way is up before the camera; give its tilt, as '
            'up=(pitch, roll), or a calibration.'
        )
    return rotation_to(lifted.up_cam, up_axis)


def rotation_to(up: np.ndarray, up_axis: str = 'y') -> np.ndarray:
    """Turn from the camera's axes to those of :func:`world_poses`.

    Args:
        up (np.ndarray): Direction against gravity in camera axes, (3,).

    Returns:
        np.ndarray: Rotation (3, 3), camera to world.

    Example:
        >>> rotation_to(np.array([0.0, -1.0, 0.0])).diagonal().tolist()
        [1.0, -1.0, -1.0]
    """
    if up_axis not in ('y', 'z'):
        raise ValueError(f"The axis that points up is {up_axis!r}; use 'y' or 'z'.")
    up = np.asarray(up, np.float64)
    up = up / np.linalg.norm(up)
    # a camera that looks straight down has its image's upper side ahead, straight up the lower one
    vertical = np.array([0.0, np.sign(up[2]), 0.0])
    ahead = np.array([0.0, 0.0, 1.0]) if abs(up[2]) < 0.999 else vertical
    ahead = ahead - (ahead @ up) * up
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, up)
    return np.stack((right, up, -ahead) if up_axis == 'y' else (right, ahead, up))


def floor_height(heights: np.ndarray, lifted: LiftedPoses) -> float:
    """Height of the floor below the lowest feet.

    Args:
        heights (np.ndarray): Height of every joint (N, J), metres.
    """
    ankles = leg_joints(lifted.skeleton)
    if ankles is None:
        return float(np.quantile(heights.min(1), LOWEST_SHARE))
    poses = lifted.poses_rel.astype(np.float64)
    hips, knees, ends = (poses[:, [leg[i] for leg in ankles]] for i in range(3))
    legs = np.linalg.norm(hips - knees, axis=-1) + np.linalg.norm(knees - ends, axis=-1)
    share = ANKLE_HEIGHT / (SEGMENT_RATIOS['thigh'] + SEGMENT_RATIOS['shank'])
    lowest = heights[:, [leg[2] for leg in ankles]].min(1) - share * legs.mean(1)
    return float(np.quantile(lowest, LOWEST_SHARE))


def leg_joints(skeleton: Skeleton) -> tuple[tuple[int, int, int], ...] | None:
    """Hip, knee and ankle of the left and the right leg; None for skeletons without both."""
    legs = [skeleton.limbs.get(f'{side}_leg', ()) for side in ('left', 'right')]
    if min(len(leg) for leg in legs) < 3:
        return None
    return tuple((leg[0], leg[1], leg[2]) for leg in legs)
