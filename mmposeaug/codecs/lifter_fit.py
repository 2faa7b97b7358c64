# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Whether a lifter fits the joints and frames of a data set, before it is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from mmposeaug.structures import Skeleton

from .adapter import LifterAdapter
from .base import TensorCodec


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


def check_frames(adapter: LifterAdapter, frames: int, targets: Sequence[int]) -> None:
    """Refuse a lifter that predicts other frames than the targets of the data set."""
    predicted, targets = adapter.target_indices(frames), [frame % frames for frame in targets]
    if predicted == targets:
        return
    if adapter.target_frame == 'all':
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
