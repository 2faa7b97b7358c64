# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Turns about the joints of a body, which move everything attached to the joint."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from mmposeaug.geometry import body_axes, index_tensor, joints_to_bones, rotate
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


def turn_together(bones: Tensor, which: tuple[int, ...], rotation: Tensor) -> Tensor:
    """Rotate some bones of (*, B, 3).

    Args:
        rotation (Tensor): Matrices of shape (*, L, 3, 3) where the bones are L limbs of K / L
            bones, limb after limb.
    """
    index = index_tensor(which, bones.device)
    chosen = bones.index_select(-2, index)
    turned = rotate(chosen.unflatten(-2, (rotation.shape[-3], -1)), rotation).flatten(-3, -2)
    return bones.index_copy(bones.ndim - 2, index, turned)


def flexion_turn(
    bones: Tensor,
    limbs: tuple[tuple[int, ...], ...],
    angle: Tensor,
    limits: tuple[float, float],
    hint: Tensor | None = None,
) -> Tensor:
    """Turns that bend knees or elbows in their own plane, within their range of motion.

    Args:
        bones (Tensor): Bone vectors of shape (*, B, 3), parent minus child.
        angle (Tensor): Change of flexion of shape (*, L), in radians.
        limits (tuple[float, float]): Smallest and largest flexion in radians. A limb that is
            bent further already is not bent back.
        hint (Tensor, optional): Axis (*, 3), or axes (*, L, 3), about which a straight limb
            bends. Defaults to None: a straight limb stays straight.

    Returns:
        Tensor: Axis-angle vectors of shape (*, L, 3), in radians.
    """
    first, second = _directions(bones, limbs)
    axis = torch.linalg.cross(first, second)
    flexion = torch.atan2(torch.linalg.vector_norm(axis, dim=-1), (first * second).sum(-1))
    if hint is not None:
        axis = axis + AXIS_HINT * (hint if hint.ndim == axis.ndim else hint.unsqueeze(-2))
    lowest, highest = flexion.clamp(max=limits[0]), flexion.clamp(min=limits[1])
    change = (flexion + angle).maximum(lowest).minimum(highest) - flexion
    return normalize(axis, dim=-1) * change.unsqueeze(-1)


def _directions(bones: Tensor, limbs: tuple[tuple[int, ...], ...]) -> tuple[Tensor, Tensor]:
    """Directions (*, L, 3) of the upper and the lower bones of L limbs."""
    first, second = (
        normalize(
            bones[..., index_tensor(tuple(limb[i] for limb in limbs), bones.device), :], dim=-1
        )
        for i in (0, 1)
    )
    return first, second


def one_sided(normal: Tensor, backward: Tensor, factor: float) -> Tensor:
    """Sizes of normal draws, those that are ``backward`` turned round and made smaller."""
    return torch.where(backward, -factor, 1.0) * normal.abs()


def extension_share(joint: str) -> float:
    """How far a joint extends for every degree that it bends."""
    extension, flexion = FLEXION_LIMITS[joint]
    return -extension / flexion


def flexion_limits(joint: str) -> tuple[float, float]:
    """Smallest and largest flexion of a joint, in radians."""
    low, high = FLEXION_LIMITS[joint]
    return math.radians(low), math.radians(high)
