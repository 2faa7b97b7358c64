# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What of a run's config its training uses, so that a trained run can be tested on other sets."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

TEST_KEYS = frozenset({'test_dataloader', 'test_cfg', 'test_evaluator'})


def training_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options without those of the test."""
    return {key: value for key, value in options.items() if key.split('.')[0] not in TEST_KEYS}


def training_part(config_text: str) -> dict[str, str]:
    """A resolved config without its test."""
    try:
        lines = ast.parse(config_text).body
    except SyntaxError:
        return {}
    assigned = {
        target.id: node.value
        for node in lines
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    left_out = TEST_KEYS.union(_names_of_sets(assigned.get('test_cfg')))
    return {name: ast.dump(value) for name, value in assigned.items() if name not in left_out}


def _names_of_sets(test_cfg: ast.expr | None) -> Iterator[str]:
    for key, value in _items(test_cfg):
        if key == 'sets':
            yield from (name for name, _ in _items(value))


def _items(node: ast.expr | None) -> Iterator[tuple[str, ast.expr]]:
    """Entries of a ``dict(...)`` or ``{...}``."""
    if isinstance(node, ast.Call):
        yield from ((word.arg, word.value) for word in node.keywords if word.arg)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value
