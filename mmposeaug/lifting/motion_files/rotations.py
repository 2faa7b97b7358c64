# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Rotations of joints from their places: what turns the bones of a rest pose into a pose."""

from __future__ import annotations

import numpy as np
import roma
import torch

from mmposeaug.geometry import shortest_rotation

from .rig import Rig

UNTWIST = np.deg2rad(10.0)
"""float: Radians a frame by which a twist that was carried on is taken back, see
:func:`aim`."""

_PRIOR = 1e-6  # weight of the parent's axes where a joint's bones leave a turn open
_TINY = 1e-9


def solve_rotations(rig: Rig, poses: np.ndarray) -> np.ndarray:
    """Local rotations that point every bone as in the poses.

    A node with one bone is turned from the rest direction on the shortest way, so without twist;
    one with several bones as they fit best (least squares, weighted alike).

    Args:
        poses (np.ndarray): Joints (N, J, 3), any unit.

    Returns:
        np.ndarray: Rotations (N, nodes, 3, 3), each within its parent's.
    """
    count = len(poses)
    local = np.tile(np.eye(3), (count, len(rig.names), 1, 1))
    turned = np.empty_like(local)
    for node, parent in enumerate(rig.parents):
        before = turned[:, parent] if parent >= 0 else np.tile(np.eye(3), (count, 1, 1))
        bones = rig.aims[node]
        if bones:
            steps = poses[:, list(bones)] - poses[:, rig.joints[node], None]
            # seen from the parent: its rotation taken back
            ways = np.einsum('nji,nbj->nbi', before, steps)
            rests = rig.rest[list(bones)]
            ways = np.stack([_directions(ways[:, b], rest) for b, rest in enumerate(rests)], 1)
            local[:, node] = aim(rests[0], ways[:, 0]) if len(bones) == 1 else _fit(rests, ways)
        turned[:, node] = before @ local[:, node]
    return local


def _directions(ways: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Unit vectors (N, 3); a bone without length keeps its last direction, or that of the rest."""
    lengths = np.linalg.norm(ways, axis=-1)
    good = lengths > _TINY
    if not good.any():
        return np.tile(rest, (len(ways), 1))
    last = np.maximum.accumulate(np.where(good, np.arange(len(ways)), -1))
    last = np.where(last < 0, np.argmax(good), last)
    return ways[last] / lengths[last, None]


def _fit(rests: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """Rotations (N, 3, 3) that turn rest directions (B, 3) into directions (N, B, 3) best."""
    axes = np.eye(3)
    start = np.broadcast_to(np.concatenate((rests, axes)), (len(ways), len(rests) + 3, 3))
    end = np.concatenate((ways, np.broadcast_to(axes, (len(ways), 3, 3))), axis=1)
    weights = np.broadcast_to(np.r_[np.ones(len(rests)), np.full(3, _PRIOR)], start.shape[:2])
    return roma.rigid_vectors_registration(
        torch.from_numpy(start.copy()), torch.from_numpy(end), torch.from_numpy(weights.copy())
    ).numpy()


def swing(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Shortest rotations (*, 3, 3) from directions (*, 3) to others."""
    return shortest_rotation(torch.from_numpy(start), torch.from_numpy(end)).numpy()


def aim(rest: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """Rotations that turn a bone into directions, with little twist, and none that jumps.

    The shortest rotation jumps where a bone passes the opposite of its rest direction. There the
    rotation of the frame before is carried on instead, and the twist that this leaves is taken
    back by :data:`UNTWIST` a frame.

    Args:
        rest (np.ndarray): The bone's direction in the rest pose, (3,).
        ways (np.ndarray): Its directions over time, (N, 3).

    Returns:
        np.ndarray: Rotations (N, 3, 3).
    """
    shortest = swing(rest, ways)
    if len(ways) < 2:
        return shortest
    # the last rotation, carried to the new direction, is the shortest one after this twist
    carried = swing(ways[:-1], ways[1:]) @ shortest[:-1]
    twist = np.swapaxes(shortest[1:], -1, -2) @ carried
    turns = roma.rotmat_to_rotvec(torch.from_numpy(twist)).numpy() @ rest
    if (np.abs(turns) <= UNTWIST).all():
        return shortest
    angles, angle = [0.0], 0.0
    for turn in turns.tolist():
        angle = (angle + turn + np.pi) % (2 * np.pi) - np.pi
        angle = np.sign(angle) * max(abs(angle) - UNTWIST, 0.0)
        angles.append(float(angle))
    about = torch.from_numpy(np.array(angles)[:, None] * rest)
    return shortest @ roma.rotvec_to_rotmat(about).numpy()


def euler_angles(order: str, rotations: np.ndarray) -> np.ndarray:
    """Angles over time that do not jump.

    Args:
        rotations (np.ndarray): Rotations (N, M, 3, 3), N frames.

    Returns:
        np.ndarray: Degrees (N, M, 3) in that order, not bound to -180 to 180. Of the two triples
        of angles that are the same rotation, and all their full turns, the nearest to the frame
        before.
    """
    angles = roma.rotmat_to_euler(order, torch.from_numpy(rotations), degrees=True).numpy()
    other = np.stack((angles[..., 0] + 180, 180 - angles[..., 1], angles[..., 2] + 180), -1)
    for i in range(1, len(angles)):
        last = angles[i - 1]
        both = np.stack((angles[i], other[i]))
        both -= 360 * np.round((both - last) / 360)
        nearer = np.abs(both - last).sum(-1).argmin(0)
        angles[i] = np.where(nearer[:, None] == 0, both[0], both[1])
    return angles
