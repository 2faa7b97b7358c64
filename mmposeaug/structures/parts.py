# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trunk, limbs and parts of a skeleton, found by its tree and sides alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .skeleton import Skeleton

Groups = dict[str, tuple[int, ...]]


def limb_starts(skeleton: Skeleton) -> list[tuple[int, int]]:
    """Joints with a side that hang on the midline."""
    sides = skeleton.sides
    return [
        (joint, parent)
        for joint, parent in enumerate(skeleton.parents)
        if sides[joint] and parent != -1 and not sides[parent]
    ]


def trunk_bones(skeleton: Skeleton) -> tuple[int, ...]:
    """See :attr:`mmposeaug.structures.Skeleton.trunk_bones`."""
    # an eye or an ear is no arm: a limb has two joints or more
    ends = [
        parent
        for joint, parent in limb_starts(skeleton)
        if parent != skeleton.root and joint in skeleton.parents
    ]
    if not ends:
        return ()
    top = min(ends, key=lambda joint: len(skeleton.path_to_root(joint)))
    return tuple(skeleton.bone_of(joint) for joint in reversed(skeleton.path_to_root(top)))


def pelvis(skeleton: Skeleton) -> tuple[int, int, int] | None:
    """See :attr:`mmposeaug.structures.Skeleton.pelvis`."""
    legs = [skeleton.limbs.get(f'{side}_leg', ()) for side in ('left', 'right')]
    if not skeleton.trunk_bones or not all(legs):
        return None
    return legs[0][0], legs[1][0], skeleton.bones[skeleton.trunk_bones[0]][0]


def limbs(skeleton: Skeleton) -> Groups:
    """See :attr:`mmposeaug.structures.Skeleton.limbs`."""
    trunk = skeleton.trunk_bones
    top = skeleton.bones[trunk[-1]][0] if trunk else None
    found: Groups = {}
    for joint, parent in limb_starts(skeleton):
        members = tuple(
            sorted(
                (
                    j
                    for j in range(skeleton.num_joints)
                    if j == joint or joint in skeleton.path_to_root(j)
                ),
                key=lambda j: (len(skeleton.path_to_root(j)), j),
            )
        )
        kind = 'leg' if parent == skeleton.root else 'arm' if parent == top else ''
        own_name = skeleton.joint_names[joint]
        name = f'{skeleton.sides[joint]}_{kind}' if kind else own_name
        found[own_name if name in found else name] = members
    return found


def chain_parts(skeleton: Skeleton) -> Groups:
    """See :attr:`mmposeaug.structures.Skeleton.parts`."""
    bones_of_limbs = {
        name: tuple(skeleton.bone_of(joint) for joint in members)
        for name, members in skeleton.limbs.items()
    }
    sided = {bone for bones in bones_of_limbs.values() for bone in bones}
    midline = set(range(skeleton.num_bones)) - sided
    first = {bones[0] for bones in bones_of_limbs.values()}
    parts = {'torso': tuple(sorted(midline | first))}
    for name, bones in bones_of_limbs.items():
        joint = skeleton.bones[bones[0]][1]
        if joint == skeleton.root:
            neighbours = {b for b, (_, parent) in enumerate(skeleton.bones) if parent == joint}
        else:
            neighbours = {skeleton.bone_of(joint)}
        parts[name] = tuple(sorted(neighbours | set(bones)))
    return parts


def joint_groups(skeleton: Skeleton) -> Groups:
    """See :attr:`mmposeaug.structures.Skeleton.joint_groups`."""
    groups: dict[str, list[int]] = {'near': [], 'middle': [], 'far': [], 'head': []}
    for members in skeleton.limbs.values():
        start = members[0]
        if len(members) == 1 and skeleton.parents[start] != skeleton.root:
            groups['head'].append(start)
            continue
        for joint in members:
            depth = len(skeleton.path_to_root(joint)) - len(skeleton.path_to_root(start))
            groups[('near', 'middle', 'far')[min(depth, 2)]].append(joint)
    trunk = {skeleton.bones[bone][0] for bone in skeleton.trunk_bones} | {skeleton.root}
    for joint, side in enumerate(skeleton.sides):
        upper = any(
            parent == joint and not skeleton.sides[child]
            for child, parent in enumerate(skeleton.parents)
        )
        if not side and not upper and joint not in trunk:
            groups['head'].append(joint)
    return {name: tuple(sorted(joints)) for name, joints in groups.items()}
