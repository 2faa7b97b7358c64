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
from mmposeaug.models import (
    Keypoint2DDiscriminator,
    KinematicChainDiscriminator,
    LSGANLoss,
    MotionDiscriminator,
)
from mmposeaug.structures import get_skeleton

KINDS = [KinematicChainDiscriminator, MotionDiscriminator]


def make(skeleton='h36m_17', kind=KinematicChainDiscriminator, **options):
    torch.manual_seed(0)
    return kind(skeleton, channels=16, last_channels=8, **options)


def make_clips(count=10, frames=9, seed=1, way_m=1.0):
    """Clips of joints that each move about in a way of their own, smoothly."""
    generator = torch.Generator().manual_seed(seed)
    middle, way = torch.randn(2, count, 1, 17, 3, generator=generator)
    return middle + way_m * way * torch.linspace(-1, 1, frames).view(-1, 1, 1)


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


@pytest.mark.parametrize('kind', KINDS)
def test_scores_do_not_depend_on_lengths_view_or_place(kind):
    network, clips = make(kind=kind), kind is MotionDiscriminator
    pose = make_clips() if clips else make_poses()
    each = (10, 1) if clips else (10,)
    scores = network(pose)
    lengths = 0.1 + torch.rand(*each, 16)
    other = replace_bone_lengths(pose, lengths.expand(*pose.shape[:-2], 16), network.skeleton)
    torch.testing.assert_close(network(other), scores, atol=1e-3, rtol=1e-3)
    rotation = rotation_matrix(torch.randn(10, 3)).view(*each, 3, 3)
    moved = pose @ rotation.transpose(-1, -2) + torch.randn(10, *pose.shape[1:-2], 1, 3)
    torch.testing.assert_close(network(moved), scores, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(network(1000 * pose), scores, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize('kind', KINDS)
def test_an_arm_concerns_the_paths_that_see_it(kind):
    network = make(kind=kind)
    pose = make_clips() if kind is MotionDiscriminator else make_poses()
    moved = pose.clone()
    moved[:, ..., network.skeleton.index('left_wrist'), :] += torch.tensor([0.5, -0.5, 0.5])
    changed = (network(moved) - network(pose)).abs().amax(0) > 1e-4
    names = [name for name, differs in zip(network.parts, changed) if differs]
    assert names == ['left_arm']


def test_frames_of_clips_are_scored_one_by_one():
    clip = make_poses('h36m_17', 4, 3)
    torch.testing.assert_close(make()(clip), make()(clip.flatten(0, 1)))
    network = Keypoint2DDiscriminator(channels=16)
    torch.testing.assert_close(network(clip[..., :2]), network(clip.flatten(0, 1)[..., :2]))
    assert network(clip[..., :2]).shape == (12, 1)


def test_motion_is_scored_and_not_poses():
    network, clip = make(kind=MotionDiscriminator), make_clips()
    scores = network(clip)
    assert scores.shape == (10, 5)
    still = network(clip[:, :1].expand_as(clip))
    torch.testing.assert_close(still, still[:1].expand_as(still), atol=1e-5, rtol=0)
    assert (scores - still).abs().amax(1).min() > 1e-3
    assert not torch.allclose(network(clip.flip(1)), scores, atol=1e-3)
    # frames that are repeated to fill up a clip do not count, wherever they are
    way = clip[:, :6]
    ends = (way[:, :1].expand(-1, 3, -1, -1), way[:, -1:].expand(-1, 3, -1, -1))
    padded = torch.cat((ends[0], way), dim=1), torch.cat((way, ends[1]), dim=1)
    torch.testing.assert_close(*map(network, padded), atol=1e-4, rtol=1e-4)
    jump = clip.clone()
    jump[:, 4:] += 0.3 * torch.randn(17, 3, generator=torch.Generator().manual_seed(0))
    assert (network(jump) - scores).abs().amax(1).min() > 1e-3
    for shape in (clip[:, 0], clip[:, :2]):
        with pytest.raises(ValueError, match='scores clips .* of 3 frames or more, got'):
            network(shape)


def test_flicker_is_told_from_motion():
    network, loss = make(kind=MotionDiscriminator), LSGANLoss()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    generator = torch.Generator().manual_seed(0)
    for seed in range(60):
        real, other = (make_clips(32, seed=s, way_m=0.3) for s in (seed, 100 + seed))
        flickers = other + 0.05 * torch.randn(other.shape, generator=generator)
        scores = network(real), network(flickers)
        optimizer.zero_grad()
        loss.discriminator(*scores).backward()
        optimizer.step()
    high, low = (each.mean(1) for each in scores)
    assert (high > 0.5).float().mean() > 0.9 < (low < 0.5).float().mean()


@pytest.mark.parametrize('kind', KINDS)
def test_zero_length_bones_give_no_nan(kind):
    pose = make_clips() if kind is MotionDiscriminator else make_poses()
    pose[..., 3, :] = pose[..., 2, :]
    pose.requires_grad_()
    scores = make(kind=kind)(pose)
    scores.sum().backward()
    assert scores.isfinite().all() and pose.grad.isfinite().all()
