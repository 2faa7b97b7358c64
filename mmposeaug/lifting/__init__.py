# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""From detected 2D keypoints to 3D: lifters, inference, export, files for other programs."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .convert_original import (
        ConversionReport,
        convert_lifter_checkpoint,
        convert_part_checkpoint,
    )
    from .detect import DETECTORS, Detector, build_detector, detect_keypoints
    from .export import ExportError, ExportReport, export_onnx
    from .feet import FootRule, plant_feet, standing_feet
    from .files import load_lifted, save_lifted_json, save_lifted_npz
    from .frames import FrameSource
    from .included_lifter import included_lifter
    from .inferencer import LiftingInferencer
    from .lifters import LoadedLifter, load_lifter
    from .live import LiveLifter
    from .motion_files import save_bvh, save_rerun, save_trc
    from .one_body import hold_bones
    from .option_names import BONES, WORLD_AXES
    from .options import LiftingOptions
    from .packaging import package_lifter
    from .refine import refine_poses
    from .smoothing import CausalSmoother, smooth_poses
    from .summary import picture_notices, summarize_lifting
    from .tracks import TRACKERS, assign_tracks
    from .upright import estimate_up, find_up, stand_upright
    from .views import Camera, check_sizes, find_image_sizes, find_view, read_camera
    from .visualization_hook import LiftingVisualizationHook
    from .world import world_poses, world_rotation

__all__ = [
    'BONES',
    'Camera',
    'CausalSmoother',
    'ConversionReport',
    'DETECTORS',
    'Detector',
    'ExportError',
    'ExportReport',
    'FootRule',
    'FrameSource',
    'LiftingInferencer',
    'LiftingOptions',
    'LiftingVisualizationHook',
    'LiveLifter',
    'LoadedLifter',
    'TRACKERS',
    'WORLD_AXES',
    'assign_tracks',
    'build_detector',
    'check_sizes',
    'convert_lifter_checkpoint',
    'convert_part_checkpoint',
    'detect_keypoints',
    'estimate_up',
    'export_onnx',
    'find_image_sizes',
    'find_up',
    'find_view',
    'hold_bones',
    'included_lifter',
    'load_lifted',
    'load_lifter',
    'package_lifter',
    'picture_notices',
    'plant_feet',
    'read_camera',
    'refine_poses',
    'save_bvh',
    'save_lifted_json',
    'save_lifted_npz',
    'save_rerun',
    'save_trc',
    'smooth_poses',
    'stand_upright',
    'standing_feet',
    'summarize_lifting',
    'world_poses',
    'world_rotation',
]

__getattr__, __dir__ = lazy_names(__name__)
