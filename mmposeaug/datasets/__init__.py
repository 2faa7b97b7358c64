# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Training pairs as tensors, readers of file formats, bone-length banks and datasets."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .annotations import annotation_arrays
    from .bone_length_bank import BoneLengthBank, build_bone_length_bank
    from .camera_files import load_camera_dicts
    from .cameras import CameraSet
    from .frames import VideoIndex
    from .mocap_dataset import MocapDataset
    from .multi_camera import MultiCameraDataset
    from .pixels import check_pixels
    from .pose_bank import PoseBank, PoseBatch
    from .readers import POSE_READERS, load_pose_bank, make_pose_bank
    from .target_keypoints import TargetKeypoints, load_target_keypoints
    from .transforms import RandomFlipWithCamera
    from .wholebody import read_wholebody
    from .wholebody_dataset import WholeBodyDataset
    from .windows import WindowRule

__all__ = [
    'BoneLengthBank',
    'CameraSet',
    'MocapDataset',
    'MultiCameraDataset',
    'POSE_READERS',
    'PoseBank',
    'PoseBatch',
    'RandomFlipWithCamera',
    'TargetKeypoints',
    'VideoIndex',
    'WholeBodyDataset',
    'WindowRule',
    'annotation_arrays',
    'build_bone_length_bank',
    'check_pixels',
    'load_camera_dicts',
    'load_target_keypoints',
    'load_pose_bank',
    'make_pose_bank',
    'read_wholebody',
]

__getattr__, __dir__ = lazy_names(__name__)
