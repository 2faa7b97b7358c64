# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Kinematic trees that every other subpackage is defined on."""

from .anthropometry import (
    FLEXION_LIMITS,
    LARGEST_DEVIATION,
    PROPORTION_STD,
    SEGMENT_RATIOS,
    WIDTH_STD,
    is_plain_limb,
    limb_width_bones,
    stature_ratios,
)
from .lifted_poses import LiftedPoses
from .presets import H36M_16, H36M_17, H36M_17_TO_16, get_skeleton
from .skeleton import Skeleton
from .viewed_poses import AugmentedSamples, ViewedPoses

__all__ = [
    'FLEXION_LIMITS',
    'H36M_16',
    'H36M_17',
    'H36M_17_TO_16',
    'LARGEST_DEVIATION',
    'PROPORTION_STD',
    'SEGMENT_RATIOS',
    'AugmentedSamples',
    'LiftedPoses',
    'Skeleton',
    'ViewedPoses',
    'WIDTH_STD',
    'get_skeleton',
    'is_plain_limb',
    'limb_width_bones',
    'stature_ratios',
]
