# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""BVH and ASF/AMC motion capture into the format of MMPose, see docs/datasets.md."""

from .asf_amc import read_amc, read_asf
from .build import convert_mocap
from .bvh import read_bvh
from .joint_map import JointMap, load_joint_map
from .motion import Motion

__all__ = [
    'JointMap',
    'Motion',
    'convert_mocap',
    'load_joint_map',
    'read_amc',
    'read_asf',
    'read_bvh',
]
