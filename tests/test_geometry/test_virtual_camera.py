# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pixels to rays and back, and the virtual camera that is turned to a person."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mmposeaug.geometry import (
    euler_to_matrix,
    flip_rotation,
    in_lens,
    project,
    turn_points,
    turn_rays,
    turn_to,
    undistort,
)

FAST = settings(max_examples=30, deadline=None)
SEEDS = st.integers(0, 2**31 - 1)
FOLDS = (1000.0, 1000, 500, 500, -0.5, 0, 0, 0, 0)  # at x / z = 0.816, 544 px from the centre


def cameras(seed: int, count: int, strength: float = 1.0) -> Tensor:
    """Cameras (N, 9) with the distortion of ordinary lenses."""
    rng = np.random.default_rng(seed)
    focal = rng.uniform(700, 2000, (count, 1)).repeat(2, 1) * rng.uniform(0.98, 1.02, (count, 2))
    lens = rng.uniform(-1, 1, (count, 5)) * [0.3, 0.2, 0.02, 0.003, 0.003] * strength
    return torch.from_numpy(np.hstack((focal, rng.uniform(400, 600, (count, 2)), lens)))


def rays_of(seed: int, count: int, joints: int = 12, reach: float = 0.6) -> Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.uniform(-reach, reach, (count, joints, 2)))


def lifted(rays: Tensor, depth: float | Tensor = 3.0) -> Tensor:
    return torch.cat((rays, torch.ones_like(rays[..., :1])), dim=-1) * depth


@FAST
@given(SEEDS, st.sampled_from([torch.float32, torch.float64]))
def test_undistort_is_the_inverse_of_project(seed: int, dtype: torch.dtype) -> None:
    # half as strong: with all terms at their largest the picture folds within reach
    camera, rays = cameras(seed, 8, strength=0.5).to(dtype), rays_of(seed, 8).to(dtype)
    pixels = project(lifted(rays), camera)
    found = undistort(pixels, camera)
    tolerance = 1e-5 if dtype is torch.float32 else 1e-9
    torch.testing.assert_close(found, rays, atol=tolerance, rtol=0)
    assert in_lens(pixels, camera, found).all()


def test_undistort_is_opencvs() -> None:
    camera = torch.tensor([1145.0, 1143, 512, 515, -0.2, 0.24, -0.002, -0.001, -0.002])
    pixels = torch.rand(200, 2, generator=torch.manual_seed(0)) * 1000
    fx, fy, cx, cy, k1, k2, k3, p1, p2 = camera.tolist()
    matrix = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-12)
    expected = cv2.undistortPointsIter(
        pixels[:, None].double().numpy(),
        matrix,
        np.array([k1, k2, p1, p2, k3]),
        None,
        None,
        criteria,
    )
    torch.testing.assert_close(
        undistort(pixels, camera).double(), torch.from_numpy(expected[:, 0]), atol=1e-6, rtol=0
    )


def test_gradients() -> None:
    camera = cameras(0, 2).requires_grad_()
    pixels = project(lifted(rays_of(1, 2, 3)), camera).detach().requires_grad_()
    assert torch.autograd.gradcheck(undistort, (pixels, camera))
    ray = rays_of(2, 3, 1)[:, 0].requires_grad_()
    assert torch.autograd.gradcheck(turn_to, ray)
    assert torch.autograd.gradcheck(
        lambda r, rays: turn_rays(rays, turn_to(r)), (ray, rays_of(3, 3, 4).requires_grad_())
    )


def test_beyond_the_fold_nothing_is_seen() -> None:
    camera = torch.tensor(FOLDS, dtype=torch.float64)
    reach = torch.tensor([0.0, 300, 540, 548, 900, 3000, 1e6], dtype=torch.float64)
    pixels = torch.stack((500 + reach, torch.full_like(reach, 500)), dim=-1)
    rays = undistort(pixels, camera)
    assert torch.isfinite(rays).all()
    assert in_lens(pixels, camera).tolist() == [True] * 3 + [False] * 4
    # a pixel that a ray beyond the fold projects to is that of another, nearer ray
    ghost = project(lifted(torch.tensor([[1.3, 0.0]], dtype=torch.float64)), camera)
    assert float(undistort(ghost, camera)[0, 0]) < 0.8165
    # what is on the other side of the fold is no answer
    far = torch.tensor([[1.3, 0.0]], dtype=torch.float64)
    assert not in_lens(ghost, camera, far).any()
    with pytest.raises(ValueError, match=r'needs keypoints \(\*, J, 2\)'):
        undistort(pixels, camera[:4])


@FAST
@given(SEEDS)
def test_virtual_camera_pans_then_tilts(seed: int) -> None:
    ray = rays_of(seed, 16, 1, reach=1.5)[:, 0]
    rotation = turn_to(ray)
    eye = torch.eye(3, dtype=torch.float64)
    torch.testing.assert_close(rotation @ rotation.mT, eye.expand_as(rotation))
    assert (torch.linalg.det(rotation) > 0).all()
    # the ray is its optical axis, and its horizontal axis is level in the real camera
    seen = turn_rays(ray.unsqueeze(1), rotation)
    torch.testing.assert_close(seen, torch.zeros_like(seen), atol=1e-12, rtol=0)
    torch.testing.assert_close(rotation[:, 0, 1], torch.zeros(16, dtype=torch.float64))
    pan, tilt = (
        torch.atan(ray[:, 0]),
        torch.atan(ray[:, 1] / torch.hypot(ray[:, 0], ray.new_ones(1))),
    )
    zero = torch.zeros_like(pan)
    # first the pan, then the tilt about the horizontal axis that has panned with it
    expected = euler_to_matrix(zero, tilt, zero) @ euler_to_matrix(-pan, zero, zero)
    torch.testing.assert_close(rotation, expected)


@FAST
@given(SEEDS)
def test_turned_points_are_seen_where_turned_rays_are(seed: int) -> None:
    rays, ray = rays_of(seed, 4), rays_of(seed + 1, 4, 1)[:, 0]
    rotation = turn_to(ray)
    points = turn_points(lifted(rays, 2.0), rotation)
    torch.testing.assert_close(points[..., :2] / points[..., 2:], turn_rays(rays, rotation))
    torch.testing.assert_close(turn_points(points, rotation.mT), lifted(rays, 2.0))
    mirror = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    torch.testing.assert_close(flip_rotation(rotation), turn_to(ray * mirror))
    torch.testing.assert_close(
        turn_rays(rays * mirror, flip_rotation(rotation)), turn_rays(rays, rotation) * mirror
    )


def test_rays_behind_the_virtual_camera_stay_finite() -> None:
    rotation = turn_to(torch.tensor([8.0, 0.0]))
    seen = turn_rays(torch.tensor([[-8.0, 0.0], [0.0, 9.0]]), rotation)
    assert torch.isfinite(seen).all() and seen.abs().max() <= 10 + 1e-4
