# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Common ground of the procedural motions: joint angles, standing, gait, rasterised curves.

A motion is a function of the time and a random generator that returns curves in degrees by
:data:`CURVE_NAMES`. It starts from :func:`standing`, which gives every joint the small movements of
a living person, and writes its own curves over or onto these.

Source of the ranges of motion: American Academy of Orthopaedic Surgeons, *Joint Motion: Method of
Measuring and Recording*, 1965, as tabulated in C. C. Norkin and D. J. White, *Measurement of Joint
Motion: A Guide to Goniometry*, appendix A. The shoulder girdle, which those leave out, is held to
the smaller part of what D. A. Neumann, *Kinesiology of the Musculoskeletal System*, gives for the
sternoclavicular joint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from mmposeaug.structures import FLEXION_LIMITS

Curves = dict[str, np.ndarray]
Motion = Callable[[np.ndarray, np.random.Generator], Curves]

SIDES = ('left', 'right')

_SIDED: dict[str, tuple[float, float]] = {
    'hip_flexion': FLEXION_LIMITS['hip'],
    'hip_abduction': (-30.0, 45.0),
    'hip_rotation': (-45.0, 45.0),  # positive inward
    'knee_flexion': FLEXION_LIMITS['knee'],
    'girdle_elevation': (-5.0, 30.0),
    'girdle_protraction': (-15.0, 15.0),
    'shoulder_flexion': (-60.0, 180.0),
    'shoulder_abduction': (-45.0, 180.0),
    'shoulder_rotation': (-90.0, 70.0),  # positive inward
    'elbow_flexion': FLEXION_LIMITS['elbow'],
}
_MIDDLE: dict[str, tuple[float, float]] = {
    'trunk_flexion': FLEXION_LIMITS['trunk'],
    'trunk_side_bend': (-35.0, 35.0),  # positive to the right
    'trunk_rotation': (-45.0, 45.0),  # positive to the left
    'neck_flexion': (-45.0, 45.0),
    'neck_side_bend': (-45.0, 45.0),
    'neck_rotation': (-60.0, 60.0),
}

JOINT_LIMITS: dict[str, tuple[float, float]] = {
    **_MIDDLE,
    **{f'{side}_{angle}': limits for side in SIDES for angle, limits in _SIDED.items()},
}
"""Lowest and highest value in degrees of every joint angle; 0 is standing, arms hanging."""

FREE_CURVES = ('heading', 'pelvis_tilt', 'pelvis_list', 'pelvis_turn', 'lift')
"""What moves the body in the world: angles in degrees, and the feet's height in metres."""

CURVE_NAMES: tuple[str, ...] = (*JOINT_LIMITS, *FREE_CURVES)
"""All curves that a motion may set."""


