# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Cameras and image sizes are what was given, or assumed and said so; roots are where they were."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mmposeaug.geometry import place_roots, project
from mmposeaug.lifting import find_image_sizes, find_view, read_camera

FRAMES = np.arange(3)
JOINTS = np.tile(np.float32([[100, 200], [600, 400]]), (3, 1, 1))


@pytest.mark.parametrize('distortion', [(0, 0, 0, 0, 0), (-0.2, 0.24, -0.002, 0.001, -0.002)])
def test_roots_are_where_they_were(distortion: tuple[float, ...]) -> None:
    rng = np.random.default_rng(0)
    poses = rng.normal(0, 0.4, (200, 17, 3)).astype(np.float32)
    poses -= poses[:, :1]
    roots = rng.uniform([-1, -1, 3], [1, 1, 8], (200, 3)).astype(np.float32)
    camera = np.array([1145, 1144, 512, 515, *distortion], float)
    cameras = np.tile(camera, (200, 1))
    points = torch.from_numpy(poses + roots[:, None]).double()
    pixels = project(points, torch.from_numpy(cameras)).numpy()
    found = place_roots(poses, pixels.astype(np.float32), np.ones((200, 17)), cameras)
    np.testing.assert_allclose(found, roots, atol=2e-3)


def test_joints_that_are_not_trusted_count_little() -> None:
    rng = np.random.default_rng(0)
    poses = rng.normal(0, 0.4, (1, 17, 3)).astype(np.float32)
    camera = np.array([[1000, 1000, 500, 500, 0, 0, 0, 0, 0]], float)
    pixels = project(torch.from_numpy(poses + [0, 0, 5]).double(), torch.from_numpy(camera)).numpy()
    pixels[:, 5] += 300
    scores = np.ones((1, 17))
    bad = np.abs(place_roots(poses, pixels, scores, camera) - [0, 0, 5]).max()
    scores[:, 5] = 0.01
    assert np.abs(place_roots(poses, pixels, scores, camera) - [0, 0, 5]).max() < 0.1 * bad


def test_people_stay_before_the_camera() -> None:
    poses = np.zeros((1, 17, 3), np.float32)
    poses[:, 3, 2] = -0.8
    camera = np.array([[1000, 1000, 500, 500, 0, 0, 0, 0, 0]], float)
    roots = place_roots(poses, np.full((1, 17, 2), 500.0), np.ones((1, 17)), camera)
    assert np.isfinite(roots).all() and roots[0, 2] >= 0.9 - 1e-6
    pixels = np.full((1, 17, 2), (800.0, 500.0))
    x, _, z = place_roots(poses, pixels, np.ones((1, 17)), camera)[0]
    # a pose without extent in x lies where its pixels are, on average of its depths
    assert x == pytest.approx(0.3 * (z + poses[0, :, 2].mean()), rel=1e-5)


def test_image_sizes_are_given_known_or_assumed() -> None:
    sizes, how = find_image_sizes(FRAMES, JOINTS, (800, 500))
    assert how == 'given' and sizes.tolist() == [[800, 500]] * 3
    sizes, how = find_image_sizes(FRAMES, JOINTS, None, {0: (700, 500), 1: (800, 500), 2: (9, 900)})
    assert how == 'file' and sizes[1].tolist() == [800, 500]
    sizes, how = find_image_sizes(FRAMES, JOINTS, None, {0: (700, 500), 3: (900, 600)})
    assert how == 'file' and sizes.tolist() == [[700, 500], [700, 500], [900, 600]]
    sizes, how = find_image_sizes(FRAMES, JOINTS)
    assert how == 'assumed' and sizes.tolist() == [[640, 480]] * 3
    sizes, _ = find_image_sizes(FRAMES, JOINTS * 2)
    assert sizes[0].tolist() == [1920, 1080]
    sizes, _ = find_image_sizes(FRAMES, JOINTS[..., ::-1])
    assert sizes[0].tolist() == [480, 640]
    sizes, _ = find_image_sizes(FRAMES, JOINTS * 100)
    assert (sizes[:, None] + 1 >= JOINTS * 100).all()


def test_wrong_image_sizes_are_said_to_be() -> None:
    with pytest.raises(ValueError, match='67 % of all joints lie outside of the image of 90 x 90'):
        find_image_sizes(
            FRAMES, np.tile(np.float32([[50, 50], [200, 9], [9, 200]]), (3, 1, 1)), (90, 90)
        )
    with pytest.raises(ValueError, match=r'image_size is \[0, 9\]'):
        find_image_sizes(FRAMES, JOINTS, (0, 9))


def camera_file(path: Path) -> str:
    one = dict(f=[1000, 1100], c=[500, 400], k=[0.1, 0, 0], p=[0, 0.01], w=1000, h=800)
    path.write_text(json.dumps({'S1/a': one, 'S1/b': dict(one, f=[900, 900])}))
    return str(path)


def test_cameras(tmp_path: Path) -> None:
    path = camera_file(tmp_path / 'cameras.json')
    camera = read_camera(path, 'S1/a')
    assert camera is not None and camera.size == (1000, 800)
    sizes, how = find_image_sizes(FRAMES, JOINTS, None, {}, camera)
    assert how == 'camera' and sizes[0].tolist() == [1000, 800]
    intrinsics, text = find_view(sizes, camera)
    assert intrinsics[2].tolist() == [1000, 1100, 500, 400, 0.1, 0, 0, 0, 0.01]
    assert text == 'given: S1/a of cameras.json'
    intrinsics, text = find_view(np.array([[1000.0, 800], [600, 900]]))
    assert intrinsics[:, :4].tolist() == [[1000, 1000, 500, 400], [900, 900, 300, 450]]
    assert text.startswith('assumed: focal length 1000 px (53 degrees across the longer side)')
    intrinsics, text = find_view(sizes, focal=750)
    assert intrinsics[0, 0] == 750 and text.startswith('given')
    assert read_camera(None, None) is None


def test_wrong_cameras_are_said_to_be(tmp_path: Path) -> None:
    path = camera_file(tmp_path / 'cameras.json')
    with pytest.raises(ValueError, match="has no camera 'S2/a'; it has S1/a, S1/b"):
        read_camera(path, 'S2/a')
    with pytest.raises(ValueError, match='has several cameras, choose one'):
        read_camera(path, None)
    with pytest.raises(ValueError, match='is of no file'):
        read_camera(None, 'S1/a')
    sizes = np.array([[1280.0, 720]])
    for focal, sentence in (
        (-3, 'option focal has a focal length of -3; give it in pixels, above 0'),
        (0, 'focal length of 0; give it in pixels'),
        ('750', "option focal is '750'; give a number of pixels"),
        (35, '35 px, 174 degrees across an image of 1280 px, .* that in millimetres times'),
    ):
        with pytest.raises(ValueError, match=sentence):
            find_view(sizes, focal=focal)
    camera = read_camera(path, 'S1/a')
    with pytest.raises(ValueError, match='750 px and the camera S1/a of .* both given; give one'):
        find_view(sizes, camera, 750)
    with pytest.raises(ValueError, match='of images of 1000 x 800, but image_size is 1280 x 720'):
        find_image_sizes(FRAMES, JOINTS, (1280, 720), {}, camera)
    unknown = dataclasses.replace(camera, size=None)
    assert find_image_sizes(FRAMES, JOINTS, (400, 300), {}, unknown)[1] == 'given'
    with pytest.raises(
        ValueError, match=r'S1/a of cameras.json has its centre at \(500, 400\), ou'
    ):
        find_view(np.array([[400.0, 300]]), unknown)
