# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""BVH and ASF/AMC motion capture into the format of MMPose, see docs/datasets.md."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .build import convert_mocap

__all__ = ['convert_mocap']

__getattr__, __dir__ = lazy_names(__name__)
