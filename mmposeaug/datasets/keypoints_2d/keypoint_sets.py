# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Which keypoints a detector gives, and how the joints of a lifter are made of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmposeaug.fileio import load_json, require_file
from mmposeaug.structures import H36M_16, H36M_17, Skeleton
from mmposeaug.structures.choices import require_choice
from mmposeaug.structures.metainfo import joint_names
from mmposeaug.structures.metainfo_files import whole_metainfo

_MMPOSE_SETS = ('coco', 'halpe26', 'coco_wholebody', 'aic', 'crowdpose', 'posetrack18')

DETECTOR_SETS = {
    17: 'coco',
    18: 'openpose18',
    25: 'openpose25',
    26: 'halpe26',
    33: 'mediapipe',
    133: 'coco_wholebody',
}
"""dict[int, str]: Sets that 2D detectors give, by their number of keypoints."""

Weights = Mapping[str, float]


# What tools/dataset_converters/h36m_to_coco.py of MMPose 1.x writes; its first leg is the right.
_LEGS = {side: [f'{side}_{part}' for part in ('hip', 'knee', 'foot')] for side in ('left', 'right')}
_H36M_TO_COCO = ('root (pelvis)', *_LEGS['left'], *_LEGS['right'], *H36M_17.joint_names[7:])


def is_mislabelled(names: Sequence[str]) -> bool:
    """Whether names are those by which MMPose's ``h36m_to_coco`` calls the right leg left."""
    return tuple(names) == _H36M_TO_COCO


def _of_both_sides(*parts: str) -> tuple[str, ...]:
    return tuple(f'{side}_{part}' for part in parts for side in ('left', 'right'))


# MMPose has no metainfo of these. The rules below make the same joints of them as of COCO's 17.
_MEDIAPIPE_NAMES = (
    'nose',
    *(f'{side}_{part}' for side in ('left', 'right') for part in ('eye_inner', 'eye', 'eye_outer')),
    *_of_both_sides('ear'),
    'mouth_left',
    'mouth_right',
    *_of_both_sides('shoulder', 'elbow', 'wrist', 'pinky', 'index', 'thumb'),
    *_of_both_sides('hip', 'knee', 'ankle', 'heel', 'foot_index'),
)


_ARM, _LEG = ('shoulder', 'elbow', 'wrist'), ('hip', 'knee', 'ankle')
_OPENPOSE_ARMS = tuple(f'{side}_{part}' for side in ('right', 'left') for part in _ARM)
_OPENPOSE_LEGS = tuple(f'{side}_{part}' for side in ('right', 'left') for part in _LEG)
_OPENPOSE_HEAD = ('right_eye', 'left_eye', 'right_ear', 'left_ear')
_OWN_SETS: dict[str, tuple[str, ...]] = {
    'mediapipe': _MEDIAPIPE_NAMES,
    'openpose25': (
        'nose',
        'neck',
        *_OPENPOSE_ARMS,
        'hip',
        *_OPENPOSE_LEGS,
        *_OPENPOSE_HEAD,
        *(f'{s}_{p}' for s in ('left', 'right') for p in ('big_toe', 'small_toe', 'heel')),
    ),
    'openpose18': (
        'nose',
        'neck',
        *_OPENPOSE_ARMS,
        *_OPENPOSE_LEGS,
        *_OPENPOSE_HEAD,
    ),
    H36M_17.name: H36M_17.joint_names,
    H36M_16.name: H36M_16.joint_names,
}
OF_LIFTER = 'lifter'
"""str: Set of the joints of the lifter themselves, in their order."""
KEYPOINT_SETS = (*_MMPOSE_SETS, *_OWN_SETS)
"""tuple[str]: Keypoint sets by name: of MMPose COCO's 17, Halpe's 26, COCO-WholeBody's 133, AI
Challenger's and CrowdPose's 14 and PoseTrack18's 17; the 33 landmarks of MediaPipe's BlazePose,
OpenPose's BODY_25 and COCO's 18, and Human3.6M's 17 and 16."""


