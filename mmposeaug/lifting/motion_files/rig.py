# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The tree that animation programs turn: nodes, their bones, and the rest pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmposeaug.structures import Skeleton, judge_human

from .people import plain_names

BONE = '_bone'
"""str: What the name of a node ends in that turns one bone of a joint with several; before it the
joint where the bone ends."""

_X, _Y, _Z = np.eye(3)


@dataclass(frozen=True)
class Rig:
    """Nodes in depth-first order, each behind its parent.

    A joint with several bones, such as the pelvis, has a node, and one more for each bone at the
    same place, which turns that bone alone: lifted hips and shoulders are not rigid.

    Attributes:
        offsets (np.ndarray): Way from the parent in the rest pose, (nodes, 3), metres.
        rest (np.ndarray): Direction of the bone that leads to each joint in the rest pose, (J, 3).
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    joints: tuple[int, ...]
    aims: tuple[tuple[int, ...], ...]
    offsets: np.ndarray
    rest: np.ndarray

    @property
    def joint_names(self) -> list[str]:
        """list[str]: Names of the nodes that are joints, in the order of the joints."""
        own = {}
        for name, parent, joint in zip(self.names, self.parents, self.joints):
            if parent < 0 or self.joints[parent] != joint:
                own[joint] = name
        return [own[joint] for joint in sorted(own)]

    @property
    def depths(self) -> list[int]:
        """list[int]: Number of nodes above each."""
        found: list[int] = []
        for parent in self.parents:
            found.append(found[parent] + 1 if parent >= 0 else 0)
        return found


def build_rig(skeleton: Skeleton, poses: np.ndarray) -> Rig:
    """The tree of one person.

    Args:
        poses (np.ndarray): The person's poses (N, J, 3), metres, y up.
    """
    names: list[str] = []
    parents: list[int] = []
    joints: list[int] = []
    aims: list[tuple[int, ...]] = []
    stack = [(skeleton.root, -1, False)]
    while stack:
        joint, parent, turns = stack.pop()
        children = tuple(child for child, above in skeleton.bones if above == joint)
        node = len(names)
        if turns:  # the node of the bone that ends at this joint
            names.append(skeleton.joint_names[joint] + BONE)
            joints.append(skeleton.parents[joint])
            aims.append((joint,))
            stack.append((joint, node, False))
        else:
            names.append(skeleton.joint_names[joint])
            joints.append(joint)
            aims.append(children)
            stack += [(child, node, len(children) > 1) for child in reversed(children)]
        parents.append(parent)
    rest = rest_directions(skeleton, poses[0])
    lengths = np.zeros(skeleton.num_joints)
    for child, above in skeleton.bones:
        lengths[child] = np.median(np.linalg.norm(poses[:, child] - poses[:, above], axis=-1))
    offsets = np.array(
        [
            np.zeros(3) if parent < 0 or aims[parent] != (joint,) else rest[joint] * lengths[joint]
            for parent, joint in zip(parents, joints)
        ]
    )
    return Rig(tuple(plain_names(names)), tuple(parents), tuple(joints), tuple(aims), offsets, rest)


def rest_directions(skeleton: Skeleton, first: np.ndarray) -> np.ndarray:
    """Direction of the bone that leads to each joint in the rest pose.

    Args:
        first (np.ndarray): The first pose (J, 3), for trees that are no human body.

    Returns:
        np.ndarray: Unit vectors (J, 3).
    """
    if judge_human(skeleton).human:
        return _t_pose(skeleton)
    rest = np.tile(_Y, (skeleton.num_joints, 1))
    for child, parent in skeleton.bones:
        length = np.linalg.norm(first[child] - first[parent])
        if length > 1e-9:
            rest[child] = (first[child] - first[parent]) / length
    return rest


def _t_pose(skeleton: Skeleton) -> np.ndarray:
    """Trunk and head up, arms to the sides, legs down, feet to the front; the left side at +x."""
    rest = np.tile(_Y, (skeleton.num_joints, 1))
    for joint, side in enumerate(skeleton.sides):
        if side:
            rest[joint] = _X if side == 'left' else -_X
    for name in ('left_leg', 'right_leg'):
        for place, joint in enumerate(skeleton.limbs.get(name, ())):
            if place:
                rest[joint] = -_Y if place < 3 else _Z
    return rest
