# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A right hand, its motions and its cameras.

Fingers forward, back of the hand up, thumb to the left. Ranges of motion are those of the American
Academy of Orthopaedic Surgeons (see :mod:`mmposeaug.synthetic.motions`), rounded; lengths are those
of a common adult's hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from mmposeaug.datasets.rigs import SOURCE_RIG, TARGET_RIG, Rig

from .creatures import Bone, Creature, CreatureMotion, CreaturePart, Curves, ball, turns
from .motions import bump, pulses, smooth_noise

FINGERS = ('forefinger', 'middle_finger', 'ring_finger', 'pinky_finger')
ALL = ('thumb', *FINGERS)

# name -> sideways direction of the metacarpal, lengths from the wrist to the tip, cupping
_SIZES: dict[str, tuple[float, tuple[float, float, float, float], float]] = {
    'forefinger': (-0.28, (0.094, 0.044, 0.026, 0.022), 0.0),
    'middle_finger': (-0.04, (0.092, 0.049, 0.030, 0.023), 0.0),
    'ring_finger': (0.17, (0.086, 0.045, 0.028, 0.023), 8.0),
    'pinky_finger': (0.40, (0.081, 0.036, 0.020, 0.020), 15.0),
}
_BENDS = (-1.0, 0.0, 0.0)  # fingertips go down, to the palm


def _finger(name: str) -> dict[str, Bone]:
    aside, lengths, cup = _SIZES[name]
    straight = (0.25 * aside, 1.0, 0.0)
    hinges = (
        {f'{name}_cup': (_BENDS, 0.0, cup)} if cup else {},
        {f'{name}_spread': ((0, 0, -1), -20, 20), f'{name}_flexion1': (_BENDS, -30, 90)},
        {f'{name}_flexion2': (_BENDS, 0, 105)},
        {f'{name}_flexion3': (_BENDS, -5, 80)},
    )
    directions = ((aside, 1.0, 0.0), straight, straight, straight)
    return {
        f'{name}{i + 1}': Bone(
            directions[i], lengths[i], ball(hinges[i]), 'fingers' if i else 'palm'
        )
        for i in range(4)
    }


# the thumb bends across the palm, about an axis between the palm's and the fingers'
_THUMB_BENDS = (-0.45, 0.25, 0.86)
_THUMB: dict[str, Bone] = {
    'thumb1': Bone((-0.62, 0.75, -0.25), 0.034, {}, 'thumb'),
    'thumb2': Bone(
        (-0.72, 0.65, -0.25),
        0.045,
        ball(
            {
                'thumb_opposition': ((0.2, 0.9, 0.2), -5, 50),
                'thumb_abduction': ((0.4, 0.0, 0.9), -15, 40),
                'thumb_flexion1': (_THUMB_BENDS, -15, 25),
            }
        ),
        'thumb',
    ),
    'thumb3': Bone(
        (-0.55, 0.82, -0.15), 0.033, ball({'thumb_flexion2': (_THUMB_BENDS, -5, 55)}), 'thumb'
    ),
    'thumb4': Bone(
        (-0.5, 0.86, -0.1), 0.027, ball({'thumb_flexion3': (_THUMB_BENDS, -15, 80)}), 'thumb'
    ),
}

BONES: dict[str, Bone] = {
    **_THUMB,
    **{joint: bone for name in FINGERS for joint, bone in _finger(name).items()},
}


# -------------------------------------------------------------------- postures
_THUMB_SHUT = dict(opposition=38.0, abduction=-8.0, flexion1=18.0, flexion2=45.0, flexion3=55.0)


def _bend(curves: Curves, name: str, amount: np.ndarray | float, hook: float = 0.0) -> None:
    """Bend a finger: 0 straight, 1 in the fist; ``hook`` keeps the knuckle straight."""
    if name == 'thumb':
        for part, full in _THUMB_SHUT.items():
            curves[f'thumb_{part}'] = curves[f'thumb_{part}'] + full * amount
        return
    for number, full in ((1, 82 * (1 - hook)), (2, 98.0), (3, 62.0)):
        angle = f'{name}_flexion{number}'
        curves[angle] = curves[angle] + full * amount
    if f'{name}_cup' in curves:
        curves[f'{name}_cup'] = curves[f'{name}_cup'] + 12 * amount


