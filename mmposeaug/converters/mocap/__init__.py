# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""BVH and ASF/AMC motion capture into the format of MMPose, see docs/datasets.md."""

from .build import convert_mocap

__all__ = ['convert_mocap']
