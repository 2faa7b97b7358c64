# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Turns of a person's joints from random draws, from the outside in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from mmposeaug.geometry import (
    body_axes,
    bones_to_joints,
    index_tensor,
    joints_to_bones,
    rotation_matrix,
)
from mmposeaug.structures import LARGEST_DEVIATION, Skeleton

from .articulation import (
    Articulation,
    extension_share,
    flexion_limits,
    flexion_turn,
    one_sided,
    turn_together,
)
from .networks import per_frame

BACKWARD_SHARE = 0.25
"""float: Share of the turns of trunk, hips and knees that extend the joint."""


@dataclass(frozen=True)
class JointTurns:
    """Turns the joints of a body.

    Args:
        std (Mapping[str, float]): Standard deviations in radians, by the option of
            :class:`~mmposeaug.models.AnatomicalPoseAugmentor`.
    """

    skeleton: Skeleton
    body: Articulation
    std: Mapping[str, float]
    joint_share: float

    def __call__(self, pose: Tensor, draw: Mapping[str, Tensor]) -> Tensor:
        """Turn elbows, shoulders, knees, hips and trunk of poses or clips; the root stays."""
        body = self.body
        bones = joints_to_bones(pose, self.skeleton)
        turns = self._turns(pose, bones, draw)
        # all at once: the time goes into the number of operations
        rotations = rotation_matrix(torch.cat(turns, dim=-2)).split(
            [turn.shape[-2] for turn in turns], dim=-3
        )
        elbow, shoulder, knee, swing, side, flexion, sideways, twist, *thigh = rotations
        outer = tuple(tuple(bone for limb in limbs for bone in limb[1:]) for limbs in body.limbs)
        whole = tuple(tuple(bone for limb in limbs for bone in limb) for limbs in body.limbs)
        bones = turn_together(bones, outer[1], elbow)
        bones = turn_together(bones, whole[1], shoulder)
        bones = turn_together(bones, outer[0], thigh[0] @ knee if thigh else knee)
        bones = turn_together(bones, whole[0], swing @ side)
        bones = turn_together(bones, body.upper, flexion @ sideways @ twist)
        return bones_to_joints(bones, self.skeleton, pose[..., self.skeleton.root, :])

    def _turns(self, pose: Tensor, bones: Tensor, draw: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
        """Axis-angle vectors (*, K, 3) of elbows, shoulders, knees, hips (2), trunk (3), thighs."""
        axes = body_axes(pose, self.skeleton)
        across, up, forward = axes.unbind(-2)
        names = ('trunk', 'hip', 'knee', 'shoulder', 'elbow')
        held = {name: _held(draw[name]) for name in names}
        turned = (draw['limbs_turned'] < 2 * self.joint_share - 1).to(pose.dtype)
        swings, side_swings, knees, shoulders, elbows = turned.unbind(-1)
        backward = draw['legs_backward'] < 2 * BACKWARD_SHARE - 1
        elbow = self.std['elbow_flexion'] * held['elbow'] * elbows
        shoulder = self.std['shoulder'] * held['shoulder'] * shoulders.unsqueeze(-1)
        knee = self.std['knee_flexion'] * knees * one_sided(held['knee'], backward[:, 1], 0.5)
        swing, side = held['hip'].unbind(1)
        swing = one_sided(swing, backward[:, 0], extension_share('hip')) * swings
        trunk, trunk_side, twist = held['trunk'].unbind(-1)
        bent_backward = draw['trunk_backward'] < 2 * BACKWARD_SHARE - 1
        trunk = one_sided(trunk, bent_backward, extension_share('trunk'))
        trunk = trunk * (draw['trunk_turned'] < 2 * self.joint_share - 1)
        arms, legs = self.body.arms, self.body.legs

        def about(axis: Tensor, angle: Tensor, std: str) -> Tensor:
            angle = per_frame(self.std[std] * angle.reshape(len(pose), -1, 1), pose)
            return axis.unsqueeze(-2) * angle

        turns = (
            flexion_turn(
                bones, arms, per_frame(elbow, pose), flexion_limits('elbow'), draw.get('elbow_axis')
            ),
            per_frame(shoulder, pose) @ axes,
            flexion_turn(bones, legs, per_frame(knee, pose), flexion_limits('knee'), across),
            # a thigh that swings forwards turns against a trunk that bends forwards
            about(across, -swing, 'hip_flexion'),
            about(forward, side * side_swings, 'hip_abduction'),
            about(across, trunk, 'trunk_flexion'),
            about(forward, trunk_side, 'trunk_side'),
            about(up, twist, 'trunk_twist'),
        )
        if 'thigh' not in draw:
            return turns
        # in the end, so that the shin is turned before the hip swings
        angle = per_frame(self.std['hip_rotation'] * _held(draw['thigh']) * swings, pose)
        thighs = bones[..., index_tensor(tuple(leg[0] for leg in legs), bones.device), :]
        return (*turns, normalize(thighs, dim=-1) * angle.unsqueeze(-1))


def _held(normal: Tensor) -> Tensor:
    return normal.clamp(-LARGEST_DEVIATION, LARGEST_DEVIATION)
