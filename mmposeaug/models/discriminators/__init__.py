# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Networks that tell augmented poses from real ones."""

from .keypoint_2d import Keypoint2DDiscriminator
from .kinematic_chain import KinematicChainDiscriminator
from .motion import MotionDiscriminator

__all__ = ['Keypoint2DDiscriminator', 'KinematicChainDiscriminator', 'MotionDiscriminator']
