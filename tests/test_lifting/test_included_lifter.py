# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The lifter that comes with the package is small, complete, and good for anybody's keypoints."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from small_lifters import Saved, calibrated

from mmposeaug.apis import LiftingInferencer, load_lifter
from mmposeaug.evaluation import joint_errors, root_align
from mmposeaug.evaluation.motion import bone_spread, side_difference
from mmposeaug.geometry import project
from mmposeaug.lifting import included_lifter, package_lifter
from mmposeaug.lifting.included_lifter import INCLUDED
from mmposeaug.lifting.included_network import load_included
from mmposeaug.structures import H36M_17
from mmposeaug.synthetic import Scene

Save = Callable[[Config], Saved]


def test_its_files_are_small_and_name_no_path() -> None:
    config, checkpoint = included_lifter()
    onnx = INCLUDED / 'lifter.onnx'
    card = (INCLUDED / 'MODEL_CARD.md').read_text()
    for path in (checkpoint, onnx):
        assert 0.1e6 < path.stat().st_size < 4e6
    assert '/' not in config.read_text()
    text = torch.load(checkpoint, weights_only=True)['meta']['cfg']
    assert 'data_root' not in text and 'work_dir' not in text
    for said in ('Trained on', 'Limits', 'target_dev', 'real_video', 'tools/package_lifter.py'):
        assert said in card


def test_it_lifts_people_that_it_never_saw() -> None:
    """Everything is 3D truth of the synthetic target seen by a camera that is given."""
    scene = Scene(('Squat', 'Kick'), frames=50)
    truth = scene.film()[1]
    points = project(torch.from_numpy(truth), torch.from_numpy(scene.intrinsics)).float().numpy()
    inferencer = LiftingInferencer()
    errors = {}
    for bones in ('free', 'constant'):
        lifted = inferencer(
            points, keypoint_set='h36m_17', image_size=(1280, 720), focal=1000.0, bones=bones
        )
        pose = lifted.poses_rel
        errors[bones] = joint_errors(pose, root_align(truth, [0]))[:, 1:].mean() * 1000
        assert bone_spread(pose, H36M_17) < (6 if bones == 'free' else 1e-3)
    assert errors['constant'] < errors['free'] < 45
    assert side_difference(pose, H36M_17) < 1e-3
    assert lifted.info['config'] == 'lifter.json'
    np.testing.assert_array_equal(lifted.intrinsics[0, :4], (1000, 1000, 640, 360))


def test_without_mmposes_modules_it_is_the_same_to_the_last_bit() -> None:
    plain, built = load_included(), load_lifter(*included_lifter())
    assert (plain.skeleton, plain.window) == (built.skeleton, built.window)
    assert (plain.sha256, plain.checkpoint) == (built.sha256, built.checkpoint)
    assert plain.cfg.to_dict() == built.cfg.to_dict() and plain.num_frames == built.num_frames
    assert type(plain.adapter.codec) is type(built.adapter.codec)
    points = torch.rand(200, 1, 17, 2, generator=torch.Generator().manual_seed(0)) * 400 + 300
    size = torch.full((200, 2), 1000.0)
    camera = torch.tensor([[1100.0, 1100, 500, 500, 0, 0, 0, 0, 0]]).expand(200, 9)
    poses = [
        each.adapter.predict(
            points, size, intrinsics=camera, flip_indices=each.skeleton.flip_indices
        )
        for each in (plain, built)
    ]
    assert torch.equal(*poses) and poses[0].shape == (200, 1, 17, 3)
    with pytest.raises(ValueError, match="The device 'nowhere' cannot be used"):
        load_included('nowhere')


def test_one_of_the_two_is_not_enough() -> None:
    with pytest.raises(ValueError, match='The checkpoint of the lifter is missing; give config'):
        LiftingInferencer('config.py')
    with pytest.raises(ValueError, match='The config of the lifter is missing'):
        LiftingInferencer(checkpoint='lifter.pth')


def test_a_lifter_is_packaged_as_it_is(saved: Save, tmp_path: Path) -> None:
    pair = saved(calibrated())
    config, checkpoint = package_lifter(*pair, tmp_path / 'small')
    assert set(json.loads(config.read_text())) == {'default_scope', 'model', 'test_dataloader'}
    points = np.random.default_rng(0).uniform(300, 700, (4, 17, 2)).astype(np.float32)
    options = dict(keypoint_set='h36m_17', image_size=(1000, 1000))
    poses = [LiftingInferencer(*each)(points, **options) for each in (pair, (config, checkpoint))]
    np.testing.assert_array_equal(poses[0].poses_rel, poses[1].poses_rel)
    assert load_lifter(config, checkpoint).skeleton.joint_names == H36M_17.joint_names
    with pytest.raises(FileNotFoundError, match='does not exist'):
        package_lifter(pair[0], tmp_path / 'none.pth', tmp_path / 'other')
    assert not (tmp_path / 'other').exists()


def test_it_is_in_the_wheel(repo_root: Path) -> None:
    """Patterns of setup.py and MANIFEST.in cover each file that git has."""
    listed = subprocess.run(
        ['git', 'ls-files', str(INCLUDED)], cwd=repo_root, capture_output=True, text=True
    )
    if listed.returncode or shutil.which('git') is None:
        pytest.skip('not a git checkout')
    names = {Path(line).name for line in listed.stdout.splitlines()}
    assert names == {'lifter.json', 'lifter.pth', 'lifter.onnx', 'MODEL_CARD.md'}
    manifest = (repo_root / 'MANIFEST.in').read_text()
    assert 'included *.json *.pth *.onnx *.md' in manifest
