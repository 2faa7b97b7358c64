# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Parts of a train loop that have nothing to learn, built from what a config says."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from mmpose.registry import MODELS
from torch import nn


def build_part(
    option: str, config: Any, example: str, default: str, what: str, **defaults: Any
) -> nn.Module:
    """Build a module without weights from a config of ``train_cfg``."""
    name = f'train_cfg.{option}'
    if not isinstance(config, Mapping) or 'type' not in config:
        raise ValueError(f'{name} is {config!r}; give a config, such as {example}, or None.')
    kind, options = config['type'], {key: value for key, value in config.items() if key != 'type'}
    if isinstance(kind, str):
        kind = MODELS.get(kind)
    if not callable(kind):
        raise ValueError(
            f'{name} has the type {config["type"]!r}, which is not registered; use {default!r}, or '
            'register yours in MODELS and name its module in custom_imports.'
        )
    known = inspect.signature(kind).parameters
    any_name = any(parameter.kind == parameter.VAR_KEYWORD for parameter in known.values())
    unknown = [each for each in options if each not in known and not any_name]
    if unknown:
        raise ValueError(
            f'{name} has the unknown option {unknown[0]!r}; the options of {kind.__name__} are '
            f'{", ".join(known)}.'
        )
    defaults = {key: value for key, value in defaults.items() if key in known or any_name}
    try:
        inspect.signature(kind).bind(**dict(defaults, **options))
    except TypeError as error:
        raise ValueError(
            f'{name} has the type {kind.__name__!r}, which cannot be built ({error}); give {what}, '
            f'such as {example}.'
        ) from None
    model = MODELS.build(dict(config), default_args=defaults)
    if any(True for _ in model.parameters()):
        raise ValueError(
            f'{name} {type(model).__name__} has weights, which nothing trains; give {what} without '
            'any.'
        )
    return model
