# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What is measured of an augmentation once an epoch."""

from __future__ import annotations

import json
import math

import pytest
import torch
from train_runs import build

from mmposeaug.engine.augmentation import AppliedAugmentation, Augmentation
from mmposeaug.engine.batches import poses_of
from mmposeaug.engine.diagnostics import AugmentationProbe
from mmposeaug.geometry import rotate, rotation_matrix


def logged(run) -> dict[int, dict[str, float]]:
    """Values by epoch."""
    (file,) = run.folder.glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return {line['step']: line for line in lines if any('augmentation/' in key for key in line)}


@pytest.mark.parametrize(
    ('name', 'epochs', 'augmentations'),
    [
        ('tensor', [], ()),
        ('random', [1, 2, 3, 4], ('random',)),
        ('learned', [2, 3, 4], ('learned', 'random')),
        ('released', [2, 3, 4], ('learned',)),
    ],
)
def test_every_epoch_with_augmentation_is_measured(trained, name, epochs, augmentations):
    found = logged(trained(name))
    assert list(found) == epochs
    for line in found.values():
        errors = {key for key in line if key.startswith('augmentation/error_')}
        seen = [a for a in augmentations if line[f'augmentation/in_view_{a}']]
        assert seen == list(augmentations) or name == 'released'  # whose people go out of view
        assert errors == {f'augmentation/error_{what}' for what in ('real', *seen)}
        for what in seen:
            low, mean, high = (
                line[f'augmentation/depth_{what}{end}'] for end in ('_low', '', '_high')
            )
            assert 0 < low < mean < high


@pytest.fixture(scope='module')
def probe(mocap_root, tmp_path_factory):
    runner = build(
        mocap_root, tmp_path_factory.mktemp('run'), dict(type='TensorTrainLoop', max_epochs=1)
    )
    loop = runner._train_loop
    return AugmentationProbe(loop.bank, loop.adapter, batch_size=25, count=60)


def measure(probe, **poses):
    kinds = dict(zip(poses, poses), real='Original')
    applied = AppliedAugmentation(probe.batch, probe.batch, poses, kinds)
    found = probe.measure(Augmentation(probe.skeleton), applied)
    return {key.removeprefix('augmentation/'): value for key, value in found.items()}


def test_the_real_poses_themselves(probe):
    pose = poses_of(probe.batch)
    found = measure(probe, same=pose)
    assert len(pose) == 60
    assert found['error_same'] == pytest.approx(found['error_real'], rel=1e-3)
    for name in ('in_view_same', 'diversity_same', 'size_same', 'size_same_low', 'size_same_high'):
        assert found[name] == pytest.approx(1, abs=1e-5)
    assert found['depth_same'] == pytest.approx(float(pose[:, 0, 2].mean()), rel=1e-5)


def test_larger_people_seen_from_above(probe):
    pose = poses_of(probe.batch)
    relative = pose - pose[:, :1]
    # upright bodies straight ahead, then tilted with their heads to the camera
    upright = torch.zeros_like(relative)
    upright[:, :, 1] = -torch.linspace(0, 0.5, relative.shape[1])
    upright[:, :, 0] = torch.linspace(-0.1, 0.1, relative.shape[1]) ** 3
    tilt = rotation_matrix(torch.tensor([math.radians(40), 0.0, 0.0]))
    root = torch.tensor([0.0, 0.0, 5.0])
    found = measure(probe, level=upright + root, above=1.2 * rotate(upright, tilt) + root)
    assert found['elevation_level'] == pytest.approx(0, abs=1.0)
    assert found['elevation_above'] - found['elevation_level'] == pytest.approx(40, abs=0.5)
    assert found['size_above'] / found['size_level'] == pytest.approx(1.2, rel=1e-4)
    assert found['depth_above'] == pytest.approx(5)


def test_augmentations_out_of_view_have_no_errors(probe):
    pose = poses_of(probe.batch)
    behind = pose * torch.tensor([1.0, 1.0, -1.0])
    found = measure(probe, behind=behind)
    assert found['in_view_behind'] == 0
    assert set(found) == {'error_real', 'in_view_behind'}
