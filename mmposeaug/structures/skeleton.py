# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A tree of joints with its trunk, limbs and parts, found by the tree and its sides alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .metainfo import read_metainfo
from .tree import Tree

Groups = dict[str, tuple[int, ...]]

MOST_SINGLES = 8
"""int: More limbs of one joint on the same joint are points of a surface."""


@dataclass(frozen=True)
class Skeleton(Tree):
    """A rooted tree of named joints with left/right symmetry.

    Every joint but the root is the lower end of one bone; bones are numbered in the order of
    these joints. All index tuples below refer to that numbering.

    Args:
        name (str): Name of the skeleton, used in messages.
        joint_names (tuple[str]): Names of the J joints.
        parents (tuple[int]): Parent of each joint, ``-1`` for the root.
        joint_pairs (tuple[tuple[int, int]]): Pairs (left, right) of symmetric joints.
        human (bool, optional): Whether it is the body of a person, which the tree does not tell.
            Defaults to None, where :func:`mmposeaug.structures.judge_human` looks for itself.

    Raises:
        ValueError: If the tree has a cycle, no root or several, or a side without its pair.

    Example:
        >>> arm = Skeleton('arm', ('root', 'hand'), (-1, 0), ())
        >>> arm.bones
        ((1, 0),)
    """

    @classmethod
    def from_metainfo(cls, metainfo: Mapping[str, Any], root: str | None = None) -> Skeleton:
        """Build the tree from MMPose dataset metainfo.

        Args:
            metainfo (Mapping): ``dataset_info`` of an MMPose dataset config, or the parsed form
                that a built dataset holds in ``metainfo``. Its ``human`` (True or False), which
                MMPose's parsing leaves out, says whether it is the body of a person.
            root (str, optional): Name of the root joint. Defaults to the joint that is called
                root, pelvis or hip.

        Returns:
            Skeleton: The tree, joints in the order of the metainfo.

        Raises:
            ValueError: If the links are not a tree over all joints, a side is unpaired, or no
                root can be found.
        """
        return cls(*read_metainfo(metainfo, root))

    def _limb_starts(self) -> list[tuple[int, int]]:
        """Joints with a side whose parent is on the midline, and that parent."""
        return [
            (joint, parent)
            for joint, parent in enumerate(self.parents)
            if self.sides[joint] and parent != -1 and not self.sides[parent]
        ]

    @cached_property
    def trunk_bones(self) -> tuple[int, ...]:
        """tuple[int]: Bones from the root up to the joint that the arms start from, root first.

        Their direction is that of the whole body (pelvis to spine to thorax in Human3.6M).
        """
        # an eye or an ear is not an arm: a limb has two joints or more
        ends = [
            parent
            for joint, parent in self._limb_starts()
            if parent != self.root and joint in self.parents
        ]
        if not ends:
            return ()
        top = min(ends, key=lambda joint: len(self.path_to_root(joint)))
        return tuple(self.bone_of(joint) for joint in reversed(self.path_to_root(top)))

    @cached_property
    def pelvis(self) -> tuple[int, int, int] | None:
        """tuple[int] | None: Left hip, right hip and the joint above the root; None without."""
        legs = [self.limbs.get(f'{side}_leg', ()) for side in ('left', 'right')]
        if not self.trunk_bones or not all(legs):
            return None
        return legs[0][0], legs[1][0], self.bones[self.trunk_bones[0]][0]

    @cached_property
    def limbs(self) -> Groups:
        """dict[str, tuple[int]]: Joints of each limb, from its attachment outwards.

        A limb is a left or right subtree whose parent is on the midline. Limbs at the root are
        ``left_leg`` and ``right_leg``, those at the top of the trunk ``left_arm`` and
        ``right_arm``; any other is named after its first joint.
        """
        trunk = self.trunk_bones
        top = self.bones[trunk[-1]][0] if trunk else None
        found: Groups = {}
        for joint, parent in self._limb_starts():
            members = [j for j in range(self.num_joints) if joint in (j, *self.path_to_root(j))]
            members.sort(key=lambda j: (len(self.path_to_root(j)), j))
            kind = 'leg' if parent == self.root else 'arm' if parent == top else ''
            own_name = self.joint_names[joint]
            name = f'{self.sides[joint]}_{kind}' if kind else own_name
            found[own_name if name in found else name] = tuple(members)
        return found

    @cached_property
    def parts(self) -> Groups:
        """dict[str, tuple[int]]: Bones of each part of the part-aware chain (paper, Sec. 3.4).

        ``torso`` holds the midline bones and the first bone of every limb. A limb's part holds
        its bones and those it is attached to: the bone that leads to its joint on the midline,
        or, on the root where there is none, the other bones of the root. Many single joints on
        one midline joint, such as the points of a face, have no part of their own.
        """
        bones_of_limbs = {
            name: tuple(self.bone_of(joint) for joint in members)
            for name, members in self.limbs.items()
        }
        sided = {bone for bones in bones_of_limbs.values() for bone in bones}
        midline = set(range(self.num_bones)) - sided
        first = {bones[0] for bones in bones_of_limbs.values()}
        parts = {'torso': tuple(sorted(midline | first))}
        singles = [self.bones[b[0]][1] for b in bones_of_limbs.values() if len(b) == 1]
        for name, bones in bones_of_limbs.items():
            joint = self.bones[bones[0]][1]
            if len(bones) == 1 and singles.count(joint) > MOST_SINGLES:
                continue
            if joint == self.root:
                neighbours = {b for b, (_, parent) in enumerate(self.bones) if parent == joint}
            else:
                neighbours = {self.bone_of(joint)}
            parts[name] = tuple(sorted(neighbours | set(bones)))
        return parts

    @cached_property
    def joint_groups(self) -> Groups:
        """dict[str, tuple[int]]: Joints by their distance from the trunk.

        ``near`` holds the first joint of every limb (hips, shoulders), ``middle`` the second
        (knees, elbows), ``far`` all further ones (ankles, wrists), ``head`` the upper end of the
        midline and single joints beside it (eyes, ears). Other midline joints are in no group.
        """
        groups: dict[str, list[int]] = {'near': [], 'middle': [], 'far': [], 'head': []}
        for members in self.limbs.values():
            start = members[0]
            if len(members) == 1 and self.parents[start] != self.root:
                groups['head'].append(start)
                continue
            for joint in members:
                depth = len(self.path_to_root(joint)) - len(self.path_to_root(start))
                groups[('near', 'middle', 'far')[min(depth, 2)]].append(joint)
        trunk = {self.bones[bone][0] for bone in self.trunk_bones} | {self.root}
        for joint, side in enumerate(self.sides):
            upper = any(
                parent == joint and not self.sides[child]
                for child, parent in enumerate(self.parents)
            )
            if not side and not upper and joint not in trunk:
                groups['head'].append(joint)
        return {name: tuple(sorted(joints)) for name, joints in groups.items()}
