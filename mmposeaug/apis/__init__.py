# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What programs and tools call: the quickstart."""

from .quickstart import QuickstartError, QuickstartPlan, run_quickstart

__all__ = ['QuickstartError', 'QuickstartPlan', 'run_quickstart']
