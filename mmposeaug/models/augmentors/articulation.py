# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Turns about the joints of a body, which move everything attached to the joint."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import normalize

from mmposeaug.geometry import body_axes, index_tensor, joints_to_bones, value_tensor
from mmposeaug.structures import FLEXION_LIMITS, Skeleton, is_plain_limb

AXIS_HINT = 0.2
"""float: Share of the pelvis' axis in that of a knee, which a straight leg does not show."""


@dataclass(frozen=True)
class Articulation:
    """Bones that move together when a joint of the body turns."""

    upper: tuple[int, ...]
    legs: tuple[tuple[int, ...], ...]
    arms: tuple[tuple[int, ...], ...]

    @property
    def limbs(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """Legs and arms."""
        return self.legs, self.arms

    @cached_property
    def turned(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Bones that turn, and the number of each one's turn.

        Turns are of the trunk, thighs (2), upper arms (2), shins (2) and forearms (2).
        """
        number = dict.fromkeys(self.upper, 0)
        for limbs, first in zip(self.limbs, (1, 3)):
            for side, (bone, *outer) in enumerate(limbs):
                number[bone] = first + side
                number.update(dict.fromkeys(outer, first + side + 4))
        return tuple(number), tuple(number.values())

    @classmethod
    def of(cls, skeleton: Skeleton) -> Articulation | None:
        """Articulation of a body."""
        limbs = [
            skeleton.limbs.get(f'{side}_{kind}', ())
            for kind in ('leg', 'arm')
            for side in ('left', 'right')
        ]
        if not skeleton.trunk_bones or not all(is_plain_limb(skeleton, m) for m in limbs):
            return None
        trunk_joint = skeleton.bones[skeleton.trunk_bones[0]][0]
        upper = tuple(
            bone
            for bone, (child, _) in enumerate(skeleton.bones)
            if trunk_joint in skeleton.path_to_root(child)
        )
        legs, arms = (
            tuple(tuple(skeleton.bone_of(j) for j in members[1:]) for members in pair)
            for pair in (limbs[:2], limbs[2:])
        )
        return cls(upper, legs, arms)

    def elbow_axes(self, clip: Tensor, skeleton: Skeleton) -> Tensor:
        """Axes (N, T, L, 3) about which elbows bend over clips (N, T, J, 3), on average.

        They are fixed to the body. An elbow that is straight for some frames shows no axis of its
        own, or one that jumps with every tremor; then it bends about this one.
        """
        bones, axes = joints_to_bones(clip, skeleton), body_axes(clip, skeleton)
        across = torch.linalg.cross(*_directions(bones, self.arms))
        mean = normalize((across @ axes.transpose(-1, -2)).mean(1, keepdim=True), dim=-1)
        return mean @ axes


def flexion_turn(
    bones: Tensor,
    limbs: tuple[tuple[int, ...], ...],
    angle: Tensor,
    limits: tuple[tuple[float, ...], tuple[float, ...]],
    hint: Tensor,
) -> Tensor:
    """Turns that bend knees or elbows in their own plane, within their range of motion.

    Args:
        bones (Tensor): Bone vectors of shape (*, B, 3), parent minus child.
        angle (Tensor): Change of flexion of shape (*, L), in radians.
        limits (tuple[tuple[float], tuple[float]]): Smallest and largest flexion of every limb in
            radians. A limb that is bent further already is not bent back.
        hint (Tensor): Axes (*, L, 3) about which a straight limb bends; 0: it stays straight.

    Returns:
        Tensor: Axis-angle vectors of shape (*, L, 3), in radians.
    """
    first, second = _directions(bones, limbs)
    axis = torch.linalg.cross(first, second)
    flexion = torch.atan2(torch.linalg.vector_norm(axis, dim=-1), (first * second).sum(-1))
    low, high = (value_tensor(each, bones.dtype, bones.device) for each in limits)
    change = (flexion + angle).clamp(flexion.minimum(low), flexion.maximum(high)) - flexion
    return normalize(axis + AXIS_HINT * hint, dim=-1) * change.unsqueeze(-1)


def _directions(bones: Tensor, limbs: tuple[tuple[int, ...], ...]) -> tuple[Tensor, Tensor]:
    """Directions (*, L, 3) of the upper and the lower bones of L limbs."""
    first, second = (
        normalize(
            bones.index_select(-2, index_tensor(tuple(limb[i] for limb in limbs), bones.device)),
            dim=-1,
        )
        for i in (0, 1)
    )
    return first, second


def extension_share(joint: str) -> float:
    """How far a joint extends for every degree that it bends."""
    extension, flexion = FLEXION_LIMITS[joint]
    return -extension / flexion


def flexion_limits(*joints: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Smallest and largest flexions of joints, in radians."""
    low, high = zip(*(FLEXION_LIMITS[joint] for joint in joints))
    return tuple(map(math.radians, low)), tuple(map(math.radians, high))
