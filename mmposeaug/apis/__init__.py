# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What programs and tools call: lifting, export of lifters, the quickstart, experiments."""

from .convert_original import (
    ConversionReport,
    convert_lifter_checkpoint,
    convert_part_checkpoint,
)
from .experiments import (
    ExperimentError,
    ExperimentRunner,
    Slurm,
    collect_results,
    load_plan,
    write_summary,
)
from .export import ExportError, ExportReport, export_onnx
from .lifters import LoadedLifter, load_lifter
from .lifting import (
    FrameSource,
    LiftingInferencer,
    LiftingOptions,
    LiveLifter,
    build_detector,
    detect_keypoints,
    load_lifted,
    save_bvh,
    save_lifted_json,
    save_lifted_npz,
    save_rerun,
    save_trc,
)
from .quickstart import QuickstartError, QuickstartPlan, run_quickstart

__all__ = [
    'ConversionReport',
    'ExperimentError',
    'ExperimentRunner',
    'ExportError',
    'ExportReport',
    'FrameSource',
    'LiftingInferencer',
    'LiftingOptions',
    'LiveLifter',
    'LoadedLifter',
    'QuickstartError',
    'QuickstartPlan',
    'Slurm',
    'build_detector',
    'collect_results',
    'convert_lifter_checkpoint',
    'convert_part_checkpoint',
    'detect_keypoints',
    'export_onnx',
    'load_lifted',
    'load_lifter',
    'load_plan',
    'run_quickstart',
    'save_bvh',
    'save_lifted_json',
    'save_lifted_npz',
    'save_rerun',
    'save_trc',
    'write_summary',
]
