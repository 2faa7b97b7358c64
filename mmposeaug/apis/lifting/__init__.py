# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifting detected 2D key points."""

from .detect import DETECTORS, Detector, build_detector, detect_keypoints
from .files import load_lifted, save_lifted_json, save_lifted_npz
from .frames import FrameSource
from .included_lifter import included_lifter, package_lifter
from .inferencer import LiftingInferencer
from .live import LiveLifter
from .motion_files import save_bvh, save_rerun, save_trc
from .one_body import hold_bones
from .options import BONES, LiftingOptions
from .summary import picture_notices, summarize_lifting
from .tracks import TRACKERS, assign_tracks
from .views import Camera, check_sizes, find_image_sizes, find_view, place_roots, read_camera

__all__ = [
    'BONES',
    'Camera',
    'DETECTORS',
    'Detector',
    'FrameSource',
    'LiftingInferencer',
    'LiftingOptions',
    'LiveLifter',
    'TRACKERS',
    'assign_tracks',
    'build_detector',
    'check_sizes',
    'detect_keypoints',
    'find_image_sizes',
    'find_view',
    'included_lifter',
    'hold_bones',
    'load_lifted',
    'package_lifter',
    'picture_notices',
    'place_roots',
    'read_camera',
    'save_bvh',
    'save_lifted_json',
    'save_lifted_npz',
    'save_rerun',
    'save_trc',
    'summarize_lifting',
]
