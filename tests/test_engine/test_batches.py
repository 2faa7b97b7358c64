# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Batches with other poses."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch
from train_runs import make_bank

from mmposeaug.engine.batches import (
    concat,
    flip_randomly,
    poses_of,
    project_clip,
    select,
    valid_only,
    with_poses,
)
from mmposeaug.structures import H36M_17


@pytest.fixture(scope='module', params=[1, 3], ids=['frames', 'clips'])
def batch(request, mocap_root):
    bank = make_bank(mocap_root, seq_len=request.param, pad_video_seq=True)
    return bank.gather(torch.arange(20))


def assert_same(first, second):
    for field in fields(first):
        assert torch.equal(getattr(first, field.name), getattr(second, field.name)), field.name


def test_select_and_concat_are_inverse(batch):
    assert_same(concat([select(batch, slice(0, 7)), select(batch, slice(7, None))]), batch)
    mask = torch.arange(20) % 2 == 0
    assert_same(select(batch, mask), select(batch, torch.arange(0, 20, 2)))


def test_poses_come_back_projected_by_their_cameras(batch):
    pose = poses_of(batch)
    assert pose.ndim == (3 if batch.pose_cam.shape[1] == 1 else 4)
    again = with_poses(batch, pose)
    assert torch.equal(again.pose_cam, batch.pose_cam)
    # the set's own 2D is this projection
    torch.testing.assert_close(again.keypoints_px, batch.keypoints_px, atol=0.05, rtol=0)
    torch.testing.assert_close(
        project_clip(batch.pose_cam, batch.intrinsics), again.keypoints_px, atol=1e-3, rtol=0
    )
    assert torch.all(again.keypoint_scores == 1) and torch.all(again.pose_visible == 1)
    assert again.keypoints_px.shape == batch.keypoints_px.shape


def test_flipped_samples_are_projections_through_flipped_cameras(batch, generator):
    flipped = flip_randomly(batch, H36M_17.flip_indices, 0.5, generator)
    changed = (flipped.pose_cam != batch.pose_cam).flatten(1).any(1)
    assert 3 < changed.sum() < 17
    projected = project_clip(flipped.pose_cam, flipped.intrinsics)
    torch.testing.assert_close(projected, flipped.keypoints_px, atol=0.05, rtol=0)
    always = flip_randomly(batch, H36M_17.flip_indices, 1.0, generator)
    twice = flip_randomly(always, H36M_17.flip_indices, 1.0, generator)
    torch.testing.assert_close(twice.pose_cam, batch.pose_cam)
    torch.testing.assert_close(twice.keypoints_px, batch.keypoints_px, atol=1e-3, rtol=0)
    assert flip_randomly(batch, H36M_17.flip_indices, 0.0, generator) is batch


def test_the_generator_fixes_the_choice(batch):
    a, b = (
        flip_randomly(batch, H36M_17.flip_indices, 0.5, torch.Generator().manual_seed(4))
        for _ in range(2)
    )
    assert_same(a, b)


@pytest.mark.parametrize('ask', [True, False])  # as on a CPU, and as on a GPU
def test_valid_samples_are_repeated_in_turn(batch, ask):
    five, others = select(batch, slice(5)), select(batch, slice(10, 15))
    for valid, index in (
        ([False, True, False, True, True], [1, 3, 4, 1, 3]),
        ([True] * 5, [0, 1, 2, 3, 4]),
    ):
        found = valid_only(five, torch.tensor(valid), others, ask)
        assert_same(found, select(five, torch.tensor(index)))
    assert_same(valid_only(five, torch.zeros(5, dtype=torch.bool), others, ask), others)
