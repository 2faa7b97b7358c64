# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""YAML of plain values, whose aliases may not blow up."""

from __future__ import annotations

from typing import Any

import yaml

from .io import require_file

MAX_NODES = 100_000
"""int: Values that a YAML file may have, its aliases written out."""

_OF_YAML = (RecursionError, ValueError, UnicodeDecodeError)  # such as of a date without that day


def load_yaml(path: str, what: str, option: str = '', loader: type = yaml.SafeLoader) -> Any:
    """Read a YAML file, with or without a byte order mark.

    Args:
        path (str): The file.
        what (str): What it is, for messages: ``'joint map'``.
        option (str): The option that names it, for messages. Defaults to none.
        loader (type): A subclass of ``yaml.SafeLoader``, the default.

    Returns:
        Any: Its content.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it is not valid YAML, names objects, or holds more than :data:`MAX_NODES`
            values where aliases are written out.
    """
    require_file(path, what, option)
    with open(path, encoding='utf-8-sig') as file:
        try:
            reader = loader(file.read())
            node = reader.get_single_node()
            if node is not None and _size(node, {}) > MAX_NODES:
                raise ValueError(f'aliases make more than {MAX_NODES} values of it')
            return None if node is None else reader.construct_document(node)
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            if type(error) not in _OF_YAML and not isinstance(error, yaml.YAMLError):
                raise  # a refusal of the loader's own
            reason = ' '.join(str(error).split())[:300]
            raise ValueError(f'The {what} {path!r} is not valid YAML ({reason}).') from None


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Values of a node, aliases written out, which cannot be more than counted here."""
    if id(node) in known:
        if known[id(node)] < 0:
            raise ValueError('an alias stands within what it names')
        return known[id(node)]
    known[id(node)] = -1
    parts: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        parts = [each for pair in node.value for each in pair]
    elif isinstance(node, yaml.SequenceNode):
        parts = node.value
    known[id(node)] = 1 + sum(_size(each, known) for each in parts)
    return known[id(node)]
