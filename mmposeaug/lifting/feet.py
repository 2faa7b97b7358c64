# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Feet that stand do not slide."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import label
from scipy.sparse import coo_matrix, csc_matrix, diags, eye, hstack, vstack
from scipy.sparse.linalg import spsolve

from mmposeaug.structures import LiftedPoses

from .smoothing import HIGHEST_CUTOFF, check_video, runs_of, zero_phase
from .two_bones import bend_limb
from .world import leg_joints

SPEED_CUTOFF = 4.0
"""float: Cutoff in hertz with which an ankle is smoothed before its speed is looked at."""

DEPTH_CUTOFF = 1.0
"""float: The same for the depth of the root, which a single camera tells worst."""

ALONG_SHARE = 1 / 3
"""float: Weight of speed along the line of sight beside that across it."""


@dataclass(frozen=True)
class FootRule:
    """When a foot stands.

    A foot stands while it is below the second of two limits, if it is below the first in between.

    Args:
        speed (tuple[float, float]): Limits of the ankle's speed, m/s; along the line of sight,
            where a single camera tells places badly, it counts :data:`ALONG_SHARE`.
        height (tuple[float, float]): Limits of its height above the other ankle, metres.
        shortest (float): Seconds that a contact lasts at least.
        blend (float): Seconds before and after a contact over which the leg goes back to its own
            place.

    Raises:
        ValueError: If a number is not above 0, or a first limit is above the second.
    """

    speed: tuple[float, float] = (0.25, 0.4)
    height: tuple[float, float] = (0.12, 0.18)
    shortest: float = 0.15
    blend: float = 0.15

    def __post_init__(self) -> None:
        for name in ('speed', 'height'):
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise ValueError(
                    f'The limits {name} of FootRule are {low}, {high}; give two numbers above 0, '
                    'the lower one first.'
                )
        for name in ('shortest', 'blend'):
            if not getattr(self, name) > 0:
                raise ValueError(
                    f'{name} of FootRule is {getattr(self, name)}; give seconds, above 0.'
                )


def plant_feet(lifted: LiftedPoses, rule: FootRule | None = None) -> LiftedPoses:
    """Keep feet that stand at one place.

    The root's path is moved, as little and as smoothly as will do, so that the ankles of feet that
    stand stay where they are (least squares over all contacts of a run together). What is left is
    taken by bending the leg; bones keep the lengths that they have in each frame. All that is
    behind the ankle moves with it.

    Args:
        lifted (LiftedPoses): Poses of a video with ``up_cam``, best smoothed.
        rule (FootRule, optional): When a foot stands. Defaults to :class:`FootRule`'s defaults.

    Returns:
        LiftedPoses: The same rows; ``info['feet']`` says how many contacts there were.

    Raises:
        ValueError: If the skeleton has no legs, or frames a second or what is up are not known.
    """
    rule = rule or FootRule()
    legs, fps, _ = _check(lifted)
    poses, roots = lifted.poses_rel.astype(np.float64), lifted.roots_cam.astype(np.float64)
    contacts = 0
    for rows in runs_of(lifted):
        stands = standing_feet(lifted, rows, rule)
        numbers = _number_contacts(stands)
        if not numbers.any():
            continue
        contacts += int(numbers.max())
        ankles = (poses[rows] + roots[rows, None])[:, [leg[2] for leg in legs]]
        shift, places = _move_root(ankles, roots[rows], numbers, fps)
        roots[rows] += shift
        off = _blend_out(ankles + shift[:, None], numbers, places, rule.blend * fps)
        for leg, wanted in zip(legs, np.moveaxis(off, 1, 0)):
            members = next(each for each in lifted.skeleton.limbs.values() if leg[0] in each)
            poses[rows] = bend_limb(poses[rows], leg, wanted, members)
    text = f'planted: {contacts} contacts of feet'
    return replace(
        lifted,
        poses_rel=poses.astype(lifted.poses_rel.dtype),
        roots_cam=roots.astype(lifted.roots_cam.dtype),
        info=dict(lifted.info, feet=text),
    )


def standing_feet(
    lifted: LiftedPoses, rows: np.ndarray, rule: FootRule | None = None
) -> np.ndarray:
    """Which feet stand.

    Args:
        lifted (LiftedPoses): Poses with frames a second and ``up_cam``.
        rows (np.ndarray): Rows (T,) of one person in frames that follow each other.
        rule (FootRule, optional): When a foot stands. Defaults to :class:`FootRule`'s defaults.

    Returns:
        np.ndarray: Left and right foot, (T, 2), booleans.

    Raises:
        ValueError: See :func:`plant_feet`.
    """
    rule = rule or FootRule()
    legs, fps, up = _check(lifted)
    if len(rows) < 3 or len(rows) < rule.shortest * fps:
        return np.zeros((len(rows), 2), bool)
    rel = lifted.poses_rel[rows][:, [leg[2] for leg in legs]].astype(np.float64)
    roots = lifted.roots_cam[rows].astype(np.float64)
    cutoff = min(SPEED_CUTOFF, HIGHEST_CUTOFF * fps)
    speed = _speeds(rel, roots, fps, cutoff)
    heights = zero_phase(rel, fps, cutoff) @ up
    above = heights - heights.min(1, keepdims=True)
    stands = np.ones_like(above, bool)
    for foot in range(2):
        below = [
            (speed[:, foot] < rule.speed[i]) & (above[:, foot] < rule.height[i]) for i in (0, 1)
        ]
        # a stretch below the upper limits counts if some of it is below the lower ones
        stretches, count = label(below[1])
        for number in range(1, count + 1):
            stretch = stretches == number
            if not below[0][stretch].any() or stretch.sum() < rule.shortest * fps:
                below[1][stretch] = False
        stands[:, foot] = below[1]
    return stands


