# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Names of a package that are imported when they are first used (PEP 562)."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any


def lazy_names(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make ``__getattr__`` and ``__dir__`` of a package.

    What its ``__init__.py`` imports under ``if TYPE_CHECKING:`` is read from there, so that type
    checkers, ``tools/rooms.py`` and this function see the same list. Other modules of the package
    are attributes of it too, as they are after they have been imported.

    Args:
        package (str): Its ``__name__``.

    Returns:
        tuple[Callable, Callable]: ``__getattr__`` and ``__dir__``.
    """
    module = sys.modules[package]
    sources = _imports_for_types(Path(str(module.__file__)))

    class Package(ModuleType):
        """A package whose names stay its own where a module is called the same."""

        def __setattr__(self, name: str, value: Any) -> None:
            if name not in sources or getattr(value, '__name__', '') != f'{package}.{name}':
                super().__setattr__(name, value)

    module.__class__ = Package

    def getattr_(name: str) -> Any:
        if name in sources:
            value = getattr(import_module(sources[name], package), name)
        elif name.startswith('_') or '.' in name or find_spec(f'{package}.{name}') is None:
            raise AttributeError(f'module {package!r} has no attribute {name!r}')
        else:
            value = import_module(f'{package}.{name}')
        setattr(module, name, value)
        return value

    def dir_() -> list[str]:
        return sorted({*vars(module), *sources})

    return getattr_, dir_


def _imports_for_types(path: Path) -> dict[str, str]:
    """The module that each name is imported from ``if TYPE_CHECKING``."""
    found = {}
    for block in ast.parse(path.read_text(encoding='utf-8')).body:
        if isinstance(block, ast.If) and getattr(block.test, 'id', '') == 'TYPE_CHECKING':
            for node in block.body:
                if isinstance(node, ast.ImportFrom) and node.module:  # else a module of the package
                    source = '.' * node.level + node.module
                    found.update(dict.fromkeys((alias.name for alias in node.names), source))
    return found
