# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
from __future__ import annotations

import numpy as np
import pytest

from mmposeaug.structures import get_skeleton
from mmposeaug.synthetic.bodies import random_body, rest_offsets
from mmposeaug.synthetic.motions import JOINT_LIMITS, limited
from mmposeaug.synthetic.parts import PARTS, people_of, perform

SKELETON = get_skeleton('h36m_17')
PART = {part.name: part for part in PARTS}


def joint(pose, name):
    return pose[..., SKELETON.index(name), :]


def bend(pose, upper, middle, lower):
    """Angle (degrees) by which the bones above and below ``middle`` are out of line."""
    first, second = (
        joint(pose, middle) - joint(pose, upper),
        joint(pose, lower) - joint(pose, middle),
    )
    cosine = (first * second).sum(-1)
    cosine = cosine / np.linalg.norm(first, axis=-1) / np.linalg.norm(second, axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def facing(sequences):
    """Poses relative to the root, turned to head along +y, so that +x is their right."""
    pose = sequences.joints - sequences.joints[:, :, SKELETON.root, None]
    angle = -sequences.curves['heading'].numpy()[..., None]
    cos, sin = np.cos(angle), np.sin(angle)
    x, y, z = np.moveaxis(pose, -1, 0)
    return np.stack((cos * x - sin * y, sin * x + cos * y, z), axis=-1)


def performed(part_name, motion=None, count=None, seed=0):
    """Sequences of a part; of one motion if it is named."""
    part = PART[part_name]
    names = list(part.motions)
    bodies, _ = people_of(part, seed)
    first = names.index(motion) if motion else 0
    return perform(part, bodies, first, count or (1 if motion else len(names)), seed, SKELETON)


def test_rest_pose_stands_upright_with_left_on_the_left():
    body = random_body('S', (1.75, 1.75), 0, 0, np.random.default_rng(0))
    offsets = rest_offsets([body], SKELETON)[0]
    pose = np.zeros((17, 3))
    for child, parent in SKELETON.bones:  # parents come first in this skeleton
        pose[child] = pose[parent] + offsets[child]
    assert joint(pose, 'left_hip')[0] < 0 < joint(pose, 'right_hip')[0]
    assert joint(pose, 'left_wrist')[0] < 0 < joint(pose, 'right_wrist')[0]
    height = joint(pose, 'head')[2] - joint(pose, 'left_foot')[2] + body.ankle_height
    assert 0.93 < height / body.stature < 0.96


@pytest.mark.parametrize('side, other', [('left', 'right'), ('right', 'left')])
def test_arm_swings_with_the_opposite_leg(side, other):
    for motion in ('Walk', 'Run'):
        pose = facing(performed('source_train', motion))[0]
        hand, own, opposite = (
            joint(pose, name)[:, 1] for name in (f'{side}_wrist', f'{side}_foot', f'{other}_foot')
        )
        assert np.corrcoef(hand, own)[0, 1] < -0.5
        assert np.corrcoef(hand, opposite)[0, 1] > 0.5


def test_walking_travels_forward_without_sliding_feet():
    sequences = performed('source_train', 'Walk')
    root = sequences.joints[0, :, SKELETON.root]
    step = np.diff(root[:, :2], axis=0)
    heading = sequences.curves['heading'][0, 1:].numpy()
    ahead = step[:, 1] * np.cos(heading) - step[:, 0] * np.sin(heading)
    speed = ahead.mean() * 10
    assert 0.6 < speed < 1.8  # metres a second
    feet = sequences.joints[0][:, [SKELETON.index('left_foot'), SKELETON.index('right_foot')]]
    moved = np.linalg.norm(np.diff(feet[..., :2], axis=0), axis=-1)
    # The foot that stands moves far less than the body, 0.1 m a frame; the other one swings.
    assert np.median(moved.min(axis=1)) < 0.04 < 0.1 < np.median(moved.max(axis=1))


@pytest.mark.parametrize('part_name', list(PART))
def test_knees_bend_backward_and_elbows_forward_within_their_range(part_name):
    sequences = performed(part_name, count=3 * len(PART[part_name].motions))
    pose = facing(sequences)
    pelvis = joint(pose, 'left_hip') - joint(pose, 'right_hip')
    for side in ('left', 'right'):
        knee = bend(pose, f'{side}_hip', f'{side}_knee', f'{side}_foot')
        elbow = bend(pose, f'{side}_shoulder', f'{side}_elbow', f'{side}_wrist')
        assert knee.max() <= JOINT_LIMITS['left_knee_flexion'][1] + 1e-3
        assert elbow.max() <= JOINT_LIMITS['left_elbow_flexion'][1] + 1e-3
        # Thigh and shank turn about the axis through the hips: backward, that is, whatever the
        # leg does (up to the rotation of the thigh about itself).
        thigh = joint(pose, f'{side}_knee') - joint(pose, f'{side}_hip')
        shank = joint(pose, f'{side}_foot') - joint(pose, f'{side}_knee')
        backward = (np.cross(thigh, shank) * pelvis).sum(-1)
        assert (backward[knee > 10] > 0).all()
    for name, (low, high) in JOINT_LIMITS.items():
        degrees = np.degrees(sequences.curves[name].numpy())
        assert low - 1e-9 <= degrees.min() and degrees.max() <= high + 1e-9, name


def test_hanging_forearm_bends_forward():
    sequences = performed('source_train', 'Walk')
    pose = facing(sequences)[0]
    for side in ('left', 'right'):
        upper = joint(pose, f'{side}_elbow') - joint(pose, f'{side}_shoulder')
        lower = joint(pose, f'{side}_wrist') - joint(pose, f'{side}_elbow')
        angle = np.arctan2(lower[:, 1], -lower[:, 2]) - np.arctan2(upper[:, 1], -upper[:, 2])
        assert angle.min() > 0


def test_named_hands_are_the_ones_that_rise():
    for side, other in (('Left', 'right'), ('Right', 'left')):
        for motion in (f'Raise{side}Hand', f'Wave{side}Hand'):
            pose = facing(performed('source_train', motion))[0]
            raised = joint(pose, f'{side.lower()}_wrist') - joint(pose, f'{side.lower()}_shoulder')
            assert raised[:, 2].max() > 0.05
            assert (joint(pose, f'{other}_wrist') - joint(pose, f'{other}_shoulder'))[
                :, 2
            ].max() < 0


def test_turns_go_the_way_they_say():
    for motion, sign in (('WalkTurnLeft', 1), ('WalkTurnRight', -1)):
        heading = performed('source_train', motion).curves['heading'][0]
        assert sign * float(heading[-1] - heading[0]) > 1
        # Counter-clockwise from above is to the left: from +y towards -x.


def test_lower_foot_is_on_the_ground_unless_lifted():
    sequences = performed('target_dev')
    bodies, _ = people_of(PART['target_dev'], 0)
    ankle = np.array([bodies[person].ankle_height for person in sequences.person])
    feet = [SKELETON.index(f'{side}_foot') for side in ('left', 'right')]
    lowest = sequences.joints[:, :, feet, 2].min(-1)
    np.testing.assert_allclose(lowest, ankle[:, None] + sequences.curves['lift'].numpy())


def test_unknown_angle_is_refused():
    with pytest.raises(KeyError, match='ankle_flexion'):
        limited({'ankle_flexion': np.zeros(2)})


@pytest.mark.parametrize('part_name', list(PART))
def test_hands_and_elbows_stay_out_of_the_trunk(part_name):
    pose = performed(part_name, count=3 * len(PART[part_name].motions)).joints
    root, axis = joint(pose, 'root'), joint(pose, 'thorax') - joint(pose, 'root')
    for name in ('left_elbow', 'right_elbow', 'left_wrist', 'right_wrist'):
        arm = joint(pose, name) - root
        along = np.clip((arm * axis).sum(-1) / (axis * axis).sum(-1), 0, 1)
        assert np.linalg.norm(arm - along[..., None] * axis, axis=-1).min() > 0.08