def relaxed(time: np.ndarray, rng: np.random.Generator, restless: float = 1.0) -> Curves:
    """Hold a hand still: every finger a little bent, none quite still."""
    curves: Curves = {}
    for bone in BONES.values():
        for name in bone.hinges:
            small = 0.3 if 'spread' in name or 'cup' in name else 1.0
            curves[name] = smooth_noise(time, rng, 2.5 * small * restless) + rng.normal(
                0, 2.5 * small
            )
    for number, name in enumerate(FINGERS):
        for joint, middle in ((1, 10 + 3 * number), (2, 16 + 3 * number), (3, 8)):
            curves[f'{name}_flexion{joint}'] += middle
    curves['thumb_opposition'] += 12
    curves['thumb_flexion2'] += 12
    curves['thumb_flexion3'] += 12
    return curves


def _turn(
    curves: Curves,
    time: np.ndarray,
    rng: np.random.Generator,
    pitch: tuple[float, float],
    roll: tuple[float, float],
) -> Curves:
    """Turn the hand as a whole; both ranges in degrees."""
    curves['yaw'] = rng.uniform(0, 360) + smooth_noise(time, rng, 12)
    curves['pitch'] = rng.uniform(*pitch) + smooth_noise(time, rng, 6)
    curves['roll'] = rng.uniform(*roll) + smooth_noise(time, rng, 8)
    return curves


