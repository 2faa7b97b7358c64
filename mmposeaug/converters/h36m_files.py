# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""VideoPose3D's files of Human3.6M, read and checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from mmposeaug.datasets.pixels import check_pixels
from mmposeaug.fileio import load_object_npz
from mmposeaug.structures import H36M_17_TO_16, Skeleton
from mmposeaug.structures.choices import require_choice

from .checks import check_frames, check_metres, number_array, require_key
from .joints import H36M_32

SPLITS: dict[str, tuple[str, ...]] = dict(train=('S1', 'S5', 'S6', 'S7', 'S8'), test=('S9', 'S11'))
"""dict[str, tuple[str]]: Subjects of the training and the test set."""

SUBJECTS = (*SPLITS['train'], *SPLITS['test'])

CAMERA_IDS = ('54138969', '55011271', '58860488', '60457274')
"""tuple[str]: The cameras, in the order of VideoPose3D's lists."""

CORRUPT = ('S11', 'Directions')
"""tuple[str, str]: The sequence whose videos are corrupt; it is left out."""

ACTIONS = (
    *('Directions', 'Discussion', 'Eating', 'Greeting', 'Phoning', 'Photo', 'Posing', 'Purchases'),
    *('Sitting', 'SittingDown', 'Smoking', 'Waiting', 'WalkDog', 'WalkTogether', 'Walking'),
)
"""tuple[str]: The actions; each subject performs each twice."""

_RENAMED = {'TakingPhoto': 'Photo', 'WalkingDog': 'WalkDog'}

Sequences = dict[tuple[str, str], np.ndarray]
Videos = dict[tuple[str, str], list[np.ndarray]]


def canonical_action(action: str) -> str:
    """Name of an action with its take, as MMPose's image names have it.

    Example:
        >>> canonical_action('WalkingDog 1')
        'WalkDog_1'
    """
    name, _, take = action.strip().replace('_', ' ').partition(' ')
    name = _RENAMED.get(name, name)
    return f'{name}_{take}' if take else name


def lower_rate(frame_step: int, frame_rate: int) -> int:
    """Frame rate that is left of every n-th frame."""
    steps = [step for step in range(1, frame_rate + 1) if frame_rate % step == 0]
    require_choice('frame_step', frame_step, steps, f'which divide {frame_rate} frames a second')
    return frame_rate // frame_step


def unknown_actions(sequences: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Recordings of actions that the data set does not have."""
    found: dict[str, list[str]] = {}
    for subject, action in sequences:
        if action.partition('_')[0] not in ACTIONS:
            found.setdefault(subject, []).append(action)
    return found


def missing_takes(sequences: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Recordings that the whole data set has and these have not."""
    takes = Counter((subject, action.partition('_')[0]) for subject, action in sequences)
    found: dict[str, list[str]] = {}
    for subject in SUBJECTS:
        few = [
            action
            for action in ACTIONS
            if takes[subject, action] < (1 if (subject, action) == CORRUPT else 2)
        ]
        if few:
            found[subject] = few
    return found


def read_positions(path: str) -> Sequences:
    """Read world positions (T, 32, 3) in metres by (subject, action) from ``data_3d_h36m.npz``."""
    content = load_object_npz(path, ['positions_3d'])['positions_3d']
    found: Sequences = {}
    for subject, action, values in _entries(content, f'positions_3d of {path!r}'):
        where = f'positions_3d[{subject!r}][{action!r}] of {path!r}'
        positions = number_array(values, (None, len(H36M_32), 3), where)
        check_frames(positions, where)
        check_metres(positions, where)
        found[subject, canonical_action(action)] = positions
    return found


def read_keypoints(path: str, skeleton: Skeleton) -> Videos:
    """Read a ``data_2d_h36m_*.npz`` file of Human3.6M's joints by (subject, action).

    Each entry has four arrays (T, J, 3), one a camera: pixels and score, which is 1 where the
    file has none.
    """
    content = load_object_npz(path, ['positions_2d', 'metadata'])
    metadata = content['metadata']
    count = require_key(metadata, 'num_joints', f'metadata of {path!r}')
    layout = metadata.get('layout_name', 'h36m')
    if layout != 'h36m' or count not in (16, 17) or count < skeleton.num_joints:
        raise ValueError(
            f'{path!r} has {count} keypoints of the layout {layout!r}; 17 (or, for 16 joints, 16) '
            "of the layout 'h36m' are needed: gt, cpn_ft_h36m_dbb, detectron_ft_h36m or hr."
        )
    order = list(H36M_17_TO_16) if count > skeleton.num_joints else slice(None)
    found: Videos = {}
    for subject, action, values in _entries(content['positions_2d'], f'positions_2d of {path!r}'):
        where = f'positions_2d[{subject!r}][{action!r}] of {path!r}'
        if len(values) != len(CAMERA_IDS):
            raise ValueError(f'{where} has {len(values)} videos, {len(CAMERA_IDS)} are needed.')
        found[subject, canonical_action(action)] = [
            _with_score(video, count, f'{where}, camera {camera}')[:, order]
            for video, camera in zip(values, CAMERA_IDS)
        ]
    return found


def _entries(content: Any, where: str) -> list[tuple[str, str, Any]]:
    """(subject, action, content), the subjects checked."""
    for subject in SUBJECTS:
        require_key(content, subject, where)
    unknown = [subject for subject in content if subject not in SUBJECTS]
    if unknown:
        raise ValueError(
            f'{where} has the subject {unknown[0]!r}; only {", ".join(SUBJECTS)} are known.'
        )
    found = []
    for subject in SUBJECTS:
        if not isinstance(content[subject], Mapping) or not content[subject]:
            raise ValueError(f'{where} has no actions of {subject!r}.')
        found += [(subject, action, values) for action, values in content[subject].items()]
    return found


def _with_score(video: Any, count: int, where: str) -> np.ndarray:
    columns = np.shape(video)[-1] if np.ndim(video) == 3 else 2
    keypoints = number_array(video, (None, count, 3 if columns == 3 else 2), where)
    keypoints = keypoints.astype(np.float32)  # there are 2 million frames
    if columns != 3:
        keypoints = np.concatenate((keypoints, np.ones_like(keypoints[..., :1])), axis=-1)
    check_pixels(keypoints[..., :2], keypoints[..., 2], where)
    return keypoints
