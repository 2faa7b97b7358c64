# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Experiments: many trainings with many seeds, and what came out of them."""

from .collect import Results, collect_results
from .plan import CrossTable, Experiment, ExperimentError, ExperimentPlan, Run
from .plan_file import load_plan
from .report import write_summary
from .runner import ExperimentRunner
from .slurm import Slurm

__all__ = [
    'CrossTable',
    'Experiment',
    'ExperimentError',
    'ExperimentPlan',
    'ExperimentRunner',
    'Results',
    'Run',
    'Slurm',
    'collect_results',
    'load_plan',
    'write_summary',
]
