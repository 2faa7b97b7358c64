# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A detector's noise and offsets are found in what it gives, without any pairs."""

from __future__ import annotations

import math

import pytest
import torch
from test_detection_model import CAMERA, people

from mmposeaug.geometry import project, rotation_matrix
from mmposeaug.models import AnatomicalPoseAugmentor, DetectionModel
from mmposeaug.models.detections.fitting import (
    body_offsets,
    fit_offsets,
    match_views,
    track_noise,
)
from mmposeaug.structures import H36M_17

FREE = ('spine', 'thorax', 'neck_base', 'head')
OFFSETS = dict(
    spine=(0.0, -0.05, 0.0),
    thorax=(0.0, -0.08, -0.05),
    neck_base=(0.0, 0.03, 0.26),
    head=(0.0, -0.17, 0.2),
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope='module')
def crowd():
    """Poses (4000, 17, 3) of people who differ in posture, body and view, and their cameras."""
    pose = people(4000)[0][:, 0]
    cameras, size = CAMERA.expand(4000, 9), torch.tensor([1000.0, 1000.0]).expand(4000, 2)
    draw = AnatomicalPoseAugmentor(H36M_17, body_share=1.0)
    return draw(pose, cameras, size, generator=generator(1)).rigid, cameras


def test_noise_is_measured_while_people_move():
    step = torch.arange(400.0)[:, None, None]
    walk = people()[1][0] + torch.cat((100 * torch.sin(step / 30), 0.02 * step**2), -1)
    factors = dict(far=3.0, wrist=0.0)
    seen, _ = DetectionModel(noise=0.004, factors=factors, correlation=0)(
        walk[None], generator=generator()
    )
    wanted = torch.full((17,), 0.004)
    for name, factor in dict(foot=3, wrist=0).items():
        wanted[[H36M_17.index(f'{side}_{name}') for side in ('left', 'right')]] = 0.004 * factor
    found = track_noise([seen[0, :250], seen[0, 250:], seen[0, :2]])
    torch.testing.assert_close(found, wanted, rtol=0.12, atol=1e-5)


def test_the_same_view_is_found_turned_and_scaled(crowd):
    drawn = project(*crowd)[:300]
    turn = rotation_matrix(torch.tensor([0.0, 0.0, math.radians(70)]))[:2, :2]
    people_px = 0.3 * drawn[[7, 123, 250]] @ turn.T + 40
    found = match_views(people_px, drawn, range(17), 3)
    assert found.index[:, 0].tolist() == [7, 123, 250]
    torch.testing.assert_close(found.aligned[:, 0], drawn[[7, 123, 250]], rtol=0, atol=0.02)


def test_offsets_are_found_from_differences_though_some_are_far_off(crowd):
    pose, cameras = (each[:500] for each in crowd)
    model = DetectionModel(noise=0, bias=OFFSETS, bias_share=(1, 1))
    here = project(pose, cameras)
    there, _ = model(here, pose_cam=pose, intrinsics=cameras)
    difference = there - here
    difference[::10] += 100
    found, spread = body_offsets(difference, pose, cameras, H36M_17)
    torch.testing.assert_close(found, model.bias, rtol=0, atol=0.02)
    assert spread.max() < 0.02


def test_offsets_of_people_whom_nobody_paired_are_recovered(crowd):
    pose, cameras = crowd
    free = [H36M_17.index(name) for name in FREE]
    model = DetectionModel(noise=0.004, bias=OFFSETS, bias_share=(1, 1))
    known, rest = slice(300), slice(300, None)
    seen, _ = model(
        project(pose[known], cameras[known]),
        pose_cam=pose[known],
        intrinsics=cameras[known],
        generator=generator(),
    )
    found, spread = fit_offsets(seen, pose[rest], cameras[rest], H36M_17, free)
    torch.testing.assert_close(found, model.bias, rtol=0, atol=0.05)
    others = [joint for joint in range(17) if joint not in free]
    assert not spread[others].any() and (spread[free] > 0).all()


def test_noise_needs_frames_in_a_row():
    with pytest.raises(ValueError, match='in four frames in a row, so noise cannot be told from'):
        track_noise([torch.rand(3, 17, 2)])
