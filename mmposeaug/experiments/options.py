# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Config options: how they are written on a command line, and the config that they make."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config, DictAction

from .plan import ExperimentError

EXPONENT = re.compile(r'[+-]?\d+(\.\d*)?[eE][+-]?\d+')


def flatten_options(options: Mapping[str, Any], where: str = 'options') -> dict[str, Any]:
    """Options by dotted keys.

    Example:
        >>> flatten_options({'train_cfg': {'max_epochs': 2}, 'a.b': [1, 2]})
        {'train_cfg.max_epochs': 2, 'a.b': [1, 2]}
    """
    flat: dict[str, Any] = {}
    for key, value in options.items():
        if not isinstance(key, str) or '=' in key:
            raise ExperimentError(
                f'{where} has the key {key!r}; a key is the dotted name of a setting, such as '
                'train_cfg.max_epochs.'
            )
        nested = isinstance(value, Mapping) and value
        inner = flatten_options(value, f'{where}.{key}') if nested else {'': value}
        for name, item in inner.items():
            path = f'{key}.{name}' if name else key
            if path in flat:
                raise ExperimentError(f'{where} sets {path} twice; leave one of them out.')
            flat[path] = _read_numbers(item)
    return flat


def _read_numbers(value: Any) -> Any:
    """Turns numbers like 1e-3, which YAML takes for text, into what they are."""
    if isinstance(value, list):
        return [_read_numbers(item) for item in value]
    return float(value) if isinstance(value, str) and EXPONENT.fullmatch(value) else value


def format_options(options: Mapping[str, Any], where: str = 'options') -> list[str]:
    """The arguments of ``--cfg-options``.

    Example:
        >>> format_options({'train_cfg.max_epochs': 2, 'betas': [0.5, 0.9], 'name': None})
        ['train_cfg.max_epochs=2', 'betas=[0.5,0.9]', 'name=None']
    """
    arguments = []
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    for key, value in options.items():
        argument = f'{key}={_format(value)}'
        try:
            arrives = parser.parse_args(['--cfg-options', argument]).cfg_options[key]
        except (AssertionError, SystemExit):
            arrives = None
        if type(arrives) is not type(value) or arrives != value:
            raise ExperimentError(
                f'{where} sets {key} to {value!r}, which cannot be written on a command line; '
                'put it into a config file.'
            )
        arguments.append(argument)
    return arguments


def _format(value: Any) -> str:
    if isinstance(value, list):
        return '[' + ','.join(map(_format, value)) + ']'
    return str(value)


def resolve_config(path: Path, options: Mapping[str, Any]) -> Config:
    """The config that an experiment's runs share."""
    try:
        cfg = Config.fromfile(str(path))
        cfg.merge_from_dict(dict(options))
    except Exception as error:  # a config is a program and raises what it likes
        reason = ' '.join(str(error).split())
        raise ExperimentError(
            f"The config '{path}' cannot be read with its options "
            f'({type(error).__name__}: {reason}); repair it.'
        ) from error
    return cfg
