# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Configs of small lifters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine.config import Config

Saved = tuple[Config, Path]

CODEC = dict(type='VideoPoseLifting', num_keypoints=17, zero_center=True, root_index=0)
DATASET = dict(type='Human36mDataset', ann_file='none.npz')


def tcn(kernels: tuple[int, ...], causal: bool, joints: int = 17) -> dict[str, Any]:
    return dict(
        type='PoseLifter',
        backbone=dict(
            type='TCN',
            in_channels=2 * joints,
            stem_channels=32,
            num_blocks=len(kernels) - 1,
            kernel_sizes=kernels,
            causal=causal,
        ),
        head=dict(
            type='TemporalRegressionHead',
            in_channels=32,
            num_joints=joints,
            loss=dict(type='MPJPELoss'),
            decoder=dict(CODEC, num_keypoints=joints),
        ),
    )


def motionbert(frames: int) -> dict[str, Any]:
    decoder = dict(type='MotionBERTLabel', num_keypoints=17, concat_vis=True, rootrel=True)
    return dict(
        type='PoseLifter',
        backbone=dict(
            type='DSTFormer',
            in_channels=3,
            feat_size=16,
            depth=1,
            num_heads=2,
            mlp_ratio=1,
            seq_len=frames,
            att_fuse=True,
        ),
        head=dict(
            type='MotionRegressionHead',
            in_channels=16,
            out_channels=3,
            embedding_size=16,
            loss=dict(type='MPJPELoss'),
            decoder=decoder,
        ),
    )


def config(model: dict[str, Any], codec: dict[str, Any], **dataset: Any) -> Config:
    pipeline = [
        dict(type='GenerateTarget', encoder=codec),
        dict(type='PackPoseInputs', meta_keys=()),
    ]
    loader = dict(dataset=dict(DATASET, pipeline=pipeline, **dataset))
    return Config(
        dict(default_scope='mmpose', model=model, train_dataloader=loader, test_dataloader=loader)
    )


def single_frame() -> Config:
    return config(tcn((1, 1), False), CODEC, seq_len=1)


def calibrated(frames: int = 1) -> Config:
    codec = dict(type='CalibratedPoseLifting', num_keypoints=17)
    model = tcn({1: (1, 1), 9: (3, 3, 1)}[frames], False)
    model['head']['decoder'] = codec
    return config(model, codec, seq_len=frames, causal=False, pad_video_seq=True)


def clip(frames: int, causal: bool) -> Config:
    kernels = {3: (3, 1), 9: (3, 3, 1)}[frames]
    rule = dict(seq_len=frames, causal=causal, pad_video_seq=True)
    return config(tcn(kernels, causal), CODEC, **rule)


def all_frames(frames: int) -> Config:
    model = motionbert(frames)
    codec = dict(model['head']['decoder'], mode='train')
    return config(model, codec, multiple_target=frames)
