# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Poses that no body can take, and bodies that nobody has, by published limits.

The limits are those of people: nothing is found on a skeleton that is known to be no human body.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mmposeaug.geometry import body_axes, bone_lengths, joints_to_bones, unit_bones
from mmposeaug.structures import (
    FLEXION_LIMITS,
    LARGEST_DEVIATION,
    PROPORTION_STD,
    WIDTH_STD,
    Skeleton,
    is_plain_limb,
    judge_human,
    limb_width_bones,
    stature_ratios,
)

MARGIN = 10.0
"""float: Degrees that a joint may be beyond its limit: published ranges are means over people."""

_LIMBS = {'knee': 'leg', 'elbow': 'arm'}


def _no_human(skeleton: Skeleton) -> bool:
    return judge_human(skeleton).human is False


def _limb_bones(skeleton: Skeleton, joint: str) -> list[tuple[int, int]]:
    """Upper and lower bone of the left and the right limb, as far as they are plain ones."""
    if _no_human(skeleton):
        return []
    limbs = [skeleton.limbs.get(f'{side}_{_LIMBS[joint]}', ()) for side in ('left', 'right')]
    return [
        (skeleton.bone_of(members[1]), skeleton.bone_of(members[2]))
        for members in limbs
        if is_plain_limb(skeleton, members)
    ]


def overbent(pose: Tensor, skeleton: Skeleton, margin_deg: float = MARGIN) -> Tensor:
    """Whether a knee or elbow of poses (N, J, 3) is bent further than its range of motion, (N,)."""
    directions, _ = unit_bones(joints_to_bones(pose, skeleton))
    found = torch.zeros(len(pose), dtype=torch.bool, device=pose.device)
    for joint in _LIMBS:
        limit = math.cos(math.radians(min(FLEXION_LIMITS[joint][1] + margin_deg, 180)))
        for upper, lower in _limb_bones(skeleton, joint):
            found |= (directions[:, upper] * directions[:, lower]).sum(-1) < limit
    return found


def knees_forward(pose: Tensor, skeleton: Skeleton, margin_deg: float = MARGIN) -> Tensor:
    """Whether a knee of poses (N, J, 3) is bent the wrong way, the shank before the thigh, (N,).

    What counts is the bending about the axis from hip to hip, so that a leg that is turned out is
    no violation. For elbows nothing of this kind can be said: the upper arm turns about itself by
    half a circle, which its end points do not show.
    """
    found = torch.zeros(len(pose), dtype=torch.bool, device=pose.device)
    if skeleton.pelvis is None or _no_human(skeleton):
        return found
    directions, _ = unit_bones(joints_to_bones(pose, skeleton))
    across = body_axes(pose, skeleton)[:, 0]
    limit = math.sin(math.radians(margin_deg))
    for upper, lower in _limb_bones(skeleton, 'knee'):
        bent = torch.linalg.cross(directions[:, upper], directions[:, lower])
        found |= (bent * across).sum(-1) < -limit
    return found


def odd_proportions(pose: Tensor, skeleton: Skeleton) -> Tensor:
    """Whether a bone of poses (N, J, 3) is too short or too long for a person of their size, (N,).

    The size is the stature that all bones with a published ratio, the widths left out, have
    together. The spread is that of :class:`mmposeaug.models.AnatomicalPoseAugmentor`.
    """
    ratios = stature_ratios(skeleton)
    widths = limb_width_bones(skeleton)
    known = [bone for bone, ratio in enumerate(ratios) if ratio is not None]
    lengthwise = [bone for bone in known if bone not in widths]
    if not lengthwise or _no_human(skeleton):
        return torch.zeros(len(pose), dtype=torch.bool, device=pose.device)
    lengths = bone_lengths(pose, skeleton)
    stature = lengths[:, lengthwise].sum(1) / sum(ratios[bone] or 0.0 for bone in lengthwise)
    published = lengths.new_tensor([ratios[bone] or 0.0 for bone in known])
    spread = lengths.new_tensor([WIDTH_STD if b in widths else PROPORTION_STD for b in known])
    deviation = lengths[:, known] / (stature[:, None] * published) - 1
    return (deviation.abs() > LARGEST_DEVIATION * spread).any(1)
