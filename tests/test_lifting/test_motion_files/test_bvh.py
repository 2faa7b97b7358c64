# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What other programs read from a BVH file is the pose that was lifted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmposeaug.converters.mocap.bvh import read_bvh
from mmposeaug.lifting import save_bvh
from mmposeaug.structures import H36M_16, H36M_17, LiftedPoses, Skeleton

UPRIGHT = np.array([1.0, -1.0, -1.0])  # camera axes to y up, where the camera is level
DOG = Skeleton('dog', ('r', 'tail 1', 'tail 2', 'paw', 'é', '頭'), (-1, 0, 1, 0, 3, 3))
STAR = Skeleton('star', ('a', 'b', 'c', 'd'), (-1, 0, 0, 0))
POINT = Skeleton('point', ('only',), (-1,))


def ours(path: Path, names: Any) -> np.ndarray:
    """Joints (T, J, 3) in metres, by our reader."""
    motion = read_bvh(str(path))
    return motion.positions()[:, [motion.names.index(name) for name in names]] / 100


def pymotion(path: Path, names: Any) -> np.ndarray:
    """The same by another package."""
    io = pytest.importorskip('pymotion.io.bvh', reason='needs `pip install upc-pymotion`')
    from pymotion.ops.skeleton import fk

    bvh = io.BVH()
    bvh.load(str(path))
    turns, places, parents, offsets, _, _ = bvh.get_data()
    joints, _ = fk(turns, places[:, 0], offsets, parents)
    return joints[:, [bvh.data['names'].tolist().index(name) for name in names]] / 100


@pytest.mark.parametrize('read', [ours, pymotion])
@pytest.mark.parametrize('skeleton', [H36M_17, H36M_16], ids=lambda skeleton: skeleton.name)
def test_joints_come_back(make: Any, tmp_path: Path, skeleton: Skeleton, read: Any) -> None:
    lifted = make(skeleton=skeleton, frames=40)
    (path,) = save_bvh(lifted, tmp_path / 'a.bvh', report=[].append)
    found = read(path, skeleton.joint_names)
    np.testing.assert_allclose(found, lifted.poses_cam * UPRIGHT, atol=1e-5)


@pytest.mark.parametrize('skeleton', [DOG, STAR, POINT], ids=lambda skeleton: skeleton.name)
def test_any_tree(make: Any, tmp_path: Path, skeleton: Skeleton) -> None:
    said: list[str] = []
    lifted = make(skeleton=skeleton, frames=40)
    (path,) = save_bvh(lifted, tmp_path / 'a.bvh', report=said.append)
    names = skeleton.joint_names
    if skeleton is DOG:
        assert "'tail 1' is 'tail_1', 'tail 2' is 'tail_2', 'é' is 'e', and 1 more" in said[0]
        names = ('r', 'tail_1', 'tail_2', 'paw', 'e', 'joint')
    np.testing.assert_allclose(ours(path, names), lifted.poses_cam * UPRIGHT, atol=1e-5)


def test_bones_get_their_median_length_and_keep_their_direction(make: Any, tmp_path: Path) -> None:
    lifted = make(frames=21)
    sizes = np.linspace(0.8, 1.3, 21)
    grown = LiftedPoses(**dict(lifted.__dict__, poses_rel=lifted.poses_rel * sizes[:, None, None]))
    (path,) = save_bvh(grown, tmp_path / 'a.bvh', report=[].append)
    found = ours(path, H36M_17.joint_names)
    expected = lifted.poses_rel * UPRIGHT * np.median(sizes)
    np.testing.assert_allclose(found - found[:, :1], expected, atol=1e-5)
    np.testing.assert_allclose(found[:, 0], lifted.roots_cam * UPRIGHT, atol=1e-5)


def test_axes_unit_and_rate(make: Any, tmp_path: Path) -> None:
    level = make(frames=3)
    turned = make(frames=3, up_cam=np.array([0.0, 0.0, -1.0]))  # the camera looks down
    said: list[str] = []
    for lifted, name in ((level, 'a'), (turned, 'b')):
        save_bvh(lifted, tmp_path / f'{name}.bvh', unit='m', report=said.append)
    assert len(said) == 1 and 'Which way is up is not known' in said[0]
    first = read_bvh(str(tmp_path / 'a.bvh'))
    assert first.frame_rate == pytest.approx(25)
    x, y, z = level.roots_cam[0]
    np.testing.assert_allclose(first.positions()[0, 0], (x, -y, -z), atol=1e-5)
    below = read_bvh(str(tmp_path / 'b.bvh')).positions()[0, 0]
    np.testing.assert_allclose(below, (x, -z, y), atol=1e-5)


