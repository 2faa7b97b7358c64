# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The quickstart: one lifter trained three ways on built-in data, compared and drawn."""

from .plan import METHODS, Method, QuickstartPlan
from .processes import QuickstartError
from .quickstart import run_quickstart

__all__ = [
    'METHODS',
    'Method',
    'QuickstartError',
    'QuickstartPlan',
    'run_quickstart',
]
