# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""MMPose's lifting codecs on batches of tensors, and any lifter called through them."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

# each registers its twin in LIFTING_CODECS
from . import (  # noqa: F401
    calibrated_pose_lifting,
    image_pose_lifting,
    motionbert_label,
    video_pose_lifting,
)

if TYPE_CHECKING:
    from .adapter import LifterAdapter
    from .base import LIFTING_CODECS, TensorCodec
    from .build import build_codec, find_train_codec, step_names
    from .calibrated_codec import CalibratedPoseLifting
    from .calibrated_pose_lifting import TensorCalibratedPoseLifting
    from .camera_checks import check_camera, check_focal, check_seen
    from .image_pose_lifting import TensorImagePoseLifting
    from .motionbert_label import TensorMotionBERTLabel
    from .video_pose_lifting import TensorVideoPoseLifting

__all__ = [
    'LIFTING_CODECS',
    'CalibratedPoseLifting',
    'TensorCalibratedPoseLifting',
    'TensorCodec',
    'TensorImagePoseLifting',
    'TensorVideoPoseLifting',
    'TensorMotionBERTLabel',
    'LifterAdapter',
    'build_codec',
    'check_camera',
    'check_focal',
    'check_seen',
    'find_train_codec',
    'step_names',
]

__getattr__, __dir__ = lazy_names(__name__)
