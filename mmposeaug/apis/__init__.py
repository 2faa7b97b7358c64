# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What programs and tools call: trained lifters, their export, the quickstart, experiments."""

from .experiments import (
    ExperimentError,
    ExperimentRunner,
    collect_results,
    load_plan,
    write_summary,
)
from .export import ExportError, ExportReport, export_onnx
from .lifters import LoadedLifter, load_lifter
from .quickstart import QuickstartError, QuickstartPlan, run_quickstart

__all__ = [
    'ExperimentError',
    'ExperimentRunner',
    'ExportError',
    'ExportReport',
    'LoadedLifter',
    'QuickstartError',
    'QuickstartPlan',
    'collect_results',
    'export_onnx',
    'load_lifter',
    'load_plan',
    'run_quickstart',
    'write_summary',
]
