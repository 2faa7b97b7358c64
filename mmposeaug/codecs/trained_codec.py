# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Which codec a checkpoint was trained with, whose weights fit a model with another one as well."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any


def trained_codec(checkpoint: Mapping[str, Any]) -> str | None:
    """Type of the codec that a checkpoint of MMEngine was trained with."""
    meta = checkpoint.get('meta')
    text = meta.get('cfg') if isinstance(meta, Mapping) else None
    if not isinstance(text, str):
        return None
    try:
        lines = ast.parse(text).body
    except SyntaxError:
        return None
    for line in lines:
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == 'model':
            found: ast.expr | None = line.value
            for name in ('head', 'decoder', 'type'):
                found = _field(found, name)
            if isinstance(found, ast.Constant) and isinstance(found.value, str):
                return found.value
    return None


def codec_misfit(checkpoint: Mapping[str, Any], cfg: Mapping[str, Any]) -> str:
    """What there is to say where a checkpoint was trained with another codec than a config's."""
    trained = trained_codec(checkpoint)
    here = ((cfg.get('model') or {}).get('head') or {}).get('decoder') or {}
    wanted = here.get('type')
    if trained is None or not isinstance(wanted, str) or trained == wanted:
        return ''
    return f'was trained with the codec {trained}, the config has {wanted}'


def _field(node: ast.expr | None, name: str) -> ast.expr | None:
    """The value of a key of ``dict(...)`` or ``{...}``."""
    if isinstance(node, ast.Call):
        return next((each.value for each in node.keywords if each.arg == name), None)
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values):
            if isinstance(key, ast.Constant) and key.value == name:
                return value
    return None
