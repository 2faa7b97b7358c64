# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Triangulation by exact cameras, and what wrong and missing keypoints do to it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from camera_rig import make_rig

from mmposeaug.geometry import in_cameras, triangulate, triangulate_robustly


@pytest.fixture
def rig():
    return make_rig()


def arguments(rig):
    """Keypoints, scores, intrinsics and [R | T] as tensors."""
    order = [0, 1, 4, 2, 3]  # OpenCV's k1, k2, p1, p2, k3 to ours
    intrinsics = np.concatenate(
        (
            rig.matrices[:, [0, 1], [0, 1]],
            rig.matrices[:, :2, 2],
            rig.dist[:, order],
        ),
        axis=1,
    )
    rotations = np.stack([cv2.Rodrigues(vector)[0] for vector in rig.rotations])
    cameras = np.concatenate((rotations, rig.translations[..., None]), axis=2)
    arrays = (rig.keypoints[..., :2], rig.keypoints[..., 2], intrinsics, cameras)
    return [torch.from_numpy(array) for array in arrays]


def errors_mm(points, rig):
    return 1000 * np.linalg.norm(points.numpy() - rig.world, axis=-1)


def test_exact_key_points_give_exact_points(rig):
    found = triangulate_robustly(*arguments(rig))
    assert errors_mm(found.points, rig).max() < 1e-3
    assert found.residual_px.max() < 1e-3 and found.valid.all()


def test_one_camera_that_is_wrong_changes_nothing_and_is_told(rig):
    rig.keypoints[3, 5, 2, :2] += [300, -200]
    found = triangulate_robustly(*arguments(rig))
    assert errors_mm(found.points, rig).max() < 1e-3 and found.valid.all()
    assert found.residual_px[3, 5, 2].item() == pytest.approx(np.hypot(300, 200), abs=0.01)


def test_two_wrong_cameras_leave_no_three_that_agree(rig):
    rig.keypoints[3, 5, 1, :2] -= [250, 300]
    rig.keypoints[3, 5, 2, :2] += [300, -200]
    valid = triangulate_robustly(*arguments(rig)).valid
    assert not valid[3, 5] and valid.sum() == valid.numel() - 1


def test_key_points_that_were_not_found_are_not_looked_at(rig):
    rig.keypoints[3, 5, 2] = [np.nan, np.nan, 0]  # three are left
    rig.keypoints[4, 6, 1:3] = 0  # two
    rig.keypoints[5, 7, 1:] = 0  # one
    found = triangulate_robustly(*arguments(rig))
    errors = errors_mm(found.points, rig)
    assert np.isnan(errors[5, 7]) and np.nanmax(errors) < 1e-3
    assert found.valid[3, 5] and not found.valid[4, 6] and not found.valid[5, 7]
    assert np.isnan(found.residual_px[3, 5, 2]) and np.isnan(found.residual_px[5, 7]).all()
    assert triangulate_robustly(*arguments(rig), min_cameras=2).valid[4, 6]


def test_noise_is_averaged_and_scores_weigh(rig):
    rng = np.random.default_rng(1)
    rig.keypoints[..., :2] += rng.normal(scale=3, size=rig.keypoints[..., :2].shape)
    rig.keypoints[..., 3, :2] += rng.normal(scale=15, size=rig.keypoints[..., 3, :2].shape)
    equal = errors_mm(triangulate_robustly(*arguments(rig)).points, rig).mean()
    rig.keypoints[..., 3, 2] = 0.3
    scored = errors_mm(triangulate_robustly(*arguments(rig)).points, rig).mean()
    assert scored < equal < 30
    assert scored < 8


def test_a_point_behind_a_camera_agrees_with_nothing(rig):
    keypoints, scores, intrinsics, cameras = arguments(rig)
    cameras[:, 2] *= -1  # looks the other way: where rays meet is behind
    found = triangulate_robustly(keypoints, scores, intrinsics, cameras)
    assert not found.valid.any()


def test_gradients_and_batches(rig):
    _, _, _, cameras = arguments(rig)
    points = torch.from_numpy(rig.world[:2, :3])
    seen = in_cameras(points, cameras)
    rays = (seen[..., :2] / seen[..., 2:]).requires_grad_()
    weights = torch.rand(2, 3, 4, dtype=torch.float64) + 0.5
    torch.testing.assert_close(triangulate(rays, cameras, weights), points)
    noisy = (rays.detach() + 0.01 * torch.randn(2, 3, 4, 2).double()).requires_grad_()
    assert torch.autograd.gradcheck(lambda r: triangulate(r, cameras, weights), noisy)


def test_bad_options_are_one_sentence(rig):
    args = arguments(rig)
    with pytest.raises(ValueError, match='max_residual_px is 0; give pixels, above 0'):
        triangulate_robustly(*args, max_residual_px=0)
    with pytest.raises(ValueError, match='min_cameras is 1; a point needs at least 2'):
        triangulate_robustly(*args, min_cameras=1)
    with pytest.raises(ValueError, match='rays of 3 cameras, but 4 cameras'):
        triangulate(torch.zeros(3, 2), torch.zeros(4, 3, 4), torch.ones(3))
