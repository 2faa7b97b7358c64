# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Looking at what an augmentation makes, measuring it, and writing it to files."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .browse import browse_augmentation
    from .diversity import Source, collect_sets, load_target, measure_diversity
    from .diversity_report import write_diversity
    from .export import export_augmented
    from .load import LoadedAugmentation, load_augmentation
    from .numbers import summarize_samples

__all__ = [
    'LoadedAugmentation',
    'Source',
    'browse_augmentation',
    'collect_sets',
    'export_augmented',
    'load_augmentation',
    'load_target',
    'measure_diversity',
    'summarize_samples',
    'write_diversity',
]

__getattr__, __dir__ = lazy_names(__name__)
