# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Whether a lifter fits the data, before the first epoch."""

from __future__ import annotations

import torch

from mmposeaug.codecs import LifterAdapter
from mmposeaug.datasets import PoseBank

from .trained_network import module_mode


def check_lifter(adapter: LifterAdapter, bank: PoseBank) -> None:
    """Name the mismatch of lifter and data."""
    codec, skeleton = adapter.codec, bank.skeleton
    if codec.num_keypoints != skeleton.num_joints:
        raise ValueError(
            f'The codec of the train pipeline is for {codec.num_keypoints} keypoints, the '
            f'data set has {skeleton.num_joints} joints; make num_keypoints, the '
            "head's num_joints and the metainfo agree."
        )
    frames = bank.num_frames
    predicted = adapter.target_indices(frames)
    if predicted != [frame % frames for frame in bank.target_frames]:
        targets = [frame % frames for frame in bank.target_frames]
        if adapter.target_frame == 'all':
            remedy = f'set seq_len=1 and multiple_target={frames} in the data set'
        elif len(targets) > 1:
            remedy = f'set multiple_target=0 and seq_len={frames} in the data set'
        else:
            remedy = "make 'causal' of the data set and of the backbone agree"
        raise ValueError(
            f'The lifter predicts {_frames(predicted)} of {frames}, the target of the data set '
            f'is {_frames(targets)}; {remedy}.'
        )
    codec.check_inputs(
        bank.keypoints_px,
        bank.keypoint_scores,
        bank.camera_index,
        bank.cameras.intrinsics,
        bank.cameras.image_size,
        ['/'.join(key) for key in bank.cameras.keys],
    )
    batch = bank.gather(torch.arange(1, device=bank.device))
    adapter = adapter.unwrapped()
    try:
        with torch.no_grad(), module_mode(adapter.lifter, 'eval'):
            adapter.loss(
                batch.keypoints_px,
                adapter.target_of(batch.pose_cam),
                batch.image_size,
                scores=batch.keypoint_scores,
                intrinsics=batch.intrinsics,
            )
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f'The lifter cannot take the {frames} frame(s) of {skeleton.num_joints} keypoints '
            f'of the data set ({str(error).splitlines()[0]}); make in_channels and frames of its '
            "backbone agree with the data set's joints and seq_len or multiple_target."
        ) from error


def _frames(numbers: list[int]) -> str:
    """Frames in words; hundreds of numbers would fill the screen."""
    if len(numbers) > 4:
        return f'frame(s) {numbers[0]} to {numbers[-1]}'
    return f'frame(s) {numbers}'
