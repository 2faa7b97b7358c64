# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How varied poses of a config are, and how well they cover a target."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mmengine.config import Config

from mmposeaug.experiments.augmentation import (
    Source,
    collect_sets,
    export_augmented,
    load_augmentation,
    load_target,
    measure_diversity,
    write_diversity,
)
from mmposeaug.experiments.augmentation.diversity import OF_PEOPLE
from mmposeaug.structures import H36M_16, H36M_17_TO_16, ViewedPoses


def test_sets_are_of_equal_size_and_in_view(loaded, small_run):
    random = load_augmentation(Config.fromfile(small_run.random_config)).augmentation
    sources = [Source('Random', random), Source('Learned', loaded.augmentation, 'Draw')]
    sets = collect_sets(loaded, sources, 100)
    assert list(sets) == ['Real', 'Random', 'Draw', 'Learned']
    assert {len(poses) for poses in sets.values()} == {100}
    for poses in sets.values():
        assert (poses.keypoints_px >= 0).all()
        assert (poses.keypoints_px <= poses.image_size[:, None]).all()


def test_numbers_say_what_augmentation_does(loaded, small_run):
    cfg = small_run.cfg()
    sets = collect_sets(loaded, [Source('Learned', loaded.augmentation)], 1000)
    target = load_target(cfg, 'target_dev', 1000)
    rows = measure_diversity({**sets, 'Target': target}, target)
    real, learned = rows['Real'], rows['Learned']
    for name in ('pose_mm', 'size_std', 'view_coverage'):
        assert learned[name] > real[name]
    assert learned['elevation_low'] < real['elevation_low'] < real['elevation_high']
    assert rows['Target']['nearest_pose'] == 0 and rows['Target']['near_keypoints'] == 100
    assert real['nearest_pose'] > 0
    assert real['overbent'] == real['knees_forward'] == 0


def test_animals_are_not_judged_as_people(loaded, tmp_path):
    sets = collect_sets(loaded, [], 50)
    animals = {
        label: replace(poses, skeleton=replace(poses.skeleton, human=False))
        for label, poses in sets.items()
    }
    people, rows = measure_diversity(sets)['Real'], measure_diversity(animals)['Real']
    assert set(people) - set(rows) == set(OF_PEOPLE)
    assert {name: people[name] for name in rows} == rows
    text = write_diversity(tmp_path / 'out', {'Real': rows}, animals)
    assert 'not judged, since the skeleton is not known to be a human body' in text
    assert 'overbent' not in text and '| - ' in text


def test_a_target_can_be_a_file_with_its_cameras_beside_it(loaded, small_run, tmp_path):
    cfg = small_run.cfg()
    named = load_target(cfg, 'target_dev', 1000)
    from_file = load_target(cfg, str(small_run.data / 'target_dev.npz'), 1000)
    assert np.array_equal(named.pose_cam, from_file.pose_cam)
    result = export_augmented(loaded, tmp_path / 'out.npz')
    assert len(load_target(cfg, str(result.ann_file), 1000)) == result.augmented


def test_bad_targets(small_run):
    with pytest.raises(ValueError, match="no test set 'elsewhere' .*source_test, target_dev"):
        load_target(small_run.cfg(), 'elsewhere', 10)
    with pytest.raises(FileNotFoundError, match=r'no\.npz'):
        load_target(small_run.cfg(), 'no.npz', 10)


def test_a_target_of_another_skeleton_is_refused(loaded):
    real = collect_sets(loaded, [], 10)
    poses = real['Real']
    joints = list(H36M_17_TO_16)
    other = ViewedPoses(
        H36M_16,
        poses.pose_cam[:, joints],
        poses.keypoints_px[:, joints],
        poses.intrinsics,
        poses.image_size,
    )
    with pytest.raises(ValueError, match="The target has the skeleton 'h36m_16'"):
        measure_diversity(real, other)


def test_hardly_anybody_in_view_is_said(loaded, small_run):
    cfg = Config.fromfile(small_run.random_config)
    cfg.train_cfg.augmentor.depth = (0.2, 0.3)
    source = Source('Close', load_augmentation(cfg).augmentation)
    with pytest.raises(ValueError, match='Only 0 poses of Close are in view after'):
        collect_sets(loaded, [source], 20)
