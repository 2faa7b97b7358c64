# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""2D keypoints from files of detectors, and what the joints of a lifter are made of."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .array_files import keypoints_from_array
    from .coco_files import ALL_VIDEOS
    from .frame_numbers import ASSUMED, frames_of_names, natural_order
    from .gaps import Sequences, fill_gaps, split_runs
    from .keypoint_sets import (
        DETECTOR_SETS,
        KEYPOINT_SETS,
        OF_LIFTER,
        KeypointMap,
        build_keypoint_map,
        keypoint_names,
    )
    from .keypoints import UNTRACKED, Keypoints2D, certain_scores
    from .read import KEYPOINT_FORMATS, load_keypoints

__all__ = [
    'ALL_VIDEOS',
    'ASSUMED',
    'DETECTOR_SETS',
    'KEYPOINT_FORMATS',
    'KEYPOINT_SETS',
    'OF_LIFTER',
    'KeypointMap',
    'Keypoints2D',
    'Sequences',
    'UNTRACKED',
    'build_keypoint_map',
    'certain_scores',
    'fill_gaps',
    'frames_of_names',
    'keypoint_names',
    'keypoints_from_array',
    'load_keypoints',
    'natural_order',
    'split_runs',
]

__getattr__, __dir__ = lazy_names(__name__)
