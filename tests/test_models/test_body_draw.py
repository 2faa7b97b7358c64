# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The default's draw: people by anatomy, other bodies as measured."""

from __future__ import annotations

import pytest
import torch
from mmpose.registry import MODELS

from mmposeaug.models import AnatomicalPoseAugmentor, BodyPoseAugmentor, MeasuredPoseAugmentor
from mmposeaug.models.augmentors import anatomical_draw
from mmposeaug.structures import H36M_17, Skeleton

HAND = Skeleton('hand', ('wrist', 'thumb', 'palm', 'middle', 'tip'), (-1, 0, 0, 2, 3))
CAMERA = torch.tensor([1000.0, 1000, 500, 500, 0, 0, 0, 0, 0]).repeat(16, 1)
SIZE = torch.full((16, 2), 1000.0)


def poses(skeleton):
    random = torch.Generator().manual_seed(0)
    mean, noise = torch.randn(17, skeleton.num_joints, 3, generator=random).split((1, 16))
    return 0.1 * mean + 0.01 * noise + torch.tensor([0.0, 0, 3.0])


def augment(module, pose):
    return module(pose, CAMERA, SIZE, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def said(monkeypatch):
    sentences: list[str] = []
    monkeypatch.setattr(anatomical_draw, 'print_log', lambda text, **_: sentences.append(text))
    return sentences


def test_people_are_drawn_as_by_the_anatomical_draw():
    pose, options = poses(H36M_17), dict(roll_std=20.0, stature=(1.0, 1.4))
    module = MODELS.build(dict(type='BodyPoseAugmentor', human=True, **options))
    result = augment(module, pose)
    assert torch.equal(
        result.rigid, augment(AnatomicalPoseAugmentor(human=True, **options), pose).rigid
    )
    assert not list(module.parameters()) and not module.state_dict()


def test_other_bodies_are_drawn_as_measured(said):
    pose = poses(HAND)
    module = BodyPoseAugmentor(HAND, roll_std=20.0, others=dict(widen=1.0))
    assert len(said) == 1 and 'is no human body' in said[0]
    assert 'its joints are turned as those of the training set are' in said[0]
    with pytest.raises(ValueError, match='no training set to turn joints like'):
        augment(module, pose)
    module.others.measure(pose)
    alone = MeasuredPoseAugmentor(HAND, roll_std=20.0, widen=1.0)
    alone.measure(pose)
    assert torch.equal(augment(module, pose).rigid, augment(alone, pose).rigid)
    before = augment(module, pose).angle_change
    module.strength = 0.0
    assert before.mean() > 0.001 and augment(module, pose).angle_change.abs().max() < 1e-5


def test_wrong_options_are_refused():
    with pytest.raises(ValueError, match="MeasuredPoseAugmentor has no option 'wide'.*'widen'"):
        BodyPoseAugmentor(HAND, human=False, others=dict(wide=1.0))
    with pytest.raises(ValueError, match="no option 'statur'.*Did you mean 'stature'"):
        BodyPoseAugmentor(statur=(1.0, 1.4))
