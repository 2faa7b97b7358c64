# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Joint angles of poses whose angles are known."""

from __future__ import annotations

import numpy as np
import pytest
from lifted_walkers import make_lifted

from mmposeaug.structures import Skeleton, get_skeleton
from mmposeaug.visualization import limb_angles, measure_angles

# x right, y down; someone who faces the camera, seated, left arm raised, right arm hanging.
SEATED = {
    'root': (0, 0, 0),
    'left_hip': (0.1, 0, 0),
    'left_knee': (0.1, 0, -0.4),
    'left_foot': (0.1, 0.4, -0.4),
    'right_hip': (-0.1, 0, 0),
    'right_knee': (-0.1, 0, -0.4),
    'right_foot': (-0.1, 0, -0.8),
    'spine': (0, -0.25, 0),
    'thorax': (0, -0.5, 0),
    'neck_base': (0, -0.6, 0),
    'head': (0, -0.7, 0),
    'left_shoulder': (0.15, -0.5, 0),
    'left_elbow': (0.15, -0.8, 0),
    'left_wrist': (0.45, -0.8, 0),
    'right_shoulder': (-0.15, -0.5, 0),
    'right_elbow': (-0.15, -0.2, 0),
    'right_wrist': (-0.15, 0.1, 0),
}


@pytest.mark.parametrize('name', ['h36m_17', 'h36m_16'])
def test_angles_of_someone_who_sits(name):
    skeleton = get_skeleton(name)
    pose = np.array([SEATED[joint] for joint in skeleton.joint_names])
    found = {
        f'{angle.side} {angle.label}': value
        for angle, value in zip(limb_angles(skeleton), measure_angles(pose, skeleton))
    }
    assert found == pytest.approx(
        {
            'left hip': 90,
            'right hip': 90,
            'left knee': 90,
            'right knee': 180,
            'left shoulder': 180,
            'right shoulder': 0,
            'left elbow': 90,
            'right elbow': 180,
        }
    )


def test_angles_do_not_depend_on_place_size_or_view():
    lifted = make_lifted(1, 3)
    expected = measure_angles(lifted.poses_rel, lifted.skeleton)
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    moved = 3 * lifted.poses_rel.astype(float) @ turn + [1, 2, 5]
    assert np.allclose(measure_angles(moved, lifted.skeleton), expected, atol=0.01)


def test_what_cannot_be_measured_is_nan():
    skeleton = get_skeleton('h36m_17')
    assert np.isnan(measure_angles(np.zeros((17, 3)), skeleton)).all()
    chain = Skeleton('chain', ('root', 'middle', 'end'), (-1, 0, 1))
    assert measure_angles(np.zeros((2, 3, 3)), chain).shape == (2, 0)  # no limbs at all
