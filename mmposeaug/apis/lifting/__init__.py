# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifting detected 2D key points."""

from .gaps import Sequences, fill_gaps
from .inferencer import LiftingInferencer
from .options import LiftingOptions
from .tracks import TRACKERS, assign_tracks
from .views import find_image_sizes, find_view, place_roots

__all__ = [
    'LiftingInferencer',
    'LiftingOptions',
    'Sequences',
    'TRACKERS',
    'assign_tracks',
    'fill_gaps',
    'find_image_sizes',
    'find_view',
    'place_roots',
]
