# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""2D that is not the projection of the 3D is found, with its cause."""

from __future__ import annotations

import dataclasses
import logging

import pytest
import torch

from mmposeaug.datasets.projection_check import check_projection
from mmposeaug.geometry import project


@pytest.fixture
def bank(make_bank):
    """Poses that fit their cameras."""
    return make_bank(200)


def with_2d(bank, keypoints):
    """The bank with other 2D."""
    return dataclasses.replace(bank, keypoints_px=keypoints)


def test_matching_data_pass(bank):
    assert check_projection(bank) < 1e-3


def test_noise_is_a_matter_of_the_source(bank, caplog):
    def noisy(sigma):
        noise = torch.randn(bank.keypoints_px.shape, generator=torch.Generator().manual_seed(0))
        return with_2d(bank, bank.keypoints_px + sigma * noise)

    assert 9 < check_projection(noisy(8.0), detected=True) < 11
    with pytest.raises(ValueError, match=r'10\.\d+ px on average.*no usual cause fits'):
        check_projection(noisy(8.0))
    with pytest.raises(ValueError, match='no usual cause fits'):
        check_projection(noisy(80.0), detected=True)
    with caplog.at_level(logging.WARNING):
        assert 0.3 < check_projection(with_2d(bank, bank.keypoints_px.round())) < 0.5


@pytest.mark.parametrize('detected', [False, True])
@pytest.mark.parametrize(
    ('spoil', 'cause'),
    [
        (lambda k, size: (2 * k - size) / size[..., :1], r'normalised to \[-1, 1\] by the width'),
        (lambda k, size: k / size, r'normalised to \[0, 1\]'),
        (lambda k, size: torch.cat((size[..., :1] - k[..., :1], k[..., 1:]), -1), 'mirrored'),
        (lambda k, size: k * 0.256, r'resized: multiply the 2D by 3\.906'),
    ],
)
def test_cause_is_found(bank, spoil, cause, detected):
    size = bank.cameras.image_size[bank.camera_index][:, None]
    with pytest.raises(ValueError, match=cause):
        check_projection(with_2d(bank, spoil(bank.keypoints_px, size)), detected=detected)


def test_undistorted_2d_is_found(bank):
    pinhole = bank.cameras.intrinsics[bank.camera_index].clone()
    pinhole[:, 4:] = 0
    with pytest.raises(ValueError, match='the 2D is undistorted'):
        check_projection(with_2d(bank, project(bank.pose_cam, pinhole)))


def test_camera_units_are_found(bank):
    intrinsics = bank.cameras.intrinsics[bank.camera_index].clone()
    intrinsics[:, :4] = torch.tensor([1.0, 1.0, 0.0, 0.0])
    with pytest.raises(ValueError, match='camera units'):
        check_projection(with_2d(bank, project(bank.pose_cam, intrinsics)))


def test_swapped_cameras_are_found_and_named(bank):
    index = bank.camera_index.clone()
    index[bank.camera_index == 0], index[bank.camera_index == 1] = 1, 0
    first, second = ('/'.join(bank.cameras.keys[i]) for i in (0, 1))
    with pytest.raises(ValueError, match=rf'{first} \(that of {second} fits\)'):
        check_projection(dataclasses.replace(bank, camera_index=index))


def test_world_space_is_found(bank):
    rotation = bank.cameras.rotation[bank.camera_index]
    position = bank.cameras.position[bank.camera_index][:, None]
    world = bank.pose_cam @ rotation.mT + position
    with pytest.raises(ValueError, match='the 3D is in world space'):
        check_projection(dataclasses.replace(bank, pose_cam=world))


def test_unseen_joints_do_not_count(bank):
    scores, keypoints = bank.keypoint_scores.clone(), bank.keypoints_px.clone()
    scores[:, 3], keypoints[:, 3] = 0, 0
    hidden = dataclasses.replace(bank, keypoint_scores=scores, keypoints_px=keypoints)
    assert check_projection(hidden) < 1e-3
