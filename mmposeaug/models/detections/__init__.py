# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Models of 2D detectors."""

from .detection_model import DetectionModel

__all__ = ['DetectionModel']