def _speeds(rel: np.ndarray, roots: np.ndarray, fps: float, cutoff: float) -> np.ndarray:
    """Speed (T, 2) of ankles, that along the line of sight counted :data:`ALONG_SHARE`."""
    sight = roots / np.linalg.norm(roots, axis=-1, keepdims=True)
    depth = (roots * sight).sum(-1)
    # a single camera tells the root's depth worst
    deep = np.gradient(zero_phase(depth, fps, min(DEPTH_CUTOFF, cutoff)), 1 / fps)
    place = rel + roots[:, None]
    distance = np.linalg.norm(place, axis=-1, keepdims=True)
    rays = zero_phase(place / distance, fps, cutoff)
    across = np.linalg.norm(np.gradient(rays, 1 / fps, axis=0), axis=-1) * distance[..., 0]
    moving = np.gradient(zero_phase(rel, fps, cutoff), 1 / fps, axis=0)
    along = (moving * sight[:, None]).sum(-1)
    # feet that stand together do not move against each other, whatever the root's depth does
    along = np.minimum(np.abs(along + deep[:, None]), np.abs(along - along[:, ::-1]))
    return np.hypot(across, ALONG_SHARE * along)


def _check(lifted: LiftedPoses) -> tuple[tuple[tuple[int, int, int], ...], float, np.ndarray]:
    """The legs, frames a second and what is up; raises where feet cannot be planted."""
    legs = leg_joints(lifted.skeleton)
    if legs is None:
        raise ValueError(
            f'The skeleton {lifted.skeleton.name!r} has no legs of hip, knee and ankle; its feet '
            'cannot be planted, leave it out.'
        )
    fps = check_video(lifted, 'feet cannot be planted')
    if lifted.up_cam is None:
        raise ValueError(
            'It is not known which way is up, without which feet that stand are not told from '
            'lifted ones; give the tilt of the camera or a calibration (stand_upright).'
        )
    return legs, fps, lifted.up_cam


def _number_contacts(stands: np.ndarray) -> np.ndarray:
    """Number from 1 of the contact that a foot is in (T, 2), 0 for none."""
    left, count = label(stands[:, 0])
    right, _ = label(stands[:, 1])
    return np.stack((left, np.where(right > 0, right + count, 0)), axis=1)


_STAY = 0.1  # how much a move of the root counts against a foot that slides as far
_CALM = 0.05  # seconds; acceleration of the root times its square counts like a way


def _move_root(
    ankles: np.ndarray, roots: np.ndarray, numbers: np.ndarray, fps: float
) -> tuple[np.ndarray, np.ndarray]:
    """Moves of the root (T, 3), and the places (C, 3) of the contacts: linear least squares."""
    frames, contacts = len(ankles), int(numbers.max())
    frame, foot = np.nonzero(numbers)
    # ankle + move = place of its contact
    each = np.arange(len(frame))
    of_move = coo_matrix((np.ones(len(frame)), (each, frame)), (len(frame), frames))
    contact = numbers[frame, foot] - 1
    of_place = coo_matrix((-np.ones(len(frame)), (each, contact)), (len(frame), contacts))
    stay = np.sqrt(_STAY) * eye(frames, frames + contacts)
    calm = (_CALM * fps) ** 2
    bend = calm * diags([1.0, -2.0, 1.0], [0, 1, 2], shape=(frames - 2, frames + contacts))
    matrix = csc_matrix(vstack((hstack((of_move, of_place)), stay, bend)))
    wanted = np.concatenate(
        (-ankles[frame, foot], np.zeros((frames, 3)), -calm * np.diff(roots, 2, axis=0))
    )
    solved = spsolve(csc_matrix(matrix.T @ matrix), matrix.T @ wanted)
    return solved[:frames], solved[frames:]


def _blend_out(
    ankles: np.ndarray, numbers: np.ndarray, places: np.ndarray, blend: float
) -> np.ndarray:
    """How far (T, 2, 3) each ankle is to be moved: to its place, and less and less besides."""
    inside = numbers > 0
    off = np.where(inside[..., None], places[numbers - 1] - ankles, 0)
    frames = np.arange(len(ankles))
    for foot in range(2):
        known = np.flatnonzero(inside[:, foot])
        if not len(known):
            continue
        after = known[np.searchsorted(known, frames).clip(0, len(known) - 1)]
        before = known[(np.searchsorted(known, frames, 'right') - 1).clip(0)]
        gap = np.where(after > before, after - before, np.inf)
        pulls = []
        for near in (before, after):
            share = np.clip(1 - np.abs(frames - near) / np.minimum(gap, blend), 0, 1)
            pulls.append((share**2 * (3 - 2 * share))[:, None] * off[near, foot])
        # beyond the first and the last contact both are the same one
        total = np.where((before == after)[:, None], pulls[0], pulls[0] + pulls[1])
        off[:, foot] = np.where(inside[:, foot, None], off[:, foot], total)
    return off
