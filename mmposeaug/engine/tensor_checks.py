# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Whether a test can run on tensors, or something in it needs MMPose's data samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from mmengine.evaluator import Evaluator
from mmengine.hooks import EmptyCacheHook, Hook, IterTimerHook, LoggerHook
from mmengine.model import BaseDataPreprocessor, BaseModel
from mmpose.models import PoseLifter
from mmpose.models.heads import BaseHead, MotionRegressionHead, TemporalRegressionHead

from mmposeaug.codecs import TensorCodec, build_codec
from mmposeaug.codecs.lifter_fit import check_joints
from mmposeaug.datasets.evaluated import is_of_openmmlab
from mmposeaug.evaluation import LiftingMetrics

from .progress_hook import ProgressHook

_STEPS = ('before_{}_iter', 'after_{}_iter', '_before_iter', '_after_iter')
_BLIND = {
    vars(kind)[name]
    for kind in (Hook, LoggerHook, IterTimerHook, EmptyCacheHook, ProgressHook)
    for name in (step.format(phase) for step in _STEPS for phase in ('val', 'test'))
    if name in vars(kind)
}
"""set: Methods of hooks that are called for each batch and look at no sample."""


def reason_of_hooks(hooks: Sequence[Any], phase: str) -> str:
    """Why hooks need data samples; empty where they do not."""
    for hook in hooks:
        for step in _STEPS:
            method = getattr(type(hook), step.format(phase))
            idle = is_of_openmmlab(method) and not getattr(hook, 'enable', True)
            if method not in _BLIND and not idle:
                return f'the hook {type(hook).__name__} looks at samples'
    return ''


def reason_of_evaluator(evaluator: Any) -> str:
    """Why an evaluator needs data samples; empty where it does not."""
    if type(evaluator) is not Evaluator:
        return f'the evaluator is a {type(evaluator).__name__}'
    for metric in evaluator.metrics:
        if getattr(type(metric), 'process', None) is not LiftingMetrics.process:
            return f'{type(metric).__name__} reads data samples'
    return ''


def reason_of_lifter(lifter: Any, codec: TensorCodec, frames: int) -> str:
    """Why a model's predictions cannot be made on tensors; empty where they can.

    Args:
        lifter (PoseLifter): The model, not wrapped.
        codec (TensorCodec): Codec of the pipeline.
        frames (int): Frames of a sample.
    """
    if not isinstance(lifter, PoseLifter) or not lifter.with_head:
        return f'the model {type(lifter).__name__} is no PoseLifter with a head'
    head = lifter.head
    model = (BaseModel, 'val_step', 'test_step', '_run_forward')
    pose = (PoseLifter, 'predict', 'add_pred_to_datasample', '_forward', 'extract_feat', 'forward')
    base = MotionRegressionHead if isinstance(head, MotionRegressionHead) else None
    base = base or TemporalRegressionHead
    for part, (kind, *names) in (
        (lifter, model),
        (lifter, pose),
        (head, (base, 'predict')),
        (head, (BaseHead, 'decode')),
    ):
        for name in names:
            if getattr(getattr(part, name), '__func__', None) is not getattr(kind, name):
                return f'{type(part).__name__} has its own {name}'
    if type(lifter.data_preprocessor) is not BaseDataPreprocessor:
        return f'the model has a {type(lifter.data_preprocessor).__name__}'
    for option in ('flip_test', 'output_keypoint_indices'):
        if lifter.test_cfg.get(option):
            return f'the test_cfg of the model has {option}'
    return ' '.join(_reasons_of_decoder(lifter, codec, frames))


def _reasons_of_decoder(lifter: Any, codec: TensorCodec, frames: int) -> Iterator[str]:
    try:
        decoder = build_codec(lifter.head.decoder)
        if type(decoder).restore is TensorCodec.restore:
            yield f'the codec {type(decoder).__name__} has no restore'
            return
        pixels = torch.full((1, frames, codec.num_keypoints, 2), 500.0)
        camera = torch.tensor([[1e3, 1e3, 500.0, 500.0, *[0.0] * 5]])
        x = codec.encode_input(pixels, torch.tensor([[1e3, 1e3]]), intrinsics=camera)
        check_joints(lifter, codec, x)
        if getattr(decoder, 'zero_center', None) != getattr(codec, 'zero_center', None):
            yield 'zero_center of the codec and of the decoder differ'
    except ValueError as error:
        yield str(error)
