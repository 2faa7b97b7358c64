# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Kinematic trees that every other subpackage is defined on."""

from .anthropometry import FLEXION_LIMITS, SEGMENT_RATIOS, is_plain_limb, stature_ratios
from .lifted_poses import LiftedPoses
from .presets import H36M_16, H36M_17, H36M_17_TO_16, get_skeleton
from .skeleton import Skeleton

__all__ = [
    'FLEXION_LIMITS',
    'H36M_16',
    'H36M_17',
    'H36M_17_TO_16',
    'SEGMENT_RATIOS',
    'LiftedPoses',
    'Skeleton',
    'get_skeleton',
    'is_plain_limb',
    'stature_ratios',
]
