# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What a 3D pose says in degrees: the angles of its limbs' joints, found by the tree alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from mmposeaug.structures import Skeleton


@dataclass(frozen=True)
class LimbAngle:
    """An angle at a joint, between two directions that each lead from one joint to another.

    Args:
        label (str): Name of the joint without its side.
        side (str): ``'left'`` or ``'right'``.
        outer (tuple[int, int]): Start and end of the bone that leads outwards.
        inner (tuple[int, int]): Start and end of what it is measured against.
    """

    label: str
    side: str
    outer: tuple[int, int]
    inner: tuple[int, int]


def limb_angles(skeleton: Skeleton) -> tuple[LimbAngle, ...]:
    """Angles along all limbs, from their attachment outwards.

    Within a limb an angle is that between the two bones of a joint: 180 degrees when a knee is
    straight. At its first joint (hip, shoulder), whose inner bone lies across the body, the trunk
    is taken instead: a hip has 180 degrees standing and 90 sitting, a shoulder 0 degrees with the
    arm hanging down. A limb that hangs on neither end of the trunk is measured against its bone.

    Args:
        skeleton (Skeleton): The tree.

    Returns:
        tuple[LimbAngle]: The angles; joints with the same label are the two sides of a pair.

    Example:
        >>> from mmposeaug.structures import H36M_17
        >>> [f'{angle.side} {angle.label}' for angle in limb_angles(H36M_17)][:4]
        ['right hip', 'right knee', 'left hip', 'left knee']
    """
    trunk = skeleton.trunk_bones
    top = skeleton.bones[trunk[-1]][0] if trunk else skeleton.root
    opposite = {skeleton.root: top, top: skeleton.root}
    found = []
    for members in skeleton.limbs.values():
        for joint in members:
            outer = [child for child, parent in skeleton.bones if parent == joint]
            if not outer:
                continue
            parent = skeleton.parents[joint]
            inner = (joint, parent)
            if joint == members[0] and parent in opposite and trunk:
                inner = (parent, opposite[parent])
            side = skeleton.sides[joint]
            label = without_side(skeleton.joint_names[joint])
            found.append(LimbAngle(label, side, (joint, outer[0]), inner))
    return tuple(found)


def measure_angles(poses: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Angles of :func:`limb_angles`.

    Args:
        poses (np.ndarray): Joints of shape (*, J, 3), of any unit.
        skeleton (Skeleton): The tree.

    Returns:
        np.ndarray: Degrees from 0 to 180 of shape (*, K); NaN where joints coincide or are NaN.

    Example:
        >>> from mmposeaug.structures import H36M_17
        >>> measure_angles(np.zeros((5, 17, 3)), H36M_17).shape
        (5, 8)
    """
    angles = limb_angles(skeleton)
    ends = np.array([(*angle.outer, *angle.inner) for angle in angles], int).reshape(-1, 4)
    poses = np.asarray(poses, dtype=np.float64)
    outer = poses[..., ends[:, 1], :] - poses[..., ends[:, 0], :]
    inner = poses[..., ends[:, 3], :] - poses[..., ends[:, 2], :]
    across = np.linalg.norm(np.cross(outer, inner), axis=-1)
    along = (outer * inner).sum(axis=-1)
    degrees = np.degrees(np.arctan2(across, along))
    return np.where((outer.any(axis=-1)) & (inner.any(axis=-1)), degrees, np.nan)


def without_side(name: str) -> str:
    """A joint's name without its side, blanks for underscores.

    Example:
        >>> without_side('left_knee'), without_side('neck_base'), without_side('l_eye')
        ('knee', 'neck base', 'eye')
    """
    shorter = re.sub(r'(?i)left|right|^[lr]_', '', name).strip('_ ')
    return (shorter or name).replace('_', ' ')