def limited(curves: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Hold every joint angle inside its range of motion; free curves pass unchanged."""
    result = {}
    for name, values in curves.items():
        if name in JOINT_LIMITS:
            result[name] = np.clip(values, *JOINT_LIMITS[name])
        elif name in FREE_CURVES:
            result[name] = values
        else:
            raise KeyError(f"No joint angle is called '{name}'; use one of {CURVE_NAMES}.")
    return result


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


def standing(time: np.ndarray, rng: np.random.Generator, restless: float = 1.0) -> Curves:
    """Stand: weight shifts, a breathing trunk, loose arms, the head looking around."""

    def sway(middle: float, habit: float, scale: float) -> np.ndarray:
        return middle + rng.normal(0, habit) + smooth_noise(time, rng, scale * restless)

    curves: Curves = {name: np.zeros_like(time) for name in CURVE_NAMES}
    shift = smooth_noise(time, rng, 1.5 * restless, band=(0.08, 0.3))
    curves.update(
        pelvis_tilt=sway(4, 2, 1),
        pelvis_list=shift,
        pelvis_turn=sway(0, 2, 3),
        trunk_flexion=sway(2, 3, 2),
        trunk_side_bend=sway(0, 1.5, 1.5) - shift,
        trunk_rotation=sway(0, 2, 3),
        neck_flexion=sway(4, 4, 4),
        neck_side_bend=sway(0, 2, 3),
        neck_rotation=sway(0, 4, 9),
    )
    for side in SIDES:
        outward = 1.0 if side == 'left' else -1.0
        knee = np.abs(sway(5, 3, 2))
        own: dict[str, np.ndarray] = dict(
            hip_flexion=curves['pelvis_tilt'] + knee / 2 + sway(0, 2, 1),
            # The legs stay upright when the pelvis leans.
            hip_abduction=sway(4, 2, 0.5) - outward * shift,
            hip_rotation=sway(-6, 4, 2),
            knee_flexion=knee,
            girdle_elevation=sway(0, 1.5, 1),
            girdle_protraction=sway(0, 3, 1),
            shoulder_flexion=sway(2, 4, 3),
            shoulder_abduction=sway(9, 3, 2),
            shoulder_rotation=sway(10, 10, 4),
            elbow_flexion=np.abs(sway(16, 6, 4)),
        )
        curves.update({f'{side}_{name}': values for name, values in own.items()})
    return curves


def gait(
    time: np.ndarray,
    rng: np.random.Generator,
    rate: float,
    thigh: tuple[float, float],
    knee: tuple[float, float, float],
    arms: float,
    elbow: tuple[float, float],
) -> Curves:
    """Walk or run: both legs half a stride apart, each arm with the opposite leg.

    The knee has its two bends of the gait cycle, a small one while the leg takes the weight and a
    large one while it swings forward (J. Perry, *Gait Analysis*, normal function of the knee).
    ``thigh`` is the middle and half range of its swing, ``arms`` half their range, degrees.
    """
    curves = standing(time, rng, restless=0.7)
    start = rng.uniform(0, 2 * np.pi)
    twist = rng.uniform(3, 7) * thigh[1] / 20
    for side in SIDES:
        phase = 2 * np.pi * rate * time + start + (np.pi if side == 'right' else 0.0)
        swing = np.cos(phase + 0.35)  # furthest forward shortly before the heel strikes
        load, fold = bump(phase, 0.13, 6), bump(phase, 0.72, 3)
        own = dict(
            hip_flexion=curves['pelvis_tilt'] + thigh[0] + thigh[1] * swing,
            hip_abduction=1.5 + 2 * bump(phase, 0.75, 2) + smooth_noise(time, rng, 1),
            knee_flexion=knee[0] + knee[1] * load + knee[2] * fold,
            shoulder_flexion=-arms * (swing - 0.1) + smooth_noise(time, rng, 2),
            elbow_flexion=elbow[0] - elbow[1] * swing + smooth_noise(time, rng, 2),
        )
        curves.update({f'{side}_{name}': values for name, values in own.items()})
        if side == 'left':
            # The side of the swinging leg drops and comes forward; the chest turns against it.
            curves['pelvis_turn'] = -twist * swing
            curves['pelvis_list'] = twist * 0.6 * np.sin(phase)
            curves['trunk_rotation'] = curves['trunk_rotation'] * 0.5 + 1.8 * twist * swing
            curves['trunk_side_bend'] -= curves['pelvis_list']
    curves['left_hip_abduction'] -= curves['pelvis_list']
    curves['right_hip_abduction'] += curves['pelvis_list']
    return curves


def set_leg(curves: Curves, side: str, thigh: np.ndarray | float, knee: np.ndarray | float) -> None:
    """Set a leg, in degrees, by the thigh's angle to the vertical, whatever the pelvis does."""
    curves[f'{side}_hip_flexion'] = thigh + curves['pelvis_tilt']
    curves[f'{side}_knee_flexion'] = knee + np.zeros_like(curves['pelvis_tilt'])


def acting_side(rng: np.random.Generator) -> tuple[str, str]:
    """Draw the side that acts; returns it and the other one."""
    acting, other = rng.permutation(SIDES)
    return str(acting), str(other)


def turn_of(side: str) -> float:
    """Sign of the trunk rotation, or of the bend, that brings ``side`` forward, or down."""
    return 1.0 if side == 'right' else -1.0


def cycle(time: np.ndarray, rng: np.random.Generator, period: tuple[float, float]) -> np.ndarray:
    """Phase (T,) in radians of a movement that repeats; the period in seconds is drawn."""
    return 2 * np.pi * (time / rng.uniform(*period) + rng.uniform())


def rasterise(curves: Sequence[Curves]) -> dict[str, Tensor]:
    """Limit and stack curves of several sequences: (S, T), in radians, ``lift`` in metres."""
    held = [limited(each) for each in curves]
    stacked = {name: torch.from_numpy(np.stack([c[name] for c in held])) for name in CURVE_NAMES}
    return {
        name: values if name == 'lift' else torch.deg2rad(values)
        for name, values in stacked.items()
    }
