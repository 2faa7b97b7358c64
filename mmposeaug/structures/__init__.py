# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Kinematic trees that every other subpackage is defined on."""

from .presets import H36M_16, H36M_17, H36M_17_TO_16, get_skeleton
from .skeleton import Skeleton

__all__ = ['Skeleton', 'H36M_16', 'H36M_17', 'H36M_17_TO_16', 'get_skeleton']
