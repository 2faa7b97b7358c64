# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What programs and tools call: trained lifters, the quickstart, experiments with many runs."""

from .experiments import (
    ExperimentError,
    ExperimentRunner,
    collect_results,
    load_plan,
    write_summary,
)
from .lifters import LoadedLifter, load_lifter
from .quickstart import QuickstartError, QuickstartPlan, run_quickstart

__all__ = [
    'ExperimentError',
    'ExperimentRunner',
    'LoadedLifter',
    'QuickstartError',
    'QuickstartPlan',
    'collect_results',
    'load_lifter',
    'load_plan',
    'run_quickstart',
    'write_summary',
]
