# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""An animal on four legs, its motions and its cameras.

Lengths and rest pose are those of a middle-sized dog; animals of the target have other legs, necks
and trunks. The ranges are wide ones of dogs (hip, stifle, shoulder and elbow, to the tens of
degrees), counted from the standing animal.
"""

from __future__ import annotations

import numpy as np

from mmposeaug.datasets.rigs import SOURCE_RIG, TARGET_RIG, Rig

from .creatures import Bone, Creature, CreatureMotion, CreaturePart, Curves, ball, mirrored, turns
from .motions import bump, pulses, smooth_noise

LEGS = ('L_F', 'R_F', 'L_B', 'R_B')
_FORWARD = (1.0, 0.0, 0.0)  # about x: what points down goes forward, the nose goes up

_LEFT: dict[str, Bone] = {
    'L_Shoulder': Bone(
        (-0.55, 0.15, -0.8), 0.15, ball({'L_F_blade': (_FORWARD, -20, 20)}), 'width'
    ),
    'L_Elbow': Bone(
        (-0.05, -0.35, -0.95),
        0.18,
        ball({'L_F_swing': (_FORWARD, -60, 70), 'L_F_aside': ((0, -1, 0), -10, 35)}),
        'legs',
    ),
    'L_F_Paw': Bone((0.0, 0.08, -1.0), 0.28, ball({'L_F_bend': (_FORWARD, -25, 105)}), 'legs'),
    'L_Hip': Bone((-0.6, 0.25, -0.45), 0.11, {}, 'width'),
    'L_Knee': Bone(
        (-0.06, 0.35, -0.93),
        0.20,
        ball({'L_B_swing': (_FORWARD, -55, 75), 'L_B_aside': ((0, -1, 0), -10, 45)}),
        'legs',
    ),
    'L_B_Paw': Bone((0.0, -0.3, -0.95), 0.30, ball({'L_B_bend': ((-1, 0, 0), -30, 100)}), 'legs'),
    'L_Eye': Bone((-0.45, -0.8, 0.45), 0.11, ball({'head_nod': (_FORWARD, -45, 45)}), 'head'),
}
BONES: dict[str, Bone] = {
    'Neck': Bone(
        (0.0, 1.0, 0.12),
        0.55,
        ball(
            {
                'back_arch': (_FORWARD, -25, 45),
                'back_side': ((0, 0, 1), -35, 35),
                'back_twist': ((0, 1, 0), -15, 15),
            }
        ),
        'trunk',
    ),
    'Nose': Bone(
        (0.0, 0.85, 0.5),
        0.36,
        ball(
            {
                'neck_lift': (_FORWARD, -100, 50),
                'neck_side': ((0, 0, 1), -80, 80),
                'neck_roll': ((0, 1, 0), -30, 30),
            }
        ),
        'neck',
    ),
    **_LEFT,
    **mirrored(_LEFT, 'L_', 'R_'),
}
# both eyes nod with the one head
BONES['R_Eye'] = Bone((0.45, -0.8, 0.45), 0.11, _LEFT['L_Eye'].hinges, 'head')


def _stand(time: np.ndarray, rng: np.random.Generator, restless: float = 1.0) -> Curves:
    """Stand: weight shifts, the head looking around a little."""
    curves: Curves = {}
    for bone in BONES.values():
        for name in bone.hinges:
            large = 2.5 if 'neck' in name else 1.0
            curves[name] = smooth_noise(time, rng, 1.5 * large * restless) + rng.normal(
                0, 1.5 * large
            )
    curves['yaw'] = rng.uniform(0, 360) + smooth_noise(time, rng, 6)
    curves['pitch'] = smooth_noise(time, rng, 1) + rng.normal(0, 1.5)
    curves['roll'] = smooth_noise(time, rng, 1)
    curves['lift'] = np.zeros_like(time)
    return curves


def _stride(
    curves: Curves,
    phase: np.ndarray,
    order: dict[str, float],
    swing: float,
    bend: float,
) -> None:
    """Swing the legs, each at its share of the stride in ``order``; paws rise going forward."""
    for leg, share in order.items():
        own = phase + 2 * np.pi * share
        curves[f'{leg}_swing'] += swing * np.cos(own)
        curves[f'{leg}_bend'] += bend * bump(own, 0.75, 2)
        if '_F' in leg:
            curves[f'{leg}_blade'] += 0.3 * swing * np.cos(own)


_WALK = {'L_B': 0.0, 'L_F': 0.25, 'R_B': 0.5, 'R_F': 0.75}
_TROT = {'L_B': 0.0, 'R_F': 0.0, 'R_B': 0.5, 'L_F': 0.5}
_GALLOP = {'L_B': 0.0, 'R_B': 0.08, 'L_F': 0.5, 'R_F': 0.6}


# --------------------------------------------------------------------- source
def walk(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Walk on four legs, one after the other."""
    curves = _stand(time, rng)
    _stride(curves, turns(1.1, time, rng), _WALK, rng.uniform(14, 22), rng.uniform(25, 40))
    return curves


