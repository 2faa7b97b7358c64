# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
import numpy as np
import pytest
import roma
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmposeaug import geometry
from mmposeaug.structures import H36M_16, H36M_17, Skeleton

SKELETONS = (H36M_16, H36M_17)
CAMERA = (1145.0, 1143.8, 512.5, 515.4, -0.2, 0.24, -0.002, -0.0009, -0.0016)


def random_pose(skeleton, *lead, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    pose = torch.randn(*lead, skeleton.num_joints, 3, generator=generator, dtype=dtype) * 0.5
    return pose + torch.tensor([0.0, 0.0, 5.0], dtype=dtype)


seeds = st.integers(0, 2**31 - 1)
leads = st.sampled_from([(), (1,), (3,), (2, 4)])
trees = st.sampled_from(SKELETONS)
quick = settings(max_examples=25, deadline=None)


@quick
@given(seeds, leads, trees)
def test_bones_and_joints_are_inverse(seed, lead, skeleton):
    pose = random_pose(skeleton, *lead, seed=seed)
    bones = geometry.joints_to_bones(pose, skeleton)
    assert bones.shape == (*lead, skeleton.num_bones, 3)
    back = geometry.bones_to_joints(bones, skeleton, pose[..., skeleton.root, :])
    torch.testing.assert_close(back, pose)


@quick
@given(seeds, leads, trees)
def test_new_lengths_are_taken_and_directions_stay(seed, lead, skeleton):
    pose = random_pose(skeleton, *lead, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    lengths = 0.1 + torch.rand(*lead, skeleton.num_bones, generator=generator, dtype=pose.dtype)
    new = geometry.replace_bone_lengths(pose, lengths, skeleton)
    torch.testing.assert_close(geometry.bone_lengths(new, skeleton), lengths)
    directions = [
        geometry.unit_bones(geometry.joints_to_bones(p, skeleton))[0] for p in (pose, new)
    ]
    torch.testing.assert_close(*directions)
    torch.testing.assert_close(new[..., skeleton.root, :], pose[..., skeleton.root, :])


def test_zero_length_bone_has_finite_gradient():
    pose = torch.zeros(2, 17, 3, requires_grad=True)
    lengths = torch.ones(2, 16)
    geometry.replace_bone_lengths(pose, lengths, H36M_17).sum().backward()
    assert torch.isfinite(pose.grad).all()


@quick
@given(seeds)
def test_rotation_keeps_lengths_and_centre(seed):
    pose = random_pose(H36M_17, 3, seed=seed)
    rotvec = torch.randn(3, 3, generator=torch.Generator().manual_seed(seed), dtype=pose.dtype)
    root = pose[:, H36M_17.root]
    relative = geometry.root_relative(pose, H36M_17.root)
    turned = geometry.rotate(relative, geometry.rotation_matrix(rotvec)) + root[:, None]
    torch.testing.assert_close(turned[:, H36M_17.root], root)
    torch.testing.assert_close(
        geometry.bone_lengths(turned, H36M_17), geometry.bone_lengths(pose, H36M_17)
    )


def test_euler_is_yaw_then_pitch_then_roll():
    angles = torch.tensor([0.3, -0.2, 0.1])
    axes = torch.eye(3)[[1, 0, 2]]
    yaw, pitch, roll = roma.rotvec_to_rotmat(axes * angles[:, None])
    torch.testing.assert_close(geometry.euler_to_matrix(*angles), roll @ pitch @ yaw)
    # yaw turns about the vertical: y stays
    up = torch.tensor([0.0, 1.0, 0.0])
    zero = torch.zeros(())
    torch.testing.assert_close(geometry.euler_to_matrix(torch.tensor(1.0), zero, zero) @ up, up)


@quick
@given(seeds, leads)
def test_projection_equals_mmpose(seed, lead):
    pose = random_pose(H36M_17, *lead, seed=seed)
    camera = torch.tensor(CAMERA, dtype=pose.dtype)
    points = pose.numpy()
    x = points[..., :2] / points[..., 2:]
    (f, c, k, p) = (np.array(CAMERA[a:b]) for a, b in ((0, 2), (2, 4), (4, 7), (7, 9)))
    r2 = (x**2).sum(-1, keepdims=True)
    radial = 1 + k[0] * r2 + k[1] * r2**2 + k[2] * r2**3
    linear = 2 * (p[1] * x[..., :1] + p[0] * x[..., 1:])
    expected = f * (x * (radial + linear) + r2 * p[::-1]) + c
    got = geometry.project(pose, camera)
    np.testing.assert_allclose(got.numpy(), expected, rtol=1e-10)


def test_projection_clamps_and_survives_zero_depth():
    camera = torch.tensor(CAMERA)
    points = torch.tensor([[9.0, 0.0, 1.0], [0.0, 0.0, 0.0]], requires_grad=True)
    edge = torch.tensor([[1.0, 0.0, 1.0]])
    clamped = geometry.project(points, camera, clamp=1.0)
    torch.testing.assert_close(clamped[:1], geometry.project(edge, camera))
    clamped.sum().backward()
    assert torch.isfinite(clamped).all() and torch.isfinite(points.grad).all()


@quick
@given(seeds)
def test_normalised_camera_equals_normalised_pixels(seed):
    pose = random_pose(H36M_17, 4, seed=seed)
    camera = torch.tensor(CAMERA, dtype=pose.dtype).expand(4, 9)
    size = torch.tensor([1000.0, 1002.0], dtype=pose.dtype).expand(4, 2)
    pixels = geometry.normalize_keypoints(geometry.project(pose, camera), size)
    direct = geometry.project(pose, geometry.normalize_intrinsics(camera, size))
    torch.testing.assert_close(pixels, direct)


@quick
@given(seeds, trees)
def test_mirrored_pose_projects_to_mirrored_image(seed, skeleton):
    pose = random_pose(skeleton, 5, seed=seed)
    camera = torch.tensor(CAMERA, dtype=pose.dtype).expand(5, 9)
    width = torch.full((5,), 1000.0, dtype=pose.dtype)
    mirrored = geometry.project(
        geometry.flip_pose(pose, skeleton.flip_indices), geometry.flip_intrinsics(camera, width)
    )
    keypoints = geometry.flip_keypoints(
        geometry.project(pose, camera), width, skeleton.flip_indices
    )
    torch.testing.assert_close(mirrored, keypoints)


def test_in_view_checks_all_four_borders_and_depth():
    size = torch.tensor([100.0, 80.0])
    points = torch.tensor([[50.0, 40], [-1, 40], [101, 40], [50, -1], [50, 81], [50, 40]])
    depth = torch.tensor([3.0, 3, 3, 3, 3, -1])
    seen = geometry.in_view(points[:, None], depth[:, None], size)
    assert seen.tolist() == [True, False, False, False, False, False]


GRADCHECKED = {
    'bones': lambda p: geometry.joints_to_bones(p, H36M_16),
    'joints': lambda p: geometry.bones_to_joints(p[:, 1:], H36M_16),
    'lengths': lambda p: geometry.bone_lengths(p, H36M_16),
    'unit': lambda p: geometry.unit_bones(geometry.joints_to_bones(p, H36M_16))[0],
    'replace': lambda p: geometry.replace_bone_lengths(p, p.new_ones(2, 15), H36M_16),
    'project': lambda p: geometry.project(p, torch.tensor(CAMERA, dtype=p.dtype)),
    'kcs': lambda p: geometry.kinematic_chain_matrix(geometry.joints_to_bones(p, H36M_16)),
    'rotate': lambda p: geometry.rotate(p, geometry.rotation_matrix(p[:, 1])),
    'flip': lambda p: geometry.flip_pose(p, H36M_16.flip_indices),
}


@pytest.mark.parametrize('name', GRADCHECKED)
def test_gradients(name):
    pose = random_pose(H36M_16, 2).requires_grad_()
    assert torch.autograd.gradcheck(GRADCHECKED[name], (pose,))


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
@pytest.mark.parametrize('name', GRADCHECKED)
def test_dtype_is_kept(name, dtype):
    assert GRADCHECKED[name](random_pose(H36M_16, 2, dtype=dtype)).dtype == dtype


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match=r"17 joints.*'h36m_17'.*\(4, 16, 3\)"):
        geometry.joints_to_bones(torch.zeros(4, 16, 3), H36M_17)
    with pytest.raises(ValueError, match='15 bones'):
        geometry.bones_to_joints(torch.zeros(4, 16, 3), H36M_16)
    with pytest.raises(ValueError, match=r'intrinsics \(\*, 9\)'):
        geometry.project(torch.zeros(4, 16, 3), torch.zeros(4, 8))
    with pytest.raises(ValueError, match="'brown'"):
        geometry.project(torch.zeros(16, 3), torch.zeros(9), tangential='brown')


def test_works_on_any_tree_and_after_inference_mode():
    chain = Skeleton('chain', ('tip', 'mid', 'root'), (1, 2, -1))
    with torch.inference_mode():
        geometry.bones_to_joints(torch.ones(2, 3), chain)
        geometry.joints_to_bones(torch.ones(3, 3), chain)
    pose = torch.randn(4, 3, 3, generator=torch.Generator().manual_seed(1), requires_grad=True)
    bones = geometry.joints_to_bones(pose, chain)
    geometry.bones_to_joints(bones, chain, pose[:, chain.root]).sum().backward()
    torch.testing.assert_close(pose.grad, torch.ones_like(pose))
