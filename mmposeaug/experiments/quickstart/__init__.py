# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The quickstart: one lifter trained three ways on built-in data, compared and drawn."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .plan import QuickstartPlan
    from .quickstart import QuickstartError, run_quickstart
    from .report import METHODS

__all__ = ['METHODS', 'QuickstartError', 'QuickstartPlan', 'run_quickstart']

__getattr__, __dir__ = lazy_names(__name__)
