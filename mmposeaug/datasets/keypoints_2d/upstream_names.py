# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Names of keypoints that are known to be wrong where they come from."""

from __future__ import annotations

from collections.abc import Sequence

_H36M_TO_COCO = (
    'root (pelvis)',
    'left_hip',
    'left_knee',
    'left_foot',
    'right_hip',
    'right_knee',
    'right_foot',
    'spine',
    'thorax',
    'neck_base',
    'head',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
    'right_shoulder',
    'right_elbow',
    'right_wrist',
)  # what tools/dataset_converters/h36m_to_coco.py of MMPose 1.x writes; its first leg is the right


def is_mislabelled(names: Sequence[str]) -> bool:
    """Whether names are those by which MMPose's ``h36m_to_coco`` calls the right leg left."""
    return tuple(names) == _H36M_TO_COCO
