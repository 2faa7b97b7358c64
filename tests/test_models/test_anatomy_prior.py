# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What bodies cannot do costs, what they can is free, by hand."""

from __future__ import annotations

import math

import pytest
import torch

from mmposeaug.geometry import rotation_matrix
from mmposeaug.models import AnatomyPrior
from mmposeaug.models.losses.anatomy import segment_distance
from mmposeaug.structures import H36M_16, H36M_17, Skeleton

NAMES = H36M_17.joint_names
LEG = 0.9  # thigh and shank


def standing(**moved: tuple[float, float, float]) -> torch.Tensor:
    """Somebody upright who faces the camera (x to their left, y down), arms out to the sides."""
    joints = dict(
        root=(0, 0, 0),
        spine=(0, -0.25, 0),
        thorax=(0, -0.5, 0),
        neck_base=(0, -0.6, 0),
        head=(0, -0.75, 0),
    )
    for side, x in (('left', 1), ('right', -1)):
        joints[f'{side}_hip'] = (0.12 * x, 0, 0)
        joints[f'{side}_knee'] = (0.12 * x, 0.45, 0)
        joints[f'{side}_foot'] = (0.12 * x, 0.9, 0)
        joints[f'{side}_shoulder'] = (0.17 * x, -0.5, 0)
        joints[f'{side}_elbow'] = (0.47 * x, -0.5, 0)
        joints[f'{side}_wrist'] = (0.72 * x, -0.5, 0)
    joints.update(moved)
    return torch.tensor([joints[name] for name in NAMES], dtype=torch.float64)


def bent(joint: str, deg: float, forward: bool) -> torch.Tensor:
    """The same with the left knee bent, its foot behind, or before; or the left elbow bent."""
    sign = -1 if forward else 1
    sin, cos = math.sin(math.radians(deg)), math.cos(math.radians(deg))
    if joint == 'knee':
        return standing(left_foot=(0.12, 0.45 + 0.45 * cos, sign * 0.45 * sin))
    return standing(left_wrist=(0.47 + 0.25 * cos, -0.5, sign * 0.25 * sin))


def swung(deg: float) -> torch.Tensor:
    """The same with the left leg swung forwards by an angle."""
    sin, cos = math.sin(math.radians(deg)), math.cos(math.radians(deg))
    return standing(
        left_knee=(0.12, 0.45 * cos, -0.45 * sin), left_foot=(0.12, 0.9 * cos, -0.9 * sin)
    )


@pytest.mark.parametrize(
    ('pose', 'cost'),
    [
        (standing(), 0.0),
        (bent('knee', 90, forward=False), 0.0),
        (bent('knee', 140, forward=False), 0.0),  # within the margin
        (bent('knee', 160, forward=False), math.radians(15) ** 2),
        (bent('knee', 8, forward=True), 0.0),
        (
            bent('knee', 40, forward=True),
            (math.sin(math.radians(40)) - math.sin(math.radians(10))) ** 2,
        ),
        (bent('elbow', 130, forward=True), 0.0),
        (bent('elbow', 130, forward=False), 0.0),  # the upper arm turned about itself
        (bent('elbow', 165, forward=True), math.radians(5) ** 2),
        (swung(110), 0.0),
        (swung(-60), 0.0),
        (swung(-75), math.radians(10) ** 2),  # hip 30, trunk 25, margin 10
        # a wrist behind the body's axis: the forearm goes by it at 2 cm, of 10 % of a leg
        (
            standing(left_elbow=(0.3, -0.3, 0.02), left_wrist=(-0.2, -0.3, 0.02)),
            (1 - 0.02 / (0.10 * LEG)) ** 2,
        ),
    ],
)
def test_costs(pose, cost):
    prior = AnatomyPrior()
    assert float(prior(pose)) == pytest.approx(cost, rel=1e-6, abs=0)
    # wherever the person is, turned and as large as they are; also of clips
    turn = rotation_matrix(torch.tensor([0.4, 2.0, -0.7], dtype=torch.float64))
    moved = 1.3 * pose @ turn.mT + torch.tensor([1.0, 0.5, 5.0])
    costs = prior(torch.stack((pose, moved)).expand(3, 2, -1, -1))
    assert costs.shape == (3, 2)
    torch.testing.assert_close(costs, torch.full_like(costs, cost), atol=1e-12, rtol=1e-6)


def test_options_and_joints_under_16():
    pose = bent('knee', 160, forward=False)
    assert float(AnatomyPrior(margin=0)(pose)) == pytest.approx(math.radians(25) ** 2)
    inside = standing(left_elbow=(0.3, -0.3, 0), left_wrist=(-0.2, -0.3, 0))
    assert float(AnatomyPrior(size=0)(inside)) == 0
    assert float(AnatomyPrior()(inside)) == pytest.approx(1, abs=1e-6)
    assert len(AnatomyPrior(H36M_16).pairs[0]) == len(AnatomyPrior().pairs[0])


def test_learning_by_it_ends_at_what_can_be():
    start = torch.stack((bent('knee', 40, forward=True), bent('elbow', 170, forward=True)))
    pose, prior = start.clone().requires_grad_(), AnatomyPrior()
    optim = torch.optim.SGD([pose], lr=0.02)
    for _ in range(200):
        loss = prior(pose).sum()
        optim.zero_grad()
        loss.backward()
        assert torch.isfinite(pose.grad).all()
        optim.step()
    assert float(loss.detach()) < 1e-3 < 0.05 * float(prior(start).sum())


def test_distances_of_segments():
    def distance(*points: tuple[float, ...]) -> float:
        return float(segment_distance(*(torch.tensor(point) for point in points)))

    ground = ((0.0, 0.0, 0.0), (2.0, 0.0, 0.0))
    assert distance(*ground, (1.0, -1.0, 0.5), (1.0, 1.0, 0.5)) == pytest.approx(0.5)  # crossing
    assert distance(*ground, (0.5, 3.0, 0.0), (9.0, 3.0, 0.0)) == pytest.approx(3)  # parallel
    assert distance(*ground, (5.0, 4.0, 0.0), (6.0, 9.0, 0.0)) == pytest.approx(5)  # two ends
    assert distance(*ground, (1.0, 1.0, 0.0), (1.0, 4.0, 0.0)) == pytest.approx(1)  # end and middle
    assert distance(*ground, (1.0, 1.0, 0.0), (1.0, 1.0, 0.0)) == pytest.approx(1)  # a point


def test_other_bodies_and_bad_options_are_refused():
    hand = Skeleton('hand', ('wrist', 'thumb', 'tip'), (-1, 0, 1))
    with pytest.raises(ValueError, match="skeleton 'hand' is not a person with two legs"):
        AnatomyPrior(hand)
    with pytest.raises(ValueError, match='AnatomyPrior: margin is -1; give a number between 0'):
        AnatomyPrior(margin=-1)
    with pytest.raises(ValueError, match="AnatomyPrior: size is 'big'; give a number of 0 or more"):
        AnatomyPrior(size='big')
