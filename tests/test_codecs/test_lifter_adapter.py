# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The adapter against MMPose's own path: files, pipeline, packing, collation, `PoseLifter.loss`."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.dataset import pseudo_collate
from mmengine.hub import get_config
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from mmpose.registry import DATASETS, MODELS

from mmposeaug.codecs import LifterAdapter, build_codec, find_train_codec
from mmposeaug.geometry import flip_keypoints, flip_pose
from mmposeaug.structures import get_skeleton

FLIP = list(get_skeleton('h36m_17').flip_indices)
LIFTERS = {
    'image': 'image_pose_lift/h36m/image-pose-lift_tcn_8xb64-200e_h36m.py',
    'video-1': 'video_pose_lift/h36m/video-pose-lift_tcn-1frm-supv-cpn-ft_8xb128-160e_h36m.py',
    'video-27': 'video_pose_lift/h36m/video-pose-lift_tcn-27frm-supv_8xb128-160e_h36m.py',
    'video-243': 'video_pose_lift/h36m/video-pose-lift_tcn-243frm-supv_8xb128-160e_h36m.py',
    'video-semi': 'video_pose_lift/h36m/video-pose-lift_tcn-27frm-semi-supv_8xb64-200e_h36m.py',
    'motionbert': 'motionbert/h36m/motionbert_dstformer-243frm_8xb32-240e_h36m.py',
}


@pytest.fixture(autouse=True)
def _mmpose_scope() -> Any:
    with DefaultScope.overwrite_default_scope('mmpose'):
        yield


def load(name: str, root: Path) -> tuple[ConfigDict, ConfigDict]:
    """Model and data of MMPose's own config: narrow, and on the files in ``root``."""
    cfg = get_config(f'mmpose::body_3d_keypoint/{LIFTERS[name]}')
    model, data = cfg.model, (cfg.get('train_dataloader') or cfg.val_dataloader).dataset
    for part in ('backbone', 'traj_backbone'):
        if 'stem_channels' in model.get(part, {}):
            model[part].stem_channels = 32
    for part in ('head', 'traj_head'):
        if part in model:
            model[part].in_channels = 32
    if name == 'motionbert':
        model.backbone.update(feat_size=32, depth=1, num_heads=2, seq_len=8)
        data.update(multiple_target=8, multiple_target_step=4)
    data.update(
        ann_file='train.npz',
        camera_param_file='cameras.pkl',
        data_root=str(root),
        keypoint_2d_src='gt',
    )
    for step in data.pipeline:
        if step['type'] == 'RandomFlipAroundRoot':
            step['flip_prob'] = -1.0  # 0 still flips where the random number is 0
    return model, data


@cache
def samples(name: str, recording: Any) -> tuple[ConfigDict, ConfigDict, dict, dict]:
    """Model config, codec config, MMPose's batch and the tensors of the same clips."""
    model, data = load(name, recording.root)
    dataset = DATASETS.build(data)
    index = np.linspace(0, len(dataset) - 1, 6).astype(int)
    batch = pseudo_collate([dataset[i] for i in index])
    clip = recording.clip([dataset.get_data_info(i) for i in index])
    return model, find_train_codec(data.pipeline), batch, clip


def teach_the_root(head: Any) -> None:
    """Give a trajectory head the root, by 1 over its depth: its data sets give it the pose."""

    def loss(feats: Any, batch: list, **kwargs: Any) -> dict[str, torch.Tensor]:
        batch = copy.deepcopy(batch)
        for sample in batch:
            place = torch.from_numpy(sample.metainfo['target_root']).reshape(1, 1, 3)
            weight = sample.gt_instance_labels.lifting_target_weight[:, :1] / place[..., 2]
            sample.gt_instance_labels = InstanceData(
                lifting_target_label=place, trajectory_weights=weight
            )
        return type(head).loss(head, feats, batch, **kwargs)

    head.loss = loss


class Setting:
    """A lifter of MMPose's config, its adapter, and the same clips for both paths."""

    def __init__(self, name: str, recording: Any) -> None:
        model, codec, self.batch, clip = samples(name, recording)
        self.clip = {key: value.clone() for key, value in clip.items()}
        torch.manual_seed(0)
        self.lifter = MODELS.build(model)
        self.codec = build_codec(codec)
        self.adapter = LifterAdapter(self.lifter, self.codec)

    def mmpose_losses(self) -> dict[str, torch.Tensor]:
        data = self.lifter.data_preprocessor(self.batch, training=True)
        if self.lifter.with_traj:
            teach_the_root(self.lifter.traj_head)
        return self.lifter(**data, mode='loss')

    def predict(self, **kwargs: Any) -> torch.Tensor:
        clip = self.clip
        depth = self.codec.root_depth(clip['pose_cam'])
        inputs = {k: clip[k] for k in ('keypoints_px', 'image_size', 'scores', 'intrinsics')}
        return self.adapter.predict(**dict(inputs, root_depth=depth, **kwargs))


