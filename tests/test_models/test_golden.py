# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Our augmentor, discriminators and losses against what the released PoseAug computes.

The file may be another one of the same keys: sizes are read from it.
"""

import numpy as np
import pytest
import torch
from mmpose.registry import MODELS

from mmposeaug import geometry
from mmposeaug.models import (
    AngleRangeLoss,
    LengthRangeLoss,
    LSGANLoss,
    RangeFeedbackLoss,
    convert_poseaug_state,
    grouped_joint_error,
)
from mmposeaug.structures import H36M_16

TOLERANCE = dict(rtol=1e-4, atol=1e-5)
NOISE = dict(angle='ba', length='bl', rotation='r', translation='t')
NETWORKS = dict(angle='ba', length='bl', rigid='rt')
# names in the file, which are the original's, and whose limbs they are
KCS_PARTS = dict(
    torso='torso',
    right_leg='left_leg',
    left_leg='right_leg',
    left_arm='left_arm',
    right_arm='right_arm',
)
SCORE_ORDER = ('left_arm', 'right_arm', 'right_leg', 'left_leg', 'torso')


class Golden:
    """The file, and our networks with its weights."""

    def __init__(self, path):
        self.file = np.load(path)
        self.pose = self['pose']
        self.camera = self['cam']
        self.noise = {ours: self[f'noise/{name}'] for ours, name in NOISE.items()}
        hidden = self['weights/ba/w1.bias'].numel()
        noise_dim = self.noise['angle'].shape[1]
        part = dict(hidden=hidden, noise_dim=noise_dim)
        self.augmentor = MODELS.build(
            dict(
                type='PoseAugmentor',
                skeleton='h36m_16',
                angle=dict(type='BoneAngleAugmentor', **part),
                length=dict(type='BoneLengthAugmentor', **part),
                rigid=dict(type='RigidAugmentor', **part),
            )
        )
        for ours, name in NETWORKS.items():
            state = convert_poseaug_state(ours, self.state(f'weights/{name}/'))
            getattr(self.augmentor, ours).load_state_dict(state)
        self.d3 = MODELS.build(
            dict(
                type='KinematicChainDiscriminator',
                skeleton='h36m_16',
                channels=self['weights/d3/kcs_path_1.kcs_layer_1.bias'].numel(),
                last_channels=self['weights/d3/kcs_path_1.layer_last.bias'].numel(),
            )
        )
        self.d3.load_state_dict(
            convert_poseaug_state('discriminator_3d', self.state('weights/d3/'))
        )
        self.d2 = MODELS.build(
            dict(
                type='Keypoint2DDiscriminator',
                skeleton='h36m_16',
                channels=self['weights/d2/pose_layer_1.bias'].numel(),
            )
        )
        self.d2.load_state_dict(
            convert_poseaug_state('discriminator_2d', self.state('weights/d2/'))
        )

    def __getitem__(self, key):
        return torch.as_tensor(self.file[key])

    def state(self, prefix):
        return {k[len(prefix) :]: self[k] for k in self.file.files if k.startswith(prefix)}

    def project(self, pose):
        return geometry.project(pose, self.camera, clamp=1.0, tangential='poseaug')

    def lift(self, keypoints):
        out = keypoints.flatten(1) @ self['lifter/weight'].T + self['lifter/bias']
        return out.unflatten(1, (-1, 3))

    def scores_3d(self, pose):
        scores = dict(zip(self.d3.parts, self.d3(pose).unbind(1)))
        return torch.stack([scores[part] for part in SCORE_ORDER], dim=1)


@pytest.fixture
def reference(golden):
    return Golden(golden)


def check(actual, expected, message=None):
    torch.testing.assert_close(actual, expected.reshape(actual.shape), **TOLERANCE, msg=message)


def check_forward(reference, mode):
    reference.augmentor.train(mode == 'train')
    out = reference.augmentor(reference.pose, noise=reference.noise)
    expected = {key: reference[f'{mode}/{key}'] for key in (
        'pose_ba', 'ba_diff', 'pose_bl', 'blr', 'pose_rt', 'r', 't', 'kp2d', 'kp2d_ba', 'kp2d_rt',
        'd3_real', 'd3_fake', 'd2_real', 'd2_fake',
    )}  # fmt: skip
    actual = dict(
        pose_ba=out.angle,
        ba_diff=out.angle_change,
        pose_bl=out.length,
        blr=out.length_ratio,
        pose_rt=out.rigid,
        r=out.rotvec,
        t=out.translation,
        kp2d=reference.project(reference.pose),
        kp2d_ba=reference.project(out.angle),
        kp2d_rt=reference.project(out.rigid),
        d3_real=reference.scores_3d(reference.pose),
        d3_fake=reference.scores_3d(out.angle),
        d2_real=reference.d2(reference.project(reference.pose)),
        d2_fake=reference.d2(reference.project(out.rigid)),
    )
    for key, value in expected.items():
        check(actual[key], value, lambda text, key=key: f'{mode}/{key}: {text}')
    return out


def test_golden_forward_in_train_then_eval_mode(reference):
    check_forward(reference, 'train')
    for ours, name in NETWORKS.items():
        after = convert_poseaug_state(ours, reference.state(f'weights_after/{name}/'))
        state = getattr(reference.augmentor, ours).state_dict()
        assert after and set(after) <= set(state)
        for key, value in after.items():
            check(state[key], value)
    check_forward(reference, 'eval')


def test_golden_kinematic_chains(reference):
    directions, _ = geometry.unit_bones(geometry.joints_to_bones(reference.pose, H36M_16))
    keys = [k for k in reference.file.files if k.startswith('kcs/')]
    assert sorted(keys) == sorted(f'kcs/{name}' for name in KCS_PARTS)
    for original, ours in KCS_PARTS.items():
        mask = torch.zeros(H36M_16.num_bones, 1)
        mask[list(H36M_16.parts[ours])] = 1
        matrix = geometry.kinematic_chain_matrix(directions * mask)
        check(matrix, reference[f'kcs/{original}'])


def test_golden_losses_and_gradients(reference):
    adversarial, feedback = LSGANLoss(), RangeFeedbackLoss()
    out = reference.augmentor.train()(reference.pose, noise=reference.noise)
    poses = dict(origin=reference.pose, ba=out.angle, rt=out.rigid)
    errors = {}
    for name, pose in poses.items():
        pred = reference.lift(reference.project(pose))
        target = geometry.root_relative(pose, H36M_16.root)
        errors[name] = grouped_joint_error(pred, target, H36M_16)
        check(errors[name], reference[f'loss/pos_{name}'])
    real_2d = reference.project(reference.pose)
    fake_2d = reference.project(out.rigid)
    d3_real, d3_fake = reference.d3(reference.pose), reference.d3(out.angle)
    d2_real, d2_fake = reference.d2(real_2d), reference.d2(fake_2d)
    back = feedback(
        dict(angle=errors['ba'], rigid=errors['rt']), errors['origin'].detach(), 12 / 50
    )
    losses = dict(
        adv3=adversarial.augmentor(d3_fake, d3_real),
        adv2=adversarial.augmentor(d2_fake, d2_real),
        angle_range=AngleRangeLoss()(out.angle_change),
        bone_length=LengthRangeLoss()(out.length_ratio),
        feedback_ba=back['angle'],
        feedback_rt=back['rigid'],
        dis3=adversarial.discriminator(d3_real, d3_fake),
        dis2=adversarial.discriminator(d2_real, d2_fake),
    )
    total = (
        losses['adv2']
        + 6 * losses['adv3']
        + losses['feedback_ba']
        + losses['feedback_rt']
        + 3 * (losses['angle_range'] + losses['bone_length'])
    )
    for key, value in dict(losses, total=total).items():
        check(value, reference[f'loss/{key}'], lambda text, key=key: f'loss/{key}: {text}')
    total.backward()
    for ours, name in NETWORKS.items():
        parameters = dict(getattr(reference.augmentor, ours).named_parameters())
        expected = convert_poseaug_state(ours, reference.state(f'grad/{name}/'))
        assert set(expected) == set(parameters)
        for key, value in expected.items():
            largest = value.abs().max()
            distance = (parameters[key].grad - value).abs().max()
            # a bias before BatchNorm has no gradient but rounding
            assert distance <= 1e-3 * largest + 1e-6, (ours, key, distance, largest)


def test_golden_schedule_of_hardness(reference):
    from mmposeaug.models.losses.feedback import scheduled

    stages = RangeFeedbackLoss.RELEASED
    check(torch.tensor(scheduled(stages['angle']['target'], 12 / 50)), reference['loss/hard_ba'])
    check(torch.tensor(scheduled(stages['rigid']['target'], 12 / 50)), reference['loss/hard_rt'])


def test_golden_bone_swap(reference):
    lengths = reference['swap/bank'][reference['swap/index']]
    swapped = geometry.replace_bone_lengths(reference.pose, lengths, H36M_16)
    check(swapped, reference['swap/pose'])