def test_angles_do_not_jump(make: Any, tmp_path: Path) -> None:
    lifted = make(frames=300)
    angle = np.linspace(0, 6 * np.pi, 300)  # three whole turns about the vertical
    turn = np.zeros((300, 3, 3))
    turn[:, 0, 0] = turn[:, 2, 2] = np.cos(angle)
    turn[:, 0, 2], turn[:, 2, 0], turn[:, 1, 1] = np.sin(angle), -np.sin(angle), 1
    still = np.einsum('nij,kj->nki', turn, lifted.poses_rel[0])
    spun = LiftedPoses(**dict(lifted.__dict__, poses_rel=still))
    (path,) = save_bvh(spun, tmp_path / 'a.bvh', report=[].append)
    rows = path.read_text().split('Frame Time')[1].splitlines()[1:]
    angles = np.loadtxt(rows)[:, 3:]
    steps = np.abs(np.diff(angles, axis=0)).max(0)
    assert steps[:3].max() < 180 and np.ptp(angles[:, :3], axis=0).max() > 900
    # within the pelvis nothing moves
    assert steps[3:].max() < 0.01


def test_who_is_away_is_filled_in_and_files_are_in_step(
    make: Any, without: Any, tmp_path: Path
) -> None:
    lifted = make(people=2, frames=20)
    away = (lifted.tracks == 1) & np.isin(lifted.frames, [0, 1, 8, 9, 10, 18, 19])
    said: list[str] = []
    paths = save_bvh(without(lifted, away), tmp_path / 'a b.bvh', report=said.append)
    assert [path.name for path in paths] == ['a b_person0.bvh', 'a b_person1.bvh']
    assert '7 of 40 poses' in said[1]
    joints = [ours(path, H36M_17.joint_names) for path in paths]
    assert len(joints[0]) == len(joints[1]) == 20
    expected = (lifted.poses_cam * UPRIGHT)[lifted.tracks == 1]
    there = ~np.isin(np.arange(20), [0, 1, 8, 9, 10, 18, 19])
    np.testing.assert_allclose(joints[1][there], expected[there], atol=1e-5)
    np.testing.assert_allclose(joints[1][[0, 1, 19]], expected[[2, 2, 17]], atol=1e-5)
    bones = [np.linalg.norm(j[:, 1:4] - j[:, 0:3], axis=-1) for j in joints]
    assert np.ptp(bones[1], axis=0).max() < 1e-5  # on the sphere, so bones keep their lengths
    assert np.abs(joints[1][9] - expected[9]).max() < 0.15


def test_one_frame(make: Any, tmp_path: Path) -> None:
    lifted = make(frames=1)
    (path,) = save_bvh(lifted, tmp_path / 'a.bvh', report=[].append)
    np.testing.assert_allclose(
        ours(path, H36M_17.joint_names), lifted.poses_cam * UPRIGHT, atol=1e-5
    )


def test_rest_pose_is_a_t(make: Any, tmp_path: Path) -> None:
    (path,) = save_bvh(make(), tmp_path / 'a.bvh', report=[].append)
    steps = dict(zip(read_bvh(str(path)).names, read_bvh(str(path)).steps[0]))
    axes = dict(left_wrist=(0, 1), right_elbow=(0, -1), head=(1, 1), left_knee=(1, -1))
    for joint, (axis, sign) in axes.items():
        assert np.sign(steps[joint][axis]) == sign
        assert np.delete(steps[joint], axis) == pytest.approx([0, 0])


def test_what_cannot_be_written_is_told(make: Any, without: Any, tmp_path: Path) -> None:
    lifted = make(people=2, frames=2)
    broken = lifted.poses_rel.copy()
    broken[3, 2] = np.nan
    none = without(lifted, np.ones(len(lifted), bool))
    file = tmp_path / 'file'
    file.touch()
    for change, path, message in (
        (dict(fps=None), 'a.bvh', 'give them with --fps'),
        (dict(poses_rel=broken), 'a.bvh', 'person 1 in frame 1 is not finite'),
        ({}, 'file/a.bvh', 'Nothing can be written into'),
    ):
        with pytest.raises(ValueError, match=message):
            save_bvh(LiftedPoses(**dict(lifted.__dict__, **change)), tmp_path / path)
    with pytest.raises(ValueError, match='no poses'):
        save_bvh(none, tmp_path / 'a.bvh')
    with pytest.raises(ValueError, match="no unit 'inch'"):
        save_bvh(lifted, tmp_path / 'a.bvh', unit='inch')
    with pytest.raises(ValueError, match='is a folder'):
        save_bvh(make(), tmp_path)
    assert os.listdir(tmp_path) == ['file']
