# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""People are seen where, and as large as, they shall be."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmposeaug.geometry import normalize_intrinsics, project, projected_size, root_of_size
from mmposeaug.geometry.placement import CLEARANCE
from mmposeaug.structures import H36M_16, H36M_17

CAMERA = (1145.0, 1143.8, 512.5, 515.4, -0.2, 0.24, -0.002, -0.0009, -0.0016)


def random_people(skeleton, seed, count=16):
    """Root-relative poses, cameras normalised by the image's width, places and sizes."""
    generator = torch.Generator().manual_seed(seed)
    pose = torch.randn(count, skeleton.num_joints, 3, generator=generator, dtype=torch.float64)
    pose = 0.3 * pose
    pose = pose - pose[:, [skeleton.root]]
    size = torch.tensor([1000.0, 1002.0], dtype=torch.float64)
    camera = normalize_intrinsics(torch.tensor(CAMERA, dtype=torch.float64), size)
    place = 0.6 * (2 * torch.rand(count, 2, generator=generator, dtype=torch.float64) - 1)
    wanted = 1.5 + 3 * torch.rand(count, generator=generator, dtype=torch.float64)
    return pose, camera.expand(count, 9), place, wanted


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31 - 1), st.sampled_from((H36M_16, H36M_17)))
def test_place_and_size_in_the_image_are_those_asked_for(seed, skeleton):
    pose, camera, place, size = random_people(skeleton, seed)
    root = root_of_size(pose, camera, place, size, skeleton)
    seen = project(pose + root.unsqueeze(1), camera)
    torch.testing.assert_close(seen[:, skeleton.root], place, atol=2e-3, rtol=0)
    torch.testing.assert_close(projected_size(seen, skeleton), size, atol=0, rtol=1e-2)


@pytest.mark.parametrize('far', [1.0, 2.0, 5.0, 50.0])
def test_places_far_outside_of_a_distorting_camera_are_finite(far):
    pose, camera, place, size = random_people(H36M_17, 2)
    root = root_of_size(pose, camera, far * place.sign(), size, H36M_17)
    assert torch.isfinite(root).all() and (root[:, 2] >= CLEARANCE - 1e-9).all()
    if far == 1.0:  # the corners of the image
        seen = project(root.unsqueeze(1), camera).squeeze(1)
        torch.testing.assert_close(seen, place.sign(), atol=5e-3, rtol=0)


def test_nobody_comes_nearer_than_the_clearance():
    pose, camera, place, size = random_people(H36M_17, 0)
    root = root_of_size(pose, camera, place, 1000 * size, H36M_17)
    nearest = (pose + root.unsqueeze(1))[..., 2].amin(1)
    torch.testing.assert_close(nearest, torch.full_like(nearest, CLEARANCE))


def test_twice_the_size_is_half_the_depth():
    pose, camera, place, size = random_people(H36M_17, 1)
    camera = camera.clone()
    camera[:, 4:] = 0
    flat = pose * pose.new_tensor([1.0, 1.0, 0.0])  # all joints at one depth: exactly
    near, far = (
        root_of_size(flat, camera, place, each, H36M_17)[:, 2] for each in (size, size / 2)
    )
    torch.testing.assert_close(far, 2 * near)


@pytest.mark.parametrize('skeleton', [H36M_16, H36M_17])
def test_size_grows_with_the_image_and_not_with_the_place(skeleton):
    generator = torch.Generator().manual_seed(0)
    keypoints = torch.randn(5, skeleton.num_joints, 2, generator=generator)
    size = projected_size(keypoints, skeleton)
    torch.testing.assert_close(projected_size(3 * keypoints + 7, skeleton), 3 * size)
