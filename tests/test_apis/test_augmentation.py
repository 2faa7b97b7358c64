# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Augmentations of configs: loaded, drawn, written to files and measured."""

from __future__ import annotations

import uuid

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmpose.registry import DATASETS

from mmposeaug.apis.augmentation import (
    Source,
    collect_sets,
    export_augmented,
    load_augmentation,
    load_target,
    measure_diversity,
    summarize_samples,
)
from mmposeaug.apis.augmentation.export import _augmented
from mmposeaug.datasets import PoseBank, load_npz
from mmposeaug.geometry import bone_lengths
from mmposeaug.structures import H36M_16, H36M_17_TO_16, ViewedPoses


@pytest.fixture(scope='module')
def loaded(small_run):
    return load_augmentation(small_run.cfg(), small_run.last)


def collect(loaded, count=64, seed=0, adapter=None):
    generator = torch.Generator().manual_seed(seed)
    index = torch.arange(count)
    return loaded.augmentation.collect(loaded.bank, index, 32, generator, adapter)


# ------------------------------------------------------------------------ load
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
        ({}, 'config', ValueError, 'is no checkpoint of weights'),
        (
            {'train_cfg.augmentor.angle.hidden': 8},
            'last',
            ValueError,
            'is not the one that the config builds for the 17 joints',
        ),
        ({'model.head.in_channels': 8}, 'last', ValueError, 'is of another lifter'),
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


# --------------------------------------------------------------------- samples
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


def test_stages_of_the_released_settings(small_run):
    cfg = small_run.cfg()
    cfg.train_cfg = dict(type='PoseAugTrainLoop', max_epochs=1, variant='released')
    loaded = load_augmentation(cfg)
    assert loaded.augmentation.clamp == 1.0
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


# ---------------------------------------------------------------------- export
def dataset_of(result, **options):
    return dict(
        dict(
            type='Human36mDataset',
            ann_file=str(result.ann_file),
            camera_param_file=str(result.camera_file),
        ),
        **options,
    )


def test_the_bank_reads_what_the_augmentor_made(loaded, tmp_path):
    result = export_augmented(loaded, tmp_path / 'out.npz', copies=2, seed=5)
    assert result.augmented + result.left_out == 2 * len(loaded.bank)
    bank = PoseBank.from_dataset_cfg(dataset_of(result))  # checks the projection too
    assert len(bank) == result.augmented and result.left_out > 0
    found = {pose.numpy().tobytes(): i for i, pose in enumerate(bank.pose_cam)}
    count = 0
    for copy in range(2):
        generator = torch.Generator().manual_seed(5 + copy)
        for rows, samples in _augmented(loaded, generator):
            cameras = loaded.bank.camera_index[loaded.bank.windows[rows, 0]]
            for i, pose in enumerate(samples.pose_cam[:, 0]):
                row = found[pose.numpy().tobytes()]
                assert torch.equal(bank.keypoints_px[row], samples.keypoints_px[i, 0])
                key = loaded.bank.cameras.keys[cameras[i]]
                assert bank.cameras.keys[bank.camera_index[row]] == key
                count += 1
    assert count == len(bank)
    cameras = loaded.bank.cameras
    assert torch.equal(bank.cameras.intrinsics, cameras.intrinsics)
    assert torch.equal(bank.cameras.image_size, cameras.image_size)


def test_real_pairs_are_written_as_they_are(loaded, small_run, tmp_path):
    result = export_augmented(loaded, tmp_path / 'out.npz', with_real=True)
    assert result.real == len(loaded.bank)
    arrays = load_npz(str(result.ann_file))
    real = np.char.find(arrays['imgname'], '_Real.') > 0
    assert real.sum() == result.real
    before = {pose.tobytes() for pose in loaded.bank.pose_cam.numpy()}
    assert {pose.tobytes() for pose in np.ascontiguousarray(arrays['S'][real, :, :3])} == before
    source = load_npz(str(small_run.data / 'source_train.npz'))
    assert {key: (a.shape[1:], a.dtype.kind) for key, a in arrays.items()} == {
        key: (a.shape[1:], a.dtype.kind) for key, a in source.items()
    }


