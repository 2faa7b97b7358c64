# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Cameras that are drawn."""

from .random_camera import RandomCamera

__all__ = ['RandomCamera']
