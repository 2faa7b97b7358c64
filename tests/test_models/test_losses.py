# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Losses by hand."""

from __future__ import annotations

import math

import pytest
import torch

from mmposeaug.models import (
    AngleRangeLoss,
    ExponentialFeedbackLoss,
    HardPoseLoss,
    LengthRangeLoss,
    LSGANLoss,
    RangeFeedbackLoss,
    grouped_joint_error,
)
from mmposeaug.models.losses.feedback import scheduled
from mmposeaug.structures import H36M_17, Skeleton


def test_lsgan():
    real, fake = torch.tensor([[1.0], [0.0]]), torch.tensor([[0.5], [-1.0]])
    loss = LSGANLoss()
    # (0 + 1) / 2 and (0.25 + 1) / 2, their mean
    assert float(loss.discriminator(real, fake)) == pytest.approx(0.5625)
    # (0.25 + 4) / 2, halved; with the real scores also (1 + 0) / 2, halved
    assert float(loss.augmentor(fake)) == pytest.approx(1.0625)
    assert float(loss.augmentor(fake, real.requires_grad_())) == pytest.approx(1.3125)


def test_hard_poses_count_more():
    # two poses of two joints, errors of 0.1 and 0.3 on average
    target = torch.zeros(2, 2, 3)
    output = torch.tensor([[[0.2, 0, 0], [0, 0, 0]], [[0, 0.3, 0], [0, 0, 0.3]]])
    assert float(HardPoseLoss(power=0)(output, target)) == pytest.approx(0.2)
    assert float(HardPoseLoss()(output, target)) == pytest.approx((0.1**2 + 0.3**2) / 0.4)
    assert float(HardPoseLoss(2, loss_weight=5)(output, target)) == pytest.approx(1.4)
    output.requires_grad_()
    HardPoseLoss()(output, target).backward()
    # weights 0.5 and 1.5 take no part: an unweighted joint has a gradient of 1 / 4
    assert output.grad.norm(dim=-1).flatten().tolist() == pytest.approx([0.125, 0, 0.375, 0.375])
    half = torch.tensor([1.0, 0.0])[None, :, None].expand(2, 2, 3)
    weighted = HardPoseLoss(use_target_weight=True)(output, target, half)
    assert float(weighted.detach()) == pytest.approx((0.1**2 + 0.15**2) / 0.25)
    with pytest.raises(ValueError, match='HardPoseLoss: power is -1; give a number of 0 or more'):
        HardPoseLoss(power=-1)
    with pytest.raises(ValueError, match='use_target_weight=True, but got no weights'):
        HardPoseLoss(use_target_weight=True)(output, target)


def test_ranges():
    # means of 0.205 (centre), 0.37 + 0.03 (outside), 0.0 (outside)
    change = torch.tensor([[0.105, 0.305], [0.4, 0.4], [0.0, 0.0]])
    expected = (0.195**2 + 0.205**2) / 3
    assert float(AngleRangeLoss()(change)) == pytest.approx(expected, rel=1e-5)
    ratio = torch.tensor([[0.05, -0.2], [0.1, 0.12]])
    assert float(LengthRangeLoss()(ratio)) == pytest.approx((0.04 + 0.0144) / 4, rel=1e-5)


def test_range_losses_pull_back_into_the_range():
    ratio = torch.tensor([[0.15, -0.15, 0.05]], requires_grad=True)
    LengthRangeLoss()(ratio).backward()
    assert ratio.grad[0].tolist() == pytest.approx([0.1, -0.1, 0.0])


def test_a_hand_has_one_group_of_all_joints(generator):
    names = ('wrist', *(f'{finger}{i}' for finger in ('thumb', 'index') for i in (1, 2, 3)))
    hand = Skeleton('hand', names, (-1, 0, 1, 2, 0, 4, 5))
    pred, target = (torch.randn(4, 7, 3, generator=generator) for _ in range(2))
    expected = (pred - target).norm(dim=-1)[:, 1:].mean(1, keepdim=True)
    torch.testing.assert_close(grouped_joint_error(pred, target, hand), expected)


