# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Rotations of bones: exact in direction, with little twist, without jumps."""

from __future__ import annotations

import numpy as np
import pytest
import roma
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmposeaug.converters.mocap.motion import euler_rotations
from mmposeaug.lifting.motion_files.rotations import UNTWIST, aim, euler_angles, swing

SEEDS = st.integers(0, 10_000)


def units(count: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def steps(rotations: np.ndarray) -> np.ndarray:
    """Angle from each frame to the next, radians."""
    turned = torch.from_numpy(rotations)
    return roma.rotmat_geodesic_distance(turned[1:], turned[:-1]).numpy()


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_a_bone_points_where_it_should(seed: int) -> None:
    rest, *ways = units(21, seed)
    turned = aim(rest, np.array(ways))
    np.testing.assert_allclose(turned @ rest, ways, atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(turned), 1, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_the_shortest_way_has_no_twist(seed: int) -> None:
    start, end = units(2, seed)
    axis = roma.rotmat_to_rotvec(torch.from_numpy(swing(start, end))).numpy()
    assert axis @ start == pytest.approx(0, abs=1e-7)
    assert np.linalg.norm(axis) == pytest.approx(np.arccos(start @ end))


def test_opposite_directions_are_half_a_turn() -> None:
    for start in (*np.eye(3), -np.eye(3)[1]):
        np.testing.assert_allclose(swing(start, -start) @ start, -start, atol=1e-12)
        np.testing.assert_allclose(swing(start, start), np.eye(3), atol=1e-12)


def test_no_jump_where_a_bone_passes_the_opposite_of_its_rest_direction() -> None:
    angle = np.deg2rad(np.arange(120, 241, 2.0))
    # past the opposite of y, one degree beside it
    beside = np.full_like(angle, np.deg2rad(1))
    ways = np.stack((np.sin(angle), np.cos(angle), beside), axis=-1)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    rest = np.array([0.0, 1.0, 0.0])
    assert steps(swing(rest, ways)).max() > np.pi / 4
    turned = aim(rest, ways)
    assert steps(turned).max() < np.deg2rad(2) + UNTWIST + 1e-6
    np.testing.assert_allclose(turned @ rest, ways, atol=1e-12)
    # and in the end without twist again
    np.testing.assert_allclose(turned[-1], swing(rest, ways[-1]), atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_angles_are_the_rotations_and_follow_each_other(seed: int) -> None:
    speed = np.random.default_rng(seed).normal(size=3) * 0.03
    rotvecs = np.arange(60)[:, None] * speed + units(1, seed)
    turned = roma.rotvec_to_rotmat(torch.from_numpy(rotvecs)).numpy()[:, None]
    angles = euler_angles('ZXY', turned)
    np.testing.assert_allclose(euler_rotations('ZXY', angles), turned, atol=1e-9)
    # either triple of a rotation lies nearer to the frame before than a full turn of the other
    plain = np.abs(np.diff(angles, axis=0)).sum(-1)
    assert plain.max() <= 540
    gimbal = np.abs(np.cos(np.deg2rad(angles[..., 1]))).min()
    if gimbal > 0.2:
        assert np.abs(np.diff(angles, axis=0)).max() < 90
