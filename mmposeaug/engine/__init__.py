# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Loops and hooks of MMEngine's runner."""

from .multi_set_loop import MultiSetTestLoop, MultiSetValLoop
from .tta import FlipTest

__all__ = ['FlipTest', 'MultiSetTestLoop', 'MultiSetValLoop']
