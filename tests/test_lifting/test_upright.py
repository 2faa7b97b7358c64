# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What is up is given, or estimated within a few degrees; the world stands on its floor."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from movers import lifted_of, stander, walker

from mmposeaug.lifting import Camera, find_up, read_camera, stand_upright, world_poses
from mmposeaug.lifting.upright import up_of_tilt
from mmposeaug.lifting.world import rotation_to, world_rotation
from mmposeaug.structures import Skeleton


def degrees(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(first @ second, -1, 1))))


def camera(rotation: np.ndarray) -> Camera:
    return Camera(np.zeros(9), None, 'c', rotation)


@pytest.mark.parametrize('heading', [0, 90, 200])
def test_up_is_estimated_from_people_who_stand(heading: float) -> None:
    pose, up = stander(heading)
    found, how = find_up(lifted_of(pose))
    assert degrees(found, up) < 4
    assert how.startswith('estimated from 90 poses of people who stand')


def test_people_who_turn_around_tell_it_although_they_lean() -> None:
    views = [stander(heading) for heading in range(0, 360, 45)]
    up = views[0][1]
    pose = np.concatenate([each[0] for each in views])
    rel = pose - pose[:, :1]
    rel[..., 2] += 0.3 * rel[..., 1]  # all lean as lifters let them, by 17 degrees
    frames, tracks = np.tile(np.arange(90), 8), np.repeat(np.arange(8), 90)
    order = np.lexsort((tracks, frames))
    lifted = lifted_of(rel[order] + [0, 0, 6], frames[order], tracks[order])
    found, how = find_up(lifted)
    assert 'turn around' in how
    alone, _ = find_up(lifted_of(rel[:90] + [0, 0, 6]))
    assert degrees(found, up) < 0.5 * degrees(alone, up)


def test_who_lies_or_has_no_legs_tells_nothing() -> None:
    pose, _ = stander()
    folded = pose - pose[:, :1]
    folded[:, [2, 3, 5, 6]] = folded[:, [2, 3, 5, 6]] * [1, -1, 1]
    found, how = find_up(lifted_of(folded))
    assert found is None and how == 'unknown: nobody stands'
    arm = Skeleton('arm', ('root', 'hand'), (-1, 0))
    found, how = find_up(lifted_of(np.zeros((2, 2, 3)), skeleton=arm))
    assert found is None and "'arm' has no trunk with legs" in how
    assert stand_upright(lifted_of(folded)).up_cam is None


def test_calibrations_are_believed_before_people() -> None:
    pose, up = stander()
    lifted = lifted_of(pose)
    ahead = np.cross(up, [1.0, 0.0, 0.0])
    rotation = np.stack(([1.0, 0.0, 0.0], -ahead, up), axis=1)  # columns: axes of the world
    found, how = find_up(lifted, camera(rotation))
    np.testing.assert_allclose(found, up)
    assert how.startswith('given: axis z of the world') and how.endswith('as is usual')
    np.testing.assert_allclose(find_up(lifted, camera(rotation), '-y')[0], ahead)
    # a world whose y axis is up is not taken for one whose z axis is
    turned = rotation[:, [0, 2, 1]] * [1, 1, -1]
    with pytest.raises(ValueError, match="across the axis 'z'.*along 'y'.*--up y"):
        find_up(lifted, camera(turned))
    np.testing.assert_allclose(find_up(lifted, camera(turned), 'y')[0], up)


def test_tilts() -> None:
    np.testing.assert_allclose(up_of_tilt((0, 0)), [0, -1, 0], atol=1e-12)
    # a camera that looks down sees what is up come towards it
    assert up_of_tilt((20, 0))[2] < 0
    # with its right side down, up is on the left of its images
    assert up_of_tilt((0, 20))[0] < 0
    lifted = stand_upright(lifted_of(stander()[0]), tilt=(6, 0))
    assert lifted.info['up'] == 'given: pitch 6, roll 0 degrees'
    assert degrees(lifted.up_cam, stander()[1]) < 1


def test_bad_input_is_refused() -> None:
    lifted = lifted_of(stander()[0])
    with pytest.raises(ValueError, match='no axis .up.'):
        find_up(lifted, world_up='up')
    with pytest.raises(ValueError, match='in no calibration'):
        find_up(lifted, world_up='z')
    with pytest.raises(ValueError, match='pitch'):
        find_up(lifted, tilt=(100, 0))
    with pytest.raises(ValueError, match='both given'):
        find_up(lifted, world_up='z', tilt=(0, 0))
    with pytest.raises(ValueError, match='not known which way is up'):
        world_poses(lifted)
    with pytest.raises(ValueError, match="use 'y' or 'z'"):
        world_poses(replace(lifted, up_cam=np.array([0, -1.0, 0])), 'x')


@pytest.mark.parametrize('up_axis', ['y', 'z'])
def test_the_world_stands_on_its_floor(up_axis: str) -> None:
    pose, up = walker()
    world = world_poses(lifted_of(pose, up_cam=up), up_axis)
    axis = 'xyz'.index(up_axis)
    ankles = world[:, [3, 6], axis].min(1)
    # the walker's ankles are 6 to 7 cm above the ground
    assert 0.05 < np.median(ankles) < 0.09
    assert (world[:, 10, axis] > 1.25).all()
    ground = [i for i in range(3) if i != axis]
    np.testing.assert_allclose(world[0, 0, ground], 0, atol=1e-6)
    # distances stay: nothing is mirrored or scaled
    np.testing.assert_allclose(
        np.linalg.norm(np.diff(world, axis=1), axis=-1),
        np.linalg.norm(np.diff(pose, axis=1), axis=-1),
        atol=1e-5,
    )
    assert np.linalg.det(world_rotation(lifted_of(pose, up_cam=up), up_axis)) == pytest.approx(1)


def test_a_camera_that_looks_straight_down_has_a_world_too() -> None:
    lifted = lifted_of(stander()[0], up_cam=np.array([0, 0, -1.0]))
    rotation = world_rotation(lifted, 'z')
    np.testing.assert_allclose(rotation @ [0, 0, -1], [0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(rotation @ [1, 0, 0], [1, 0, 0], atol=1e-12)


def test_axis_z_is_up_in_the_real_calibration(shared_dir: Path) -> None:
    folder = shared_dir / 'data' / 'realvideo'
    if not folder.is_dir():
        pytest.skip(f'the real video {folder} is missing')
    with np.load(folder / 'reference.npz') as reference:
        names = reference['names'].tolist()
        feet = reference['world'][:, names.index('left_ankle')]
        nose = reference['world'][:, names.index('nose')]
    rotation = read_camera(str(folder / 'cameras.json'), 'cam01').rotation
    upwards = np.nanmedian(nose - feet, axis=0) @ rotation.T
    found, _ = find_up(lifted_of(stander()[0]), camera(rotation), 'z')
    assert degrees(found, upwards / np.linalg.norm(upwards)) < 25


@pytest.mark.parametrize('pitch', [-90, -89, -80, 0, 80, 89, 90])
def test_right_of_the_camera_is_right_in_the_world(pitch: float) -> None:
    rotation = rotation_to(up_of_tilt((pitch, 0)))
    np.testing.assert_allclose(rotation[0], [1, 0, 0], atol=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1)
