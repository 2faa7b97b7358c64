# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Augmentations of configs and checkpoints: what is loaded, and what it makes of samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmposeaug.experiments.augmentation import load_augmentation, summarize_samples
from mmposeaug.geometry import bone_lengths, project
from mmposeaug.visualization.augmentation import describe_step


def collect(loaded, count=64, seed=0, adapter=None):
    generator = torch.Generator().manual_seed(seed)
    index = torch.arange(count)
    return loaded.augmentation.collect(loaded.bank, index, 32, generator, adapter)


def test_the_augmentor_is_the_trained_one(small_run, loaded):
    state = torch.load(small_run.last)['poseaug']['adversary']['networks']['augmentor']['module']
    for name, value in loaded.augmentation.augmentor.state_dict().items():
        assert torch.equal(value, state[name])
    assert loaded.augmentation.augmentor.training
    assert loaded.origin == 'the augmentor of epoch_2.pth'


def test_a_fresh_augmentor_is_called_so_and_depends_on_its_seed_alone(small_run):
    first, same, other = (load_augmentation(small_run.cfg(), seed=seed) for seed in (0, 0, 1))
    assert 'has learned nothing yet' in first.origin and first.adapter is None
    states = [each.augmentation.augmentor.state_dict() for each in (first, same, other)]
    name = next(name for name in states[0] if name.endswith('input.weight'))
    assert torch.equal(states[0][name], states[1][name])
    assert not torch.equal(states[0][name], states[2][name])


def test_loading_leaves_torchs_random_numbers_alone(small_run):
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    collect(load_augmentation(small_run.cfg()))
    assert torch.equal(torch.rand(3), expected)


def test_the_lifter_is_that_of_the_checkpoint(small_run, loaded):
    weights = torch.load(small_run.last)['state_dict']
    for name, value in loaded.adapter.module.state_dict().items():
        assert torch.equal(value, weights[name])
    assert not loaded.adapter.module.training


@pytest.mark.parametrize(
    ('changes', 'checkpoint', 'error', 'sentence'),
    [
        ({}, 'no.pth', FileNotFoundError, "'no.pth' does not exist"),
        ({}, 'best', ValueError, 'holds no augmentor: it is a lifter alone'),
        ({}, 'config', ValueError, 'holds more than weights and plain values'),
        (
            {'train_cfg.augmentor.angle.hidden': 8},
            'last',
            ValueError,
            'is not the one that the config builds for the 17 joints',
        ),
        ({'model.head.in_channels': 8}, 'last', ValueError, "does not fit the config's model"),
        (
            {'train_dataloader.dataset.data_root': 'nowhere/'},
            None,
            FileNotFoundError,
            'source_train.npz',
        ),
    ],
)
def test_what_does_not_fit_is_one_sentence(small_run, changes, checkpoint, error, sentence):
    path = {'best': small_run.best, 'last': small_run.last, 'config': small_run.config}
    with pytest.raises(error, match=sentence):
        load_augmentation(small_run.cfg(**changes), path.get(checkpoint, checkpoint))


@pytest.mark.parametrize('train_cfg', [dict(by_epoch=True, max_epochs=1), None])
def test_configs_without_augmentation_are_refused(small_run, train_cfg):
    cfg = Config.fromfile(small_run.baseline_config)
    if train_cfg is not None:
        cfg.train_cfg = train_cfg
    with pytest.raises(ValueError, match='The config trains without augmentation'):
        load_augmentation(cfg)


def test_stages_and_kinds_of_a_learned_augmentation(loaded):
    samples = collect(loaded, adapter=loaded.adapter)
    assert list(samples.stages) == ['Original', 'Random draw', 'Learned bone angles']
    assert samples.kinds == dict(
        real='Original', random='Random draw', learned='Learned bone angles'
    )
    assert {kind: turns.shape for kind, turns in samples.turns_deg.items()} == dict(
        random=(64, 16), learned=(64, 16)
    )
    # the learned step turns bones, and little; lengths and place are those of the draw
    assert 0 < samples.turns_deg['learned'].mean() < samples.turns_deg['random'].mean()
    drawn, learned = (
        torch.as_tensor(samples.of_kind(kind).pose_cam) for kind in ('random', 'learned')
    )
    torch.testing.assert_close(drawn[:, 0], learned[:, 0])
    skeleton = samples.skeleton
    torch.testing.assert_close(bone_lengths(drawn, skeleton), bone_lengths(learned, skeleton))