@pytest.fixture(params=LIFTERS)
def setting(request: pytest.FixtureRequest, recording: Any) -> Setting:
    return Setting(request.param, recording)


def backward(lifter: torch.nn.Module, losses: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    lifter.zero_grad()
    sum(value for key, value in losses.items() if 'loss' in key).backward()
    return [param.grad.clone() for param in lifter.parameters()]


def test_loss_and_its_gradients_equal_mmpose(setting: Setting) -> None:
    """In train mode: with the same seed both paths drop the same units."""
    lifter = setting.lifter.train()
    torch.manual_seed(1)
    theirs = setting.mmpose_losses()
    theirs.pop('semi_loss', None)  # empty in MMPose
    expected = backward(lifter, theirs)
    torch.manual_seed(1)
    ours = setting.adapter.loss(**setting.clip)
    assert list(ours) == list(theirs)
    for key, value in theirs.items():
        torch.testing.assert_close(ours[key], value, rtol=1e-5, atol=1e-6, check_dtype=False)
    for grad, want in zip(backward(lifter, ours), expected):
        torch.testing.assert_close(grad, want, rtol=1e-3, atol=1e-5)


def test_a_trajectory_head_learns_where_the_root_is(recording: Any) -> None:
    """By 1 over its depth; also with a codec that removes the root."""
    setting = Setting('video-semi', recording)
    lifter, clip = setting.lifter.eval(), setting.clip
    lifter.head = MODELS.build(
        dict(type='TemporalRegressionHead', in_channels=32, num_joints=16, loss=dict(type='L1Loss'))
    )
    codec = build_codec(dict(type='VideoPoseLifting', num_keypoints=17, remove_root=True))
    adapter = LifterAdapter(lifter, codec)
    lifter.requires_grad_(False)
    torch.nn.init.zeros_(lifter.traj_head.conv.weight)
    place = torch.tensor([0.5, 0.0, 5.0])
    lifter.traj_head.conv.bias.data = place
    clip['visible'][:] = 1
    clip['pose_cam'] = clip['pose_cam'] + place - clip['pose_cam'][..., :1, :]
    assert adapter.loss(**clip)['loss_traj'] < 1e-6
    clip['pose_cam'] = clip['pose_cam'] + torch.tensor([3.0, 0.0, 4.0])
    losses = adapter.loss(**clip)
    assert losses['mpjpe_traj'] == pytest.approx(5.0)
    assert losses['loss_traj'] == pytest.approx(5.0 / 9.0)
    clip['visible'][:3, :, 0] = 0  # who has no known root teaches nothing
    assert adapter.loss(**clip)['loss_traj'] == pytest.approx(5.0 / 9.0 / 2)


@pytest.mark.parametrize('name', ['image', 'motionbert'])
def test_hidden_joints_are_left_out_where_the_loss_asks_for_it(name: str, recording: Any) -> None:
    setting = Setting(name, recording)
    loss = dict(type='MPJPELoss', use_target_weight=True)  # that of MotionBERT cannot weigh
    setting.lifter.head.loss_module = MODELS.build(loss)
    setting.lifter.eval()
    theirs, ours = setting.mmpose_losses(), setting.adapter.loss(**setting.clip)
    torch.testing.assert_close(ours['loss_pose3d'], theirs['loss_pose3d'], rtol=1e-5, atol=1e-6)
    setting.clip.pop('visible')
    assert setting.adapter.loss(**setting.clip)['loss_pose3d'] > ours['loss_pose3d']


def test_prediction_equals_mmpose_up_to_the_root(setting: Setting) -> None:
    """`PoseLifter.predict` of the same samples, moved to its root."""
    lifter = setting.lifter.eval()
    lifter.test_cfg = {}
    data = lifter.data_preprocessor(setting.batch)
    samples = lifter(**data, mode='predict')
    theirs = torch.stack([torch.from_numpy(s.pred_instances.keypoints) for s in samples])
    if setting.codec.needs_intrinsics:  # the head's decoder has rootrel=True, the codec has not
        setting.adapter.codec = build_codec(lifter.head.decoder)
    ours = setting.predict()
    assert ours.shape == setting.clip['pose_cam'].shape
    theirs = theirs.reshape(ours.shape)
    theirs = theirs - theirs[:, :, :1]
    torch.testing.assert_close(ours, theirs.to(ours), rtol=1e-5, atol=1e-5)
    assert torch.equal(ours[:, :, 0], torch.zeros_like(ours[:, :, 0]))


def test_gradients_reach_the_key_points_of_a_frozen_lifter(setting: Setting) -> None:
    setting.lifter.requires_grad_(False)
    px = setting.clip['keypoints_px'].requires_grad_()
    setting.predict().square().sum().backward()
    assert px.grad.abs().sum() > 0
    assert all(param.grad is None for param in setting.lifter.parameters())


def test_flip_makes_the_prediction_of_an_image_and_its_mirror_image_mirrored(
    setting: Setting,
) -> None:
    setting.lifter.eval()
    with torch.no_grad():
        pose = setting.predict(flip_indices=FLIP)
        clip = setting.clip
        width = clip['image_size'][:, :1].expand(clip['keypoints_px'].shape[:2])
        clip['keypoints_px'] = flip_keypoints(clip['keypoints_px'], width, FLIP)
        clip['scores'] = clip['scores'][..., FLIP]
        mirrored = setting.predict(flip_indices=FLIP)
    torch.testing.assert_close(mirrored, flip_pose(pose, FLIP), rtol=1e-4, atol=1e-4)


def test_target_frames() -> None:
    """Centre, last of a causal backbone, or all, as MMPose's data sets choose them."""

    def adapter(**backbone: Any) -> LifterAdapter:
        backbone = dict(type='TCN', in_channels=34, stem_channels=8, **backbone)
        head = dict(type='TemporalRegressionHead', in_channels=8, num_joints=17)
        lifter = MODELS.build(dict(type='PoseLifter', backbone=backbone, head=head))
        return LifterAdapter(lifter, build_codec(dict(type='VideoPoseLifting', num_keypoints=17)))

    clip = torch.arange(27).reshape(1, 27)
    assert adapter().target_of(clip).tolist() == [[13]]
    assert adapter(causal=True).target_of(clip).tolist() == [[26]]
    lifter = adapter().lifter
    everything = LifterAdapter(lifter, adapter().codec, target_frame='all')
    assert torch.equal(everything.target_of(clip), clip)
    with pytest.raises(ValueError, match="target_frame is 'first'; use one of last"):
        LifterAdapter(lifter, adapter().codec, target_frame='first')


def test_adapter_leaves_no_trace_in_the_lifter(recording: Any) -> None:
    setting = Setting('image', recording)
    before = set(setting.lifter.state_dict())
    setting.adapter.loss(**setting.clip)
    assert set(setting.lifter.state_dict()) == before


def test_mixed_precision(recording: Any) -> None:
    setting = Setting('video-1', recording)
    setting.lifter.eval()  # no dropout
    exact, pose = setting.adapter.loss(**setting.clip)['loss_pose3d'], setting.predict()
    seen = []
    setting.lifter.backbone.register_forward_hook(lambda *args: seen.append(args[-1][0].dtype))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = setting.adapter.loss(**setting.clip)['loss_pose3d']
        rounded = setting.predict()
    loss.backward()
    assert set(seen) == {torch.bfloat16}  # the network, and nothing after it
    assert loss.dtype == rounded.dtype == torch.float32
    assert 0 < abs(loss - exact) < 0.02 * exact
    assert 0 < (rounded - pose).abs().max() < 0.02 * pose.abs().max()


def test_what_does_not_fit_is_said(recording: Any) -> None:
    setting = Setting('video-27', recording)
    clip, lifter = setting.clip, setting.lifter
    with pytest.raises(ValueError, match='pose_cam has 27'):
        setting.adapter.loss(
            clip['keypoints_px'], clip['pose_cam'].repeat(1, 27, 1, 1), clip['image_size']
        )
    removed = build_codec(dict(type='VideoPoseLifting', num_keypoints=17, remove_root=True))
    with pytest.raises(ValueError, match=r'\(6, 17, 3\), the target \(6, 16, 3\)'):
        LifterAdapter(lifter, removed).loss(**clip)
    long = clip['keypoints_px'].repeat(1, 3, 1, 1)
    with pytest.raises(ValueError, match='18 poses for 6 clips'):
        setting.adapter.predict(long, clip['image_size'])
    semi = Setting('video-semi', recording).lifter
    semi.traj_head.num_joints = 17
    with pytest.raises(ValueError, match='trajectory head of the lifter has num_joints=17'):
        LifterAdapter(semi, setting.codec)
    with pytest.raises(ValueError, match='no head'):
        LifterAdapter(torch.nn.Linear(1, 1), setting.codec)
    motion = Setting('motionbert', recording)
    test_codec = build_codec(motion.lifter.head.decoder)
    with pytest.raises(ValueError, match="mode='test'"):
        LifterAdapter(motion.lifter, test_codec).loss(**motion.clip)
