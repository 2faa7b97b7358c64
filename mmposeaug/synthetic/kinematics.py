# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Forward kinematics: joint angles and bodies to joints in a world whose z axis points up.

A body's own axes are x to its right, y forward, z up. A positive flexion brings a limb forward
(the knee: backward) and the trunk or head forward; abduction brings a limb outward.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import roma
import torch
from torch import Tensor

from mmposeaug.structures import Skeleton

from .bodies import split_side

CONTACT_SOFTNESS = 0.02
"""Metres over which the weight of the body passes from the lower foot to the other."""


def _rotation(first: Tensor, second: Tensor, third: Tensor, order: str = 'XYZ') -> Tensor:
    """Rotation matrices (*, 3, 3) of three angles in radians about moving axes."""
    return roma.euler_to_rotmat(order, torch.stack((first, second, third), dim=-1))


def _bone_rotation(part: str, side: str, angle: Mapping[str, Tensor]) -> Tensor | None:
    """Rotation of the bone that ends in joint ``part`` against the bone before it."""

    def of(name: str) -> Tensor:
        return angle[f'{side}_{name}' if side else name]

    outward = 1.0 if side == 'left' else -1.0
    if part in ('spine', 'thorax'):  # each half of the trunk takes half of its bending
        bend, lean, turn = of('trunk_flexion'), of('trunk_side_bend'), of('trunk_rotation')
        return _rotation(-bend / 2, lean / 2, turn / 2)
    if part in ('neck_base', 'head'):
        bend, lean, turn = of('neck_flexion'), of('neck_side_bend'), of('neck_rotation')
        return _rotation(-bend / 2, lean / 2, turn / 2)
    if part == 'shoulder':
        forward = -outward * of('girdle_protraction')
        return _rotation(torch.zeros_like(forward), outward * of('girdle_elevation'), forward)
    if part in ('knee', 'elbow'):  # the thigh and the upper arm
        ball = 'hip' if part == 'knee' else 'shoulder'
        sideways, inward = outward * of(f'{ball}_abduction'), -outward * of(f'{ball}_rotation')
        return _rotation(of(f'{ball}_flexion'), sideways, inward)
    if part in ('foot', 'wrist'):  # the shank and the forearm
        bend = -of('knee_flexion') if part == 'foot' else of('elbow_flexion')
        return _rotation(bend, torch.zeros_like(bend), torch.zeros_like(bend))
    return None


def pose_body(angles: Mapping[str, Tensor], offsets: Tensor, skeleton: Skeleton) -> Tensor:
    """Return joints (S, T, J, 3) along world axes, z up, the root at 0, metres.

    Args:
        angles (Mapping[str, Tensor]): Curves (S, T) of S sequences, in radians.
        offsets (Tensor): (S, J, 3) joints from their parents in the rest pose, metres.
    """
    heading = angles['heading'] + angles['pelvis_turn']
    start = _rotation(heading, angles['pelvis_list'], -angles['pelvis_tilt'], 'ZYX')

    def turn_of(child: int) -> Tensor | None:
        side, part = split_side(skeleton.joint_names[child])
        return _bone_rotation(part, side, angles)

    return place_joints(start, turn_of, offsets, skeleton)


def place_joints(
    start: Tensor, turn_of: Callable[[int], Tensor | None], offsets: Tensor, skeleton: Skeleton
) -> Tensor:
    """Return joints (S, T, J, 3), the root at 0, from the turns of all bones.

    Args:
        start (Tensor): (S, T, 3, 3) how the root is turned.
        turn_of (Callable): Rotation (S, T, 3, 3), or None, of the bone that ends in a joint
            against the bone before it.
        offsets (Tensor): (S, J, 3) joints from their parents in the rest pose, metres.
    """
    frames: dict[int, Tensor] = {skeleton.root: start}
    joints: dict[int, Tensor] = {skeleton.root: start.new_zeros(*start.shape[:-2], 3)}
    remaining = [bone for bone in skeleton.bones]
    while remaining:
        ready = [bone for bone in remaining if bone[1] in frames]
        remaining = [bone for bone in remaining if bone[1] not in frames]
        for child, parent in ready:
            turn = turn_of(child)
            frames[child] = frames[parent] if turn is None else frames[parent] @ turn
            step = frames[child] @ offsets[:, None, child, :, None]
            joints[child] = joints[parent] + step.squeeze(-1)
    return torch.stack([joints[j] for j in range(skeleton.num_joints)], dim=-2)


def place_on_ground(pose: Tensor, lift: Tensor, ankle_height: Tensor, skeleton: Skeleton) -> Tensor:
    """Put poses on the ground and let them travel without sliding feet.

    The lower ankle is held at its height (S,) above the ground plus ``lift`` (S, T). Over the
    ground the root moves against the foot that carries the body, so that this foot stands still:
    walking travels, and turning in place does not, without a word about speed in the motions.
    Each path's middle is at x = y = 0.
    """
    feet = pose[..., [skeleton.index('left_foot'), skeleton.index('right_foot')], :]
    weight = torch.softmax(-feet[..., 2] / CONTACT_SOFTNESS, dim=-1)
    weight = (weight[:, 1:] + weight[:, :-1]) / 2
    steps = -(weight[..., None] * feet[..., :2].diff(dim=1)).sum(-2)
    path = torch.cat((torch.zeros_like(steps[:, :1]), steps.cumsum(1)), dim=1)
    middle = (path.amax(1, keepdim=True) + path.amin(1, keepdim=True)) / 2
    height = ankle_height[:, None] + lift - feet[..., 2].amin(-1)
    root = torch.cat((path - middle, height[..., None]), dim=-1)
    return pose + root[..., None, :]
