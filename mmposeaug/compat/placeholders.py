# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Stand-ins for modules that MMPose imports but pose lifting never calls.

``import mmpose.models`` asks for ``mmcv._ext`` (the compiled operators of the full mmcv) and, for
one visualizer, for ``torchvision``; MMEngine asks for ``pkg_resources``, which setuptools 81
dropped. Where the real module imports, it is used and nothing here has any effect.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.metadata
import importlib.util
import sys
import types
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from .finding import Finding

_ORIGIN = 'placeholder of mmposeaug.compat'


class PlaceholderError(ImportError):
    """Something was called that needs a package which is not installed (or does not import)."""


class _Placeholder(types.ModuleType):
    """A module whose members exist, and raise :class:`PlaceholderError` once they are called."""

    def __init__(self, name: str, members: Sequence[str] | None, remedy: str, reason: str) -> None:
        super().__init__(name, f'Placeholder: {reason}')
        # A spec, since `importlib.util.find_spec` raises without one; no loader, so that
        # `pkgutil.find_loader` (MMEngine's test for the full mmcv) rightly answers None.
        self.__spec__ = ModuleSpec(name, None, origin=_ORIGIN, is_package=True)
        self.__path__: list[str] = []
        self.__version__ = '0.0.0+placeholder'
        self._members = members
        self._remedy = remedy
        self._reason = reason

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith('__') or (
            self._members is not None and attribute not in self._members
        ):
            raise AttributeError(
                f'{self.__name__!r} is a {_ORIGIN} without {attribute!r}: {self._remedy}'
            )

        def missing(*args: Any, **kwargs: Any) -> None:
            raise PlaceholderError(
                f'{self.__name__}.{attribute} was called, but {self.__name__} is only a {_ORIGIN} '
                f'({self._reason}): {self._remedy}'
            )

        return missing


def _try_import(name: str) -> str:
    """Import a module; return an empty string, or in one line why it cannot be used."""
    before = set(sys.modules)
    try:
        importlib.import_module(name)
    except Exception as error:  # a build for other libraries raises OSError or RuntimeError
        for added in set(sys.modules) - before:
            if added == name or added.startswith(name + '.'):
                del sys.modules[added]
        if isinstance(error, ModuleNotFoundError) and error.name == name:
            return 'not installed'
        lines = str(error).strip().splitlines()
        return f'{type(error).__name__}: {lines[0] if lines else "no message"}'
    return ''


def provide_mmcv_ext() -> Finding:
    """Let ``mmcv.ops`` be imported where mmcv has no compiled operators (mmcv-lite)."""
    name = 'mmcv._ext'
    reason = _try_import(name)
    if not reason:
        return Finding(name, 'the compiled operators of mmcv import')
    module = _Placeholder(name, None, 'install the full mmcv to use compiled operators', reason)
    # mmcv's `collect_env` calls these two and catches no error; it says n/a without operators.
    for query in ('get_compiler_version', 'get_compiling_cuda_version'):
        setattr(module, query, lambda: 'n/a')
    sys.modules[name] = module
    if 'mmcv' in sys.modules:
        sys.modules['mmcv']._ext = module  # type: ignore[attr-defined]
    return Finding(name, reason, 'not needed for lifting: a placeholder lets mmpose.models import')


def provide_torchvision() -> Finding:
    """Let ``mmpose.visualization`` be imported without (a working) torchvision."""
    name = 'torchvision'
    reason = _try_import(name)
    if not reason:
        return Finding(name, f'version {sys.modules[name].__version__} imports')
    remedy = 'install the torchvision release that belongs to your torch'
    top = _Placeholder(name, [], remedy, reason)
    transforms = _Placeholder(f'{name}.transforms', ['ToPILImage'], remedy, reason)
    top.transforms = transforms  # type: ignore[attr-defined]
    sys.modules[name] = top
    sys.modules[transforms.__name__] = transforms
    return Finding(
        name, reason, 'not needed for lifting: a placeholder lets mmpose.visualization import'
    )


class _Distribution:
    """The part of ``pkg_resources.Distribution`` that MMEngine uses."""

    def __init__(self, distribution: importlib.metadata.Distribution) -> None:
        self._distribution = distribution
        self.location = str(Path(str(distribution.locate_file(''))))
        self.version = distribution.version

    def has_metadata(self, name: str) -> bool:
        """Tell whether the distribution ships a metadata file of that name."""
        return self._distribution.read_text(name) is not None

    def get_metadata(self, name: str) -> str:
        """Read a metadata file."""
        return self._distribution.read_text(name) or ''


def get_distribution(name: str) -> _Distribution:
    """Stand in for ``pkg_resources.get_distribution``."""
    return _Distribution(importlib.metadata.distribution(name))


class _PkgResourcesFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Offer a small ``pkg_resources`` after every other finder has failed.

    A finder rather than an entry in ``sys.modules``, since MMEngine reloads the module.
    """

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find ``pkg_resources`` alone."""
        if fullname != 'pkg_resources':
            return None
        return ModuleSpec(fullname, self, origin=_ORIGIN)

    def exec_module(self, module: types.ModuleType) -> None:
        """Fill the module with what MMEngine's package utilities need."""
        offered: dict[str, Callable[..., Any]] = {
            'get_distribution': get_distribution,
            'DistributionNotFound': importlib.metadata.PackageNotFoundError,
        }
        vars(module).update(offered)


def provide_pkg_resources() -> Finding:
    """Give MMEngine's package look-ups what setuptools 81 took away."""
    name = 'pkg_resources'
    if name in sys.modules or importlib.util.find_spec(name) is not None:
        return Finding(name, 'there')
    sys.meta_path.append(_PkgResourcesFinder())
    return Finding(name, 'missing (setuptools 81 dropped it)', 'offer what MMEngine uses of it')