def test_clips_are_videos_of_their_own(small_run, tmp_path):
    options = {'train_dataloader.dataset.seq_len': 3, 'train_dataloader.dataset.causal': False}
    loaded = load_augmentation(small_run.cfg(**options))
    result = export_augmented(loaded, tmp_path / 'out.npz')
    bank = PoseBank.from_dataset_cfg(dataset_of(result, seq_len=3, causal=False))
    assert len(bank) == result.augmented and bank.num_frames == 3
    assert len(bank.pose_cam) == 3 * result.augmented
    # bone lengths of an augmented clip do not change from frame to frame
    clip = bank.gather(torch.arange(10)).pose_cam
    lengths = bone_lengths(clip, bank.skeleton)
    torch.testing.assert_close(lengths[:, 0], lengths[:, 2], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ('name', 'copies', 'sentence'),
    [('out.pkl', 1, 'ends in .npz'), ('out.npz', 0, 'The number of copies is 0')],
)
def test_bad_options_of_the_export(loaded, tmp_path, name, copies, sentence):
    with pytest.raises(ValueError, match=sentence):
        export_augmented(loaded, tmp_path / name, copies)
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_if_nobody_is_in_view(small_run, tmp_path):
    cfg = Config.fromfile(small_run.random_config)
    cfg.train_cfg.augmentor.depth = (0.2, 0.3)
    with pytest.raises(ValueError, match='None of the 182 augmented samples is wholly in view'):
        export_augmented(load_augmentation(cfg), tmp_path / 'out.npz')
    assert not list(tmp_path.iterdir())


def test_stock_mmpose_trains_on_the_export(loaded, tmp_path):
    result = export_augmented(loaded, tmp_path / 'out.npz', with_real=True)
    base = 'mmpose::body_3d_keypoint/image_pose_lift/h36m/image-pose-lift_tcn_8xb64-200e_h36m.py'
    path = tmp_path / 'stock.py'
    path.write_text(f"_base_ = ['{base}']\n")
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(
        {
            'model.backbone.stem_channels': 32,
            'model.head.in_channels': 32,
            'train_dataloader.batch_size': 16,
            'train_dataloader.num_workers': 0,
            'train_dataloader.persistent_workers': False,
            'train_dataloader.dataset.data_root': '',
            'train_dataloader.dataset.ann_file': str(result.ann_file),
            'train_dataloader.dataset.camera_param_file': str(result.camera_file),
            'work_dir': str(tmp_path / 'run'),
            'experiment_name': uuid.uuid4().hex,
            'visualizer.name': uuid.uuid4().hex,
        }
    )
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=4)
    for name in ('val_cfg', 'val_dataloader', 'val_evaluator', 'param_scheduler'):
        cfg[name] = None
    cfg.default_hooks.checkpoint = None
    assert cfg.train_dataloader.dataset.type == 'Human36mDataset'
    init_default_scope('mmpose')
    runner = Runner.from_cfg(cfg)
    before = {n: w.clone() for n, w in runner.model.state_dict().items()}
    runner.train()
    dataset = runner.train_dataloader.dataset
    assert len(dataset) == result.real + result.augmented
    assert runner.iter == 4
    assert any(not torch.equal(w, before[n]) for n, w in runner.model.state_dict().items())


def test_mmposes_dataset_finds_poses_and_cameras(loaded, tmp_path):
    result = export_augmented(loaded, tmp_path / 'out.npz')
    init_default_scope('mmpose')
    dataset = DATASETS.build(dataset_of(result, data_root='', pipeline=[]))
    bank = PoseBank.from_dataset_cfg(dataset_of(result))
    for i in (0, len(dataset) // 2, len(dataset) - 1):
        info, batch = dataset.get_data_info(i), bank.gather(torch.tensor([i]))
        assert np.array_equal(info['lifting_target'], batch.pose_cam[0].numpy())
        assert np.array_equal(info['keypoints'], batch.keypoints_px[0].numpy())
        camera = info['camera_param']
        numbers = np.concatenate([camera[name].ravel() for name in ('f', 'c', 'k', 'p')])
        assert np.array_equal(numbers.astype(np.float32), batch.intrinsics[0].numpy())
        assert [camera['w'], camera['h']] == batch.image_size[0].tolist()


# ------------------------------------------------------------------- diversity
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