# --------------------------------------------------------------------- source
def grasp(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Close around something large and let go again, all fingers together."""
    curves = relaxed(time, rng)
    shut = pulses(time, rng.uniform(1.6, 2.8), rng.uniform(0, 3), duty=0.5, rise=0.4)
    for name in ALL:
        _bend(curves, name, shut * rng.uniform(0.28, 0.5))
    return curves


def pinch(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Bring thumb and forefinger together."""
    curves = relaxed(time, rng)
    shut = pulses(time, rng.uniform(1.2, 2.0), rng.uniform(0, 2), duty=0.5, rise=0.4)
    _bend(curves, 'thumb', shut * rng.uniform(0.5, 0.7))
    _bend(curves, 'forefinger', shut * rng.uniform(0.35, 0.5))
    for name in FINGERS[1:]:
        _bend(curves, name, rng.uniform(0.05, 0.25) + 0.1 * shut)
    return curves


def tap(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Tap with one finger after the other."""
    curves = relaxed(time, rng)
    phase = turns(1.4, time, rng)
    for number, name in enumerate(FINGERS):
        down = bump(phase, number / 4, 5)
        curves[f'{name}_flexion1'] += 28 * down - 6
        curves[f'{name}_flexion2'] += 14 * down
    return curves


def fan(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Spread the straight fingers and close them."""
    curves = relaxed(time, rng)
    wide = pulses(time, rng.uniform(1.5, 2.5), rng.uniform(0, 2), duty=0.5, rise=0.4)
    for name, aside in zip(FINGERS, (-10, -2, 6, 12)):
        curves[f'{name}_spread'] += aside * wide
        _bend(curves, name, -0.1 * wide)
    curves['thumb_abduction'] += 18 * wide
    return curves


# --------------------------------------------------------------------- target
def _poses(
    time: np.ndarray,
    rng: np.random.Generator,
    bent: Sequence[float | None],
    hook: float = 0.0,
) -> Curves:
    """Go into a posture and out again; a finger without an amount is drawn."""
    curves = relaxed(time, rng, 1.3)
    held = 0.25 + 0.75 * pulses(time, rng.uniform(1.8, 3), rng.uniform(0, 3), 0.6, 0.35)
    for name, amount in zip(ALL, bent):
        amount = float(rng.uniform(0, 1)) if amount is None else amount
        _bend(curves, name, held * (amount + rng.normal(0, 0.05)), hook)
    for name in FINGERS:
        curves[f'{name}_spread'] += rng.normal(0, 6)
    curves['thumb_abduction'] += rng.normal(0, 8)
    return curves


def ripple(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Curl the fingers one after the other, as far as they go."""
    curves = relaxed(time, rng)
    phase = turns(1.8, time, rng)
    for number, name in enumerate(ALL):
        _bend(curves, name, 0.5 + 0.48 * np.sin(phase - number * rng.uniform(0.5, 0.9)))
    return curves


def splay(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Stretch the hand as wide as it goes, fingers bent back."""
    curves = relaxed(time, rng)
    wide = pulses(time, rng.uniform(1.5, 2.5), rng.uniform(0, 2), duty=0.6, rise=0.4)
    for name, aside in zip(FINGERS, (-18, -5, 8, 20)):
        curves[f'{name}_spread'] += aside * wide
        curves[f'{name}_flexion1'] -= rng.uniform(20, 38) * wide
    curves['thumb_abduction'] += 36 * wide
    curves['thumb_opposition'] -= 12 * wide
    return curves


def _held(
    motion: CreatureMotion, pitch: tuple[float, float], roll: tuple[float, float]
) -> CreatureMotion:
    def performed(time: np.ndarray, rng: np.random.Generator) -> Curves:
        return _turn(motion(time, rng), time, rng, pitch, roll)

    return performed


_SOURCE = {'Grasp': grasp, 'Pinch': pinch, 'Tap': tap, 'Fan': fan}
_TARGET: dict[str, CreatureMotion] = {
    'Fist': partial(_poses, bent=(0.9, 1, 1, 1, 1)),
    'Point': partial(_poses, bent=(0.8, 0, 1, 1, 1)),
    'Two': partial(_poses, bent=(0.9, 0, 0, 1, 1)),
    'Hook': partial(_poses, bent=(0.2, 1, 1, 1, 1), hook=1.0),
    'Horns': partial(_poses, bent=(0.5, 0, 1, 1, 0)),
    'Thumb': partial(_poses, bent=(-0.4, 1, 1, 1, 1)),
    'Sign': partial(_poses, bent=(None,) * 5, hook=0.4),
    'Ripple': ripple,
    'Splay': splay,
}


def _rig(base: Rig, ids: str, **values: object) -> Rig:
    scene = dict(aim_height=(0.93, 0.97), aim_aside=0.02, ids=tuple(f'{ids}{i}' for i in range(4)))
    return Rig(**{**vars(base), **scene, **values})


_NEAR = _rig(SOURCE_RIG, '5410000', heights=((1.05, 1.2),) * 4, distance=(0.55, 0.65))
_FAR = _rig(
    TARGET_RIG,
    '7100000',
    heights=((0.6, 0.7), (0.85, 0.95), (1.1, 1.25), (1.3, 1.4)),
    distance=(0.4, 0.7),
)
_SOURCE_MOTIONS = {name: _held(each, (10, 70), (-35, 35)) for name, each in _SOURCE.items()}
_TARGET_MOTIONS = {name: _held(each, (-60, 120), (-100, 100)) for name, each in _TARGET.items()}

HAND = Creature(
    'hand',
    dict(from_file='configs/_base_/datasets/onehand10k.py', root='wrist'),
    BONES,
    parts=(
        CreaturePart('source_train', 10, ('S1', 'S5', 'S6', 'S7'), _SOURCE_MOTIONS, _NEAR),
        CreaturePart('source_val', 11, ('S8',), _SOURCE_MOTIONS, _NEAR),
        CreaturePart('source_test', 12, ('S9', 'S11'), _SOURCE_MOTIONS, _NEAR),
        CreaturePart(
            'target',
            13,
            ('S21', 'S22', 'S23', 'S24', 'S25', 'S26'),
            _TARGET_MOTIONS,
            _FAR,
            {'': (0.88, 1.12), 'fingers': (0.85, 1.2), 'thumb': (0.85, 1.15), 'palm': (0.9, 1.1)},
            spread=0.06,
            bend=3.0,
        ),
    ),
    lift=0.95,
)
"""Creature: A hand of onehand10k's 21 joints."""
