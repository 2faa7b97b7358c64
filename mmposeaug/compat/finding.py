# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What a compatibility check found and did, and the report of ``python -m mmposeaug.compat``."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass

PACKAGES = (
    'mmposeaug', 'torch', 'torchvision', 'mmengine', 'mmcv', 'mmdet', 'mmpose', 'numpy', 'scipy',
    'matplotlib', 'opencv-python', 'opencv-python-headless', 'roma', 'setuptools',
)  # fmt: skip

_OTHER_BUILDS = {
    'mmengine': ('mmengine-lite', 'onedl-mmengine'),
    'mmcv': ('mmcv-lite', 'onedl-mmcv'),
    'mmdet': ('onedl-mmdetection',),
}
"""dict[str, tuple[str, ...]]: Distributions that bring the same module."""


@dataclass(frozen=True)
class Finding:
    """Outcome of one compatibility check: what was looked at, what it saw, what was changed."""

    subject: str
    found: str
    done: str = ''

    def __str__(self) -> str:
        """One line for the report."""
        return f'{self.subject}: {self.found}; {self.done or "nothing to do"}'


def installed_version(name: str) -> str:
    """Return a distribution's version, that of another build of it, or ``not installed``."""
    for build in (name, *_OTHER_BUILDS.get(name, ())):
        try:
            found = importlib.metadata.version(build)
        except importlib.metadata.PackageNotFoundError:
            continue
        return found if build == name else f'{found} ({build})'
    return 'not installed'


def _devices() -> str:
    """Name the accelerators that torch sees."""
    import torch

    if not torch.cuda.is_available():
        return 'none (CPU)'
    count = torch.cuda.device_count()
    return ', '.join(torch.cuda.get_device_name(index) for index in range(count))


def format_report(findings: Iterable[Finding]) -> str:
    """Format versions and findings as text."""
    rows = [
        ('sys.platform', sys.platform),
        ('Python', f'{platform.python_version()} ({sys.executable})'),
        ('Accelerators', _devices()),
    ]
    rows += [(name, installed_version(name)) for name in PACKAGES]
    lines = ['Environment', *(f'  {name}: {value}' for name, value in rows), 'Compatibility']
    lines += [f'  {finding}' for finding in findings]
    lines.append('mmposeaug can be used.')
    return '\n'.join(lines)
