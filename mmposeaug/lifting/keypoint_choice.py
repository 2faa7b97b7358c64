# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Which keypoints people have, where that is not said: by their names or their number."""

from __future__ import annotations

from mmposeaug.datasets.keypoints_2d import (
    DETECTOR_SETS,
    KEYPOINT_SETS,
    OF_LIFTER,
    KeypointMap,
    Keypoints2D,
    build_keypoint_map,
)
from mmposeaug.structures import Skeleton

# 17 may be COCO's or Human3.6M's
_SETS_BY_COUNT = {**{n: name for n, name in DETECTOR_SETS.items() if n != 17}, 16: 'h36m_16'}


def choose_map(people: Keypoints2D, name: str, skeleton: Skeleton) -> KeypointMap:
    """How the joints of a lifter are made of keypoints; ``'auto'`` goes by names, then number."""
    if name != 'auto':
        return build_keypoint_map(name, skeleton)
    if people.joint_names is not None:
        return build_keypoint_map(people.joint_names, skeleton)
    count, joints = people.num_keypoints, skeleton.num_joints
    own = OF_LIFTER if count == joints and count != 17 else ''
    chosen = _SETS_BY_COUNT.get(count, own)
    if not chosen:
        raise ValueError(
            f'{people.source} has {count} keypoints a person and does not name them; say with '
            f'keypoint_set (--keypoint-set) which they are: {", ".join(KEYPOINT_SETS)}, '
            f'{OF_LIFTER} for the {joints} joints of the lifter, or a JSON file of yours.'
        )
    return build_keypoint_map(chosen, skeleton)


def set_text(people: Keypoints2D, given: str, joint_map: KeypointMap) -> str:
    """Which keypoints they are, and how that is known."""
    if given != 'auto':
        return f'given: {joint_map.name}'
    if people.guessed_set is not None or people.joint_names is None:
        guess = people.guessed_set or joint_map.name
        return f'assumed: {guess}, by its {people.num_keypoints} keypoints'
    return 'names of the file'
