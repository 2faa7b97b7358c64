# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Whether a lifter fits the data that it is trained and tested on, before the first epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from mmengine.model import is_model_wrapper
from mmpose.datasets.datasets.base import BaseMocapDataset
from torch import Tensor

from mmposeaug.codecs import (
    LifterAdapter,
    TensorCodec,
    build_codec,
    find_train_codec,
    step_names,
)
from mmposeaug.codecs.adapter import target_frame_of
from mmposeaug.codecs.image_pose_lifting import TensorImagePoseLifting
from mmposeaug.codecs.lifter_fit import (
    check_codec,
    check_frames,
    check_joints,
    check_receptive_field,
    check_targets,
    first_call,
)
from mmposeaug.datasets import PoseBank, PoseBatch
from mmposeaug.datasets.metainfo import class_of_cfg
from mmposeaug.datasets.windows import WindowRule, window_rule

from .config_files import missing_for_test
from .set_configs import checked_dataset, chosen_sets
from .trained_network import module_mode


def check_inputs(
    codec: TensorCodec,
    bank: PoseBank,
    scores: Tensor | None = None,
    what: str = ' of the training data',
) -> None:
    """Refuse a bank with keypoints that its codec cannot encode.

    Args:
        scores (Tensor, optional): Those to take in the place of the bank's, (N, K).
        what (str): What to call the data, with a space before it.
    """
    codec.check_inputs(
        bank.keypoints_px,
        bank.keypoint_scores if scores is None else scores,
        bank.camera_index,
        bank.cameras.intrinsics,
        bank.cameras.image_size,
        ['/'.join(key) for key in bank.cameras.keys],
        what,
    )


def check_lifter(
    bank: PoseBank, adapter: LifterAdapter, loss: Callable[[PoseBatch, LifterAdapter], Any]
) -> None:
    """Refuse a lifter that does not fit the training set."""
    codec, frames, joints = adapter.codec, bank.num_frames, bank.skeleton.num_joints
    check_codec(codec, bank.skeleton)
    check_frames(adapter, frames, bank.target_frames)
    check_receptive_field(adapter.module, frames)
    codec.check_trainable()
    check_inputs(codec, bank)
    one = bank.gather(torch.arange(1, device=bank.device))
    x, _ = codec.encode(one.keypoints_px, one.image_size, one.keypoint_scores, one.intrinsics)
    check_joints(adapter.module, codec, x)
    with first_call(frames, joints), module_mode(adapter.lifter, 'eval'):
        loss(one, adapter)


def check_eval_clips(cfg: Mapping[str, Any], phase: str, lifter: Any) -> None:
    """Refuse sets to evaluate on whose clips a lifter cannot take.

    Args:
        cfg (Mapping): The whole config.
        phase (str): ``'val'`` or ``'test'``.
        lifter (PoseLifter): The lifter, plain or in a distributed wrapper.
    """
    lifter = lifter.module if is_model_wrapper(lifter) else lifter
    if not getattr(lifter, 'with_head', False):
        return
    for where, dataset in _datasets(cfg, phase):
        try:
            rule = window_rule(dataset)
            check_receptive_field(lifter, rule.num_frames)
            check_targets(target_frame_of(lifter), rule.num_frames, rule.target_frames)
            _check_codec(lifter, dataset.get('pipeline') or (), rule)
        except ValueError as error:
            raise ValueError(f'{where}: {error}') from None


def _check_codec(lifter: Any, pipeline: Any, rule: WindowRule) -> None:
    """Refuse a pipeline that encodes what the lifter cannot take."""
    if 'GenerateTarget' not in step_names(pipeline):
        return
    encoder = find_train_codec(pipeline)
    codec = build_codec(encoder)
    if len(rule.target_frames) > 1 and isinstance(codec, TensorImagePoseLifting):
        raise ValueError(
            'ImagePoseLifting encodes the target of one frame, the data set has '
            f'{len(rule.target_frames)}; use the codec MotionBERTLabel.'
        )
    pixels = torch.full((1, rule.num_frames, codec.num_keypoints, 2), 500.0)
    size, camera = torch.tensor([[1000.0, 1000.0]]), torch.tensor([[1e3, 1e3, 500, 500, *[0] * 5]])
    x, _ = codec.encode(pixels, size, intrinsics=camera)
    check_joints(lifter, codec, x)


def misfits_of_test(cfg: Mapping[str, Any], lifter: Any) -> Iterator[str]:
    """What a test of a lifter would refuse, in words."""
    yield from missing_for_test(cfg)
    try:
        check_eval_clips(cfg, 'test', lifter)
    except ValueError as error:
        yield str(error)


def _datasets(cfg: Mapping[str, Any], phase: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Configs of the data sets of clips that a phase evaluates on, and what to call each."""
    loader = cfg.get(f'{phase}_dataloader') or {}
    dataset = loader.get('dataset')
    if not isinstance(dataset, Mapping):
        return
    sets = chosen_sets((cfg.get(f'{phase}_cfg') or {}).get('sets'))
    found: dict[str, Mapping[str, Any]] = {
        f'The set {name!r} of {phase}_cfg.sets': checked_dataset(name, loader, options)
        for name, options in sets.items()
    }
    waiting = list((found or {f'{phase}_dataloader.dataset': dataset}).items())
    while waiting:
        where, dataset = waiting.pop(0)
        inner = dataset.get('datasets') or dataset.get('dataset')
        if inner:  # a joined or repeated one
            parts = inner if isinstance(inner, (list, tuple)) else [inner]
            outer = {'pipeline': dataset['pipeline']} if dataset.get('pipeline') else {}
            waiting += [(where, dict(part, **outer)) for part in parts]
        elif 'type' in dataset:
            kind = class_of_cfg(dataset)
            if isinstance(kind, type) and issubclass(kind, BaseMocapDataset):
                yield where, dataset
