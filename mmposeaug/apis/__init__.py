# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What programs and tools call: lifting, export of lifters, the quickstart, experiments."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from mmposeaug.experiments.collect import collect_results
    from mmposeaug.experiments.plan import ExperimentError
    from mmposeaug.experiments.plan_file import load_plan
    from mmposeaug.experiments.quickstart import QuickstartError, QuickstartPlan, run_quickstart
    from mmposeaug.experiments.report import write_summary
    from mmposeaug.experiments.runner import ExperimentRunner
    from mmposeaug.experiments.slurm import Slurm
    from mmposeaug.lifting import (
        ConversionReport,
        ExportError,
        ExportReport,
        FrameSource,
        LiftingInferencer,
        LiftingOptions,
        LiveLifter,
        LoadedLifter,
        build_detector,
        convert_lifter_checkpoint,
        convert_part_checkpoint,
        detect_keypoints,
        export_onnx,
        load_lifted,
        load_lifter,
        save_bvh,
        save_lifted_json,
        save_lifted_npz,
        save_rerun,
        save_trc,
    )

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

__getattr__, __dir__ = lazy_names(__name__)
