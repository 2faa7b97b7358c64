# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The parts of the synthetic set: who moves how before which cameras, and the filming of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mmposeaug.datasets.rigs import (
    SOURCE_RIG,
    TARGET_RIG,
    WIDE_RIG,
    Camera,
    Rig,
    film,
    place_cameras,
)
from mmposeaug.structures import Skeleton

from .arm_motions import ARM_MOTIONS
from .bodies import Body, random_body, rest_offsets
from .kinematics import place_on_ground, pose_body
from .leg_motions import LEG_MOTIONS
from .motions import Curves, Motion, rasterise
from .source_motions import SOURCE_MOTIONS

FRAME_RATE = 10.0
"""float: Frames per second."""

SEQUENCE_FRAMES = 40
"""int: Frames of a sequence before those that leave the image are dropped."""

_IN_VIEW_GUESS = 0.75
"""Share of the camera frames expected to be in view; more sequences follow where it is less."""

TARGET_MOTIONS: dict[str, Motion] = {**LEG_MOTIONS, **ARM_MOTIONS}
"""Motions of the target part by the name of their action."""


@dataclass(frozen=True)
class Part:
    """One file of the set.

    Args:
        number (int): Keeps the random numbers of the parts apart.
        statures (Mapping[str, tuple[float, float]]): Range of each subject's height in metres.
        spread (tuple[float, float]): Relative standard deviation of the subjects' segment
            lengths, and of their hip and shoulder widths.
    """

    name: str
    number: int
    statures: Mapping[str, tuple[float, float]]
    spread: tuple[float, float]
    motions: Mapping[str, Motion]
    rig: Rig
    varied: bool = False


_SOURCE_STATURE = (1.68, 1.76)
PARTS: tuple[Part, ...] = (
    Part(
        name='source_train',
        number=0,
        statures=dict.fromkeys(('S1', 'S5', 'S6', 'S7', 'S8'), _SOURCE_STATURE),
        spread=(0.01, 0.02),
        motions=SOURCE_MOTIONS,
        rig=SOURCE_RIG,
    ),
    Part(
        name='source_test',
        number=1,
        statures=dict.fromkeys(('S9', 'S11'), _SOURCE_STATURE),
        spread=(0.01, 0.02),
        motions=SOURCE_MOTIONS,
        rig=SOURCE_RIG,
    ),
    Part(
        name='target_dev',
        number=2,
        statures=dict(S21=(1.50, 1.55), S22=(1.58, 1.62), S23=(1.83, 1.88), S24=(1.91, 1.97)),
        spread=(0.04, 0.1),
        motions=TARGET_MOTIONS,
        rig=TARGET_RIG,
    ),
)
"""tuple[Part]: Source for training, source for testing, target."""


def _wide(name: str, number: int, subjects: range) -> Part:
    return Part(
        name,
        number,
        statures={f'S{each}': (1.45, 1.85) for each in subjects},
        spread=(0.08, 0.2),
        motions={**SOURCE_MOTIONS, **TARGET_MOTIONS},
        rig=WIDE_RIG,
        varied=True,
    )


WIDE_PARTS: tuple[Part, ...] = (
    _wide('source_train', 3, range(101, 149)),
    _wide('source_test', 4, range(201, 213)),
)
"""tuple[Part]: All motions by many people, for training and testing of lifters for anybody."""


def people_of(part: Part, seed: int) -> tuple[list[Body], list[list[Camera]]]:
    """Draw a part's people and the cameras around each."""
    rng = np.random.default_rng((seed, part.number, 0))
    bodies = [
        random_body(subject, stature, *part.spread, rng, part.varied)
        for subject, stature in part.statures.items()
    ]
    return bodies, [place_cameras(subject, part.rig, rng) for subject in part.statures]


@dataclass(frozen=True)
class Sequences:
    """S sequences (S, T, J, 3) in the world, metres, z up, and the curves (S, T), radians."""

    joints: np.ndarray
    person: np.ndarray
    actions: list[str]
    curves: Mapping[str, torch.Tensor]


def pose_people(
    curves: Sequence[Curves], bodies: Sequence[Body], skeleton: Skeleton
) -> tuple[np.ndarray, dict[str, torch.Tensor]]:
    """Return joints (S, T, J, 3) on the ground, metres, z up, and the angles that posed them."""
    angles = rasterise(curves)
    offsets = torch.from_numpy(rest_offsets(bodies, skeleton))
    ankles = torch.tensor([body.ankle_height for body in bodies], dtype=torch.float64)
    pose = pose_body(angles, offsets, skeleton)
    return place_on_ground(pose, angles['lift'], ankles, skeleton).numpy(), angles


def perform(
    part: Part, bodies: list[Body], first: int, count: int, seed: int, skeleton: Skeleton
) -> Sequences:
    """Let a part's people perform its motions in turn."""
    names = list(part.motions)
    numbers = np.arange(first, first + count)
    # Every person comes to perform every motion, also where one count divides the other.
    person = (numbers + numbers // len(names)) % len(bodies)
    time = np.arange(SEQUENCE_FRAMES) / FRAME_RATE
    curves, shifts, actions = [], [], []
    for number in numbers:
        rng = np.random.default_rng((seed, part.number, 1, number))
        name = names[number % len(names)]
        performed = part.motions[name](time, rng)
        performed['heading'] = performed['heading'] + rng.uniform(0, 360)
        curves.append(performed)
        shifts.append(rng.uniform(-0.4, 0.4, 2))
        actions.append(f'{name}_{number + 1:03d}')
    joints, angles = pose_people(curves, [bodies[index] for index in person], skeleton)
    joints[..., :2] += np.stack(shifts)[:, None, None]
    return Sequences(joints, person, actions, angles)


def make_part(
    part: Part, frames: int, seed: int, skeleton: Skeleton
) -> tuple[dict[str, np.ndarray], list[Camera]]:
    """Make the annotations of one part."""
    bodies, cameras = people_of(part, seed)
    per_sequence = SEQUENCE_FRAMES * len(part.rig.ids) * _IN_VIEW_GUESS
    wanted = max(len(bodies), len(part.motions), math.ceil(frames / per_sequence))
    filmed: list[dict[str, np.ndarray]] = []
    done = 0
    while not filmed or sum(len(each['frame']) for each in filmed) < frames:
        sequences = perform(part, bodies, done, wanted, seed, skeleton)
        filmed.append(
            film(
                sequences.joints,
                sequences.person,
                sequences.actions,
                cameras,
                list(part.statures),
                round_values=True,
            )
        )
        done, wanted = done + wanted, max(1, wanted // 4)
    arrays = {name: np.concatenate([each[name] for each in filmed]) for name in filmed[0]}
    # Too many: every sequence is cut at about the same frame, so that all stay without gaps.
    kept = np.sort(np.argsort(arrays.pop('frame'), kind='stable')[:frames])
    return {name: values[kept] for name, values in arrays.items()}, sum(cameras, [])
