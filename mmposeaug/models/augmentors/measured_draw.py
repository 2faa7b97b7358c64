# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Random augmentation that moves any body at its joints as the training set does, but further."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from mmpose.registry import MODELS
from torch import Tensor

from mmposeaug.geometry import (
    bones_to_joints,
    index_tensor,
    joints_to_bones,
    rotation_matrix,
    unit_bones,
)
from mmposeaug.models.option_checks import check_number, check_options
from mmposeaug.structures import Skeleton

from .clip_motion import index_of
from .local_bones import LocalBones, levels, swing, to_frame
from .networks import per_frame, reference_frame
from .operations import one_minus_cos, rotate_each
from .random_draw import RandomPoseAugmentor

FARTHEST = 2.5
"""float: Joints are not exaggerated beyond this many radians from their mean."""


@MODELS.register_module()
class MeasuredPoseAugmentor(RandomPoseAugmentor):
    """Turns joints of any body about the axes and as far as the training set does, times a factor.

    No anatomy is set by hand. For every bone, its directions in the frame of the bone before it are
    measured (:class:`LocalBones`): a finger that bends about one axis gets turns about that axis
    alone, and bones that never move against each other, such as those of a palm, get none. What
    hangs on a bone turns with it. Joints may also be held as in another sample of the batch.

    Args:
        skeleton (str | Skeleton): Tree of the poses. Defaults to ``'h36m_17'``.
        widen (float): Standard deviation of a joint's turns over that of the training set's.
            Defaults to 2.
        most (float): The same in degrees is at most this about any axis, where the training set
            moves far already. Defaults to 30.
        roundness (float): Share of the measured variance that is spread evenly over all
            directions. Defaults to 0.
        joint_noise (float): Standard deviation in degrees of turns about every axis, for every
            joint, beside the measured ones. Defaults to 0.
        joint_share (float): Probability that a joint is turned. Defaults to 0.5.
        exaggerate (float): Joints are held further from their mean, by a factor of 1 and this
            times the size of a normal draw, so that they move where the training set's do.
            Defaults to 1.
        exchange (float): Probability that a joint and all after it are held as in another sample.
            Defaults to 0.
        angle_noise (float): As for :class:`RandomPoseAugmentor`. Defaults to 0.
        **options: Further options of :class:`RandomPoseAugmentor`.

    Raises:
        ValueError: If a range is negative, a share is not between 0 and 1, or an option is unknown.
    """

    near: Tensor
    mean: Tensor
    factor: Tensor

    def __init__(
        self,
        skeleton: str | Skeleton = 'h36m_17',
        widen: float = 2.0,
        most: float = 30.0,
        roundness: float = 0.0,
        joint_noise: float = 0.0,
        joint_share: float = 0.5,
        exaggerate: float = 1.0,
        exchange: float = 0.0,
        angle_noise: float = 0.0,
        **options: Any,
    ) -> None:
        owner = type(self).__name__
        check_options(type(self), options, RandomPoseAugmentor)
        super().__init__(skeleton, angle_noise, **options)
        self.widen = check_number(owner, 'widen', widen)
        self.most = math.radians(check_number(owner, 'most', most))
        self.joint_noise = math.radians(check_number(owner, 'joint_noise', joint_noise))
        self.roundness = check_number(owner, 'roundness', roundness, 0, 1)
        self.joint_share = check_number(owner, 'joint_share', joint_share, 0, 1)
        self.exaggerate = check_number(owner, 'exaggerate', exaggerate)
        self.exchange = check_number(owner, 'exchange', exchange, 0, 1)
        # facts of the training set, which a resumed run measures again
        self.register_buffer('near', torch.zeros(0, 3), persistent=False)
        self.register_buffer('mean', torch.zeros(0, 3), persistent=False)
        self.register_buffer('factor', torch.zeros(0, 3, 3), persistent=False)

    def measure(self, pose: Tensor) -> None:
        """Learn how the joints of a training set turn.

        Args:
            pose (Tensor): Poses (N, J, 3), or clips (N, T, J, 3) of which the reference frame
                counts.
        """
        found = LocalBones.measure(reference_frame(pose, self.target_frame), self.skeleton)
        across = torch.eye(3).double() - found.mean.unsqueeze(-1) * found.mean.unsqueeze(-2)
        size = found.spread.diagonal(dim1=-2, dim2=-1).sum(-1) / 2
        even = size[:, None, None] * across
        spread = (1 - self.roundness) * found.spread + self.roundness * even
        spread = self.widen**2 * spread + self.joint_noise**2 * across
        values, axes = torch.linalg.eigh(spread)
        factor = (axes * values.clamp(0, self.most**2).sqrt().unsqueeze(-2)) @ axes.transpose(
            -1, -2
        )
        for name, value in dict(near=found.near, mean=found.mean, factor=factor).items():
            setattr(self, name, value.to(pose))

    # -------------------------------------------------------------------- draws
    def normal_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes for one sample of the draws that are standard normal."""
        bones = self.skeleton.num_bones
        shapes = dict(super().normal_shapes(), joints=(bones, 3))
        if self.exaggerate:
            shapes['exaggerated'] = (bones,)
        return shapes

    def uniform_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes for one sample of the draws that are uniform in [-1, 1]."""
        bones = self.skeleton.num_bones
        shapes = dict(super().uniform_shapes(), joints_turned=(bones,))
        if self.exchange:
            shapes.update(partner=(), exchanged=(bones,))
        return shapes

    def frame_draws(
        self, clip: Tensor, draw: Mapping[str, Tensor], since: Tensor
    ) -> dict[str, Tensor]:
        """As in the base class; a partner is another clip's same frame."""
        found = super().frame_draws(clip, draw, since)
        if 'partner' in draw:
            count, frames = clip.shape[:2]
            steps = torch.arange(frames, device=clip.device)
            row = (index_of(draw['partner'], count).unsqueeze(1) * frames + steps).flatten()
            found['partner'] = 2 * (row + 0.5) / (count * frames) - 1
        return found

    # -------------------------------------------------------------------- turns
    def turn(self, pose: Tensor, draw: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Turn joints, then bones, as in the base class."""
        if not len(self.mean):
            raise ValueError(
                f'{type(self).__name__} has no training set to turn joints like; call measure('
                'poses) first, as train loops do.'
            )
        directions, lengths = unit_bones(joints_to_bones(pose, self.skeleton))
        turned = self._turn_joints(directions, pose, draw)
        if self.angle_noise:
            change = per_frame(self.strength * self.angle_noise * draw['angle'], pose)
            turned, _ = unit_bones(turned + change)
        moved = bones_to_joints(turned * lengths, self.skeleton, pose[..., self.skeleton.root, :])
        return moved, one_minus_cos(directions, turned, lengths)

    def _turn_joints(self, directions: Tensor, pose: Tensor, draw: Mapping[str, Tensor]) -> Tensor:
        """Bone directions (N, B, 3) or (N, T, B, 3), from the root outwards."""
        share = (draw['joints_turned'] < 2 * self.joint_share - 1).to(pose.dtype) * self.strength
        rotvec = (self.factor @ draw['joints'].unsqueeze(-1)).squeeze(-1) * share.unsqueeze(-1)
        turns = per_frame(rotation_matrix(rotvec), pose)
        further = None
        if self.exaggerate:
            further = 1 + self.exaggerate * draw['exaggerated'].abs() * share
        taken = draw['exchanged'] < 2 * self.exchange - 1 if self.exchange else None
        if taken is not None:
            partner = index_of(draw['partner'], len(pose))
        chosen: dict[int, Tensor] = {}
        found: dict[int, Tensor] = {}
        root = LocalBones(self.skeleton, self.near, self.mean, self.factor).root_frame(directions)
        before = after = root.unsqueeze(-3)
        place = {-1: 0}
        for bones, parent in levels(self.skeleton):
            up = index_tensor(tuple(place[each] for each in parent), pose.device)
            this = index_tensor(bones, pose.device)
            before, after = before.index_select(-3, up), after.index_select(-3, up)
            local = to_frame(directions.index_select(-2, this), before)
            mean = self.mean.index_select(0, this)
            before = before @ swing(mean, local)
            if taken is not None:
                own = taken.index_select(1, this)
                if -1 not in parent:
                    own = own | torch.stack([chosen[each] for each in parent], dim=1)
                chosen = {bone: own[:, i] for i, bone in enumerate(bones)}
                other = local.index_select(0, partner)
                local = torch.where(per_frame(own, pose).unsqueeze(-1), other, local)
            if further is not None:
                local = turn_further(mean, local, per_frame(further.index_select(1, this), pose))
            local = (turns.index_select(-3, this) @ local.unsqueeze(-1)).squeeze(-1)
            result = rotate_each(after, local)
            after = after @ swing(mean, local)
            found.update({bone: result[..., i, :] for i, bone in enumerate(bones)})
            place = {bone: i for i, bone in enumerate(bones)}
        return torch.stack([found[bone] for bone in range(self.skeleton.num_bones)], dim=-2)


def turn_further(start: Tensor, end: Tensor, factor: Tensor) -> Tensor:
    """Turn unit vectors (*, 3) from others by factors (*) of the angle, half a turn at most."""
    cosine = (start * end).sum(-1, keepdim=True)
    across = end - cosine * start
    sine = across.norm(dim=-1, keepdim=True)
    angle = (torch.atan2(sine, cosine) * factor.unsqueeze(-1)).clamp(max=FARTHEST)
    return angle.cos() * start + angle.sin() * across / sine.clamp_min(1e-6)
