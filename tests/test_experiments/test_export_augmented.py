# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Augmented pairs in files: read back, and trained on by MMPose itself."""

from __future__ import annotations

import uuid

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmpose.registry import DATASETS

from mmposeaug.datasets import load_pose_bank
from mmposeaug.experiments.augmentation import export_augmented, load_augmentation
from mmposeaug.experiments.augmentation.export import _augmented
from mmposeaug.fileio import load_npz
from mmposeaug.geometry import bone_lengths


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
    bank = load_pose_bank(dataset_of(result))  # checks the projection too
    assert len(bank) == result.augmented and result.left_out > 0
    found = {pose.numpy().tobytes(): i for i, pose in enumerate(bank.pose_cam)}
    count = 0
    for copy in range(2):
        generator = torch.Generator().manual_seed(5 + copy)
        for rows, samples in _augmented(loaded, generator):
            cameras = loaded.bank.camera_index[loaded.bank.windows.frames_of(rows)[:, 0]]
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


def test_every_sample_has_its_drawn_camera_in_the_files(small_run, tmp_path):
    camera = dict(type='RandomCamera', focal=(0.7, 1.4), aspect=(1.3, 1.8), portrait=0.5)
    drawn = load_augmentation(small_run.cfg(**{'train_cfg.camera': camera}))
    result = export_augmented(drawn, tmp_path / 'out.npz', seed=5, with_real=True)
    bank = load_pose_bank(dataset_of(result))  # checks the projection too
    assert len(bank) == result.real + result.augmented and result.augmented > 50
    found = {pose.numpy().tobytes(): i for i, pose in enumerate(bank.pose_cam)}
    for _, samples in _augmented(drawn, torch.Generator().manual_seed(5)):
        for i, pose in enumerate(samples.pose_cam[:, 0]):
            row = found[pose.numpy().tobytes()]
            seen = bank.gather(torch.tensor([row]))
            assert torch.equal(seen.intrinsics[0], samples.intrinsics[i])
            assert torch.equal(seen.image_size[0], samples.image_size[i])
            assert torch.equal(seen.keypoints_px[0], samples.keypoints_px[i])


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
    bank = load_pose_bank(dataset_of(result, seq_len=3, causal=False))
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
    bank = load_pose_bank(dataset_of(result))
    for i in (0, len(dataset) // 2, len(dataset) - 1):
        info, batch = dataset.get_data_info(i), bank.gather(torch.tensor([i]))
        assert np.array_equal(info['lifting_target'], batch.pose_cam[0].numpy())
        assert np.array_equal(info['keypoints'], batch.keypoints_px[0].numpy())
        camera = info['camera_param']
        numbers = np.concatenate([camera[name].ravel() for name in ('f', 'c', 'k', 'p')])
        assert np.array_equal(numbers.astype(np.float32), batch.intrinsics[0].numpy())
        assert [camera['w'], camera['h']] == batch.image_size[0].tolist()
