# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Which joints of a motion-capture skeleton make those of Human3.6M."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmposeaug.datasets.keypoints_2d.keypoint_sets import joint_recipe
from mmposeaug.fileio import load_yaml
from mmposeaug.structures import Skeleton

_KEYS = {'up', 'metres_per_unit', 'joints'}
# To a world whose z axis points up, without mirroring.
_TO_Z_UP = {
    'z': np.eye(3),
    'y': np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]),
}


@dataclass(frozen=True)
class JointMap:
    """How joints of a recording become those of a skeleton.

    Args:
        joints (Mapping[str, Mapping[str, float]]): For each joint of the skeleton the recording's
            joints with weights that sum to 1.
        up (str): Which axis of the recording points up, ``'y'`` or ``'z'``.
    """

    joints: Mapping[str, Mapping[str, float]]
    up: str
    metres_per_unit: float
    path: str

    def __call__(
        self, positions: np.ndarray, names: Sequence[str], skeleton: Skeleton, source: str
    ) -> np.ndarray:
        """Return joints (T, J, 3) of a skeleton, in metres, z up, made of (T, K, 3)."""
        weights = np.zeros((skeleton.num_joints, len(names)))
        for index, joint in enumerate(skeleton.joint_names):
            if joint not in self.joints:
                raise ValueError(f'The joint map {self.path!r} does not say how to make {joint!r}.')
            for name, share in self.joints[joint].items():
                if name not in names:
                    raise ValueError(
                        f'The joint map {self.path!r} makes {joint!r} of {name!r}, which '
                        f'{source!r} lacks; it has {", ".join(names)}.'
                    )
                weights[index, list(names).index(name)] = share
        return self.metres_per_unit * (weights @ positions) @ _TO_Z_UP[self.up].T


def load_joint_map(path: str, metres_per_unit: float | None = None) -> JointMap:
    """Read a joint map.

    The YAML file has ``up`` (y or z), ``metres_per_unit``, and ``joints``, which gives for each
    joint of Human3.6M a name, a list of names (their mean), or names with weights that sum to 1.
    """
    content = load_yaml(path, 'joint map', '--joint-map')
    if not isinstance(content, Mapping) or set(content) != _KEYS:
        found = sorted(map(str, content)) if isinstance(content, Mapping) else content
        raise ValueError(
            f'The joint map {path!r} must have {sorted(_KEYS)}, but has {reprlib.repr(found)}.'
        )
    up, unit, joints = content['up'], content['metres_per_unit'], content['joints']
    unit = unit if metres_per_unit is None else metres_per_unit
    if not isinstance(up, str) or up not in _TO_Z_UP:
        raise ValueError(f'The joint map {path!r} has up: {up!r}; use y or z.')
    if isinstance(unit, bool) or not isinstance(unit, (int, float)) or not unit > 0:
        raise ValueError(f'metres_per_unit of {path!r} is {unit!r}; a positive number is needed.')
    if not isinstance(joints, Mapping):
        raise ValueError(f'joints of the joint map {path!r} must map joints to names.')
    where = f'joint map {path!r}'
    recipes = {str(joint): joint_recipe(value, joint, where) for joint, value in joints.items()}
    return JointMap(recipes, up, float(unit), path)
