# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Graphs of the joints: of Human3.6M's skeletons, and of trees that are not."""

from __future__ import annotations

import numpy as np
import pytest

from mmposeaug.structures import (
    H36M_16,
    H36M_17,
    PARTITIONS,
    Skeleton,
    body_parts,
    joint_resampling,
    spatial_partitions,
    tree_adjacency,
)
from mmposeaug.structures.graphs import centre_joint, hop_distances

CHAIN = Skeleton('chain', ('a', 'b', 'c', 'd'), (-1, 0, 1, 2))
POINT = Skeleton('point', ('a',), (-1,))
EYES = Skeleton(
    'eyes',
    ('pelvis', 'neck', 'left_arm', 'left_hand', 'right_arm', 'right_hand', 'left_eye', 'right_eye'),
    (-1, 0, 1, 2, 1, 4, 1, 1),
    ((2, 4), (3, 5), (6, 7)),
)
ALL = pytest.mark.parametrize(
    'skeleton', [H36M_16, H36M_17, CHAIN, POINT, EYES], ids=lambda skeleton: skeleton.name
)


@ALL
def test_adjacency_is_the_tree(skeleton: Skeleton) -> None:
    linked = tree_adjacency(skeleton)
    assert (linked == linked.T).all() and linked.diagonal().all()
    assert linked.sum() == skeleton.num_joints + 2 * skeleton.num_bones
    assert all(linked[bone] for bone in skeleton.bones)


def test_hops_and_centre() -> None:
    hops = hop_distances(H36M_17)
    wrists = [H36M_17.index(f'{side}_wrist') for side in ('left', 'right')]
    assert hops[wrists[0], wrists[1]] == 6 and hops[wrists[0], H36M_17.index('left_foot')] == 8
    assert (hops == hops.T).all() and (hops.diagonal() == 0).all()
    for skeleton in (H36M_16, H36M_17):
        assert skeleton.joint_names[centre_joint(skeleton)] == 'spine'
    assert centre_joint(CHAIN) == 1  # of two that are alike the one nearer the root


@ALL
def test_partitions_hold_each_neighbour_once(skeleton: Skeleton) -> None:
    weights = spatial_partitions(skeleton)
    assert weights.shape == (len(PARTITIONS), skeleton.num_joints, skeleton.num_joints)
    np.testing.assert_allclose(weights.sum(axis=(0, 1)), 1)
    assert ((weights > 0).sum(axis=0) <= 1).all()
    kinds = dict(zip(PARTITIONS, weights > 0))
    assert (kinds['self'] == np.eye(skeleton.num_joints, dtype=bool)).all()
    assert (kinds['outer'] == kinds['inner'].T).all()
    assert kinds['mirror'].sum() == 2 * len(skeleton.joint_pairs)
    linked = kinds['self'] | kinds['outer'] | kinds['inner']
    assert (linked == tree_adjacency(skeleton)).all()


def test_partitions_of_one_joint() -> None:
    weights = spatial_partitions(H36M_17)[..., H36M_17.index('left_knee')]
    found = {
        (PARTITIONS[kind], H36M_17.joint_names[joint]): weights[kind, joint]
        for kind, joint in zip(*np.nonzero(weights))
    }
    assert found == {
        ('self', 'left_knee'): 0.25,
        ('outer', 'left_foot'): 0.25,
        ('inner', 'left_hip'): 0.25,
        ('mirror', 'right_knee'): 0.25,
    }


@ALL
def test_parts_hold_each_joint_once(skeleton: Skeleton) -> None:
    tree, parts = body_parts(skeleton)
    assert sorted(joint for part in parts for joint in part) == list(range(skeleton.num_joints))
    assert tree.num_joints == len(parts) and set(tree.parents[1:]) <= {0}


def test_parts_of_a_body() -> None:
    for skeleton in (H36M_16, H36M_17):
        tree, parts = body_parts(skeleton)
        assert set(tree.joint_names) == {
            'trunk', 'left_leg', 'right_leg', 'left_arm', 'right_arm'
        }  # fmt: skip
        assert len(tree.joint_pairs) == 2
        assert [len(part) for part in parts] == [skeleton.num_joints - 12, 3, 3, 3, 3]
    assert 'left_eye' in body_parts(EYES)[0].joint_names


def test_joints_of_another_skeleton() -> None:
    weights = joint_resampling(H36M_16, H36M_17)
    rng = np.random.default_rng(0)
    pose = rng.normal(size=(16, 3))
    found = weights @ pose
    neck, head, thorax = (H36M_17.index(name) for name in ('neck_base', 'head', 'thorax'))
    np.testing.assert_allclose(found[neck], (found[head] + found[thorax]) / 2)
    np.testing.assert_allclose(np.delete(found, neck, axis=0), pose)
    np.testing.assert_array_equal(joint_resampling(H36M_17, H36M_17), np.eye(17))
    with pytest.raises(ValueError, match="'chain' has no 'root' of 'h36m_17'"):
        joint_resampling(CHAIN, H36M_17)
