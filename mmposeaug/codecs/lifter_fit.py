# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Whether a lifter fits the joints and frames of a data set, before it is used."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from mmposeaug.structures import Skeleton

from .adapter import LifterAdapter, target_indices
from .base import LIFTING_CODECS, TensorCodec
from .mmpose_parts import is_of


def check_codec(codec: TensorCodec, skeleton: Skeleton) -> None:
    """Refuse the codec of other joints, or another root, than those of the data set."""
    joints = skeleton.num_joints
    if codec.num_keypoints != joints:
        raise ValueError(
            f'The codec of the train pipeline is for {codec.num_keypoints} keypoints, the data set '
            f"has {joints} joints; make num_keypoints, the head's num_joints and the metainfo "
            'agree.'
        )
    (first, *others), names = codec.root_index, skeleton.joint_names
    if not others and first != skeleton.root:  # of several, the root is the middle of them
        raise ValueError(
            f'The codec has root_index={first}, {names[first]!r}, but the root of the data set is '
            f'{names[skeleton.root]!r}; set root_index={skeleton.root} in the codec, or '
            f'root={names[first]!r} in the metainfo of the data set.'
        )


def check_joints(module: Any, codec: TensorCodec, x: Tensor) -> None:
    """Refuse a backbone or a head for other joints than the codec's, or another codec's head.

    Args:
        x (Tensor): What the codec makes of a sample.
    """
    backbone, head = module.backbone, module.head
    decoder = getattr(head, 'decoder', None)
    twin = LIFTING_CODECS.module_dict.get(type(decoder).__name__)
    if twin is not None and decoder is not None:
        if twin is not type(codec):
            raise ValueError(
                f'The head decodes by {type(decoder).__name__}, but the pipeline encodes by '
                f'{type(codec).__name__.removeprefix("Tensor")}; give both the same codec.'
            )
        other = twin(decoder)
        for option in ('num_keypoints', 'root_index', 'removes_root'):
            there, here = getattr(other, option), getattr(codec, option)
            if there != here:
                name = option.replace('removes', 'remove')
                raise ValueError(
                    f'The decoder of the head has {name}={there}, but the codec of the '
                    f'pipeline has {name}={here}; give both the same codec.'
                )
    if getattr(head, 'num_joints', codec.num_joints) != codec.num_joints:
        raise ValueError(
            f'The head has num_joints={head.num_joints}, but the target of the codec has '
            f'{codec.num_joints} joints (num_keypoints={codec.num_keypoints}, '
            f'{"without" if codec.removes_root else "with"} the root); set '
            f'num_joints={codec.num_joints} in the head.'
        )
    channels = x.shape[1 if codec.reshape_keypoints else -1]
    given = f'{channels} values by the codec of {codec.num_keypoints} keypoints'
    if is_of(backbone, 'TCN') and codec.reshape_keypoints:
        _require('backbone', 'in_channels', backbone.in_channels, channels, given)
        features = backbone.stem_channels
        given = f'{features} by the backbone (its stem_channels)'
        _require('head', 'in_channels', getattr(head, 'in_channels', features), features, given)
    elif is_of(backbone, 'DSTFormer') and not codec.reshape_keypoints:
        _require('backbone', 'in_channels', backbone.in_channels, channels, given)
        joints = backbone.spat_embed.shape[1]
        given = f'{codec.num_keypoints} keypoints by the codec'
        _require('backbone', 'num_keypoints', joints, codec.num_keypoints, given)


def _require(part: str, option: str, value: int, needed: int, given: str) -> None:
    if value != needed:
        raise ValueError(
            f'The {part} has {option}={value}, but it is given {given}; set {option}={needed}.'
        )


def check_receptive_field(module: Any, frames: int) -> None:
    """Refuse clips that a backbone of MMPose does not see as a whole, or cannot take."""
    backbone = module.backbone
    if is_of(backbone, 'TCN'):
        field = math.prod(backbone.kernel_sizes)
        kernels = tuple(backbone.kernel_sizes)
        if field != frames:
            raise ValueError(
                f'The backbone sees {field} frame(s) (kernel_sizes={kernels}), '
                f'the data set gives {frames}; set seq_len={field} in the data set'
                f'{"" if frames % 2 == 0 else f", or kernel_sizes whose product is {frames}"}.'
            )
    elif is_of(backbone, 'DSTFormer'):
        most = backbone.temp_embed.shape[1]
        if frames > most:
            raise ValueError(
                f'The backbone takes at most {most} frames (its seq_len), the data set gives '
                f'{frames}; set multiple_target={most} or less in the data set, or '
                f'seq_len={frames} in the backbone.'
            )


def check_frames(adapter: LifterAdapter, frames: int, targets: Sequence[int]) -> None:
    """Refuse a lifter that predicts other frames than the targets of the data set."""
    check_targets(adapter.target_frame, frames, targets)


def check_targets(target_frame: str, frames: int, targets: Sequence[int]) -> None:
    """Refuse targets of clips of so many frames other than the last, centre or all of them."""
    predicted, targets = target_indices(target_frame, frames), [t % frames for t in targets]
    if predicted == targets:
        return
    if target_frame == 'all':
        remedy = f'set seq_len=1 and multiple_target={frames} in the data set'
    elif len(targets) > 1:
        remedy = f'set multiple_target=0 and seq_len={frames} in the data set'
    else:
        remedy = "make 'causal' of the data set and of the backbone agree"
    raise ValueError(
        f'The lifter predicts {_listed(predicted)} of {frames}, the target of the data set is '
        f'{_listed(targets)}; {remedy}.'
    )


@contextmanager
def first_call(frames: int, joints: int) -> Iterator[None]:
    """Call a lifter for the first time, without gradients; name the mismatch where it fails."""
    try:
        with torch.no_grad():
            yield
    except (RuntimeError, AssertionError, ValueError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(
            f'The lifter cannot take the {frames} frame(s) of {joints} keypoints of the data set '
            f'({reason}); make in_channels and frames of its backbone agree '
            "with the data set's joints and seq_len or multiple_target."
        ) from error


def _listed(frames: Sequence[int]) -> str:
    """Frames in words; hundreds of numbers would fill the screen."""
    shown = f'{frames[0]} to {frames[-1]}' if len(frames) > 4 else frames
    return f'frame(s) {shown}'
