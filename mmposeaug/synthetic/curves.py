# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Smooth functions of time that the motions are built from."""

from __future__ import annotations

import numpy as np


def smooth_noise(
    time: np.ndarray,
    rng: np.random.Generator,
    scale: float,
    band: tuple[float, float] = (0.08, 0.7),
    waves: int = 4,
) -> np.ndarray:
    """Sum a few sine waves over time (T,) of random frequency and phase, slow ones stronger."""
    frequency = np.exp(rng.uniform(np.log(band[0]), np.log(band[1]), waves))
    phase = rng.uniform(0, 2 * np.pi, waves)
    amplitude = frequency**-0.5
    amplitude *= scale * np.sqrt(2 / np.sum(amplitude**2))
    return np.sin(2 * np.pi * time[:, None] * frequency + phase) @ amplitude


def bump(phase: np.ndarray, centre: float, sharpness: float) -> np.ndarray:
    """Periodic bell, 1 where ``phase`` (radians) equals ``2 pi centre``, towards 0 elsewhere."""
    return np.exp(sharpness * (np.cos(phase - 2 * np.pi * centre) - 1))


def smoothstep(values: np.ndarray) -> np.ndarray:
    """Rise from 0 at 0 to 1 at 1 with zero slope at both ends."""
    clipped = np.clip(values, 0.0, 1.0)
    return clipped * clipped * (3 - 2 * clipped)


def pulses(
    time: np.ndarray, period: float, shift: float = 0.0, duty: float = 0.5, rise: float = 0.2
) -> np.ndarray:
    """Go smoothly between 0 and 1, again and again, over time (T,)."""
    position = ((time + shift) / period) % 1.0
    middle = rise / 2 + duty / 2
    return smoothstep((duty / 2 + rise / 2 - np.abs(position - middle)) / rise)
