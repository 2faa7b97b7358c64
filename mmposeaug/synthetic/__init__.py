# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The built-in synthetic motion set, see docs/synthetic.md."""

from .build import make_synthetic_mocap, make_wide_mocap, summarise
from .detections import Scene, detect_people

__all__ = [
    'Scene',
    'detect_people',
    'make_synthetic_mocap',
    'make_wide_mocap',
    'summarise',
]