def _mean(*names: str) -> Weights:
    return {name: 1 / len(names) for name in names}


_TOPS = ('head_top', 'top_head')
_MIDDLE = ('left_hip', 'right_hip', 'left_shoulder', 'right_shoulder')
_RULES: dict[str, tuple[Weights, ...]] = {
    'root': (_mean('pelvis'), _mean('hip'), _mean('left_hip', 'right_hip')),
    'spine': (_mean('hip', 'neck'), _mean(*_MIDDLE)),
    'thorax': (_mean('neck'), _mean('left_shoulder', 'right_shoulder')),
    'neck_base': (
        _mean('nose'),
        *({'neck': 3 / 4, top: 1 / 4} for top in _TOPS),
        _mean('thorax', 'head'),
    ),
    'head': (
        _mean('left_eye', 'right_eye'),
        _mean('head_bottom', 'head_top'),
        *({'neck': 5 / 12, top: 7 / 12} for top in _TOPS),
    ),
    'left_foot': (_mean('left_ankle'),),
    'right_foot': (_mean('right_ankle'),),
}
"""What Human3.6M's joints are made of where a set has none of that name, best first.

For COCO, PoseTrack18, AI Challenger and CrowdPose this is what MMPose's
``convert_keypoint_definition`` does."""

_NECK_IS_HIGHER = ('aic', 'crowdpose')
"""tuple[str]: Sets whose neck is above the middle of the shoulders, which is the thorax."""


def keypoint_names(name: str) -> tuple[str, ...]:
    """Return the names of the keypoints of a set, by its ``name`` in :data:`KEYPOINT_SETS`.

    Example:
        >>> len(keypoint_names('halpe26'))
        26
    """
    name = name.lower()
    if name in _OWN_SETS:
        return _OWN_SETS[name]
    own = f'{OF_LIFTER} for its own joints, or a JSON file that says what each joint is made of'
    require_choice('The keypoint set', name, KEYPOINT_SETS, own)
    path = f'configs/_base_/datasets/{name}.py'
    return tuple(joint_names(whole_metainfo(dict(from_file=path))))


