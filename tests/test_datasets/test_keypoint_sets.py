# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The joints of a lifter are made of the right keypoints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmpose.apis import convert_keypoint_definition

from mmposeaug.datasets.keypoints_2d import KEYPOINT_SETS, build_keypoint_map, keypoint_names
from mmposeaug.structures import H36M_16, H36M_17, H36M_17_TO_16, Skeleton
from mmposeaug.synthetic import Scene
from mmposeaug.synthetic.detections import coco_keypoints


@pytest.fixture
def points() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 500, (4, 17, 2)).astype(np.float32)


@pytest.mark.parametrize('name', ['coco', 'posetrack18', 'aic', 'crowdpose'])
def test_sets_are_converted_as_mmpose_does(name: str, points: np.ndarray) -> None:
    points = points[:, : len(keypoint_names(name))]
    joints, _ = build_keypoint_map(name.upper(), H36M_17)(points, np.ones(points.shape[:2]))
    expected = convert_keypoint_definition(points, name, 'h36m')
    np.testing.assert_allclose(joints, expected, atol=1e-3)


def test_whole_bodies_are_lifted_by_their_body() -> None:
    weights = build_keypoint_map('coco_wholebody', H36M_17).weights
    np.testing.assert_array_equal(weights[:, :17], build_keypoint_map('coco', H36M_17).weights)
    assert not weights[:, 17:].any()


def test_16_joints_are_those_of_17_without_the_neck(points: np.ndarray) -> None:
    scores = np.random.default_rng(1).random((4, 17)).astype(np.float32)
    joints, kept = build_keypoint_map('h36m_17', H36M_16)(points, scores)
    np.testing.assert_allclose(joints, points[:, H36M_17_TO_16], atol=1e-3)
    np.testing.assert_array_equal(kept, scores[:, H36M_17_TO_16])
    assert (build_keypoint_map('h36m_17', H36M_17).weights == np.eye(17)).all()


def test_halpe_uses_its_own_midline() -> None:
    names = keypoint_names('halpe26')
    weights = build_keypoint_map('halpe26', H36M_17).weights
    for joint, source in (('root', 'hip'), ('thorax', 'neck'), ('head', 'head')):
        row = weights[H36M_17.index(joint)]
        assert row[names.index(source)] == 1 and row.sum() == 1
    assert weights[H36M_17.index('left_foot'), names.index('left_ankle')] == 1


@pytest.mark.parametrize('name', KEYPOINT_SETS)
@pytest.mark.parametrize('skeleton', [H36M_16, H36M_17])
def test_every_set_fits_every_lifter_and_keeps_sides(name: str, skeleton: Skeleton) -> None:
    names = keypoint_names(name)
    weights = build_keypoint_map(name, skeleton).weights
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-6)
    for joint, row in zip(skeleton.joint_names, weights):
        sources = {names[k] for k in np.flatnonzero(row)}
        for side, other in (('left', 'right'), ('right', 'left')):
            if side in joint:
                assert not any(other in source for source in sources), (joint, sources)


def test_coco_of_the_synthetic_people_gives_their_joints_back() -> None:
    pose = Scene(frames=20).film()
    people = coco_keypoints(pose, H36M_17)
    assert tuple(people) == keypoint_names('coco')
    stacked = np.stack(list(people.values()), axis=-2).reshape(-1, 17, 3)
    joints = np.einsum('jk,nkd->njd', build_keypoint_map('coco', H36M_17).weights, stacked)
    errors = np.linalg.norm(joints - pose.reshape(-1, 17, 3), axis=-1).max(0)
    limbs = [i for i, name in enumerate(H36M_17.joint_names) if '_' in name and name != 'neck_base']
    assert errors[limbs].max() < 1e-6
    assert errors[H36M_17.index('head')] < 0.12  # the middle of the eyes


def test_a_lost_key_point_touches_no_joint_but_its_own(points: np.ndarray) -> None:
    scores = np.ones((4, 17), np.float32)
    names = keypoint_names('coco')
    lost = names.index('left_hip')
    points[:, lost], scores[:, lost] = np.nan, 0
    joints, found = build_keypoint_map('coco', H36M_17)(points, scores)
    missing = {H36M_17.joint_names[j] for j in np.flatnonzero(found[0] == 0)}
    assert missing == {'root', 'left_hip', 'spine'}
    assert np.isfinite(joints).all()


def own(tmp_path: Path, **content: Any) -> Path:
    path = tmp_path / 'map.json'
    path.write_text(json.dumps(content))
    return path


ARM = Skeleton('arm', ('root', 'elbow', 'hand'), (-1, 0, 1), ())


def test_own_maps(tmp_path: Path) -> None:
    path = own(
        tmp_path,
        keypoints=['a', 'b', 'elbow'],
        joints=dict(root=['a', 'b'], hand=dict(a=1.5, b=-0.5)),
    )
    joint_map = build_keypoint_map(path, ARM)
    np.testing.assert_allclose(joint_map.weights, [[0.5, 0.5, 0], [0, 0, 1], [1.5, -0.5, 0]])
    assert build_keypoint_map(['hand', 'root', 'elbow'], ARM).weights.argmax(1).tolist() == [
        1,
        2,
        0,
    ]


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (dict(joints={}), "must have 'keypoints'"),
        (dict(keypoints=['a'], joints=dict(root='b')), "makes 'root' of 'b', which is not among"),
        (dict(keypoints=['a'], joints=dict(foot='a')), "makes the joint 'foot', which the lifter"),
        (dict(keypoints=['a'], joints=dict(root=dict(a=0.5))), "has {'a': 0.5} for 'root'"),
        (dict(keypoints=['a'], joints=dict(root=3)), "has 3 for 'root'"),
        (dict(keypoints=['a'], joints=dict(root='a')), "joint 'elbow' cannot be made"),
    ],
)
def test_wrong_maps_are_said_to_be(content: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        build_keypoint_map(own(tmp_path, **content), ARM)


def test_maps_by_the_swapped_names_of_mmpose_are_refused(tmp_path: Path) -> None:
    legs = [f'{side}_{part}' for side in ('left', 'right') for part in ('hip', 'knee', 'foot')]
    names = ['root (pelvis)', *legs, *H36M_17.joint_names[7:]]
    for given in (own(tmp_path, keypoints=names, joints=dict(root='root (pelvis)')), names):
        with pytest.raises(ValueError, match="calls the right leg left; take .* set 'h36m_17'"):
            build_keypoint_map(given, H36M_17)


def test_wrong_sets_are_said_to_be(points: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="keypoint set is 'openpose'; use one of coco, halpe26"):
        build_keypoint_map('openpose', H36M_17)
    with pytest.raises(FileNotFoundError, match='keypoint_set'):
        build_keypoint_map(tmp_path / 'none.json', H36M_17)
    with pytest.raises(
        ValueError, match="have 17 keypoints, but the keypoint set 'halpe26' has 26"
    ):
        build_keypoint_map('halpe26', H36M_17)(points, np.ones((4, 17)))
