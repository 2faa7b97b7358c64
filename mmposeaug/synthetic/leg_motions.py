# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Motions of the target that the legs and the trunk carry."""

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


def bow(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Bow from the hips, now deeply and now slightly."""
    curves = standing(time, rng)
    down = pulses(time, rng.uniform(2.5, 4), rng.uniform(0, 4), duty=0.5, rise=0.35)
    down = down * np.clip(rng.uniform(0.5, 1) + smooth_noise(time, rng, 0.1), 0, 1)
    curves['pelvis_tilt'] += 45 * down
    curves['trunk_flexion'] += 38 * down
    curves['neck_flexion'] += rng.uniform(-15, 20) * down
    for side in SIDES:  # the hips move back to keep the balance
        set_leg(curves, side, -9 * down, 4 + 6 * down)
        curves[f'{side}_shoulder_flexion'] += rng.uniform(5, 60) * down
    return curves


def squat(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Squat down with the arms held out and rise again."""
    curves = standing(time, rng)
    down = pulses(time, rng.uniform(2, 3.2), rng.uniform(0, 3), duty=0.45, rise=0.4)
    depth, arms, apart = rng.uniform(65, 98), rng.uniform(40, 95), rng.uniform(5, 22)
    curves['pelvis_tilt'] += rng.uniform(22, 34) * down
    curves['trunk_flexion'] += rng.uniform(5, 20) * down
    curves['neck_flexion'] -= 15 * down
    for side in SIDES:
        set_leg(curves, side, 2 + depth * down, 5 + 1.25 * depth * down)
        curves[f'{side}_hip_abduction'] += apart * (0.4 + 0.6 * down)
        curves[f'{side}_hip_rotation'] -= apart * down
        curves[f'{side}_shoulder_flexion'] += arms * down
        curves[f'{side}_elbow_flexion'] += rng.uniform(0, 60) * down
    return curves


def sit_down(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Sit down on a seat of knee height, stay, and get up."""
    curves = standing(time, rng)
    down = pulses(time, rng.uniform(4, 5.5), rng.uniform(0, 5), duty=0.65, rise=0.25)
    moving = 4 * down * (1 - down)
    curves['pelvis_tilt'] += 32 * moving - rng.uniform(5, 18) * down
    curves['trunk_flexion'] += 18 * moving + rng.uniform(0, 20) * down
    lap, apart = rng.uniform(5, 40), rng.uniform(0, 14)
    for side in SIDES:
        set_leg(curves, side, 2 + 83 * down, 5 + rng.uniform(78, 92) * down)
        curves[f'{side}_hip_abduction'] += apart * down
        curves[f'{side}_shoulder_flexion'] += lap * down + 15 * moving
        curves[f'{side}_elbow_flexion'] += rng.uniform(20, 70) * down
        curves[f'{side}_shoulder_rotation'] += rng.uniform(0, 35) * down
    return curves


def jump(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Jump up from both feet, the arms thrown up, and land in a crouch."""
    curves = standing(time, rng)
    period = rng.uniform(1.5, 2.2)
    phase = cycle(time, rng, (period, period))
    crouch = np.clip(bump(phase, 0.25, 6) + 0.7 * bump(phase, 0.68, 8), 0, 1)
    fly = np.clip(1 - ((phase / (2 * np.pi) % 1 - 0.46) / 0.13) ** 2, 0, None)
    deep, arms = rng.uniform(35, 60), rng.uniform(80, 150)
    curves['lift'] = rng.uniform(0.15, 0.4) * fly
    curves['pelvis_tilt'] += 30 * crouch
    curves['trunk_flexion'] += 15 * crouch - 8 * fly
    tuck = rng.uniform(0, 40) * fly
    for side in SIDES:
        set_leg(curves, side, deep * crouch + tuck, 4 + 1.8 * deep * crouch + 1.6 * tuck)
        swing = bump(phase, 0.46, 5)
        curves[f'{side}_shoulder_flexion'] += arms * swing - 40 * bump(phase, 0.22, 6)
        curves[f'{side}_shoulder_abduction'] += 15 * swing
        curves[f'{side}_elbow_flexion'] += 25 * swing
    return curves


def lunge(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Lunge: sink over the front leg, the other far behind."""
    curves = standing(time, rng)
    front, back = acting_side(rng)
    down = pulses(time, rng.uniform(2, 3.5), rng.uniform(0, 4), duty=0.5, rise=0.4)
    depth = rng.uniform(0.65, 1)
    curves['pelvis_tilt'] += rng.uniform(0, 12) * down
    set_leg(curves, front, 3 + 72 * depth * down, 5 + 80 * depth * down)
    set_leg(curves, back, 2 - 16 * depth * down, 5 + 52 * depth * down)
    hands = rng.uniform(0, 1)
    for side in SIDES:
        curves[f'{side}_shoulder_abduction'] += down * (10 + 45 * hands)
        curves[f'{side}_elbow_flexion'] += down * rng.uniform(0, 80) * (1 - hands)
        curves[f'{side}_shoulder_flexion'] += down * rng.uniform(-10, 70)
    return curves


def march(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """March on the spot with high knees, elbow to the opposite knee."""
    curves = standing(time, rng)
    phase = cycle(time, rng, (1.1, 1.6))
    height = rng.uniform(70, 100)
    for side, centre in zip(SIDES, (0.25, 0.75)):
        knee, arm = bump(phase, centre, 4), bump(phase, centre + 0.5, 3)
        set_leg(curves, side, 2 + height * knee, 6 + height * 1.05 * knee)
        curves[f'{side}_shoulder_flexion'] += 65 * arm - 15
        curves[f'{side}_elbow_flexion'] += 70
        curves['trunk_rotation'] -= turn_of(side) * 20 * knee
    return curves


def kick(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Kick forward again and again, the opposite arm swinging along."""
    curves = standing(time, rng)
    leg, other = acting_side(rng)
    phase = cycle(time, rng, (1.6, 2.4))
    back, out = bump(phase, 0.3, 6), bump(phase, 0.52, 7)
    height = rng.uniform(55, 95)
    curves['pelvis_tilt'] += 10 * back - 16 * out
    curves['trunk_flexion'] += 12 * out
    curves['trunk_rotation'] += turn_of(leg) * (20 * back - 24 * out)
    set_leg(curves, leg, -26 * back + height * out, 6 + 80 * back + 12 * out)
    set_leg(curves, other, 5 + 5 * back - 4 * out, 12 + 8 * back)
    curves[f'{leg}_hip_abduction'] += rng.uniform(0, 15) * out
    curves[f'{other}_shoulder_flexion'] += -25 * back + 60 * out
    curves[f'{leg}_shoulder_flexion'] += 35 * back - 30 * out
    for side in SIDES:
        curves[f'{side}_shoulder_abduction'] += 25 * (back + out)
        curves[f'{side}_elbow_flexion'] += 20 * (back + out)
    return curves


LEG_MOTIONS: dict[str, Motion] = {
    'Bow': bow,
    'Squat': squat,
    'SitDown': sit_down,
    'Jump': jump,
    'Lunge': lunge,
    'March': march,
    'Kick': kick,
}
"""Motions by the name of their action."""
