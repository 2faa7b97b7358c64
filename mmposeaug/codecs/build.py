# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""From MMPose configs to tensor codecs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .base import LIFTING_CODECS, TensorCodec


def build_codec(cfg: Mapping[str, Any] | TensorCodec | Any) -> TensorCodec:
    """Build the twin of an MMPose lifting codec.

    Args:
        cfg (Mapping | BaseKeypointCodec | TensorCodec): MMPose codec config, or such a codec. A
            tensor codec is returned as it is.

    Returns:
        TensorCodec: The twin.

    Raises:
        ValueError: If the codec type has no twin, or one refuses the codec's settings.

    Example:
        >>> import torch
        >>> codec = build_codec(dict(type='VideoPoseLifting', num_keypoints=17))
        >>> codec.encode_input(torch.full((1, 1, 17, 2), 50.0), torch.tensor([[100, 100]])).shape
        torch.Size([1, 34, 1])
    """
    if isinstance(cfg, TensorCodec):
        return cfg
    if not isinstance(cfg, Mapping):
        return _twin(type(cfg).__name__)(cfg)
    if 'type' not in cfg:
        raise ValueError(f'The codec config {dict(cfg)} has no type; give that of an MMPose codec.')
    return _twin(_type_name(cfg['type'])).from_cfg(cfg)


def find_train_codec(pipeline: Sequence[Any]) -> dict[str, Any]:
    """Codec config that makes the inputs and targets of a train pipeline.

    It is the encoder of ``GenerateTarget``, which may differ from the head's decoder.

    Args:
        pipeline (Sequence[dict]): Train pipeline of an MMPose config. Transforms inside of
            wrapping transforms are found too.

    Returns:
        dict: MMPose codec config.

    Raises:
        ValueError: If there is none or more than one ``GenerateTarget``, or it has several
            encoders.

    Example:
        >>> encoder = dict(type='VideoPoseLifting', num_keypoints=17)
        >>> find_train_codec([dict(type='GenerateTarget', encoder=encoder)])['num_keypoints']
        17
    """
    found = [step for step in _steps(pipeline) if _step_name(step) == 'GenerateTarget']
    if len(found) != 1:
        raise ValueError(
            f'The train pipeline {step_names(pipeline)} must hold exactly one GenerateTarget, '
            f'whose encoder is the codec that the lifter learns in; it holds {len(found)}.'
        )
    step = found[0]
    encoder = step.get('encoder') if isinstance(step, Mapping) else step.encoder_cfg
    if isinstance(encoder, (list, tuple)):
        raise ValueError(
            f"The train pipeline's GenerateTarget has a list of {len(encoder)} encoders; a lifter "
            'learns in one codec: give a single encoder config.'
        )
    if not isinstance(encoder, Mapping):
        raise ValueError(
            f"The train pipeline's GenerateTarget has encoder={encoder!r}; give an MMPose codec "
            'config.'
        )
    return dict(encoder)


def step_names(pipeline: Sequence[Any]) -> list[str]:
    """Names of the transforms of a pipeline, those inside of wrapping transforms included."""
    return [_step_name(step) for step in _steps(pipeline)]


def _twin(name: str) -> type[TensorCodec]:
    # The registry's own `get` would also search MMEngine's root registries, and warn.
    twin = LIFTING_CODECS.module_dict.get(name)
    if twin is None:
        known = ', '.join(sorted(LIFTING_CODECS.module_dict))
        raise ValueError(
            f"The codec type '{name}' has no tensor twin (there are {known}); add one by "
            'subclassing mmposeaug.codecs.TensorCodec and decorating the class with '
            f"@LIFTING_CODECS.register_module(name='{name}')."
        )
    return twin


def _type_name(type_: Any) -> str:
    """Class name of a config's type: 'X', 'mmpose.X', or the class itself."""
    return type_.rsplit('.', 1)[-1] if isinstance(type_, str) else type_.__name__


def _step_name(step: Any) -> str:
    return _type_name(step['type']) if isinstance(step, Mapping) else type(step).__name__


def _steps(pipeline: Any) -> Iterator[Any]:
    """All transforms of a pipeline, those inside of wrappers included."""
    for step in pipeline:
        if isinstance(step, (list, tuple)):
            yield from _steps(step)
            continue
        yield step
        inner = step.get('transforms') if isinstance(step, Mapping) else None
        if inner is not None:
            yield from _steps([inner] if isinstance(inner, Mapping) else inner)
