# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Discriminators: what their scores depend on, and what they do not."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mmposeaug.geometry import (
    joints_to_bones,
    kinematic_chain_matrix,
    replace_bone_lengths,
    rotation_matrix,
    unit_bones,
)
from mmposeaug.models import Keypoint2DDiscriminator, KinematicChainDiscriminator
from mmposeaug.structures import get_skeleton


def make(skeleton='h36m_17', **options):
    torch.manual_seed(0)
    return KinematicChainDiscriminator(skeleton, channels=16, last_channels=8, **options)


def make_poses(skeleton='h36m_17', *shape):
    joints = get_skeleton(skeleton).num_joints
    return torch.randn(*(shape or (10,)), joints, 3, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize('skeleton', ['h36m_17', 'h36m_16'])
@pytest.mark.parametrize('parts', ['part_aware', 'whole_body'])
def test_the_compact_form_equals_the_masked_full_form(skeleton, parts):
    network, pose = make(skeleton, parts=parts), make_poses(skeleton)
    tree = network.skeleton
    directions, _ = unit_bones(joints_to_bones(pose, tree))
    scores = []
    for name, bones in network.parts.items():
        path, index = network.paths[name], torch.as_tensor(bones)
        mask = torch.zeros(directions.shape[-2], 1)
        mask[list(bones)] = 1
        matrix = kinematic_chain_matrix(directions * mask)  # zeros outside of the part
        assert matrix.shape == (10, tree.num_bones, tree.num_bones)
        columns = (index[:, None] * tree.num_bones + index).flatten()
        weight = torch.zeros(16, tree.num_bones**2)
        weight[:, columns] = path.layer1.weight.detach()
        # the full form has weights for the zeros too; they change nothing
        weight += torch.ones_like(weight).index_fill(1, columns, 0.0)
        first = F.leaky_relu(matrix.flatten(1) @ weight.T + path.layer1.bias)
        joined = path.layer3(F.leaky_relu(path.layer2(first))) + first
        scores.append(path.layer_score(F.leaky_relu(path.layer_last(joined))))
    torch.testing.assert_close(torch.cat(scores, 1), network(pose), atol=1e-4, rtol=1e-4)


def test_parts():
    assert make()(make_poses()).shape == (10, 5)
    whole = make(parts='whole_body')
    assert whole(make_poses()).shape == (10, 1)
    with pytest.raises(ValueError, match="parts is 'arms'; use one of part_aware"):
        make(parts='arms')


def test_scores_do_not_depend_on_lengths_view_or_place():
    network, pose = make(), make_poses()
    scores = network(pose)
    lengths = 0.1 + torch.rand(10, 16)
    other = replace_bone_lengths(pose, lengths, network.skeleton)
    torch.testing.assert_close(network(other), scores, atol=1e-4, rtol=1e-4)
    rotation = rotation_matrix(torch.randn(10, 3))
    moved = pose @ rotation.transpose(-1, -2) + torch.randn(10, 1, 3)
    torch.testing.assert_close(network(moved), scores, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(network(1000 * pose), scores, atol=1e-4, rtol=1e-4)


def test_an_arm_concerns_the_paths_that_see_it():
    network, pose = make(), make_poses()
    moved = pose.clone()
    moved[:, network.skeleton.index('left_wrist')] += torch.tensor([0.5, -0.5, 0.5])
    changed = (network(moved) - network(pose)).abs().amax(0) > 1e-4
    names = [name for name, differs in zip(network.parts, changed) if differs]
    assert names == ['left_arm']


def test_frames_of_clips_are_scored_one_by_one():
    clip = make_poses('h36m_17', 4, 3)
    torch.testing.assert_close(make()(clip), make()(clip.flatten(0, 1)))
    network = Keypoint2DDiscriminator(channels=16)
    torch.testing.assert_close(network(clip[..., :2]), network(clip.flatten(0, 1)[..., :2]))
    assert network(clip[..., :2]).shape == (12, 1)


def test_zero_length_bones_give_no_nan():
    pose = make_poses()
    pose[:, 3] = pose[:, 2]
    pose.requires_grad_()
    scores = make()(pose)
    scores.sum().backward()
    assert scores.isfinite().all() and pose.grad.isfinite().all()
