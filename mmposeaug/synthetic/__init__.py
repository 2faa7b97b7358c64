# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The built-in synthetic motion sets, see docs/synthetic.md."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .build import make_synthetic_mocap, make_wide_mocap, summarise
    from .creature_set import CREATURES, make_synthetic_creature
    from .detections import Scene, detect_people
    from .option_names import CREATURE_FRAMES

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

__getattr__, __dir__ = lazy_names(__name__)
