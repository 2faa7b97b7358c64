# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Networks and random draws that turn a pose into another one."""

from .anatomical_draw import AnatomicalPoseAugmentor
from .augmented_poses import AugmentedPoses
from .body_draw import BodyPoseAugmentor
from .bone_angle import BoneAngleAugmentor
from .bone_length import BoneLengthAugmentor
from .clip_motion import ClipMotion
from .measured_draw import MeasuredPoseAugmentor
from .networks import NoiseConditionedMLP
from .pose_augmentor import PoseAugmentor
from .random_draw import RandomPoseAugmentor
from .rigid import PlacementAugmentor, RigidAugmentor

__all__ = [
    'AnatomicalPoseAugmentor',
    'AugmentedPoses',
    'BodyPoseAugmentor',
    'BoneAngleAugmentor',
    'BoneLengthAugmentor',
    'ClipMotion',
    'MeasuredPoseAugmentor',
    'NoiseConditionedMLP',
    'PlacementAugmentor',
    'PoseAugmentor',
    'RandomPoseAugmentor',
    'RigidAugmentor',
]
