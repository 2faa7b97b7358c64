# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The quickstart: one lifter trained three ways on built-in data, compared and drawn."""

from .plan import METHODS, Method, QuickstartPlan
from .quickstart import QuickstartError, run_quickstart

__all__ = [
    'METHODS',
    'Method',
    'QuickstartError',
    'QuickstartPlan',
    'run_quickstart',
]
