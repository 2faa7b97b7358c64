# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Joints of the data sets by name, and how Human3.6M's are found among them.

Every converter writes MMPose's Human3.6M joints, 17 or the 16 of PoseAug. A source's joints are
listed here in the order of its files; which of them stands for one of Human3.6M is said by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmposeaug.structures import H36M_16, H36M_17, Skeleton
from mmposeaug.structures.choices import require_choice


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


H36M_32: tuple[str, ...] = _names(
    'root right_hip right_knee right_foot right_toe_base right_toe_site left_hip left_knee '
    'left_foot left_toe_base left_toe_site spine_base spine thorax neck_base head '
    'left_shoulder_base left_shoulder left_elbow left_wrist left_thumb left_hand_site '
    'left_finger left_finger_site right_shoulder_base right_shoulder right_elbow right_wrist '
    'right_thumb right_hand_site right_finger right_finger_site'
)
"""tuple[str]: The 32 joints of Human3.6M's recordings; the 17 of MMPose are among them."""

MPI_TEST_17: tuple[str, ...] = _names(
    'head_top neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist '
    'right_hip right_knee right_ankle left_hip left_knee left_ankle root spine head'
)
"""tuple[str]: Joints of MPI-INF-3DHP's test set, as in MMPose's metainfo."""

MPI_TRAIN_28: tuple[str, ...] = _names(
    'spine3 spine4 spine2 spine root neck head head_top left_clavicle left_shoulder left_elbow '
    'left_wrist left_hand right_clavicle right_shoulder right_elbow right_wrist right_hand '
    'left_hip left_knee left_ankle left_foot left_toe right_hip right_knee right_ankle '
    'right_foot right_toe'
)
"""tuple[str]: Joints of MPI-INF-3DHP's training set."""

SPIN_24: tuple[str, ...] = _names(
    'right_ankle right_knee right_hip left_hip left_knee left_ankle right_wrist right_elbow '
    'right_shoulder left_shoulder left_elbow left_wrist neck lsp_head_top root mpii_thorax spine '
    'head head_top nose left_eye right_eye left_ear right_ear'
)
"""tuple[str]: Joints of SPIN's npz files, named after what SPIN puts there for MPI-INF-3DHP."""

SMPL_24: tuple[str, ...] = _names(
    'root left_hip right_hip spine1 left_knee right_knee spine2 left_ankle right_ankle spine3 '
    'left_foot right_foot neck left_collar right_collar head left_shoulder right_shoulder '
    'left_elbow right_elbow left_wrist right_wrist left_hand right_hand'
)
"""tuple[str]: Joints of the SMPL body model."""

OPENPOSE_18: tuple[str, ...] = _names(
    'nose neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist '
    'right_hip right_knee right_ankle left_hip left_knee left_ankle right_eye left_eye right_ear '
    'left_ear'
)
"""tuple[str]: Keypoints of OpenPose's 18-point body, which 3DPW's ``poses2d`` hold."""

_ANKLES = {'left_foot': 'left_ankle', 'right_foot': 'right_ankle'}
FROM_MPI: dict[str, str] = {
    **_ANKLES,
    'thorax': 'neck',
    'neck_base': 'head',
    'head': 'head_top',
}
"""dict[str, str]: Human3.6M's joints that MPI-INF-3DHP (and SPIN) call differently."""

FROM_SMPL: dict[str, str] = {**_ANKLES, 'spine': 'spine2', 'thorax': 'neck', 'neck_base': 'head'}
"""dict[str, str]: Human3.6M's joints that SMPL calls differently; it has no top of the head."""

SKELETONS: dict[int, Skeleton] = {17: H36M_17, 16: H36M_16}
"""dict[int, Skeleton]: The skeletons that converters write, by their number of joints."""


def skeleton_of(num_joints: int) -> Skeleton:
    """The skeleton that a converter writes."""
    require_choice('joints', num_joints, SKELETONS)
    return SKELETONS[num_joints]


def pick_joints(
    skeleton: Skeleton, source: Sequence[str], other_names: Mapping[str, str] | None = None
) -> list[int]:
    """Place of each joint of a skeleton among a source's joints.

    Example:
        >>> pick_joints(H36M_16, MPI_TEST_17, FROM_MPI)[:4]
        [14, 8, 9, 10]
    """
    found = []
    for name in skeleton.joint_names:
        name = (other_names or {}).get(name, name)
        if name not in source:
            raise ValueError(f'The joint {name!r} is not among {", ".join(source)}.')
        found.append(list(source).index(name))
    return found
