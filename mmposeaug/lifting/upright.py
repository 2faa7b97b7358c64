# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Which way is up before a camera: from its calibration, a tilt, or the people themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mmposeaug.structures import LiftedPoses, Skeleton

from .option_names import WORLD_AXES
from .smoothing import SINGLE_PICTURES
from .views import Camera
from .world import leg_joints

USUAL_UP = 'z'
"""str: The axis that points up in Human3.6M, Pose2Sim and most motion capture."""

LARGEST_BEND = 45.0
"""float: Degrees up to which a pose stands: of the knees, and of the trunk against the legs."""

TURNED = (0.2, 0.3)
"""tuple[float, float]: Second moment of the directions of hips and shoulders across their main
one: below the first, all face one way; above the second, their normal alone tells what is up."""

ERRORS = {
    False: '9 degrees in the median, 16 in one of ten',
    True: '3 degrees in the median of long videos, 7 of short ones',
}
"""dict[bool, str]: How far estimates were off on other videos, by whether people turn around."""

_DISAGREES = 60.0  # degrees; estimates are never that far off for people who stand


def find_up(
    lifted: LiftedPoses,
    camera: Camera | None = None,
    world_up: str | None = None,
    tilt: Sequence[float] | None = None,
) -> tuple[np.ndarray | None, str]:
    """The direction against gravity in the axes of the camera.

    Args:
        lifted (LiftedPoses): The poses, of which it is estimated where nothing is given.
        camera (Camera, optional): The camera; counts if its file has its rotation.
        world_up (str, optional): Which axis of the calibration's world points up, one of
            :data:`WORLD_AXES`. Defaults to :data:`USUAL_UP`, which is refused if people stand
            across it.
        tilt (Sequence[float], optional): Pitch and roll of the camera in degrees, which count
            before its rotation: positive pitch looks down, positive roll turns the camera's right
            side down.

    Returns:
        tuple[np.ndarray | None, str]: Direction (3,) of length 1 (x right, y down, z away from the
        camera), None if it cannot be told; and how it is known, beginning with ``'given'``,
        ``'estimated'`` or ``'unknown'``.

    Raises:
        ValueError: If the axis is unknown, is of no calibration, or is not what people stand
            along; or the tilt is none.
    """
    if tilt is not None:
        if world_up is not None:
            raise ValueError(
                f'The tilt {list(tilt)} and the axis {world_up!r} are both given; give one of them.'
            )
        return up_of_tilt(tilt), f'given: pitch {tilt[0]:g}, roll {tilt[1]:g} degrees'
    if world_up is not None and world_up not in WORLD_AXES:
        raise ValueError(
            f'There is no axis {world_up!r} that may point up; use one of {", ".join(WORLD_AXES)}.'
        )
    if camera is not None and camera.rotation is not None:
        return _up_of_world(lifted, camera, world_up)
    if world_up is not None:
        raise ValueError(
            f'The axis {world_up!r} points up in no calibration; give a camera file with rotations '
            'too, or leave it out.'
        )
    return estimate_up(lifted)


def stand_upright(
    lifted: LiftedPoses,
    camera: Camera | None = None,
    world_up: str | None = None,
    tilt: Sequence[float] | None = None,
) -> LiftedPoses:
    """Note which way is up; the poses stay in camera axes.

    Args:
        lifted (LiftedPoses): The poses.
        camera (Camera, optional): See :func:`find_up`.
        world_up (str, optional): See there.
        tilt (Sequence[float], optional): See there.

    Returns:
        LiftedPoses: With ``up_cam``, None if it cannot be told; ``info['up']`` says how it is
        known.

    Raises:
        ValueError: See :func:`find_up`.
    """
    up, how = find_up(lifted, camera, world_up, tilt)
    return replace(lifted, up_cam=up, info=dict(lifted.info, up=how))


def up_of_tilt(tilt: Sequence[float]) -> np.ndarray:
    """Up in the axes of a tilted camera.

    Args:
        tilt (Sequence[float]): Pitch (positive: looks down) and roll (positive: its right side is
            down), degrees.

    Returns:
        np.ndarray: Direction (3,), length 1.

    Example:
        >>> (up_of_tilt((90, 0)).round(6) + 0.0).tolist()  # straight down
        [0.0, 0.0, -1.0]
    """
    angles = np.asarray(tilt, np.float64)
    if angles.shape != (2,) or not np.isfinite(angles).all() or (np.abs(angles) > (90, 180)).any():
        raise ValueError(
            f'The tilt of the camera is {list(tilt)}; give pitch (-90 to 90) and roll (-180 to '
            '180) in degrees.'
        )
    pitch, roll = np.radians(angles)
    across = np.cos(pitch)
    return np.array([-np.sin(roll) * across, -np.cos(roll) * across, -np.sin(pitch)])