@dataclass(frozen=True)
class KeypointMap:
    """Makes the joints of a lifter from a detector's keypoints.

    Args:
        weights (np.ndarray): (J, K): each joint is a weighted sum of keypoints; rows sum to 1.
        name (str): What it is, for messages and records.
        keypoints (tuple[str]): Names of the keypoints.
    """

    weights: np.ndarray
    name: str
    keypoints: tuple[str, ...] = ()

    def __call__(
        self, keypoints_px: np.ndarray, scores: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return joints (N, J, 2) in pixels and scores (N, J), made of (N, K, 2) and (N, K).

        A joint has the score of the worst keypoint that it is made of, 0 if one was not found.
        """
        if keypoints_px.shape[1] != self.weights.shape[1]:
            raise ValueError(
                f'People have {keypoints_px.shape[1]} keypoints, but the keypoint set '
                f'{self.name!r} has {self.weights.shape[1]}; choose the set that the detector '
                'gives.'
            )
        # a keypoint that was not found may be NaN, and must touch no joint but its own
        known = np.where((scores > 0)[..., None], keypoints_px, 0)
        joints = np.einsum('jk,nkd->njd', self.weights, known, dtype=np.float32)
        out = np.empty(joints.shape[:2], np.float32)
        for joint, row in enumerate(self.weights):
            out[:, joint] = scores[:, row != 0].min(1)
        return joints, out


def build_keypoint_map(
    keypoint_set: str | os.PathLike | Sequence[str], skeleton: Skeleton
) -> KeypointMap:
    """How the joints of a skeleton are made of a set's keypoints.

    A joint is the keypoint of its name, or, for Human3.6M's joints, what stands for it: the root
    is the middle of the hips, and so on.

    Args:
        keypoint_set (str | PathLike | Sequence[str]): A name of :data:`KEYPOINT_SETS`, the
            keypoints' own names, ``'lifter'`` for the joints of the lifter, or a JSON file of
            one's own: ``keypoints`` lists the names of the detector's keypoints, ``joints`` gives
            for each joint of the lifter a name, a list of names (their mean), or a mapping of
            names to weights.
        skeleton (Skeleton): The joints J of the lifter.

    Returns:
        KeypointMap: The map.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If a joint cannot be made of the keypoints; it names the joint.
    """
    own: Mapping[str, Any] = {}
    if isinstance(keypoint_set, os.PathLike) or str(keypoint_set).endswith('.json'):
        label = os.fspath(keypoint_set)  # type: ignore[arg-type]
        names, own = _read_own(label)
    elif keypoint_set == OF_LIFTER:
        label, names = keypoint_set, skeleton.joint_names
    elif isinstance(keypoint_set, str):
        label, names = keypoint_set.lower(), keypoint_names(keypoint_set)
    else:
        label, names = 'of the file', tuple(keypoint_set)
    if is_mislabelled(names):
        raise ValueError(
            f"The keypoints {label!r} have the names of MMPose's h36m_to_coco, which calls the "
            "right leg left; take the keypoint set 'h36m_17'."
        )
    unknown = sorted(set(own) - set(skeleton.joint_names))
    if unknown:
        raise ValueError(
            f'The keypoint map {label!r} makes the joint {unknown[0]!r}, which the lifter does '
            f'not have; its joints are {", ".join(skeleton.joint_names)}.'
        )
    weights = np.zeros((skeleton.num_joints, len(names)), np.float32)
    for index, joint in enumerate(skeleton.joint_names):
        for name, share in _recipe(joint, names, own, label).items():
            weights[index, names.index(name)] = share
    return KeypointMap(weights, label, tuple(names))


def _recipe(joint: str, names: Sequence[str], own: Mapping[str, Any], label: str) -> Weights:
    """Keypoints of which a joint is made, by name."""
    if joint in own:
        recipe: Weights = joint_recipe(own[joint], joint, f'keypoint map {label!r}')
        missing = [name for name in recipe if name not in names]
        if missing:
            raise ValueError(
                f'The keypoint map {label!r} makes {joint!r} of {missing[0]!r}, which is not '
                f'among its keypoints {", ".join(names)}.'
            )
        return recipe
    rules = _RULES.get(joint, ())
    if joint == 'thorax' and label in _NECK_IS_HIGHER:
        rules = rules[1:]
    for recipe in (_mean(joint), *rules):
        if all(name in names for name in recipe):
            return recipe
    raise ValueError(
        f"The lifter's joint {joint!r} cannot be made of the keypoints {label!r} "
        f'({", ".join(names)}); give a JSON file that says what each joint is made of.'
    )


def joint_recipe(value: Any, joint: str, where: str) -> dict[str, float]:
    """Read what a joint is made of: a name, a list of names, or names with weights."""
    if isinstance(value, str):
        return {value: 1.0}
    if isinstance(value, list) and value and all(isinstance(name, str) for name in value):
        return {name: 1 / len(value) for name in value}
    if isinstance(value, Mapping) and value:
        numbers = list(value.values())
        if all(isinstance(each, (int, float)) for each in numbers) and abs(sum(numbers) - 1) < 1e-3:
            return {str(name): float(share) for name, share in value.items()}
    raise ValueError(
        f'The {where} has {value!r} for {joint!r}; give a name, a list of names, or names with '
        'weights that sum to 1.'
    )


def _read_own(path: str) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """Names and recipes of a JSON file."""
    require_file(path, 'keypoint map', 'keypoint_set')
    content = load_json(path, 'keypoint map')
    names = content.get('keypoints') if isinstance(content, Mapping) else None
    joints = content.get('joints', {}) if isinstance(content, Mapping) else None
    if (
        not isinstance(names, list)
        or not all(isinstance(n, str) for n in names)
        or not isinstance(joints, Mapping)
    ):
        raise ValueError(
            f"The keypoint map {path!r} must have 'keypoints', a list of names, and 'joints', "
            'what each joint of the lifter is made of.'
        )
    return tuple(names), joints