@pytest.mark.parametrize(
    ('train_cfg', 'stages'),
    [
        (
            dict(augmentor=dict(type='RandomPoseAugmentor')),
            ['Random bone angles', 'Random bone lengths', 'Random view and place'],
        ),
        (dict(bone_lengths='measured'), ['Swapped bone lengths']),
        (dict(camera=dict(type='RandomCamera')), ['Drawn camera']),
        (
            dict(augmentor=dict(type='AnatomicalPoseAugmentor'), bone_lengths='measured'),
            [
                'Swapped bone lengths',
                'Random bone angles',
                'Random bone lengths',
                'Random view and place',
            ],
        ),
    ],
)
def test_stages_without_anything_learned(small_run, train_cfg, stages):
    cfg = Config.fromfile(small_run.baseline_config)
    cfg.train_cfg.update(train_cfg)
    samples = collect(load_augmentation(cfg))
    assert list(samples.stages) == ['Original', *stages]
    assert samples.kinds == dict(real='Original', random=stages[-1])


def test_what_is_shown_is_seen_by_the_drawn_camera(small_run):
    camera = dict(type='RandomCamera', focal=(0.7, 1.4), portrait=0.5, distortion=0.1)
    loaded = load_augmentation(small_run.cfg(**{'train_cfg.camera': camera}))
    samples = collect(loaded, adapter=loaded.adapter)
    stages = ['Original', 'Drawn camera', 'Random draw', 'Learned bone angles']
    assert list(samples.stages) == stages
    original, viewed, *later = samples.stages.values()
    known = loaded.bank.cameras.intrinsics
    assert (torch.from_numpy(original.intrinsics)[:, None] == known).all(-1).any(-1).all()
    assert np.array_equal(original.pose_cam, viewed.pose_cam)
    factor = viewed.intrinsics[:, 0] / original.intrinsics[:, 0]
    assert factor.min() < 0.8 and factor.max() > 1.25
    width, height = viewed.image_size[3]
    words = f'focal length times {factor[3]:.2f}, image {width:.0f} x {height:.0f}'
    assert describe_step(samples, 'Drawn camera', 3) == words
    for stage in (viewed, *later):
        assert np.array_equal(stage.intrinsics, viewed.intrinsics)
        assert np.array_equal(stage.image_size, viewed.image_size)
        pose, cameras = torch.from_numpy(stage.pose_cam), torch.from_numpy(stage.intrinsics)
        np.testing.assert_allclose(stage.keypoints_px, project(pose, cameras), atol=0.01, rtol=1e-4)


def test_stages_of_the_released_settings(small_run):
    cfg = small_run.cfg()
    cfg.train_cfg = dict(type='PoseAugTrainLoop', max_epochs=1, variant='released')
    loaded = load_augmentation(cfg)
    assert loaded.augmentation.rules.clamp == 1.0
    samples = collect(loaded)
    assert list(samples.stages) == [
        'Original',
        'Swapped bone lengths',
        'Learned bone angles',
        'Learned bone lengths',
        'Learned view and place',
    ]
    assert samples.kinds == dict(real='Original', learned='Learned view and place')


def test_clips_are_augmented_as_clips_and_shown_by_their_middle_frame(small_run):
    cfg = small_run.cfg(
        **{'train_dataloader.dataset.seq_len': 3, 'train_dataloader.dataset.causal': False}
    )
    loaded = load_augmentation(cfg)
    samples = collect(loaded, 32)
    middle = loaded.bank.gather(torch.arange(32)).pose_cam[:, 1]
    assert np.array_equal(samples.of_kind('real').pose_cam, middle.numpy())
    assert samples.of_kind('learned').pose_cam.shape == (32, 17, 3)


def test_numbers_are_those_of_the_samples(loaded):
    samples = collect(loaded, 96, adapter=loaded.adapter)
    numbers = summarize_samples(samples)
    learned = numbers['kinds']['learned']
    seen = samples.in_view['Learned bone angles']
    assert learned['in_view'] == pytest.approx(seen.mean())
    depth = samples.of_kind('learned').pose_cam[seen, 0, 2]
    assert learned['depth_m']['mean'] == pytest.approx(depth.mean(), rel=1e-5)
    both = np.all(list(samples.in_view.values()), axis=0)
    errors = {kind: values[both].mean() for kind, values in samples.errors_mm.items()}
    assert learned['hardness']['over_random'] == pytest.approx(
        errors['learned'] / errors['random'], rel=1e-5
    )
    assert learned['hardness']['over_real'] == pytest.approx(
        errors['learned'] / errors['real'], rel=1e-5
    )
    assert set(learned['turn_deg']) == set(loaded.bank.skeleton.bone_names)
    assert learned['elevation_deg']['mean'] > -90
    animals = {
        name: replace(poses, skeleton=replace(poses.skeleton, human=False))
        for name, poses in samples.stages.items()
    }
    values = summarize_samples(replace(samples, stages=animals))['kinds']['learned']
    assert set(learned) - set(values) == {'azimuth_deg', 'elevation_deg'}, 'a level trunk'
