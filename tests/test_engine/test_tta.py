# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Flip at test time."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from eval_runs import (
    CALIBRATED,
    IMAGE_POSE,
    SUBJECTS,
    TWO_SETS,
    VIDEO_POSE,
    build_loop,
    make_cfg,
)
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from mmengine.runner import Runner


class PoseKeeper(Hook):
    """Keeps what is evaluated."""

    def __init__(self) -> None:
        self.poses: list[torch.Tensor] = []

    def after_test_iter(self, runner: Any, batch_idx: int, data_batch: Any, outputs: Any) -> None:
        self.poses += [torch.tensor(output.pred_instances.keypoints[0]) for output in outputs]


@pytest.mark.parametrize(
    'codec', [IMAGE_POSE, VIDEO_POSE, CALIBRATED], ids=lambda codec: codec['type']
)
def test_flip_test_is_the_mean_with_mirrored_data(codec: dict, data_root: Path, tmp_path: Path):
    """The second prediction is that for keypoints, and cameras, mirrored in the files."""
    options = {'test_cfg.sets': TWO_SETS, 'test_cfg.flip_test': True}
    init_default_scope('mmpose')
    runner = Runner.from_cfg(make_cfg(data_root, tmp_path, codec, **options))
    keeper = PoseKeeper()
    runner.register_hook(keeper)
    runner.test()
    found = dict(zip(TWO_SETS, torch.stack(keeper.poses).split([22, 9])))
    flip_indices = [0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13]
    for item, subject in zip(runner.test_loop.sets, SUBJECTS):
        dataset = item.dataloader.dataset
        part = dataset.ann_data['part']
        mirrored_part = part[:, flip_indices]
        mirrored_part[..., 0] = SUBJECTS[subject][0] - mirrored_part[..., 0]
        plain = predict(runner.model, dataset, part)
        mirrored = predict(runner.model, dataset, mirrored_part, mirror=True)
        back = mirrored[:, flip_indices] * torch.tensor([-1.0, 1.0, 1.0])
        expected = (plain - plain[:, :1] + back - back[:, :1]) / 2 + plain[:, :1]
        assert not torch.allclose(plain, expected, atol=1e-3)
        torch.testing.assert_close(found[item.name], expected, atol=1e-5, rtol=1e-5)


def predict(
    model: torch.nn.Module, dataset: Any, part: np.ndarray, mirror: bool = False
) -> torch.Tensor:
    """Predictions for other 2D keypoints than the file's, through MMPose's own pipeline."""
    poses = []
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        if mirror:
            camera = info['camera_param']
            camera['c'] = np.array([[camera['w']], [0]]) - camera['c'] * [[1], [-1]]
        info['keypoints'] = part[info['img_ids'], :, :2].astype(np.float32)
        sample = dataset.pipeline(info)
        batch = dict(inputs=[sample['inputs']], data_samples=[sample['data_samples']])
        poses.append(torch.tensor(model.test_step(batch)[0].pred_instances.keypoints[0]))
    return torch.stack(poses)


def test_flip_test_equals_motionberts_own(data_root: Path, tmp_path: Path):
    """MMPose flips for one head itself; for clips of that one the loop gives the same."""
    codec = dict(type='MotionBERTLabel', num_keypoints=17, concat_vis=True, rootrel=True)
    cfg = make_cfg(data_root, tmp_path, codec)
    cfg.model = dict(
        type='PoseLifter',
        backbone=dict(
            type='DSTFormer', in_channels=3, feat_size=8, depth=1, num_heads=2, seq_len=4
        ),
        head=dict(
            type='MotionRegressionHead',
            in_channels=8,
            embedding_size=8,
            loss=dict(type='MPJPEVelocityJointLoss'),
            decoder=codec,
        ),
    )
    cfg.test_dataloader.dataset.multiple_target = 4
    cfg.test_dataloader.dataset.pipeline[-1].meta_keys = (
        'target_img_path',
        'flip_indices',
        'factor',
        'camera_param',
    )
    init_default_scope('mmpose')
    runner = Runner.from_cfg(cfg)
    runner.call_hook('before_run')
    plain = build_loop(runner).run()
    flipped = build_loop(runner, flip_test=True).run()
    runner.model.test_cfg = dict(flip_test=True)
    own = build_loop(runner).run()
    assert flipped == pytest.approx(own, rel=1e-4)
    assert abs(flipped['MPJPE'] - plain['MPJPE']) > 1e-2


def test_a_model_that_flips_itself_is_not_flipped_again(runner: Runner):
    runner.model.test_cfg = dict(flip_test=True)
    try:
        assert build_loop(runner, flip_test=True).flips == [None]
    finally:
        runner.model.test_cfg = {}
    assert build_loop(runner, flip_test=True).flips != [None]


def test_image_size_of_sets_without_cameras(runner: Runner):
    """Given sizes do what cameras of the same size do."""
    expected = build_loop(runner, flip_test=True).run()
    bare = dict(camera_param_file=None)
    assert build_loop(runner, bare, flip_test=True, image_size=(1000, 1000)).run() == expected
    assert build_loop(runner, bare, flip_test=True, image_size=(700, 1000)).run() != expected
    with pytest.raises(
        ValueError,
        match=r"flip_test on the set 'own' needs the size of the image 'S1_Walk_0.*jpg', whose "
        r'camera is not known; set camera_param_file of the data set, or image_size',
    ):
        build_loop(runner, sets=dict(own=bare), flip_test=True).run()


def test_flip_needs_all_joints(runner: Runner):
    pipeline = copy.deepcopy(runner.cfg.test_dataloader.dataset.pipeline)
    pipeline[-1].meta_keys = ('id', 'target_img_path')
    with pytest.raises(ValueError, match="predicts 16 of 17 joints; add 'target_root'"):
        build_loop(runner, dict(pipeline=pipeline), flip_test=True).run()


def test_flip_needs_a_known_codec_and_size(runner: Runner):
    pipeline = copy.deepcopy(runner.cfg.test_dataloader.dataset.pipeline)
    with pytest.raises(ValueError, match=r'image_size must be \(width, height\), got \(1000,\)'):
        build_loop(runner, flip_test=True, image_size=(1000,))
    with pytest.raises(ValueError, match='GenerateTarget'):
        build_loop(runner, dict(pipeline=pipeline[1:]), flip_test=True)
