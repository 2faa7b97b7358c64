# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""PoseAug on MMPose's own configs by four lines, on a sample in Human3.6M's layout."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hub import get_config
from mmpose.registry import KEYPOINT_CODECS, MODELS
from train_runs import make_runner, train

from mmposeaug.codecs import find_train_codec
from mmposeaug.datasets import PoseBatch
from mmposeaug.engine.config_files import missing_parts_of_training
from mmposeaug.synthetic import make_synthetic_mocap

FOUR_LINES = """
_base_ = ['mmpose::body_3d_keypoint/{base}']
custom_imports = dict(imports=['mmposeaug'], allow_failed_imports=False)
train_cfg = dict(_delete_=True, type='PoseAugTrainLoop', max_epochs=50, val_interval=1)
train_dataloader = dict(dataset=dict(camera_param_file='annotation_body3d/cameras.pkl'))
"""
IMAGE = 'image_pose_lift/h36m/image-pose-lift_tcn_8xb64-200e_h36m.py'
VIDEO = 'video_pose_lift/h36m/video-pose-lift_tcn-{}_8xb128-160e_h36m.py'
SEMI = 'video_pose_lift/h36m/video-pose-lift_tcn-27frm-semi-supv_8xb64-200e_h36m.py'
MOTIONBERT = 'motionbert/h36m/motionbert_dstformer-243frm_8xb32-240e_h36m.py'
SMALL_TCN = {'model.backbone.stem_channels': 32, 'model.head.in_channels': 32}
SMALL_DSTFORMER = {
    'model.backbone.feat_size': 32,
    'model.backbone.depth': 1,
    'model.backbone.num_heads': 2,
    'model.backbone.seq_len': 4,
    'model.head.in_channels': 32,
    'model.head.embedding_size': 32,
    'train_dataloader.dataset.multiple_target': 4,
    'train_dataloader.dataset.multiple_target_step': 2,
    'val_dataloader.dataset.multiple_target': 4,
}


# the folder's own configs of lifters that see several frames, each made small
POSEAUG = Path(__file__).resolve().parents[2] / 'configs' / 'poseaug'
SMALL_TRAJECTORY = {
    **SMALL_TCN,
    'model.traj_backbone.stem_channels': 32,
    'model.traj_head.in_channels': 32,
}
MULTI_FRAME = {
    **{
        f'video-pose-lift-tcn-{each}': SMALL_TCN
        for each in ('27frm', '81frm', '243frm', '243frm-cpn')
    },
    **{
        f'video-pose-lift-tcn-{each}': SMALL_TRAJECTORY for each in ('27frm-traj', '27frm-traj-cpn')
    },
    **{f'motionbert-{each}': SMALL_DSTFORMER for each in ('243frm', 'ft-243frm')},
}


@pytest.fixture(scope='module')
def h36m_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample where MMPose's configs expect Human3.6M, with 2D detections."""
    source, root = (tmp_path_factory.mktemp(name) for name in ('source', 'h36m'))
    made = make_synthetic_mocap(source, source_train=240, source_test=320, target_dev=20)
    annotations = root / 'annotation_body3d'
    (annotations / 'fps50').mkdir(parents=True)
    (root / 'joint_2d_det_files').mkdir()
    shutil.copy(made['cameras'], annotations / 'cameras.pkl')
    rng = np.random.default_rng(0)
    for ours, theirs in (('source_train', 'train'), ('source_test', 'test')):
        shutil.copy(made[ours], annotations / 'fps50' / f'h36m_{theirs}.npz')
        detected = np.load(made[ours])['part'].copy()
        detected[..., :2] += rng.normal(0, 3, detected[..., :2].shape)
        detected[..., 2] = rng.uniform(0.5, 1, detected[..., 2].shape)
        np.save(root / 'joint_2d_det_files' / f'cpn_ft_h36m_dbb_{theirs}.npy', detected)
    return root


