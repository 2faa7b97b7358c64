# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Kinematic trees that every other subpackage is defined on."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .anthropometry import (
        ANKLE_HEIGHT,
        FLEXION_LIMITS,
        LARGEST_DEVIATION,
        PROPORTION_STD,
        SEGMENT_RATIOS,
        WIDTH_STD,
        is_plain_limb,
        limb_width_bones,
        lowered_hips,
        stature_ratios,
    )
    from .graphs import (
        PARTITIONS,
        body_parts,
        joint_resampling,
        spatial_partitions,
        tree_adjacency,
    )
    from .human import HumanVerdict, judge_human, tree_fault
    from .lifted_poses import LiftedPoses
    from .metainfo import said_human
    from .presets import H36M_16, H36M_17, H36M_17_TO_16, get_skeleton
    from .skeleton import Skeleton
    from .viewed_poses import AugmentedSamples, ViewedPoses

__all__ = [
    'ANKLE_HEIGHT',
    'FLEXION_LIMITS',
    'H36M_16',
    'H36M_17',
    'H36M_17_TO_16',
    'HumanVerdict',
    'LARGEST_DEVIATION',
    'PARTITIONS',
    'PROPORTION_STD',
    'SEGMENT_RATIOS',
    'AugmentedSamples',
    'LiftedPoses',
    'Skeleton',
    'ViewedPoses',
    'WIDTH_STD',
    'body_parts',
    'get_skeleton',
    'is_plain_limb',
    'joint_resampling',
    'judge_human',
    'limb_width_bones',
    'lowered_hips',
    'said_human',
    'spatial_partitions',
    'stature_ratios',
    'tree_adjacency',
    'tree_fault',
]

__getattr__, __dir__ = lazy_names(__name__)
