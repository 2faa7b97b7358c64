# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifters on the graph of the joints, which MMPose lacks; weights of the original's lifters."""

from .convert import LIFTERS, ConvertedLifter, convert_lifter_state
from .joint_regression_head import JointRegressionHead
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
