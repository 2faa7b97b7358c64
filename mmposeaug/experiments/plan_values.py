# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Values in a file of experiments, as types that pydantic checks."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

MAX_SEED = 2**32 - 1
DEFAULT_SCORES = ('MPJPE', 'P-MPJPE', 'PCK', 'AUC')
OWN_OPTIONS = {'randomness.seed': 'seeds', 'work_dir': '--work-dir'}
"""dict[str, str]: Config options that the runs set themselves, and what sets them."""

EXPONENT = re.compile(r'[+-]?\d+(\.\d*)?[eE][+-]?\d+')
WHERE = '<where>'
"""str: Stands in a sentence for the place in the file, which pydantic knows."""


def flatten_options(options: Mapping[str, Any], where: str = 'options') -> dict[str, Any]:
    """Config options by dotted keys.

    Example:
        >>> flatten_options({'train_cfg': {'max_epochs': 2}, 'a.b': [1, 2], 'c': {}})
        {'train_cfg.max_epochs': 2, 'a.b': [1, 2], 'c': {}}
    """
    flat: dict[str, Any] = {}
    for key, value in options.items():
        if not isinstance(key, str) or '=' in key:
            raise ValueError(
                f'{where} has the key {key!r}; a key is the dotted name of a setting, such as '
                'train_cfg.max_epochs.'
            )
        nested = isinstance(value, Mapping) and value
        inner = flatten_options(value, f'{where}.{key}') if nested else {'': value}
        for name, item in inner.items():
            path = f'{key}.{name}' if name else key
            if path in flat:
                raise ValueError(f'{where} sets {path} twice; leave one of them out.')
            flat[path] = _plain(item, f'{where}.{path}')
    return flat


def _plain(value: Any, where: str) -> Any:
    """A value as a config holds it; numbers like 1e-3 are text to YAML."""
    if isinstance(value, list):
        return [_plain(item, where) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item, where) for key, item in value.items()}
    if value is not None and not isinstance(value, (bool, int, float, str)):
        raise ValueError(
            f'{where} is {value!r}; a setting is text, a number, true, false, null, a list or a '
            'mapping of these.'
        )
    return float(value) if isinstance(value, str) and EXPONENT.fullmatch(value) else value


def check_mapping(value: Any, *keys: str) -> Any:
    """Refuse what is not a mapping, or an empty one; ``keys`` say what it may hold."""
    if not isinstance(value, dict) or not value:
        raise ValueError(
            f'{WHERE} must be a mapping of {", ".join(keys)}, not {value!r}; see '
            'docs/experiments.md.'
        )
    return value


def mapping(*keys: str) -> BeforeValidator:
    """The same check for pydantic."""
    return BeforeValidator(lambda value: check_mapping(value, *keys))


def check_text(value: Any) -> str:
    """Refuse what is not a line of text that can stand in a table."""
    if not isinstance(value, str) or not value.strip() or re.search(r'[|\n]', value):
        raise ValueError(
            f'{WHERE} must be a line of text without "|", not {value!r}; quote it if it is a '
            'number.'
        )
    return value


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError(f'{WHERE} must be a list of names, not {value!r}; write [NAME, ...].')
    names = tuple(map(check_text, value))
    if len(set(names)) < len(names):
        raise ValueError(f'{WHERE} is {value!r}, with a name twice; name each once.')
    return names


def _seeds(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError(f'{WHERE} must be a list, not {value!r}; write [0, 1, 2].')
    for seed in value:
        if type(seed) is not int or not 0 <= seed <= MAX_SEED:
            raise ValueError(
                f'{WHERE} holds {seed!r}; a seed is a whole number from 0 to {MAX_SEED}.'
            )
    if len(set(value)) < len(value):
        raise ValueError(f'{WHERE} is {value!r}, with a seed twice; name each seed once.')
    return tuple(value)


def _figure(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f'{WHERE} is {value!r}; write the number alone.')
    return float(value)


def _options(value: Any) -> dict[str, Any]:
    options = flatten_options(check_mapping(value, 'config keys', 'their values'), WHERE)
    for key, source in OWN_OPTIONS.items():
        if key in options:
            raise ValueError(f'{WHERE} sets {key}, which {source} sets; leave it out.')
    return options


def check_experiments(value: Any) -> Any:
    """Refuse names that cannot be folders."""
    for name in check_mapping(value, 'NAME: {config: ...}'):
        if not isinstance(name, str) or not re.fullmatch(r'[A-Za-z0-9][\w.+-]*', name):
            raise ValueError(
                f'The experiment name {name!r} cannot be the name of a folder; use letters, '
                'digits, ".", "_", "+" and "-" (quoted if it is a number).'
            )
    return value


def check_tables(value: Any) -> Any:
    """Refuse what is not a list of tables."""
    if not isinstance(value, list) or not value:
        raise ValueError(
            f'{WHERE} must be a list, not {value!r}; write [{{title: TEXT, set: SET, '
            'score: SCORE}, ...].'
        )
    return value


Text = Annotated[str, BeforeValidator(check_text)]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Seeds = Annotated[tuple[int, ...], BeforeValidator(_seeds)]
Options = Annotated[dict[str, Any], BeforeValidator(_options)]
Figure = Annotated[float, BeforeValidator(_figure)]
Figures = Annotated[dict[str, Figure], mapping('SCORE: number')]
