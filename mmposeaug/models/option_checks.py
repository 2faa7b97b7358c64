# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Numbers among the options of models, checked where they enter."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from typing import Any

from mmpose.registry import MODELS

from mmposeaug.structures.choices import require_known


def is_number(value: Any) -> bool:
    """Whether a value is a finite number."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value)


def check_number(
    owner: str, name: str, value: Any, low: float = 0.0, high: float = math.inf, hint: str = ''
) -> float:
    """Refuse an option that is not a number between two limits."""
    if not (is_number(value) and low <= value <= high):
        raise ValueError(f'{owner}: {name} is {value!r}; give a number {_limits(low, high)}{hint}.')
    return float(value)


def check_range(
    owner: str, name: str, value: Any, low: float, high: float = math.inf, hint: str = ''
) -> tuple[float, float]:
    """Refuse an option that is not two numbers between two limits, the smaller one first."""
    two = isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2
    if not (two and all(map(is_number, value)) and low <= value[0] <= value[1] <= high):
        raise ValueError(
            f'{owner}: {name} is {value!r}; give two numbers {_limits(low, high)}, the smaller one '
            f'first{hint}.'
        )
    return float(value[0]), float(value[1])


def check_options(owner: type, options: Mapping[str, Any], base: type) -> None:
    """Refuse options that neither a class nor one it is made from, up to ``base``, has."""
    known: dict[str, None] = {}
    for kind in owner.__mro__[: owner.__mro__.index(base) + 1]:
        for name, parameter in inspect.signature(kind).parameters.items():
            if parameter.kind != parameter.VAR_KEYWORD:
                known[name] = None
    require_known(owner.__name__, options, known)


def check_config(what: str, config: Mapping[str, Any]) -> None:
    """Refuse a config of a registered model with options that the model does not have."""
    kind = config['type']
    kind = MODELS.get(kind) if isinstance(kind, str) else kind
    if not callable(kind):
        return  # which building it says
    known = inspect.signature(kind).parameters
    if not any(each.kind == each.VAR_KEYWORD for each in known.values()):
        given = [name for name in config if name != 'type']
        require_known(f'{what}, of type {kind.__name__},', given, known)


def _limits(low: float, high: float) -> str:
    return f'of {low:g} or more' if math.isinf(high) else f'between {low:g} and {high:g}'