def test_grouped_joint_error():
    target = torch.zeros(2, 17, 3)
    pred = target.clone()
    pred[0, H36M_17.index('left_hip'), 0] = 0.4  # one of four near joints, weight 5
    pred[0, H36M_17.index('head'), 1] = 0.2  # with four knees and elbows, weight 1
    pred[1, H36M_17.index('left_knee'), 2] = 0.3  # weight 2
    pred[1, H36M_17.index('right_wrist'), :2] = torch.tensor([0.3, 0.4])  # of four, weight 1
    groups = H36M_17.joint_groups
    middle = len(groups['middle']) + len(groups['head'])
    expected = torch.tensor(
        [
            [5 * 0.4 / len(groups['near']), 0.2 / middle, 0.0],
            [0.0, 2 * 0.3 / middle, 0.5 / len(groups['far'])],
        ]
    )
    error = grouped_joint_error(pred, target, H36M_17)
    torch.testing.assert_close(error, expected)
    clip = torch.stack((pred, target), dim=1)
    torch.testing.assert_close(grouped_joint_error(clip, 0 * clip, H36M_17), expected / 2)


ERRORS = torch.tensor([[0.2, 0.4]])
REFERENCE = torch.tensor([[0.1, 0.1]])


def test_range_feedback():
    stages = dict(rigid=dict(target=2.0, width=1.0, factor=0.5))
    # ratios 2 (inside) and 4 (two from the target)
    cost = RangeFeedbackLoss(stages)(dict(rigid=ERRORS), REFERENCE, 0.3)
    assert set(cost) == {'rigid'}
    assert float(cost['rigid']) == pytest.approx(0.5 * 4 / 2)


def test_ratio_of_the_batch():
    errors, reference = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.5], [1.5]])
    loss = RangeFeedbackLoss(batch_ratio=True)
    torch.testing.assert_close(loss.hardness(errors, reference), torch.tensor([[2.0]]))
    assert RangeFeedbackLoss().hardness(errors, 0 * reference).isfinite().all()


def test_released_stages_follow_the_schedule():
    errors = dict(angle=10 * REFERENCE, rigid=17 * REFERENCE)
    costs = {p: RangeFeedbackLoss()(errors, REFERENCE, p) for p in (0.0, 0.5, 1.0)}
    for progress, target in ((0.0, 3.0), (0.5, 4.0), (1.0, 5.0)):
        expected = 0.1 * (10 - target) ** 2
        assert float(costs[progress]['angle']) == pytest.approx(expected, rel=1e-5)
        assert float(costs[progress]['rigid']) == 0


def test_exponential_feedback_is_the_papers():
    stages = dict(angle=dict(beta=(1.0, 3.0), factor=2.0))
    cost = ExponentialFeedbackLoss(stages)(dict(angle=ERRORS), REFERENCE, 0.5)
    expected = 2 * (abs(1 - math.exp(0.2 - 0.2)) + abs(1 - math.exp(0.4 - 0.2))) / 2
    assert float(cost['angle']) == pytest.approx(expected, rel=1e-5)
    assert set(ExponentialFeedbackLoss()(dict(angle=ERRORS, rigid=ERRORS), REFERENCE, 0)) == {
        'angle',
        'rigid',
    }


def stage_of(**changes):
    return dict(stages=dict(rigid=dict(dict(target=2.0, width=1.0, factor=1.0), **changes)))


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (dict(stages=dict(length=dict())), r"stages are \['length'\]; use 'angle', 'rigid'"),
        (dict(stages={}), r'stages are \[\]; use'),
        (dict(relative_to='real'), "relative_to is 'real'; use one of original"),
        (stage_of(target=()), r"target of stage 'rigid' is \(\); give a number, or a sequence"),
        (stage_of(target=(1.0, None)), r'is \(1.0, None\); give a number, or a sequence'),
        (stage_of(target='high'), "is 'high'; give a number"),
        (stage_of(factor=(1.0, 2.0)), r'factor of stage .rigid. is \(1.0, 2.0\); give a number\.'),
        (stage_of(width=-1), 'width of stage .rigid. is -1; it must not be negative'),
    ],
)
def test_bad_options_of_feedback(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        RangeFeedbackLoss(**options)


def test_bad_options_of_other_losses():
    with pytest.raises(ValueError, match=r"beta of stage 'rigid' is \[\]; give a number"):
        ExponentialFeedbackLoss(dict(rigid=dict(beta=[], factor=1.0)))
    with pytest.raises(ValueError, match='width is -1; give a number of 0 or more'):
        AngleRangeLoss(width=-1)
    with pytest.raises(ValueError, match='limit is nan; give a number'):
        LengthRangeLoss(math.nan)


def test_schedules():
    assert [scheduled((3.0, 5.0), p) for p in (-1, 0, 0.24, 1, 2)] == [
        3,
        3,
        pytest.approx(3.48),
        5,
        5,
    ]
    assert scheduled((0.0, 2.0, 0.0), 0.75) == 1.0
    assert scheduled(17, 0.3) == 17.0
