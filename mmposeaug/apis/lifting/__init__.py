# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifting detected 2D key points."""

from .detect import build_detector, detect_keypoints
from .files import load_lifted, save_lifted_json, save_lifted_npz
from .frames import FrameSource
from .inferencer import LiftingInferencer
from .one_body import hold_bones
from .options import BONES, LiftingOptions
from .summary import picture_notices, summarize_lifting
from .tracks import TRACKERS, assign_tracks
from .views import Camera, check_sizes, find_image_sizes, find_view, place_roots, read_camera

__all__ = [
    'BONES',
    'Camera',
    'FrameSource',
    'LiftingInferencer',
    'LiftingOptions',
    'TRACKERS',
    'assign_tracks',
    'build_detector',
    'check_sizes',
    'detect_keypoints',
    'find_image_sizes',
    'find_view',
    'hold_bones',
    'load_lifted',
    'picture_notices',
    'place_roots',
    'read_camera',
    'save_lifted_json',
    'save_lifted_npz',
    'summarize_lifting',
]