def trot(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Trot slowly, two legs at a time."""
    curves = _stand(time, rng)
    phase = turns(0.75, time, rng)
    _stride(curves, phase, _TROT, rng.uniform(18, 26), rng.uniform(35, 50))
    curves['lift'] += 0.02 * (1 + np.cos(2 * phase))
    return curves


def look(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Stand and look from side to side."""
    curves = _stand(time, rng)
    curves['neck_side'] += smooth_noise(time, rng, 22, band=(0.1, 0.5))
    curves['neck_lift'] += smooth_noise(time, rng, 9, band=(0.1, 0.5))
    curves['head_nod'] += smooth_noise(time, rng, 6)
    return curves


# --------------------------------------------------------------------- target
def gallop(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Gallop: hind legs and front legs together, the back bending and stretching."""
    curves = _stand(time, rng)
    phase = turns(0.55, time, rng)
    _stride(curves, phase, _GALLOP, rng.uniform(32, 48), rng.uniform(60, 85))
    curves['back_arch'] += 8 - rng.uniform(12, 22) * np.cos(phase)
    curves['pitch'] += 8 * np.sin(phase)
    curves['lift'] += 0.08 * (1 + np.cos(phase + 1))
    curves['neck_lift'] += -12 + 10 * np.cos(phase)
    return curves


def sit(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Sit down and get up again."""
    curves = _stand(time, rng)
    down = pulses(time, rng.uniform(4, 6), rng.uniform(0, 5), duty=0.7, rise=0.25)
    lean = rng.uniform(32, 48) * down
    curves['pitch'] += lean
    for side in ('L', 'R'):
        curves[f'{side}_F_swing'] -= lean
        curves[f'{side}_B_swing'] += 62 * down - lean / 2
        curves[f'{side}_B_bend'] += 92 * down
        curves[f'{side}_B_aside'] += rng.uniform(5, 25) * down
    curves['neck_lift'] -= 0.6 * lean
    curves['neck_side'] += smooth_noise(time, rng, 25, band=(0.1, 0.4)) * down
    return curves


def lie(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Lie on the belly, the front legs ahead."""
    curves = _stand(time, rng)
    down = 0.2 + 0.8 * pulses(time, rng.uniform(4, 7), rng.uniform(0, 6), duty=0.8, rise=0.2)
    for side in ('L', 'R'):
        curves[f'{side}_F_swing'] -= rng.uniform(20, 45) * down
        curves[f'{side}_F_bend'] += rng.uniform(85, 105) * down
        curves[f'{side}_B_swing'] += rng.uniform(50, 70) * down
        curves[f'{side}_B_bend'] += 98 * down
        curves[f'{side}_B_aside'] += rng.uniform(0, 30) * down
    curves['neck_side'] += smooth_noise(time, rng, 30, band=(0.1, 0.3))
    curves['neck_lift'] += smooth_noise(time, rng, 20, band=(0.1, 0.3))
    return curves


def graze(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Bring the nose to the ground, a step now and then."""
    curves = _stand(time, rng)
    down = pulses(time, rng.uniform(4, 7), rng.uniform(0, 6), duty=0.75, rise=0.25)
    curves['neck_lift'] -= rng.uniform(65, 95) * down
    curves['head_nod'] += rng.uniform(-10, 35) * down
    curves['neck_side'] += smooth_noise(time, rng, 20, band=(0.1, 0.4))
    curves['back_arch'] -= rng.uniform(0, 15) * down
    _stride(curves, turns(2.2, time, rng), _WALK, rng.uniform(8, 16), 25)
    return curves


def bow(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Stretch: the chest low, the front legs far ahead."""
    curves = _stand(time, rng)
    down = pulses(time, rng.uniform(3, 5), rng.uniform(0, 4), duty=0.6, rise=0.3)
    dip = rng.uniform(18, 30)
    curves['pitch'] -= dip * down
    for side in ('L', 'R'):
        curves[f'{side}_F_swing'] += rng.uniform(45, 62) * down
        curves[f'{side}_F_bend'] += rng.uniform(0, 30) * down
        curves[f'{side}_B_swing'] += dip * down
    curves['neck_lift'] += rng.uniform(10, 45) * down
    return curves


def rear(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Stand up on the hind legs, the front paws in the air."""
    curves = _stand(time, rng)
    up = pulses(time, rng.uniform(3, 5), rng.uniform(0, 4), duty=0.6, rise=0.35)
    lean = rng.uniform(40, 65)
    curves['pitch'] += lean * up
    for side in ('L', 'R'):
        curves[f'{side}_B_swing'] -= 0.6 * lean * up
        curves[f'{side}_B_bend'] += rng.uniform(0, 35) * up
        curves[f'{side}_F_swing'] += up * (rng.uniform(-50, 30) + smooth_noise(time, rng, 10))
        curves[f'{side}_F_bend'] += up * rng.uniform(30, 100)
    curves['neck_lift'] -= 0.6 * lean * up
    return curves


def offer_paw(time: np.ndarray, rng: np.random.Generator) -> Curves:
    """Lift one leg, front or hind, and turn the back to that side."""
    curves = _stand(time, rng)
    up = pulses(time, rng.uniform(2, 3.5), rng.uniform(0, 3), duty=0.6, rise=0.3)
    leg = str(rng.choice(LEGS))
    curves[f'{leg}_swing'] += rng.uniform(25, 65) * up
    curves[f'{leg}_bend'] += rng.uniform(20, 95) * up
    curves[f'{leg}_aside'] += rng.uniform(0, 35) * up
    side = 1.0 if leg[0] == 'L' else -1.0
    curves['back_side'] += side * rng.uniform(5, 30) * up
    curves['neck_side'] += side * rng.uniform(10, 70) * up
    return curves


_SOURCE_MOTIONS: dict[str, CreatureMotion] = {'Walk': walk, 'Trot': trot, 'Look': look}
_TARGET_MOTIONS: dict[str, CreatureMotion] = {
    'Gallop': gallop,
    'Sit': sit,
    'Lie': lie,
    'Graze': graze,
    'Bow': bow,
    'Rear': rear,
    'Paw': offer_paw,
}


def _rig(base: Rig, ids: str, **values: object) -> Rig:
    scene = dict(aim_height=(0.38, 0.46), aim_aside=0.05, ids=tuple(f'{ids}{i}' for i in range(4)))
    return Rig(**{**vars(base), **scene, **values})


_SOURCE_RIG = _rig(SOURCE_RIG, '5420000', heights=((0.7, 0.9),) * 4, distance=(2.6, 3.0))
_TARGET_RIG = _rig(
    TARGET_RIG,
    '7200000',
    heights=((0.15, 0.25), (0.4, 0.6), (1.2, 1.4), (1.8, 2.0)),
    distance=(1.9, 3.0),
)

ANIMAL = Creature(
    'animal',
    dict(
        from_file='configs/_base_/datasets/ap10k.py',
        root='Root of tail',
        drop_links=[('L_Eye', 'R_Eye')],
    ),
    BONES,
    parts=(
        CreaturePart('source_train', 20, ('S1', 'S5', 'S6', 'S7'), _SOURCE_MOTIONS, _SOURCE_RIG),
        CreaturePart('source_val', 21, ('S8',), _SOURCE_MOTIONS, _SOURCE_RIG),
        CreaturePart('source_test', 22, ('S9', 'S11'), _SOURCE_MOTIONS, _SOURCE_RIG),
        CreaturePart(
            'target',
            23,
            ('S21', 'S22', 'S23', 'S24', 'S25', 'S26'),
            _TARGET_MOTIONS,
            _TARGET_RIG,
            {
                '': (0.9, 1.1),
                'legs': (0.6, 1.3),
                'trunk': (0.8, 1.25),
                'neck': (0.75, 1.5),
                'width': (0.8, 1.3),
                'head': (0.8, 1.3),
            },
            spread=0.06,
            bend=4.0,
        ),
    ),
    stands=True,
    lift=0.04,
)
"""Creature: An animal of AP-10K's 17 joints."""
