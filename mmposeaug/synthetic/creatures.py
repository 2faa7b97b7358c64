# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Bodies that are not people's: joints with axes and ranges of their own, and how they move."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmposeaug.datasets.rigs import Rig
from mmposeaug.geometry import rotation_matrix
from mmposeaug.structures import Skeleton

from .kinematics import place_joints

Curves = dict[str, np.ndarray]
CreatureMotion = Callable[[np.ndarray, np.random.Generator], Curves]
Vector = tuple[float, float, float]

FREE = ('yaw', 'pitch', 'roll', 'lift')
"""tuple[str]: Curves that turn and raise the whole body: degrees, and metres."""


@dataclass(frozen=True)
class Hinge:
    """One axis that a bone turns about, in the body's own axes at rest.

    Args:
        limits (tuple[float, float]): Lowest and highest angle in degrees.
    """

    axis: Vector
    limits: tuple[float, float]


@dataclass(frozen=True)
class Bone:
    """A bone at rest, from its parent to the joint it ends in, along x right, y forward, z up.

    Args:
        length (float): Metres.
        hinges (Mapping[str, Hinge]): Angles by name, the one next to the parent first.
        group (str): Bones of a group become longer or shorter together.
    """

    direction: Vector
    length: float
    hinges: Mapping[str, Hinge] = field(default_factory=dict)
    group: str = ''


@dataclass(frozen=True)
class CreaturePart:
    """One file of a creature's set.

    Args:
        number (int): Keeps the random numbers of the parts apart.
        subjects (tuple[str]): Names; each has cameras of its own.
        groups (Mapping[str, tuple[float, float]]): Range of the length of a group's bones over
            those at rest; ``''`` is that of the whole body.
        spread (float): Relative standard deviation of every bone's length.
        bend (float): Standard deviation in degrees of how bones lie otherwise at rest.
    """

    name: str
    number: int
    subjects: tuple[str, ...]
    motions: Mapping[str, CreatureMotion]
    rig: Rig
    groups: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    spread: float = 0.0
    bend: float = 0.0


@dataclass(frozen=True)
class Creature:
    """A kind of body, its data set's metainfo, and the parts of its set.

    Args:
        stands (bool): Whether its lowest joint is on the ground; else its middle over time is at
            the place that cameras look at.
        lift (float): Height of that joint or middle above the ground, in metres.
    """

    name: str
    metainfo: Mapping[str, Any]
    bones: Mapping[str, Bone]
    parts: tuple[CreaturePart, ...]
    stands: bool = False
    lift: float = 0.0

    @property
    def limits(self) -> dict[str, tuple[float, float]]:
        """dict[str, tuple[float, float]]: Lowest and highest value of every angle, degrees."""
        return {name: hinge.limits for b in self.bones.values() for name, hinge in b.hinges.items()}


def draw_bodies(
    creature: Creature, part: CreaturePart, skeleton: Skeleton, rng: np.random.Generator
) -> np.ndarray:
    """Joints from their parents (P, J, 3) of a part's subjects at rest, metres."""
    offsets = np.zeros((len(part.subjects), skeleton.num_joints, 3))
    partner = skeleton.flip_indices
    for body in offsets:
        factor = {name: rng.uniform(*limits) for name, limits in part.groups.items()}
        for joint, name in enumerate(skeleton.joint_names):
            if joint == skeleton.root:
                continue
            if partner[joint] < joint:  # as on the other side
                body[joint] = body[partner[joint]] * (-1.0, 1.0, 1.0)
                continue
            bone = creature.bones[name]
            direction = np.array(bone.direction) / np.linalg.norm(bone.direction)
            bend = np.radians(part.bend) * rng.normal(size=3)
            if partner[joint] == joint and skeleton.joint_pairs:
                bend[1:] = 0.0  # a body with two sides has its midline in the middle
            direction = rotation_matrix(torch.from_numpy(bend)).numpy() @ direction
            length = bone.length * factor.get('', 1.0) * factor.get(bone.group, 1.0)
            length *= 1 + part.spread * np.clip(rng.normal(), -2, 2)
            body[joint] = length * direction
    return offsets


def hold(curves: Curves, creature: Creature) -> Curves:
    """Every angle of a creature inside its range, 0 where a motion does not say."""
    known = creature.limits
    for name in curves:
        if name not in known and name not in FREE:
            raise KeyError(f"The {creature.name} has no angle '{name}'; use one of {[*known]}.")
    still = np.zeros_like(next(iter(curves.values())))
    held = {name: np.clip(curves.get(name, still), *limits) for name, limits in known.items()}
    return {**held, **{name: curves.get(name, still) for name in FREE}}


def pose_creature(
    curves: Sequence[Curves], offsets: np.ndarray, creature: Creature, skeleton: Skeleton
) -> np.ndarray:
    """Joints (S, T, J, 3) of S sequences in the world, z up, the root over 0, metres.

    Args:
        curves (Sequence[Curves]): Angles (T,) of every sequence inside their ranges, degrees.
        offsets (np.ndarray): (S, J, 3) joints from their parents at rest, metres.
    """
    angles = {
        name: torch.from_numpy(np.stack([each[name] for each in curves])) for name in curves[0]
    }

    def about(axis: Vector, name: str) -> Tensor:
        unit = torch.tensor(axis, dtype=torch.float64)
        unit = unit / unit.norm()
        return rotation_matrix(unit * torch.deg2rad(angles[name]).unsqueeze(-1))

    def turn_of(child: int) -> Tensor | None:
        turn = None
        for name, hinge in creature.bones[skeleton.joint_names[child]].hinges.items():
            step = about(hinge.axis, name)
            turn = step if turn is None else turn @ step
        return turn

    start = about((0, 0, 1), 'yaw') @ about((1, 0, 0), 'pitch') @ about((0, 1, 0), 'roll')
    joints = place_joints(start, turn_of, torch.from_numpy(offsets), skeleton)
    height = creature.lift + angles['lift']
    if creature.stands:
        height = height - joints[..., 2].amin(-1)
    else:
        joints = joints - joints.mean((1, 2), keepdim=True)
    joints[..., 2] += height.unsqueeze(-1)
    return joints.numpy()


def ball(axes: Mapping[str, tuple[Vector, float, float]]) -> dict[str, Hinge]:
    """Hinges by name from an axis, a lowest and a highest angle in degrees."""
    return {name: Hinge(axis, (low, high)) for name, (axis, low, high) in axes.items()}


def mirrored(bones: Mapping[str, Bone], left: str, right: str) -> dict[str, Bone]:
    """Bones of the other side, their names and angles beginning with ``right``.

    What turns a bone about x does so on both sides alike; about y and z it is mirrored.
    """

    def other(name: str) -> str:
        return right + name[len(left) :]

    found = {}
    for name, bone in bones.items():
        x, y, z = bone.direction
        hinges = {
            other(angle): Hinge((hinge.axis[0], -hinge.axis[1], -hinge.axis[2]), hinge.limits)
            for angle, hinge in bone.hinges.items()
        }
        found[other(name)] = Bone((-x, y, z), bone.length, hinges, bone.group)
    return found


def turns(period: float, time: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Phase (T,) in radians of a movement with about this period in seconds."""
    return 2 * math.pi * (time / (period * rng.uniform(0.8, 1.25)) + rng.uniform())