def config(base: str | Path, h36m_root: Path, work_dir: Path, changes: dict) -> Config:
    """A config file, or four lines on MMPose's own, on the sample."""
    path = base
    if isinstance(base, str):
        path = work_dir / 'poseaug.py'
        path.write_text(FOUR_LINES.format(base=base))
    cfg = Config.fromfile(path)
    for name in ('train', 'val', 'test'):
        loader = cfg[f'{name}_dataloader']
        loader.update(batch_size=16, num_workers=0, persistent_workers=False)
        loader.pop('prefetch_factor', None)
        loader.dataset.data_root = str(h36m_root)
    cfg.merge_from_dict(
        {
            'train_cfg.max_epochs': 2,
            'train_cfg.val_interval': 2,
            'default_hooks.checkpoint.interval': 2,
            'work_dir': str(work_dir),
            'experiment_name': uuid.uuid4().hex,
            'log_level': 'WARNING',
            **changes,
        }
    )
    return cfg


@pytest.mark.parametrize(
    ('base', 'changes', 'poses_px'),
    [
        (IMAGE, SMALL_TCN, 'gt'),
        (VIDEO.format('1frm-supv-cpn-ft'), SMALL_TCN, 'detected'),
        (VIDEO.format('27frm-supv'), SMALL_TCN, 'gt'),
        (MOTIONBERT, SMALL_DSTFORMER, 'gt'),
    ],
    ids=['image', 'video-1-detections', 'video-27', 'motionbert'],
)
@pytest.mark.parametrize('variant', ['default', 'learned', 'released'])
def test_four_lines_train_mmposes_config(h36m_root, tmp_path, base, changes, poses_px, variant):
    if variant != 'learned' and base == IMAGE:
        pytest.skip('the learned variant of this slowly formatted config covers it')
    if variant == 'default' and base in (VIDEO.format('27frm-supv'), MOTIONBERT):
        pytest.skip('the configs of the folder are checked with it, the other variants train these')
    changes = {**changes, 'train_cfg.variant': variant}
    if variant != 'default':
        changes['train_cfg.warmup_epochs'] = 0
    if base == IMAGE:  # MMEngine takes seconds to format this config for each checkpoint
        changes['default_hooks.checkpoint'] = dict(
            _delete_=True, type='CheckpointHook', interval=-1, save_last=False
        )
    run = train(config(base, h36m_root, tmp_path, changes))
    loop, losses = run.runner.train_loop, run.recorder.losses
    per_pass = len(loop.bank) // 16
    assert per_pass > 0 and len(losses) >= 2 * per_pass
    assert np.isfinite(losses).all()
    if base != MOTIONBERT:  # which takes more than two epochs to learn
        assert sum(losses[-4:]) < sum(losses[:4])
    (file,) = (h36m_root / 'joint_2d_det_files').glob('*train.npy')
    detected = np.load(file)[loop.bank.frame_index.numpy()]
    same = np.allclose(detected[..., :2], loop.bank.keypoints_px.numpy())
    assert same == (poses_px == 'detected')
    assert run.runner.message_hub.get_scalar('val/MPJPE').current() > 0
    assert variant != 'learned' or loop.watchdog.recoveries == 0
    if variant == 'learned':  # a walker's projection was infinite
        view = run.runner.message_hub.get_scalar('train/poseaug/loss_view').data[0]
        assert np.isfinite(view).all()


def encoded_by_mmpose(loop: Any, codec: Any, batch: PoseBatch) -> list[dict]:
    """Input and target that MMPose's codec makes of the samples of a batch."""
    target, seen = (loop.adapter.target_of(each) for each in (batch.pose_cam, batch.pose_visible))
    samples = []
    for i in range(len(batch)):
        camera = batch.intrinsics[i].numpy()
        width, height = batch.image_size[i].tolist()
        samples.append(
            codec.encode(
                keypoints=batch.keypoints_px[i].numpy(),
                keypoints_visible=batch.keypoint_scores[i].numpy(),
                lifting_target=target[i].numpy(),
                lifting_target_visible=seen[i].numpy(),
                camera_param=dict(w=width, h=height, f=camera[:2, None], c=camera[2:4, None]),
            )
        )
    return samples


