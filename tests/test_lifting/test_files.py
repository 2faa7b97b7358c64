# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifted poses survive files, and files are never half-written."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from mmposeaug.apis import load_lifted, save_lifted_json, save_lifted_npz
from mmposeaug.structures import H36M_16, LiftedPoses


@pytest.fixture
def lifted() -> LiftedPoses:
    rng = np.random.default_rng(0)
    return LiftedPoses(
        skeleton=H36M_16,
        frames=np.array([0, 0, 4]),
        tracks=np.array([1, 2, 1]),
        poses_rel=rng.normal(size=(3, 16, 3)).astype(np.float32),
        keypoints_px=rng.uniform(0, 900, (3, 16, 2)).astype(np.float32),
        scores=rng.random((3, 16)).astype(np.float32),
        interpolated=rng.random((3, 16)) < 0.2,
        image_sizes=np.full((3, 2), (1280.0, 720.0)),
        roots_cam=rng.normal(size=(3, 3)).astype(np.float32),
        image_names={0: 'é</script>.jpg'},
        fps=25.0,
        info=dict(checkpoint_sha256='ab12', flip_test=True, config=None),
    )


def test_npz_comes_back_as_it_was(lifted: LiftedPoses, tmp_path: Path) -> None:
    save_lifted_npz(lifted, tmp_path / 'new' / 'lifted.npz')
    back = load_lifted(tmp_path / 'new' / 'lifted.npz')
    for field in fields(lifted):
        np.testing.assert_array_equal(getattr(back, field.name), getattr(lifted, field.name))


def test_json_says_what_its_numbers_are(lifted: LiftedPoses, tmp_path: Path) -> None:
    path = tmp_path / 'lifted.json'
    save_lifted_json(lifted, path)
    content = json.loads(path.read_text())
    meta = content['meta_info']
    assert meta['unit'] == 'm' and meta['root_joint'] == 'root'
    assert meta['skeleton']['joint_names'] == list(H36M_16.joint_names)
    assert meta['made_with']['checkpoint_sha256'] == 'ab12'
    first, last = content['instance_info']
    assert first['image'] == 'é</script>.jpg' and 'image' not in last
    assert (first['frame_id'], last['frame_id']) == (0, 4)
    assert [person['track_id'] for person in first['instances']] == [1, 2]
    person = first['instances'][1]
    np.testing.assert_allclose(person['keypoints'], lifted.poses_rel[1], atol=1e-5)
    np.testing.assert_allclose(person['keypoints_2d'], lifted.keypoints_px[1], atol=0.01)
    np.testing.assert_allclose(person['root'], lifted.roots_cam[1], atol=1e-4)
    marked = {H36M_16.joint_names[j] for j in np.flatnonzero(lifted.interpolated[1])}
    assert set(person['interpolated']) == marked


def test_an_interrupted_file_leaves_nothing(lifted: LiftedPoses, tmp_path: Path) -> None:
    broken = replace(lifted, info=dict(config=object()))
    for save, name in ((save_lifted_json, 'a.json'), (save_lifted_npz, 'a.npz')):
        with pytest.raises(TypeError):
            save(broken, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_other_files_are_refused(lifted: LiftedPoses, tmp_path: Path) -> None:
    path = tmp_path / 'a.npz'
    np.savez(path, frames=[1, 2])
    with pytest.raises(ValueError, match='holds no lifted poses'):
        load_lifted(path)
    np.savez(path, meta=json.dumps(dict(format='mmposeaug.lifted_poses', version=99)))
    with pytest.raises(ValueError, match='mmposeaug.lifted_poses 99'):
        load_lifted(path)
    with pytest.raises(FileNotFoundError):
        load_lifted(tmp_path / 'b.npz')
