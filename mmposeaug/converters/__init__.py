# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Converters from published data sets to MMPose's format for lifting, see docs/datasets.md.

And a 3D reference from the detections of several cameras, see docs/own_cameras.md.
"""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .h36m import convert_h36m
    from .keypoints import convert_keypoints
    from .mocap import convert_mocap
    from .mpi_test import convert_mpi_spin, convert_mpi_test
    from .mpi_train import convert_mpi_train
    from .pw3d import convert_pw3d
    from .triangulation import convert_triangulation

__all__ = [
    'convert_h36m',
    'convert_keypoints',
    'convert_mocap',
    'convert_mpi_spin',
    'convert_mpi_test',
    'convert_mpi_train',
    'convert_pw3d',
    'convert_triangulation',
]

__getattr__, __dir__ = lazy_names(__name__)
