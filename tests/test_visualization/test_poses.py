# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Stick figures: who is left, where is up, and that both axes have one scale."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from mmposeaug.structures import get_skeleton
from mmposeaug.visualization import (
    SIDE_COLORS,
    draw_pose_2d,
    draw_pose_3d,
    image_axes,
    new_figure,
    person_window,
    space_axes,
    to_plot_axes,
)


@pytest.fixture(params=['h36m_17', 'h36m_16'])
def skeleton(request):
    return get_skeleton(request.param)


@pytest.fixture
def pose(skeleton):
    return np.random.default_rng(0).normal(scale=0.4, size=(skeleton.num_joints, 3))


def test_plot_axes_are_a_rotation_with_up_last():
    rotation = to_plot_axes(np.eye(3)).T
    assert np.allclose(rotation @ rotation.T, np.eye(3))
    assert np.linalg.det(rotation) == pytest.approx(1)  # a mirror image would swap the sides
    down = np.array([0.0, 1.0, 0.0])
    assert to_plot_axes(down).tolist() == [0, 0, -1]


@pytest.mark.parametrize('size', [2, 3])
def test_every_bone_has_the_colour_of_its_side(skeleton, pose, size):
    axes = new_figure(3, 3).add_subplot(projection='3d' if size == 3 else None)
    (draw_pose_3d if size == 3 else draw_pose_2d)(axes, pose[:, :size], skeleton)
    assert len(axes.lines) == skeleton.num_bones
    expected = to_plot_axes(pose) if size == 3 else pose[:, :2]
    for line, (child, parent) in zip(axes.lines, skeleton.bones):
        assert to_hex(line.get_color()) == SIDE_COLORS[skeleton.sides[child]]
        data = np.stack(line.get_data_3d() if size == 3 else line.get_data(), axis=-1)
        assert np.allclose(data, expected[[parent, child]])


def test_ghosts_are_of_one_colour(skeleton, pose):
    axes = new_figure(3, 3).add_subplot()
    draw_pose_2d(axes, pose[:, :2], skeleton, ghost=True)
    assert len({line.get_color() for line in axes.lines}) == 1
    assert not set(SIDE_COLORS.values()) & {line.get_color() for line in axes.lines}


@pytest.mark.parametrize('shape', [(3, 3), (1, 17, 3), (17, 2)])
def test_another_shape_is_refused_by_name(shape):
    axes = new_figure(3, 3).add_subplot(projection='3d')
    with pytest.raises(ValueError, match="the skeleton 'h36m_17' is of shape"):
        draw_pose_3d(axes, np.zeros(shape), get_skeleton('h36m_17'))


def test_axes_are_labelled_and_of_equal_scale():
    axes = new_figure(3, 3).add_subplot(projection='3d')
    space_axes(axes, np.array([1.0, 2.0, 5.0]), radius=0.8)
    limits = np.array([axes.get_xlim(), axes.get_ylim(), axes.get_zlim()])
    assert np.allclose(limits.mean(axis=1), [1, 5, -2])
    assert np.allclose(np.ptp(limits, axis=1), 1.6)
    labels = axes.get_xlabel(), axes.get_ylabel(), axes.get_zlabel()
    assert all('(m)' in label for label in labels)
    assert 'up' in labels[2]


@pytest.mark.parametrize('radius', [0.25, 1.0, 1.25, 5000.0])
def test_there_are_few_ticks_whatever_the_scale(radius):
    axes = new_figure(3, 3).add_subplot(projection='3d')
    space_axes(axes, radius=radius)
    assert 3 <= len(axes.get_xticks()) <= 5
    assert 0 in axes.get_xticks()


def test_images_have_their_origin_at_the_upper_left():
    axes = new_figure(3, 3).add_subplot()
    image_axes(axes, (640, 480))
    assert axes.get_xlim() == (0, 640)
    assert axes.get_ylim() == (480, 0)
    assert axes.get_aspect() == 1


def test_the_window_holds_the_person():
    keypoints = np.random.default_rng(0).uniform(100, 400, size=(17, 2))
    u, v, edge = person_window(keypoints)
    assert (np.abs(keypoints - [u, v]) < edge / 2).all()
    assert person_window(np.ones((17, 2)))[2] > 0  # of one point, too
