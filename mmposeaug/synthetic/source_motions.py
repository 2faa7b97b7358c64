# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The narrow motions of the source: walking, running, turning, raising and waving the hands."""

from __future__ import annotations

from functools import partial

import numpy as np

from .motions import SIDES, Curves, Motion, gait, pulses, smooth_noise, smoothstep, standing


def walk(time: np.ndarray, rng: np.random.Generator, turn: float = 0.0) -> Curves:
    """Walk ahead, or along a bend of ``turn`` degrees."""
    curves = gait(
        time,
        rng,
        rate=rng.uniform(0.75, 1.05),
        thigh=(rng.uniform(7, 12), rng.uniform(16, 24)),
        knee=(rng.uniform(2, 8), rng.uniform(8, 16), rng.uniform(48, 60)),
        arms=rng.uniform(10, 28),
        elbow=(rng.uniform(16, 35), rng.uniform(4, 14)),
    )
    curves['trunk_flexion'] += rng.uniform(-2, 8)
    progress = smoothstep((time - time[0]) / max(np.ptp(time), 1e-6))
    curves['heading'] = turn * rng.uniform(0.67, 1.33) * progress
    curves['trunk_side_bend'] -= np.sign(turn) * rng.uniform(0, 4)
    curves['neck_rotation'] += np.sign(turn) * rng.uniform(0, 15)
    return curves


def run(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Run at an easy pace, arms bent, with a short flight after each step."""
    rate = rng.uniform(1.25, 1.5)
    curves = gait(
        time,
        rng,
        rate=rate,
        thigh=(rng.uniform(14, 20), rng.uniform(24, 34)),
        knee=(rng.uniform(10, 16), rng.uniform(14, 22), rng.uniform(65, 90)),
        arms=rng.uniform(25, 42),
        elbow=(rng.uniform(75, 100), rng.uniform(8, 18)),
    )
    curves['trunk_flexion'] += rng.uniform(4, 10)
    curves['pelvis_tilt'] = curves['pelvis_tilt'] + rng.uniform(2, 6)
    # In the air while the thighs are furthest apart, twice a stride.
    apart = np.abs(curves['left_hip_flexion'] - curves['right_hip_flexion'])
    curves['lift'] = rng.uniform(0.03, 0.07) * smoothstep(apart / (apart.max() + 1e-6))
    return curves


def turn_in_place(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Turn on the spot with small steps, one way or the other."""
    curves = gait(
        time,
        rng,
        rate=rng.uniform(0.8, 1.1),
        thigh=(rng.uniform(8, 14), rng.uniform(3, 7)),
        knee=(rng.uniform(4, 8), 4.0, rng.uniform(25, 45)),
        arms=rng.uniform(3, 9),
        elbow=(rng.uniform(15, 30), 4.0),
    )
    speed = rng.choice([-1.0, 1.0]) * rng.uniform(40, 80)
    curves['heading'] = speed * time + smooth_noise(time, rng, 8)
    curves['neck_rotation'] += np.sign(speed) * rng.uniform(5, 25)
    return curves


def raise_hands(
    time: np.ndarray, rng: np.random.Generator, sides: tuple[str, ...] = SIDES
) -> Curves:
    """Raise one hand or both overhead, forward or sideways, and lower them again."""
    curves = standing(time, rng)
    period, shift = rng.uniform(2.0, 3.2), rng.uniform(0, 3)
    up = pulses(time, period, shift, duty=0.55, rise=0.3)
    ahead = rng.random() < 0.5  # before the body, or else beside it
    aside = rng.uniform(0, 25)
    height = rng.uniform(120, 165)
    for side in sides:
        level = height + smooth_noise(time, rng, 4)
        curves[f'{side}_shoulder_flexion'] += up * (level if ahead else aside)
        curves[f'{side}_shoulder_abduction'] += up * (aside - 10 if ahead else level)
        curves[f'{side}_elbow_flexion'] += up * (1 - up) * rng.uniform(60, 160)
        curves[f'{side}_girdle_elevation'] += up * rng.uniform(8, 20)
    curves['neck_flexion'] -= up * rng.uniform(0, 20)
    curves['trunk_flexion'] -= up * rng.uniform(0, 6)
    if len(sides) == 1:
        lean = 1.0 if sides[0] == 'left' else -1.0
        curves['trunk_side_bend'] += up * lean * rng.uniform(0, 7)
    return curves


def wave_hands(
    time: np.ndarray, rng: np.random.Generator, sides: tuple[str, ...] = SIDES
) -> Curves:
    """Wave with the forearm upright, the upper arm held outward."""
    curves = standing(time, rng)
    up = pulses(time, rng.uniform(4, 6), rng.uniform(0, 5), duty=0.8, rise=0.15)
    beat, start = rng.uniform(1.0, 1.8), rng.uniform(0, 2 * np.pi)
    outward, ahead = rng.uniform(55, 110), rng.uniform(0, 30)
    swing, bend = rng.uniform(12, 30), rng.uniform(70, 105)
    for side in sides:
        wave = swing * np.sin(2 * np.pi * beat * time + start)
        own = dict(
            shoulder_flexion=ahead,
            shoulder_abduction=outward + 0.3 * wave,
            shoulder_rotation=-rng.uniform(60, 85),  # outward, which brings the forearm up
            elbow_flexion=bend + wave,
        )
        for name, values in own.items():
            rest = curves[f'{side}_{name}']
            curves[f'{side}_{name}'] = rest + up * (values - 0.7 * rest)
        curves[f'{side}_girdle_elevation'] += up * rng.uniform(3, 12)
    curves['trunk_side_bend'] += up * 0.1 * swing * np.sin(2 * np.pi * beat * time + start)
    return curves


SOURCE_MOTIONS: dict[str, Motion] = {
    'Walk': walk,
    'Run': run,
    'WalkTurnLeft': partial(walk, turn=120.0),
    'WalkTurnRight': partial(walk, turn=-120.0),
    'TurnInPlace': turn_in_place,
    'RaiseBothHands': raise_hands,
    'RaiseLeftHand': partial(raise_hands, sides=('left',)),
    'RaiseRightHand': partial(raise_hands, sides=('right',)),
    'WaveBothHands': wave_hands,
    'WaveLeftHand': partial(wave_hands, sides=('left',)),
    'WaveRightHand': partial(wave_hands, sides=('right',)),
}
"""Motions of the source part by the name of their action."""
