# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Augmentors, cameras, detectors, discriminators, losses, lifters, in MMPose's ``MODELS``."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .augmentors import (
        AnatomicalPoseAugmentor,
        AugmentedPoses,
        BodyPoseAugmentor,
        BoneAngleAugmentor,
        BoneLengthAugmentor,
        ClipMotion,
        MeasuredPoseAugmentor,
        PlacementAugmentor,
        PoseAugmentor,
        RandomPoseAugmentor,
        RigidAugmentor,
    )
    from .cameras import RandomCamera
    from .convert import convert_poseaug_state
    from .detections import DetectionModel
    from .discriminators import (
        Keypoint2DDiscriminator,
        KinematicChainDiscriminator,
        MotionDiscriminator,
    )
    from .lifters import STGCN, JointRegressionHead, SemGCN
    from .losses import (
        AnatomyPrior,
        AngleRangeLoss,
        ExponentialFeedbackLoss,
        HardPoseLoss,
        LengthRangeLoss,
        LSGANLoss,
        RangeFeedbackLoss,
        grouped_joint_error,
        scheduled,
    )

__all__ = [
    'AnatomicalPoseAugmentor',
    'AugmentedPoses',
    'BodyPoseAugmentor',
    'BoneAngleAugmentor',
    'BoneLengthAugmentor',
    'ClipMotion',
    'MeasuredPoseAugmentor',
    'PlacementAugmentor',
    'PoseAugmentor',
    'RandomPoseAugmentor',
    'RigidAugmentor',
    'RandomCamera',
    'convert_poseaug_state',
    'DetectionModel',
    'Keypoint2DDiscriminator',
    'KinematicChainDiscriminator',
    'MotionDiscriminator',
    'JointRegressionHead',
    'STGCN',
    'SemGCN',
    'AnatomyPrior',
    'AngleRangeLoss',
    'ExponentialFeedbackLoss',
    'HardPoseLoss',
    'LengthRangeLoss',
    'LSGANLoss',
    'RangeFeedbackLoss',
    'grouped_joint_error',
    'scheduled',
]

__getattr__, __dir__ = lazy_names(__name__)
