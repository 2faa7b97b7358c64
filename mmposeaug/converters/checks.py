# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Checks of what converters read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

LARGEST_METRES = 50.0
"""float: No studio is larger; positions beyond it are in another unit."""


def require_key(entries: Any, key: str, where: str) -> Any:
    """Return an entry of a mapping."""
    if not isinstance(entries, Mapping):
        raise ValueError(f'{where} must be a dictionary, but is a {type(entries).__name__}.')
    if key not in entries:
        shown = ', '.join(str(k) for k in list(entries)[:8]) or 'none'
        raise ValueError(f'{where} has no key {key!r} (it has {shown}).')
    return entries[key]


def number_array(values: Any, shape: Sequence[int | None], where: str) -> np.ndarray:
    """Return finite numbers of a known shape, of which None fits any length."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f'{where} is not an array of numbers.') from None
    fits = array.ndim == len(shape) and all(
        wanted is None or wanted == found for wanted, found in zip(shape, array.shape)
    )
    if not fits:
        wanted = ', '.join('any' if each is None else str(each) for each in shape)
        raise ValueError(f'{where} has shape {array.shape}, ({wanted}) is needed.')
    if not np.isfinite(array).all():
        raise ValueError(f'{where} has values that are NaN or infinite.')
    return array


def check_frames(values: np.ndarray, where: str) -> None:
    """Refuse a recording without frames."""
    if not len(values):
        raise ValueError(f'{where} has no frames; get the file again, or remove the recording.')


def check_metres(positions: np.ndarray, where: str) -> None:
    """Refuse positions that are in millimetres instead of metres."""
    largest = float(np.abs(positions).max(initial=0))
    if largest > LARGEST_METRES:
        raise ValueError(
            f'{where} has a coordinate of {largest:.0f} m, so it seems to be in millimetres; '
            'divide it by 1000.'
        )


def check_before_camera(pose_cam: np.ndarray, where: str) -> None:
    """Refuse camera-space joints (*, 3), metres, that are not before the camera."""
    if (pose_cam[..., 2] <= 0).any():
        raise ValueError(
            f'{where} has joints behind the camera; give the camera file that belongs to the '
            'poses (R camera to world, T in metres).'
        )