@pytest.mark.parametrize('name', MULTI_FRAME)
def test_multi_frame_configs_learn_what_mmpose_makes_of_augmented_clips(h36m_root, tmp_path, name):
    (path,) = POSEAUG.glob(f'poseaug_{name}_*_h36m.py')
    cfg = config(path, h36m_root, tmp_path, MULTI_FRAME[name])
    pretrained = cfg.model.pop('init_cfg', None)  # a long address, which takes seconds to format
    assert (pretrained is not None) == ('-ft-' in name)
    runner = make_runner(cfg)
    runner.train_dataloader  # noqa: B018  (the property builds the loop)
    check_augmented_clips(runner.train_loop, name)
    learned = dict(cfg.train_cfg, variant='learned')
    check_augmented_clips(runner.build_train_loop(learned), name)
    if 'traj' in name:  # the weights fit MMPose's own config
        semi = Config(dict(model=get_config(f'mmpose::body_3d_keypoint/{SEMI}').model))
        semi.merge_from_dict(SMALL_TRAJECTORY)
        MODELS.build(semi.model).load_state_dict(runner.model.state_dict())


def check_augmented_clips(loop: Any, name: str) -> None:
    """Augment a batch and take the lifter's loss of it."""
    frames = 4 if 'motionbert' in name else int(name.split('-')[4].removesuffix('frm'))
    assert loop.bank.num_frames == frames
    loop.start_epoch()
    batch = loop.augment(loop.draw(torch.arange(6) * 5)).batch
    assert not torch.equal(batch.pose_cam, loop.bank.gather(torch.arange(6) * 5).pose_cam)
    pipeline = loop.runner.cfg.train_dataloader.dataset.pipeline
    mmpose = KEYPOINT_CODECS.build(find_train_codec(pipeline))
    samples = encoded_by_mmpose(loop, mmpose, batch)
    codec, pixels = loop.adapter.codec, (batch.keypoints_px, batch.image_size)
    x, _ = codec.encode(*pixels, batch.keypoint_scores, batch.intrinsics)
    target, weight = codec.encode_target(
        loop.adapter.target_of(batch.pose_cam), batch.image_size, batch.intrinsics
    )
    for i, sample in enumerate(samples):
        for ours, key in ((x, 'keypoint_labels'), (target, 'lifting_target_label')):
            theirs = torch.from_numpy(sample[key]).to(ours)
            torch.testing.assert_close(ours[i].reshape(theirs.shape), theirs, rtol=1e-4, atol=1e-4)
        assert weight[i].all() and sample['lifting_target_weight'].all()
        if 'factor' in sample:
            depth = codec.root_depth(batch.pose_cam[i : i + 1])
            factor = codec.factor(depth, batch.intrinsics[i : i + 1])[0]
            torch.testing.assert_close(factor, torch.from_numpy(sample['factor'])[:, 0].to(factor))
    losses = loop._loss(batch, loop.adapter)
    sum(value for key, value in losses.items() if 'loss' in key).backward()
    assert all(param.grad.isfinite().all() for param in loop.runner.model.parameters())
    assert ('loss_traj' in losses) == ('traj' in name)


def test_configs_without_training_say_what_is_missing(h36m_root, tmp_path):
    cfg = config(SEMI, h36m_root, tmp_path, SMALL_TCN)
    with pytest.raises(ValueError, match='optim_wrapper'):
        train(cfg)
    sentence = missing_parts_of_training(cfg)
    assert sentence.startswith('The config describes no training: it has no optim_wrapper, train')
    assert 'take as _base_ a config that trains, such as' in sentence
    trains = config(VIDEO.format('27frm-supv'), h36m_root, tmp_path, SMALL_TCN)
    assert missing_parts_of_training(trains) is None


def test_motionbert_on_other_windows_names_what_to_set(h36m_root, tmp_path):
    changes = {**SMALL_DSTFORMER, 'train_dataloader.dataset.multiple_target': 243}
    with pytest.raises(ValueError, match=r'243 frames .* lower multiple_target \(a MotionBERT'):
        train(config(MOTIONBERT, h36m_root, tmp_path, changes))
    changes = {
        **SMALL_DSTFORMER,
        'train_dataloader.dataset.multiple_target': 0,
        'train_dataloader.dataset.seq_len': 4,
    }
    with pytest.raises(ValueError, match='set seq_len=1 and multiple_target=4 in the data set'):
        train(config(MOTIONBERT, h36m_root, tmp_path, changes))
