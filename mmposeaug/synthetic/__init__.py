# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The built-in synthetic motion sets, see docs/synthetic.md."""

from .build import make_synthetic_mocap, make_wide_mocap, summarise
from .creature_set import CREATURE_FRAMES, CREATURES, make_synthetic_creature
from .detections import Scene, detect_people

__all__ = [
    'CREATURE_FRAMES',
    'CREATURES',
    'Scene',
    'detect_people',
    'make_synthetic_creature',
    'make_synthetic_mocap',
    'make_wide_mocap',
    'summarise',
]
