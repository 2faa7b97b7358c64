# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Training pairs as tensors, readers of file formats, bone-length banks and datasets."""

from .annotations import annotation_arrays
from .bone_length_bank import BoneLengthBank, build_bone_length_bank, measure_bone_lengths
from .camera_files import load_camera_dicts
from .cameras import CameraSet, load_cameras
from .checks import check_bank
from .frames import FrameSelection, VideoIndex, index_videos
from .mocap_dataset import MocapDataset
from .multi_camera_dataset import MultiCameraDataset
from .pixels import check_pixels
from .pose_bank import PoseBank, PoseBatch
from .projection_check import check_projection
from .readers import POSE_READERS, load_pose_bank, make_pose_bank
from .target_keypoints import TargetKeypoints, load_target_keypoints
from .transforms import RandomFlipWithCamera
from .windows import WindowRule

__all__ = [
    'BoneLengthBank',
    'CameraSet',
    'FrameSelection',
    'MocapDataset',
    'MultiCameraDataset',
    'POSE_READERS',
    'PoseBank',
    'PoseBatch',
    'RandomFlipWithCamera',
    'TargetKeypoints',
    'VideoIndex',
    'WindowRule',
    'annotation_arrays',
    'build_bone_length_bank',
    'check_bank',
    'check_pixels',
    'check_projection',
    'index_videos',
    'load_camera_dicts',
    'load_cameras',
    'load_target_keypoints',
    'load_pose_bank',
    'make_pose_bank',
    'measure_bone_lengths',
]
