# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What is done when a module of MMPose or MMEngine is imported, which takes seconds.

A finder in ``sys.meta_path`` waits for the module; finding and loading it stay Python's.
"""

from __future__ import annotations

import importlib.abc
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


def at_import(
    name: str,
    before: Callable[[], object] | None = None,
    after: Callable[[ModuleType], object] | None = None,
) -> None:
    """Call functions when a module is imported for the first time, or now if it has been.

    Args:
        name (str): The module.
        before (Callable, optional): Called before the module's code runs.
        after (Callable, optional): Called with the module after its code has run.
    """
    if name not in sys.modules:
        sys.meta_path.insert(0, _Waiting(name, before, after))
        return
    if before is not None:
        before()
    if after is not None:
        after(sys.modules[name])


class _Waiting(importlib.abc.MetaPathFinder):
    """Finds one module as the other finders do, and is told when its code runs."""

    def __init__(
        self,
        name: str,
        before: Callable[[], object] | None,
        after: Callable[[ModuleType], object] | None,
    ) -> None:
        self.name, self.before, self.after = name, before, after

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module by the other finders."""
        if fullname != self.name:
            return None
        for finder in [each for each in sys.meta_path if each is not self]:
            spec = finder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = _TellingLoader(spec.loader, self)
                return spec
        return None

    def done(self) -> None:
        """Stop waiting."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)


class _TellingLoader(importlib.abc.Loader):
    """Another loader that says when it runs a module's code."""

    def __init__(self, loader: Any, waiting: _Waiting) -> None:
        self.loader, self.waiting = loader, waiting

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Make the module as the other loader does."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code; afterwards the module knows the other loader alone."""
        waiting = self.waiting
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        if waiting.before is not None:
            waiting.before()
        self.loader.exec_module(module)
        waiting.done()
        if waiting.after is not None:
            waiting.after(module)


def add_parts(parts: Mapping[str, Sequence[str]], register: Callable[[], object]) -> None:
    """Let MMPose's registries import modules when they are first asked for something.

    MMPose's own modules are imported so, see ``locations`` of MMEngine's ``Registry``. Where the
    registries are in use, the modules are imported now.

    Args:
        parts (Mapping[str, Sequence[str]]): The modules by the registry's name.
        register (Callable): Imports them.
    """

    def add(registries: ModuleType) -> None:
        for name, modules in parts.items():
            getattr(registries, name)._locations.extend(modules)

    if {'mmpose.registry', 'mmengine.runner'} & sys.modules.keys():
        register()
    else:
        at_import('mmpose.registry', after=add)
