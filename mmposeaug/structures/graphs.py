# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Graphs of a skeleton's joints that graph convolutions run on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .skeleton import Skeleton

PARTITIONS = ('self', 'outer', 'inner', 'mirror')
"""tuple[str]: Kinds of neighbours of :func:`spatial_partitions`, in their order."""

TRUNK = 'trunk'
"""str: Name of the node of :func:`body_parts` that is not a limb."""


def tree_adjacency(skeleton: Skeleton) -> np.ndarray:
    """Return which joints of a skeleton share a bone, each with itself too: bool, shape (J, J)."""
    linked = np.eye(skeleton.num_joints, dtype=bool)
    children, parents = np.array(skeleton.bones, dtype=int).reshape(-1, 2).T
    linked[children, parents] = linked[parents, children] = True
    return linked


def hop_distances(skeleton: Skeleton) -> np.ndarray:
    """Count the bones on the way between joints: int, of shape (J, J)."""
    linked = tree_adjacency(skeleton)
    hops = np.zeros(linked.shape, dtype=int)
    reached = np.eye(skeleton.num_joints, dtype=bool)
    while not reached.all():
        hops += ~reached  # one more for each pair that is not reached yet
        reached = reached @ linked
    return hops


def centre_joint(skeleton: Skeleton) -> int:
    """Return the joint from which the farthest is the nearest; of two the one nearer the root."""
    hops = hop_distances(skeleton)
    return min(
        range(skeleton.num_joints),
        key=lambda joint: (hops[joint].max(), hops[joint, skeleton.root]),
    )


def spatial_partitions(skeleton: Skeleton) -> np.ndarray:
    """Neighbours of each joint by kind (Cai et al., ICCV 2019, Sec. 3.2; single frame).

    A neighbour is the joint itself, a joint linked to it that lies farther from the skeleton's
    centre (``outer``) or nearer to it (``inner``), or its mirror partner.

    Args:
        skeleton (Skeleton): The tree.

    Returns:
        np.ndarray: float, shape (4, J, J), in the order of :data:`PARTITIONS`: weight of each
        joint (row) in the sum at a joint (column). Every joint's weights have the sum 1.
    """
    linked = tree_adjacency(skeleton)
    distance = hop_distances(skeleton)[centre_joint(skeleton)]
    farther = distance[:, None] - distance[None, :]
    itself = np.eye(skeleton.num_joints, dtype=bool)
    mirror = itself[list(skeleton.flip_indices)] & ~itself
    kinds = np.stack(
        [itself, linked & (farther > 0), linked & (farther < 0), mirror & ~linked]
    ).astype(float)
    return kinds / kinds.sum(axis=(0, 1))


def body_parts(skeleton: Skeleton) -> tuple[Skeleton, tuple[tuple[int, ...], ...]]:
    """Return the tree of a skeleton's limbs, one node each, around a root of all other joints.

    The second value has the joints of each node.
    """
    limbs = skeleton.limbs
    within = {joint for members in limbs.values() for joint in members}
    trunk = tuple(joint for joint in range(skeleton.num_joints) if joint not in within)
    starts = {members[0]: node for node, members in enumerate(limbs.values(), start=1)}
    pairs = tuple(
        (starts[left], starts[right])
        for left, right in skeleton.joint_pairs
        if left in starts and right in starts
    )
    tree = Skeleton(
        name=f'{skeleton.name}_parts',
        joint_names=(TRUNK, *limbs),
        parents=(-1, *(0 for _ in limbs)),
        joint_pairs=pairs,
    )
    return tree, (trunk, *limbs.values())


def joint_resampling(source: Skeleton, target: Skeleton) -> np.ndarray:
    """Return the weight of each source joint (column) in each target joint (row), (J', J).

    A joint that the source lacks lies midway between its parent and its only child; ValueError if
    these are missing too.

    Args:
        source (Skeleton): Joints that are there.
        target (Skeleton): Joints to make.
    """
    weights = np.zeros((target.num_joints, source.num_joints))
    for joint, name in enumerate(target.joint_names):
        around = [name] if name in source.joint_names else _around(target, joint)
        if not around or any(other not in source.joint_names for other in around):
            raise ValueError(
                f'The skeleton {source.name!r} has no {name!r} of {target.name!r}, nor a joint on '
                'either side of it to tell its place; name a skeleton whose joints are there.'
            )
        for other in around:
            weights[joint, source.index(other)] = 1 / len(around)
    return weights


def _around(skeleton: Skeleton, joint: int) -> Sequence[str]:
    """Names of a joint's parent and only child; empty if it lacks one."""
    children = [child for child, parent in skeleton.bones if parent == joint]
    if skeleton.parents[joint] == -1 or len(children) != 1:
        return []
    return [skeleton.joint_names[j] for j in (skeleton.parents[joint], children[0])]
