# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Scores of 3D pose lifting that MMPose lacks."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .functional import auc, joint_errors, pck, procrustes_align, root_align, scale_align
    from .groups import H36M_NAME, NameGroups
    from .lifting_metrics import LiftingMetrics
    from .tables import format_table

__all__ = [
    'H36M_NAME',
    'LiftingMetrics',
    'NameGroups',
    'auc',
    'format_table',
    'joint_errors',
    'pck',
    'procrustes_align',
    'root_align',
    'scale_align',
]

__getattr__, __dir__ = lazy_names(__name__)
