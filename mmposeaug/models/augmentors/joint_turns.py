# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Turns of a person's joints from random draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from mmposeaug.geometry import (
    body_axes,
    index_tensor,
    joints_to_bones,
    rotation_matrix,
    value_tensor,
)
from mmposeaug.structures import LARGEST_DEVIATION, Skeleton

from .articulation import Articulation, extension_share, flexion_limits, flexion_turn
from .networks import per_frame
from .operations import rotate_each

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

    def __call__(self, directions: Tensor, pose: Tensor, draw: Mapping[str, Tensor]) -> Tensor:
        """Turn the unit bones (*, B, 3) of poses or clips at elbows, shoulders, knees, hips, trunk.

        Joints are turned together where they can be: the time goes into the number of operations.
        """
        turns = self._turns(pose, draw)
        bend, tilt, twist, outer, elbow, *thigh = rotation_matrix(torch.cat(turns, dim=-2)).split(
            [turn.shape[-2] for turn in turns], dim=-3
        )
        trunk, legs = (bend @ tilt).split([1, 2], dim=-3)
        trunk = trunk @ twist
        if thigh:  # the shin is turned before the hip swings
            shoulder, knee = outer.split(2, dim=-3)
            outer = torch.cat((shoulder, thigh[0] @ knee), dim=-3)
        outer = torch.cat((trunk, trunk, legs), dim=-3) @ outer
        rotations = torch.cat((trunk, legs, outer, outer[..., :2, :, :] @ elbow), dim=-3)
        bones, number = (index_tensor(each, pose.device) for each in self.body.turned)
        moved = rotate_each(rotations.index_select(-3, number), directions.index_select(-2, bones))
        return directions.index_copy(directions.ndim - 2, bones, moved)

    def _turns(self, pose: Tensor, draw: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
        """Axis-angle vectors (*, K, 3) of joints that are turned together, left before right.

        They are of trunk and hips forwards, of both to the side, of the trunk's twist, of shoulders
        and knees, of elbows, and of thighs about themselves.
        """
        std, (legs, arms) = self.std, self.body.limbs
        bones, axes = joints_to_bones(pose, self.skeleton), body_axes(pose, self.skeleton)
        across, up, forward = axes.unbind(-2)
        bend, hips, knees, elbows, tilt, twist = self._angles(pose, draw)

        def about(axis: Tensor, angle: Tensor) -> Tensor:
            return axis.unsqueeze(-2) * per_frame(angle.unsqueeze(-1), pose)

        hint = draw.get('elbow_axis', torch.zeros_like(axes[..., :2, :]))
        elbow, knee = flexion_turn(
            bones,
            (*arms, *legs),
            per_frame(torch.cat((elbows, knees), dim=1), pose),
            flexion_limits('elbow', 'elbow', 'knee', 'knee'),
            torch.cat((hint, across.unsqueeze(-2).expand_as(hint)), dim=-2),
        ).split(2, dim=-2)
        turned = draw['limbs_turned'] < 2 * self.joint_share - 1
        hips_turned, _, _, shoulders_turned, _ = turned.unbind(-1)
        shoulder = std['shoulder'] * _held(draw['shoulder']) * shoulders_turned.unsqueeze(-1)
        turns = (
            # a thigh that swings forwards turns against a trunk that bends forwards
            about(across, torch.cat((bend, -hips), dim=1)),
            about(forward, tilt),
            about(up, twist),
            torch.cat((per_frame(shoulder, pose) @ axes, knee), dim=-2),
            elbow,
        )
        if 'thigh' not in draw:
            return turns
        angle = per_frame(std['hip_rotation'] * _held(draw['thigh']) * hips_turned, pose)
        thighs = bones.index_select(-2, index_tensor(tuple(leg[0] for leg in legs), pose.device))
        return (*turns, normalize(thighs, dim=-1) * angle.unsqueeze(-1))

    def _angles(self, pose: Tensor, draw: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
        """Angles (N, K) of trunk, hips, knees, elbows, of trunk and hips sideways, of a twist."""

        def row(*values: float) -> Tensor:
            return value_tensor(values, pose.dtype, pose.device)

        trunk, hip, std = draw['trunk'], draw['hip'], self.std
        normal = (trunk[:, :1], hip[:, 0], draw['knee'], draw['elbow'])
        angles = _held(torch.cat((*normal, trunk[:, 1:2], hip[:, 1], trunk[:, 2:]), dim=1))
        # trunk, hips and knees turn further one way than the other
        backward = torch.cat(
            (draw['trunk_backward'].unsqueeze(1), draw['legs_backward'].flatten(1)), dim=1
        )
        further = row(extension_share('trunk'), *2 * [extension_share('hip')], 0.5, 0.5)
        ways = torch.where(backward < 2 * BACKWARD_SHARE - 1, -further, 1.0)
        angles = torch.cat((angles[:, :5].abs() * ways, angles[:, 5:]), dim=1)
        angles = angles * row(
            std['trunk_flexion'],
            *2 * [std['hip_flexion']],
            *2 * [std['knee_flexion']],
            *2 * [std['elbow_flexion']],
            std['trunk_side'],
            *2 * [std['hip_abduction']],
            std['trunk_twist'],
        )
        hips, hips_sideways, knees, _, elbows = draw['limbs_turned'].unbind(-1)
        bent = draw['trunk_turned'].unsqueeze(1)
        always = torch.full_like(bent, -2)  # a trunk leans and twists always
        turned = torch.cat((bent, hips, knees, elbows, always, hips_sideways, always), dim=1)
        angles = angles * (turned < 2 * self.joint_share - 1)
        return angles.split([1, 2, 2, 2, 3, 1], dim=1)


def _held(normal: Tensor) -> Tensor:
    return normal.clamp(-LARGEST_DEVIATION, LARGEST_DEVIATION)
