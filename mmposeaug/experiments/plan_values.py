# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Values of a file of experiments; what is none of its kind is refused in one sentence."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .options import flatten_options, format_options
from .plan import ExperimentError

MAX_SEED = 2**32 - 1
OWN_OPTIONS = {'randomness.seed': 'seeds', 'work_dir': '--work-dir'}
"""dict[str, str]: Config options that the runs set themselves, and what sets them."""


def as_mapping(value: Any, where: str, keys: Iterable[str]) -> Mapping[Any, Any]:
    """A mapping that is not empty; ``keys`` tell what it may hold."""
    if not isinstance(value, dict) or not value:
        raise ExperimentError(
            f'{where} must be a mapping of {", ".join(keys)}, not {value!r}; see '
            'docs/experiments.md.'
        )
    return value


def check_keys(value: Mapping[Any, Any], known: tuple[str, ...], where: str) -> None:
    """Refuses keys that are misspelt."""
    for key in value:
        if key not in known:
            raise ExperimentError(
                f'Unknown key {key!r} in {where}; the keys are {", ".join(known)}.'
            )


def as_text(value: Any, where: str) -> str:
    """A line of text that can stand in a table."""
    if not isinstance(value, str) or not value.strip() or re.search(r'[|\n]', value):
        raise ExperimentError(
            f'{where} must be a line of text without "|", not {value!r}; quote it if it is a '
            'number.'
        )
    return value


def as_texts(value: Any, where: str) -> tuple[str, ...]:
    """A list of different lines of text."""
    if not isinstance(value, list) or not value:
        raise ExperimentError(f'{where} must be a list of names, not {value!r}; write [NAME, ...].')
    texts = tuple(as_text(item, f'an entry of {where}') for item in value)
    if len(set(texts)) < len(texts):
        raise ExperimentError(f'{where} is {value!r}, with a name twice; name each once.')
    return texts


def as_seeds(value: Any, where: str) -> tuple[int, ...]:
    """A list of different seeds."""
    if not isinstance(value, list) or not value:
        raise ExperimentError(f'{where} must be a list, not {value!r}; write [0, 1, 2].')
    for seed in value:
        if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= MAX_SEED:
            raise ExperimentError(
                f'{where} holds {seed!r}; a seed is a whole number from 0 to {MAX_SEED}.'
            )
    if len(set(value)) < len(value):
        raise ExperimentError(f'{where} is {value!r}, with a seed twice; name each seed once.')
    return tuple(value)


def as_options(value: Any, where: str) -> dict[str, Any]:
    """Config options by dotted keys."""
    if value is None:
        return {}
    options = flatten_options(as_mapping(value, where, ['config keys', 'their values']), where)
    for key, source in OWN_OPTIONS.items():
        if key in options:
            raise ExperimentError(f'{where} sets {key}, which {source} sets; leave it out.')
    format_options(options, where)
    return options


def as_figures(value: Any, where: str) -> dict[str, dict[str, float]]:
    """Numbers by set and score."""
    found: dict[str, dict[str, float]] = {}
    for set_name, scores in as_mapping(value, where, ['SET: {SCORE: number}']).items():
        place = f'{where}.{set_name}'
        found[set_name] = {}
        for score, number in as_mapping(scores, place, ['SCORE: number']).items():
            is_number = isinstance(number, (int, float)) and not isinstance(number, bool)
            if not is_number or not math.isfinite(number):
                raise ExperimentError(f'{place}.{score} is {number!r}; write the number alone.')
            found[set_name][score] = float(number)
    return found


def as_cell(row: Any, column: Any, where: str) -> tuple[str, str] | None:
    """The place of an experiment in the tables, None if it has neither a row nor a column."""
    if row is None and column is None:
        return None
    if row is None or column is None:
        has, lacks = ('row', 'column') if column is None else ('column', 'row')
        raise ExperimentError(
            f'{where} has a {has} but no {lacks}; an experiment in the tables needs both.'
        )
    return as_text(row, f'{where}.row'), as_text(column, f'{where}.column')
