# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifted poses as files of other programs: animation (BVH), OpenSim (TRC), rerun."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .bvh import save_bvh
    from .rerun_file import save_rerun
    from .trc import MARKERS, save_trc

__all__ = ['MARKERS', 'save_bvh', 'save_rerun', 'save_trc']

__getattr__, __dir__ = lazy_names(__name__)
