# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Inverse kinematics of a limb of two bones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from mmposeaug.geometry import shortest_rotation

# of both bones' length; a limb that is quite straight does not tell how it bends
_STRETCHED = 0.9999


def bend_limb(
    poses: np.ndarray, limb: tuple[int, int, int], off: np.ndarray, members: Sequence[int]
) -> np.ndarray:
    """Move the end of a limb; its start stays, its bones keep their lengths.

    The middle joint stays on the side to which the limb bends. An end that cannot be reached comes
    as near as it can.

    Args:
        poses (np.ndarray): Poses (T, J, 3).
        off (np.ndarray): How far to move the end, (T, 3).

    Returns:
        np.ndarray: Poses (T, J, 3).
    """
    moved = poses.copy()
    rows = np.flatnonzero(np.linalg.norm(off, axis=-1) > 1e-9)
    start, middle, end = (poses[rows, joint] for joint in limb)
    upper = np.linalg.norm(middle - start, axis=-1, keepdims=True)
    lower = np.linalg.norm(end - middle, axis=-1, keepdims=True)
    axis, reach = _split(end + off[rows] - start)
    reach = np.clip(reach, np.abs(upper - lower) / _STRETCHED, (upper + lower) * _STRETCHED)
    # law of cosines: how far along the line from start to end the middle joint is
    along = (upper**2 - lower**2 + reach**2) / (2 * reach.clip(1e-9))
    aside = np.sqrt((upper**2 - along**2).clip(0))
    moved[rows, limb[1]] = start + along * axis + aside * _side(start, middle, end, axis)
    moved[rows, limb[2]] = start + reach * axis
    for joint in members:
        if joint not in limb:
            moved[rows, joint] += moved[rows, limb[2]] - end
    return moved


def _side(start: np.ndarray, middle: np.ndarray, end: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Direction (N, 3) across ``axis`` to which the limb bends, turned with the limb."""
    before, _ = _split(end - start)
    bend = middle - start
    bend = bend - (bend * before).sum(-1, keepdims=True) * before
    turn = shortest_rotation(torch.from_numpy(before), torch.from_numpy(axis)).numpy()
    turned = np.einsum('nij,nj->ni', turn, bend)
    turned = turned - (turned * axis).sum(-1, keepdims=True) * axis
    # a straight limb bends to wherever there is room across its line
    other = np.eye(3)[np.abs(axis).argmin(-1)]
    other = other - (other * axis).sum(-1, keepdims=True) * axis
    straight = np.linalg.norm(turned, axis=-1, keepdims=True) < 1e-6
    return _split(np.where(straight, other, turned))[0]


def _split(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directions (N, 3) and lengths (N, 1)."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / lengths.clip(1e-12), lengths
