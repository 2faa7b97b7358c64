# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The one place that knows what MMPose 1.3 and MMEngine 0.10 need on today's packages.

:func:`prepare` runs when ``mmposeaug`` is imported, and lets :func:`apply` run before MMPose or
MMEngine's runner is imported, or now if one of them has been. Each check is a small function that
looks whether it is needed, changes as little as possible, and says what it found and did. With the
full mmcv, torchvision and the releases that MMPose 1.3 was made for, nothing is changed.
``python -m mmposeaug.compat`` prints the report.

MMPose's own tools come through here too, when ``custom_imports = dict(imports=['mmposeaug'])`` of a
config is read, which is before anything of it is built. Only what MMEngine needs to read a config
(``pkg_resources``, for ``_base_ = ['mmpose::...']``) comes too late there: with setuptools 81 or
newer use this package's tools, which import it first.
"""

from __future__ import annotations

import importlib.util
import warnings

from .at_import import add_parts, at_import
from .checkpoints import admit_checkpoint_types
from .finding import Finding, format_report, installed_version
from .patches import enable_cpu_distributed, restore_tostring_rgb
from .placeholders import (
    PlaceholderError,
    provide_mmcv_ext,
    provide_pkg_resources,
    provide_torchvision,
)

__all__ = ['PlaceholderError', 'add_parts', 'apply', 'prepare', 'report']

_REQUIRED = ('torch', 'mmengine', 'mmcv', 'mmpose')
_OLDEST_MMENGINE = (0, 10, 5)  # the first whose evaluation loops report losses
_NEED_REPAIRS = ('mmpose', 'mmengine.runner', 'mmcv.ops')  # the modules that fail without
_CHECKS = (
    provide_mmcv_ext,
    provide_torchvision,
    admit_checkpoint_types,
    restore_tostring_rgb,
    enable_cpu_distributed,
)
_findings: list[Finding] = []
_begun: list[bool] = []


def prepare() -> None:
    """Refuse an environment that lacks what is needed, and apply the repairs when they count.

    Raises:
        ImportError: If torch, MMEngine, mmcv or MMPose is not installed, or MMEngine is too old.
    """
    if _findings:
        return
    # MMEngine's, once for each module that it looks into; a newcomer can do nothing about it
    warnings.filterwarnings('ignore', 'pkg_resources is deprecated', UserWarning)
    missing = [name for name in _REQUIRED if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f'mmposeaug works inside an OpenMMLab environment, and {", ".join(missing)} '
            'cannot be found: run `make env`, or install what requirements/mminstall.txt lists'
        )
    _refuse_old_mmengine()
    _findings.append(provide_pkg_resources())  # which reading a config needs
    for name in _NEED_REPAIRS:
        at_import(name, before=apply)


def apply() -> tuple[Finding, ...]:
    """Check the environment and repair what MMPose would fail on; once per process.

    Returns:
        One finding a check; the same ones however often it is called.

    Raises:
        ImportError: See :func:`prepare`.
    """
    prepare()
    if not _begun:  # a check imports what may wait for this function
        _begun.append(True)
        _findings.extend([check() for check in _CHECKS])
    return tuple(_findings)


def report() -> str:
    """Return the report that ``python -m mmposeaug.compat`` prints."""
    return format_report(apply())


def _refuse_old_mmengine() -> None:
    """Refuse a release of MMEngine whose loops lack what ours build on."""
    found = installed_version('mmengine')
    numbers = tuple(int(part) for part in found.split(' ')[0].split('.')[:3] if part.isdigit())
    if numbers and numbers < _OLDEST_MMENGINE:  # a checkout on the path has none
        oldest = '.'.join(map(str, _OLDEST_MMENGINE))
        raise ImportError(f'MMEngine is {found}, but mmposeaug needs {oldest} or newer; update it')
