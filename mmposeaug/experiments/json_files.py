# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""JSON files that stay short although they hold many numbers."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from typing import Any

from mmposeaug.fileio import atomic_write

NUMBERS = re.compile(r'\[[^\[\]{}"]*\]')


def save_compact_json(path: str | os.PathLike, content: Any) -> None:
    """Write JSON atomically, each list of numbers in one line."""
    text = json.dumps(_finite(content), indent=1, allow_nan=False)
    text = NUMBERS.sub(_join_lines, text)
    with atomic_write(path, 'w') as file:
        file.write(text + '\n')


def _join_lines(found: re.Match[str]) -> str:
    """One line; within strings, which JSON writes without line breaks, nothing changes."""
    return re.sub(r'\n *', '', re.sub(r',\n *', ', ', found[0]))


def _finite(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def round_numbers(content: Any, digits: int) -> Any:
    """Round all floating-point numbers of nested containers.

    Example:
        >>> round_numbers({'a': [0.0123456, 123456.0, 7, None]}, 4)
        {'a': [0.01235, 123500.0, 7, None]}
    """
    if isinstance(content, Mapping):
        return {key: round_numbers(value, digits) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [round_numbers(value, digits) for value in content]
    return float(f'{content:.{digits}g}') if isinstance(content, float) else content
