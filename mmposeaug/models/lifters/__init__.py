# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifters on the graph of the joints, which MMPose lacks; weights of the original's lifters."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .convert import ConvertedLifter, convert_lifter_state
    from .joint_regression_head import JointRegressionHead
    from .names import LIFTERS
    from .sem_gcn import SemGCN
    from .st_gcn import STGCN

__all__ = [
    'LIFTERS',
    'ConvertedLifter',
    'JointRegressionHead',
    'STGCN',
    'SemGCN',
    'convert_lifter_state',
]

__getattr__, __dir__ = lazy_names(__name__)
