# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What programs and tools call: the quickstart, and experiments with many runs."""

from .experiments import (
    ExperimentError,
    ExperimentRunner,
    collect_results,
    load_plan,
    write_summary,
)
from .quickstart import QuickstartError, QuickstartPlan, run_quickstart

__all__ = [
    'ExperimentError',
    'ExperimentRunner',
    'QuickstartError',
    'QuickstartPlan',
    'collect_results',
    'load_plan',
    'run_quickstart',
    'write_summary',
]
