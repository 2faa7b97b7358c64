# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Types of a config that nothing is registered as, such as misspelt ones."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from mmengine.config import Config
from mmengine.registry import Registry


def unknown_type(cfg: Config, parts: tuple[str, ...] = ('',)) -> str:
    """The first ``type`` of a config that nothing is registered as, in a sentence, or ''.

    Of the settings alone whose names begin with one of ``parts``.
    """
    known = _registered()
    for key, name in _types_of(cfg.to_dict()):
        plain = name.split('.')[-1]
        if not key.startswith(parts):
            continue
        if plain not in known:
            near = difflib.get_close_matches(plain, known, 1)
            guess = f'; did you mean {near[0]!r}?' if near else '; correct it, or import its module'
            return f'the config has {key}={name!r}, but nothing is registered as that{guess}'
    return ''


def _types_of(content: Any, where: str = '') -> Iterator[tuple[str, str]]:
    """Keys and values of all types; keypoints in metainfo have a type that is none."""
    if isinstance(content, Mapping):
        if isinstance(content.get('type'), str) and not {'id', 'name'} & content.keys():
            yield f'{where}type', content['type']
        for key, value in content.items():
            yield from _types_of(value, f'{where}{key}.')
    elif isinstance(content, (list, tuple)):
        for place, value in enumerate(content):
            yield from _types_of(value, f'{where}{place}.')


def _registered() -> set[str]:
    import mmengine.registry
    import mmpose.registry

    modules = (mmengine.registry, mmpose.registry)
    roots = [each for m in modules for each in vars(m).values() if isinstance(each, Registry)]
    names: set[str] = set()
    while roots:
        registry = roots.pop()
        with suppress(ImportError):
            registry.import_from_location()
        names.update(registry.module_dict)
        roots += registry.children.values()
    return names
