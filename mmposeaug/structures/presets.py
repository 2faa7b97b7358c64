# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Skeleton presets: MMPose's 17 Human3.6M joints and the paper's 16."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .choices import require_choice
from .metainfo_files import whole_metainfo
from .skeleton import Skeleton

H36M_17 = Skeleton(
    name='h36m_17',
    joint_names=(
        *('root', 'right_hip', 'right_knee', 'right_foot', 'left_hip', 'left_knee', 'left_foot'),
        *('spine', 'thorax', 'neck_base', 'head', 'left_shoulder', 'left_elbow', 'left_wrist'),
        *('right_shoulder', 'right_elbow', 'right_wrist'),
    ),
    parents=(-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15),
    joint_pairs=((4, 1), (5, 2), (6, 3), (11, 14), (12, 15), (13, 16)),
)
"""Skeleton: The joints of MMPose's Human3.6M metainfo."""

_DROPPED = 'neck_base'
H36M_17_TO_16: tuple[int, ...] = tuple(
    j for j, name in enumerate(H36M_17.joint_names) if name != _DROPPED
)
"""tuple[int]: Joints of :data:`H36M_17` that make :data:`H36M_16` (the neck base is left out)."""


def _subset(name: str, source: Skeleton, kept: tuple[int, ...]) -> Skeleton:
    """Skeleton of some joints of another; the parent is the nearest kept ancestor."""
    new_index = {joint: i for i, joint in enumerate(kept)}
    parents = []
    for joint in kept:
        parent = source.parents[joint]
        while parent != -1 and parent not in new_index:
            parent = source.parents[parent]
        parents.append(-1 if parent == -1 else new_index[parent])
    pairs = tuple(
        (new_index[a], new_index[b])
        for a, b in source.joint_pairs
        if a in new_index and b in new_index
    )
    return Skeleton(name, tuple(source.joint_names[j] for j in kept), tuple(parents), pairs)


H36M_16 = _subset('h36m_16', H36M_17, H36M_17_TO_16)
"""Skeleton: The 16 joints of PoseAug (CVPR 2021); the head's parent is the thorax."""

_PRESETS = {skeleton.name: skeleton for skeleton in (H36M_17, H36M_16)}


def get_skeleton(skeleton: str | Mapping[str, Any] | Skeleton) -> Skeleton:
    """Skeleton of a name or of a config, or the skeleton itself.

    Args:
        skeleton (str | Mapping | Skeleton): ``'h36m_17'``, ``'h36m_16'``, MMPose dataset metainfo
            (``dataset_info``, its parsed form, or ``from_file`` with the options of the tree as in
            a data set's config), or a skeleton.

    Returns:
        Skeleton: The skeleton.

    Raises:
        KeyError: If there is no preset of that name.
        ValueError: If the metainfo is of no tree.
    """
    if isinstance(skeleton, Skeleton):
        return skeleton
    if isinstance(skeleton, Mapping):
        return Skeleton.from_metainfo(whole_metainfo(skeleton))
    require_choice('The skeleton', skeleton, _PRESETS, 'or Skeleton.from_metainfo', KeyError)
    return _PRESETS[skeleton]
