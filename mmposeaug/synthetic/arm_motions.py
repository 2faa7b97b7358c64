# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Motions of the target that the arms lead."""

from __future__ import annotations

import numpy as np

from .motions import (
    SIDES,
    Curves,
    Motion,
    acting_side,
    bump,
    cycle,
    pulses,
    set_leg,
    smooth_noise,
    standing,
    turn_of,
)


def _guard(curves: Curves, rng: np.random.Generator) -> str:
    """Stand with one foot ahead and the fists before the chin; returns the side ahead."""
    ahead, behind = acting_side(rng)
    wide, low = rng.uniform(16, 28), rng.uniform(12, 28)
    set_leg(curves, ahead, wide + low / 2, low)
    set_leg(curves, behind, low / 2 - wide / 2, low + wide / 2)
    curves[f'{behind}_hip_rotation'] -= 20
    curves['trunk_flexion'] += 10
    curves['trunk_rotation'] += 15 * turn_of(ahead)
    for side in SIDES:
        curves[f'{side}_shoulder_flexion'] += 38
        curves[f'{side}_shoulder_abduction'] += 8
        curves[f'{side}_shoulder_rotation'] += 20
        curves[f'{side}_elbow_flexion'] += 105
    return ahead


def punch(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Box: one fist and then the other shoots forward from the guard."""
    curves = standing(time, rng)
    _guard(curves, rng)
    phase = cycle(time, rng, (1.0, 1.7))
    for side, centre in zip(SIDES, (0.2, rng.uniform(0.45, 0.75))):
        out = bump(phase, centre, 8)
        rise = rng.uniform(35, 60)
        curves[f'{side}_shoulder_flexion'] += rise * out
        curves[f'{side}_elbow_flexion'] *= 1 - 0.92 * out
        curves[f'{side}_girdle_protraction'] += 12 * out
        curves['trunk_rotation'] += turn_of(side) * 28 * out
        curves['pelvis_tilt'] += 5 * out
    return curves


def reach(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Reach for things high and low, ahead and aside, with either hand."""
    curves = standing(time, rng)
    for side in acting_side(rng):
        out = pulses(time, rng.uniform(2, 3.5), rng.uniform(0, 4), duty=0.4, rise=0.3)
        height = 75 + 60 * smooth_noise(time, rng, 0.7, band=(0.1, 0.3))
        curves[f'{side}_shoulder_flexion'] += out * height
        curves[f'{side}_shoulder_abduction'] += out * rng.uniform(-20, 45)
        curves[f'{side}_elbow_flexion'] += out * (rng.uniform(0, 50) - 10)
        curves[f'{side}_girdle_protraction'] += 10 * out
        low = np.clip(80 - height, 0, None) * out
        curves['pelvis_tilt'] += 0.35 * low
        curves['trunk_flexion'] += 0.3 * low
        curves['trunk_rotation'] += turn_of(side) * rng.uniform(5, 25) * out
        curves['trunk_side_bend'] += turn_of(side) * rng.uniform(0, 14) * out
        curves['neck_flexion'] += 0.3 * (80 - height) * out
    for side in SIDES:
        bend = np.clip(curves['pelvis_tilt'] - 10, 0, None)
        set_leg(curves, side, 2 + 0.3 * bend, 5 + 0.9 * bend)
    return curves


def stretch(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Stretch with the arms overhead or wide, bending and turning the trunk."""
    curves = standing(time, rng)
    period = rng.uniform(3, 5)
    up = pulses(time, period, rng.uniform(0, 5), duty=0.7, rise=0.25)
    wide, lean = rng.uniform(0, 1), rng.uniform(10, 32)
    bend = lean * np.sin(cycle(time, rng, (2.5, 4)))
    curves['trunk_side_bend'] += up * bend
    curves['trunk_rotation'] += up * wide * 40 * np.sin(cycle(time, rng, (2.5, 4)))
    curves['trunk_flexion'] -= up * rng.uniform(0, 16)
    curves['neck_flexion'] -= up * rng.uniform(0, 25)
    for side in SIDES:
        level = rng.uniform(150, 178) * (1 - wide) + 85 * wide
        curves[f'{side}_shoulder_abduction'] += up * level
        curves[f'{side}_shoulder_rotation'] -= up * 30
        curves[f'{side}_elbow_flexion'] += up * rng.uniform(0, 60) * (1 - wide)
        curves[f'{side}_girdle_elevation'] += up * 18 * (1 - wide)
        curves[f'{side}_hip_abduction'] += rng.uniform(4, 14)
    return curves


def dance(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Dance: every joint moves to one beat, each in its own measure."""
    curves = standing(time, rng, restless=1.5)
    beat = 2 * np.pi * rng.uniform(0.7, 1.1) * time + rng.uniform(0, 2 * np.pi)

    def to_beat(middle: float, size: float) -> np.ndarray:
        wave = np.sin(beat * rng.choice([0.5, 1.0]) + rng.uniform(0, 2 * np.pi))
        swell = 1 + 0.4 * smooth_noise(time, rng, 1, band=(0.1, 0.3))
        return middle + rng.uniform(0.3, 1) * size * wave * swell

    curves['heading'] = smooth_noise(time, rng, 50, band=(0.08, 0.25))
    curves['trunk_side_bend'] += to_beat(0, 16)
    curves['trunk_rotation'] += to_beat(0, 24)
    curves['neck_side_bend'] += to_beat(0, 12)
    for side in SIDES:
        lift = np.clip(to_beat(0, 1), 0, None)
        set_leg(curves, side, 14 + to_beat(4, 8) + 35 * lift, 28 + to_beat(0, 10) + 55 * lift)
        curves[f'{side}_hip_abduction'] += to_beat(6, 8)
        curves[f'{side}_shoulder_flexion'] += to_beat(45, 50)
        curves[f'{side}_shoulder_abduction'] += to_beat(40, 40)
        curves[f'{side}_shoulder_rotation'] += to_beat(-25, 40)
        curves[f'{side}_elbow_flexion'] += to_beat(55, 45)
    return curves


def throw(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Throw overarm: wind up behind the head, step in, follow through to the other side."""
    curves = standing(time, rng)
    arm, other = acting_side(rng)
    phase = cycle(time, rng, (1.8, 2.6))
    wind, release = bump(phase, 0.3, 4), bump(phase, 0.55, 6)
    curves['trunk_rotation'] += turn_of(arm) * (-32 * wind + 36 * release)
    curves['trunk_side_bend'] -= turn_of(arm) * 12 * release
    curves['pelvis_tilt'] += 18 * release
    curves['trunk_flexion'] += 24 * release - 10 * wind
    curves[f'{arm}_shoulder_abduction'] += 85 * wind + 35 * release
    curves[f'{arm}_shoulder_rotation'] += -85 * wind + 20 * release
    curves[f'{arm}_shoulder_flexion'] += 75 * release
    curves[f'{arm}_elbow_flexion'] += 80 * wind
    curves[f'{other}_shoulder_flexion'] += 60 * wind - 15 * release
    curves[f'{other}_shoulder_abduction'] += 15 * wind
    set_leg(curves, other, 6 + 12 * wind + 26 * release, 10 + 30 * wind + 24 * release)
    set_leg(curves, arm, 4 - 14 * release, 12 + 20 * release)
    return curves


def phone(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Hold a telephone to the ear, the other hand speaking along."""
    curves = standing(time, rng, restless=1.5)
    hand, other = acting_side(rng)
    up = pulses(time, rng.uniform(5, 8), rng.uniform(0, 6), duty=0.8, rise=0.15)
    curves[f'{hand}_shoulder_flexion'] += rng.uniform(65, 85) * up
    curves[f'{hand}_shoulder_abduction'] += rng.uniform(-8, 12) * up
    curves[f'{hand}_shoulder_rotation'] += 22 * up
    curves[f'{hand}_elbow_flexion'] += 124 * up
    curves['neck_side_bend'] += turn_of(hand) * 10 * up
    talk = np.clip(0.5 + smooth_noise(time, rng, 0.4, band=(0.3, 1.0)), 0, 1)
    curves[f'{other}_elbow_flexion'] += 80 * talk
    curves[f'{other}_shoulder_rotation'] += rng.uniform(-30, 40) * talk
    curves[f'{other}_shoulder_flexion'] += 25 * talk
    return curves


ARM_MOTIONS: dict[str, Motion] = {
    'Punch': punch,
    'Reach': reach,
    'Stretch': stretch,
    'Dance': dance,
    'Throw': throw,
    'Phone': phone,
}
"""Motions by the name of their action."""