def _up_of_world(
    lifted: LiftedPoses, camera: Camera, world_up: str | None
) -> tuple[np.ndarray, str]:
    """Up from a calibration's rotation."""
    assert camera.rotation is not None
    axes = {name: _axis(camera.rotation, name) for name in WORLD_AXES}
    name = world_up or USUAL_UP
    how = f'given: axis {name} of the world of the camera {camera.name}'
    if world_up is None:
        guess, text = estimate_up(lifted)
        if guess is not None and _degrees(guess, axes[name]) > _DISAGREES:
            nearest = max(axes, key=lambda each: float(axes[each] @ guess))
            raise ValueError(
                f'People stand {_degrees(guess, axes[name]):.0f} degrees across the axis {name!r} '
                f'of the world of the camera {camera.name}, which is taken to point up, but '
                f'along {nearest!r}; say which one does (up={nearest!r}, --up {nearest}).'
            )
        how += ', as is usual'
    return axes[name], how


def _axis(rotation: np.ndarray, name: str) -> np.ndarray:
    sign = -1.0 if name.startswith('-') else 1.0
    return sign * np.asarray(rotation, np.float64)[:, 'xyz'.index(name[-1])]


def estimate_up(lifted: LiftedPoses) -> tuple[np.ndarray | None, str]:
    """Estimate what is up from people who stand.

    Where they are seen facing different ways, it is the normal of the lines through their hips and
    their shoulders, which lifters see without bias. Else it is the middle direction from ankles to
    hips of those who stand, which lifters tilt towards the image plane.

    Args:
        lifted (LiftedPoses): The poses.

    Returns:
        tuple[np.ndarray | None, str]: See :func:`find_up`.
    """
    if lifted.info.get('frames_from') == SINGLE_PICTURES:
        return None, 'unknown: single pictures may be of different cameras'
    skeleton, poses = lifted.skeleton, lifted.poses_rel.astype(np.float64)
    joints = _body(skeleton)
    if joints is None:
        return None, f'unknown: the skeleton {skeleton.name!r} has no trunk with legs'
    stands = _bends(poses, joints) <= LARGEST_BEND
    if not stands.any():
        return None, 'unknown: nobody stands'
    standing = poses[stands]
    legs = _unit(standing[:, skeleton.root] - standing[:, joints['ankles']].mean(1))
    along = _middle_direction(legs)
    lines = [poses[:, pair[0]] - poses[:, pair[1]] for pair in joints['lines']]
    across = _unit(np.concatenate(lines))
    moments, axes = np.linalg.eigh(np.einsum('ni,nj->ij', across, across) / len(across))
    normal = axes[:, 0] * np.sign(axes[:, 0] @ along)
    share = float(np.clip((moments[1] - TURNED[0]) / (TURNED[1] - TURNED[0]), 0, 1))
    up = _unit((1 - share) * along + share * normal)
    seen = 'people who turn around' if share == 1 else 'people who stand'
    return up, (
        f'estimated from {int(stands.sum())} poses of {seen}; such estimates were off by '
        f'{ERRORS[share == 1]}'
    )


def _body(skeleton: Skeleton) -> dict[str, list] | None:
    """Joints that tell what is up: thighs, shins and trunk (from, to), ankles, lines across."""
    legs = leg_joints(skeleton)
    if skeleton.pelvis is None or legs is None:
        return None
    arms = [skeleton.limbs.get(f'{side}_arm', ()) for side in ('left', 'right')]
    top = skeleton.bones[skeleton.trunk_bones[-1]][0]
    pairs = [legs, arms] if all(arms) else [legs]
    return dict(
        legs=list(legs),
        ankles=[leg[2] for leg in legs],
        top=[top],
        lines=[(left[0], right[0]) for left, right in pairs],
    )


def _bends(poses: np.ndarray, joints: dict[str, list]) -> np.ndarray:
    """Largest bend (N,) in degrees of a pose's knees, and of its trunk against its legs."""
    hips = poses[:, [leg[0] for leg in joints['legs']]].mean(1)
    trunk = poses[:, joints['top'][0]] - hips
    found = [_degrees(trunk, hips - poses[:, joints['ankles']].mean(1))]
    for hip, knee, ankle in joints['legs']:
        found.append(_degrees(poses[:, hip] - poses[:, knee], poses[:, knee] - poses[:, ankle]))
    return np.max(found, axis=0)


def _middle_direction(directions: np.ndarray, rounds: int = 30) -> np.ndarray:
    """The direction with the least sum of angles to (N, 3) others, by repeated weighted means."""
    middle = _unit(directions.mean(0))
    for _ in range(rounds):
        angles = np.radians(_degrees(directions, middle))
        middle = _unit((directions / np.maximum(angles, 0.02)[:, None]).sum(0))
    return middle


def _degrees(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.degrees(np.arccos(np.clip((_unit(first) * _unit(second)).sum(-1), -1, 1)))


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True).clip(1e-12)
