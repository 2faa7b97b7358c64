# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Published proportions of the human body, and how far its joints turn.

Ratios: R. Drillis and R. Contini, *Body Segment Parameters*, Technical Report 1166-03, New York
University, 1966, as drawn in D. A. Winter, *Biomechanics and Motor Control of Human Movement*,
figure 4.1. Widths between joint centres, which that figure lacks, are derived beside each value.

Ranges of motion: American Academy of Orthopaedic Surgeons, *Joint Motion: Method of Measuring and
Recording*, 1965, as tabulated in C. C. Norkin and D. J. White, *Measurement of Joint Motion: A
Guide to Goniometry*, appendix A.
"""

from __future__ import annotations

from collections.abc import Sequence

from .skeleton import Skeleton

SEGMENT_RATIOS: dict[str, float] = {
    'thigh': 0.245,
    'shank': 0.246,
    'upper_arm': 0.186,
    'forearm': 0.146,
    # Hips 0.530, shoulders 0.818 of stature above the ground: a trunk of 0.288, in two halves.
    'lower_trunk': 0.144,
    'upper_trunk': 0.144,
    # Chin at 0.870, head 0.130 tall. The head joint lies at 60 % of the head's height.
    'neck': 0.052,
    'head': 0.078,
    # Half of 72 % of the distance between the iliac spines (A. L. Bell et al., Human Movement
    # Science 8, 1989), which is about 0.24 m at a stature of 1.72 m.
    'half_hips': 0.050,
    # Half breadth 0.129 (Drillis & Contini) less 4 cm of deltoid and humerus outside the joint.
    'half_shoulders': 0.106,
}
"""dict[str, float]: Segment lengths as fractions of stature."""

ANKLE_HEIGHT = 0.039
"""float: Height of the ankle above the ground as a fraction of stature."""

PROPORTION_STD, WIDTH_STD, LARGEST_DEVIATION = 0.08, 0.25, 2.5
"""float: Relative standard deviation that segments are taken to have about these ratios, that of
the widths of hips and shoulders, which every data set defines in its own way, and how many of them
a person may be off."""

FLEXION_LIMITS: dict[str, tuple[float, float]] = {
    'trunk': (-25.0, 80.0),
    'hip': (-30.0, 120.0),
    'knee': (0.0, 135.0),
    'elbow': (0.0, 150.0),
}
"""dict[str, tuple[float, float]]: Extension (negative) and flexion of joints in degrees."""


def stature_ratios(skeleton: Skeleton) -> tuple[float | None, ...]:
    """Published length of every bone as a fraction of stature, by its place in the tree.

    The trunk's length is shared out equally over the trunk's bones, that of neck and head over
    the midline bones above it.

    Args:
        skeleton (Skeleton): Any tree.

    Returns:
        tuple[float | None]: One ratio a bone; None for bones of which nothing is published here
        (toes, eyes, limbs that are neither arm nor leg, see :func:`is_plain_limb`).

    Example:
        >>> from mmposeaug.structures import H36M_16
        >>> dict(zip(H36M_16.bone_names, stature_ratios(H36M_16)))['head']
        0.13
    """
    ratios: dict[int, float] = {}
    segments = dict(
        leg=('half_hips', 'thigh', 'shank'), arm=('half_shoulders', 'upper_arm', 'forearm')
    )
    for side in ('left', 'right'):
        for kind, names in segments.items():
            members = skeleton.limbs.get(f'{side}_{kind}', ())
            for joint, name in zip(members if is_plain_limb(skeleton, members) else (), names):
                ratios[skeleton.bone_of(joint)] = SEGMENT_RATIOS[name]
    for bones, segments_of_chain in (
        (skeleton.trunk_bones, ('lower_trunk', 'upper_trunk')),
        (_head_bones(skeleton), ('neck', 'head')),
    ):
        parts = [SEGMENT_RATIOS[name] for name in segments_of_chain]
        if len(bones) != len(parts):
            parts = [round(sum(parts) / max(len(bones), 1), 6)] * len(bones)
        ratios.update(zip(bones, parts))
    return tuple(ratios.get(bone) for bone in range(skeleton.num_bones))


def lowered_hips(skeleton: Skeleton) -> tuple[float, ...]:
    """Return how bone lengths (B,) change where hips lie lower by a thigh, as parts of stature.

    The thighs of the skeleton are shorter, and its trunk is longer, by as much; 0 for the others,
    and for all where there are not both.
    """
    thighs = [
        skeleton.bone_of(skeleton.limbs[name][1])
        for name in ('left_leg', 'right_leg')
        if is_plain_limb(skeleton, skeleton.limbs.get(name, ()))
    ]
    change = [0.0] * skeleton.num_bones
    if thighs and skeleton.trunk_bones:
        for bone in thighs:
            change[bone] = -SEGMENT_RATIOS['thigh']
        for bone in skeleton.trunk_bones:
            change[bone] = SEGMENT_RATIOS['thigh'] / len(skeleton.trunk_bones)
    return tuple(change)


def limb_width_bones(skeleton: Skeleton) -> tuple[int, ...]:
    """Return the bones of a skeleton from its midline to the limbs: half widths of the body."""
    return tuple(sorted({skeleton.bone_of(members[0]) for members in skeleton.limbs.values()}))


def is_plain_limb(skeleton: Skeleton, members: Sequence[int]) -> bool:
    """Return whether a limb is hip, knee and ankle or shoulder, elbow and wrist.

    Joints beyond the third are toes or fingers, unless the first one of an arm is a collar bone;
    nobody can tell, so arms must have three joints. ``members`` are the joints of the limb of a
    skeleton, from its attachment outwards.

    Example:
        >>> from mmposeaug.structures import H36M_17
        >>> is_plain_limb(H36M_17, H36M_17.limbs['left_arm'])
        True
    """
    if len(members) < 3 or any(skeleton.parents[b] != a for a, b in zip(members, members[1:3])):
        return False
    return len(members) == 3 or skeleton.parents[members[0]] == skeleton.root


def _head_bones(skeleton: Skeleton) -> list[int]:
    """Midline bones above the trunk, lowest first."""
    found: list[int] = []
    if not skeleton.trunk_bones:
        return found
    joint = skeleton.bones[skeleton.trunk_bones[-1]][0]
    while True:
        upper = [
            child
            for child, parent in skeleton.bones
            if parent == joint and not skeleton.sides[child]
        ]
        if len(upper) != 1:
            return found
        joint = upper[0]
        found.append(skeleton.bone_of(joint))
