# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifting detected 2D key points."""

from .detect import build_detector, detect_keypoints
from .feet import FootRule, plant_feet, standing_feet
from .files import load_lifted, save_lifted_json, save_lifted_npz
from .frames import FrameSource
from .inferencer import LiftingInferencer
from .options import LiftingOptions
from .refine import refine_poses
from .smoothing import CausalSmoother, smooth_poses
from .summary import picture_notices, summarize_lifting
from .tracks import TRACKERS, assign_tracks
from .upright import WORLD_AXES, estimate_up, find_up, stand_upright
from .views import Camera, check_sizes, find_image_sizes, find_view, place_roots, read_camera
from .world import world_poses, world_rotation

__all__ = [
    'Camera',
    'CausalSmoother',
    'FootRule',
    'FrameSource',
    'LiftingInferencer',
    'LiftingOptions',
    'TRACKERS',
    'WORLD_AXES',
    'assign_tracks',
    'build_detector',
    'check_sizes',
    'detect_keypoints',
    'estimate_up',
    'find_image_sizes',
    'find_up',
    'find_view',
    'load_lifted',
    'picture_notices',
    'place_roots',
    'plant_feet',
    'read_camera',
    'refine_poses',
    'save_lifted_json',
    'save_lifted_npz',
    'smooth_poses',
    'stand_upright',
    'standing_feet',
    'summarize_lifting',
    'world_poses',
    'world_rotation',
]
