# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What bodies cannot do, as a cost: joints beyond their range, limbs within one another."""

from __future__ import annotations

import math

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.geometry import body_axes, index_tensor, joints_to_bones, unit_bones
from mmposeaug.models.option_checks import check_number
from mmposeaug.structures import FLEXION_LIMITS, Skeleton, get_skeleton, is_plain_limb, judge_human

RADII = dict(trunk=0.08, head=0.06, upper_arm=0.03, forearm=0.02, thigh=0.045, shank=0.03)
"""dict[str, float]: Radii of capsules inside of the parts of a body, over the length of its legs;
smaller than the parts, so that what touches is no collision."""
_TOUCHING = (('trunk', 'head'), ('trunk', 'upper_arm'), ('trunk', 'thigh'), ('thigh', 'thigh'))


@MODELS.register_module()
class AnatomyPrior(nn.Module):
    """Cost of poses that no person can take, exactly 0 for all others.

    Knees and elbows are held to their published range of motion
    (:data:`mmposeaug.structures.FLEXION_LIMITS`), knees do not bend forwards, thighs do not swing
    further back than hips and trunk extend together, and no part of the body is in another: each
    is a capsule along its bone.

    Args:
        skeleton (str | Skeleton): Tree of the poses. Defaults to ``'h36m_17'``.
        margin (float): Degrees that a joint may be beyond its range, which is a mean over people.
            Defaults to 10.
        size (float): Factor of the capsules' radii; 0 for no collisions. Defaults to 1.

    Raises:
        ValueError: If an option is negative or not a number, or the skeleton is no person's with
            two plain legs and arms.
    """

    def __init__(
        self, skeleton: str | Skeleton = 'h36m_17', margin: float = 10.0, size: float = 1.0
    ) -> None:
        super().__init__()
        self.skeleton = get_skeleton(skeleton)
        self.margin = math.radians(check_number('AnatomyPrior', 'margin', margin, high=90))
        self.size = check_number('AnatomyPrior', 'size', size)
        names = [f'{side}_{kind}' for kind in ('leg', 'arm') for side in ('left', 'right')]
        limbs = [self.skeleton.limbs.get(name, ()) for name in names]
        plain = all(is_plain_limb(self.skeleton, members) for members in limbs)
        if judge_human(self.skeleton).human is False or not plain or self.skeleton.pelvis is None:
            raise ValueError(
                f'AnatomyPrior: the skeleton {self.skeleton.name!r} is not a person with two legs '
                'of hip, knee and ankle and two arms of shoulder, elbow and wrist; leave the prior '
                'out.'
            )
        bones = [[self.skeleton.bone_of(joint) for joint in members[1:3]] for members in limbs]
        self.upper, self.lower = (tuple(each[i] for each in bones) for i in (0, 1))
        self._set_capsules()

    def _set_capsules(self) -> None:
        """Ends and radii of the parts, and which of them may collide."""
        skeleton, bones = self.skeleton, self.skeleton.bones
        top = bones[skeleton.trunk_bones[-1]][0]
        parts = [('trunk', top, skeleton.root)]
        head = [j for j in range(skeleton.num_joints) if top in skeleton.path_to_root(j)]
        limbs = {j for members in skeleton.limbs.values() for j in members}
        above = [j for j in head if j not in limbs and j != top]
        if above:
            last = max(above, key=lambda joint: len(skeleton.path_to_root(joint)))
            parts.append(('head', last, skeleton.parents[last]))
        for kind, which in (('thigh', self.upper[:2]), ('upper_arm', self.upper[2:])):
            parts += [(kind, *bones[bone]) for bone in which]
        for kind, which in (('shank', self.lower[:2]), ('forearm', self.lower[2:])):
            parts += [(kind, *bones[bone]) for bone in which]
        pairs = [
            (one, other)
            for one in range(len(parts))
            for other in range(one)
            if {parts[one][0], parts[other][0]} not in [set(each) for each in _TOUCHING]
            and not set(parts[one][1:]) & set(parts[other][1:])
        ]
        self.ends = tuple(tuple(part[i] for part in parts) for i in (1, 2))
        self.pairs = tuple(zip(*pairs))
        self.radii = [RADII[parts[one][0]] + RADII[parts[other][0]] for one, other in pairs]

    def forward(self, pose: Tensor) -> Tensor:
        """Cost of poses.

        Args:
            pose (Tensor): Poses of shape (*, J, 3), any unit.

        Returns:
            Tensor: Costs of shape (*): squared radians beyond the limits, and squared depths of
            limbs in one another over the sum of their radii.
        """
        cost = self.beyond_limits(pose).square().sum(-1)
        if self.size:
            cost = cost + self.collisions(pose).square().sum(-1)
        return cost

    def beyond_limits(self, pose: Tensor) -> Tensor:
        """Radians (*, 8) by which knees and elbows, knees backwards, and hips are beyond limits."""
        bones, _ = unit_bones(joints_to_bones(pose, self.skeleton))
        upper, lower = (
            bones.index_select(-2, index_tensor(which, bones.device))
            for which in (self.upper, self.lower)
        )
        across, up, forward = body_axes(pose, self.skeleton).unsqueeze(-3).unbind(-2)
        turn = torch.linalg.cross(upper, lower)
        bent = torch.atan2(torch.linalg.vector_norm(turn, dim=-1), (upper * lower).sum(-1))
        highest = [math.radians(FLEXION_LIMITS[joint][1]) for joint in ('knee', 'elbow')]
        limits = bent.new_tensor([highest[0]] * 2 + [highest[1]] * 2) + self.margin
        over = (bent - limits).clamp_min(0)
        knees = turn[..., :2, :]
        forwards = (-(knees * across).sum(-1) - math.sin(self.margin)).clamp_min(0)
        # bone vectors point upwards, so a thigh that is behind the body points forwards
        thighs = upper[..., :2, :]
        extended = torch.atan2((thighs * forward).sum(-1), (thighs * up).sum(-1))
        # a trunk that bends backwards looks as if the thighs did
        lowest = -math.radians(FLEXION_LIMITS['hip'][0] + FLEXION_LIMITS['trunk'][0])
        return torch.cat((over, forwards, (extended - lowest - self.margin).clamp_min(0)), dim=-1)

    def collisions(self, pose: Tensor) -> Tensor:
        """Depths (*, P) of parts of the body in one another, over the sum of their radii."""
        starts, ends = (pose[..., index_tensor(which, pose.device), :] for which in self.ends)
        first, second = (index_tensor(which, pose.device) for which in self.pairs)
        distance = segment_distance(
            *(part.index_select(-2, which) for which in (first, second) for part in (starts, ends))
        )
        lengths = torch.linalg.vector_norm(joints_to_bones(pose, self.skeleton), dim=-1)
        legs = index_tensor(self.upper[:2] + self.lower[:2], pose.device)
        leg = lengths.index_select(-1, legs).sum(-1, keepdim=True) / 2
        radii = self.size * leg * distance.new_tensor(self.radii)
        return (1 - distance / radii.clamp_min(1e-6)).clamp_min(0)


def segment_distance(start_1: Tensor, end_1: Tensor, start_2: Tensor, end_2: Tensor) -> Tensor:
    """Smallest distance of two segments between points of shape (*, 3): (*)."""
    way_1, way_2, offset = end_1 - start_1, end_2 - start_2, start_1 - start_2

    def dot(one: Tensor, other: Tensor) -> Tensor:
        return (one * other).sum(-1)

    a, e, b = dot(way_1, way_1), dot(way_2, way_2), dot(way_1, way_2)
    c, f = dot(way_1, offset), dot(way_2, offset)
    a, e = a.clamp_min(1e-12), e.clamp_min(1e-12)
    denominator = a * e - b * b
    # parallel ones: any place on the first
    s = torch.where(
        denominator > 1e-9 * a * e, (b * f - c * e) / denominator.clamp_min(1e-18), 0.0
    ).clamp(0, 1)
    t = ((b * s + f) / e).clamp(0, 1)
    s = ((b * t - c) / a).clamp(0, 1)
    gap = offset + s.unsqueeze(-1) * way_1 - t.unsqueeze(-1) * way_2
    return gap.square().sum(-1).clamp_min(1e-18).sqrt()
