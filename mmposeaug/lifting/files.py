# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifted poses as files: JSON for people and other programs, npz for numbers."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from mmposeaug.fileio import atomic_write, load_npz, save_npz
from mmposeaug.structures import LiftedPoses, Skeleton

FORMAT = 'mmposeaug.lifted_poses'
VERSION = 1

_ARRAYS = (
    'frames',
    'tracks',
    'poses_rel',
    'keypoints_px',
    'scores',
    'interpolated',
    'image_sizes',
    'roots_cam',
)
_OPTIONAL = ('intrinsics', 'up_cam')


def save_lifted_npz(lifted: LiftedPoses, path: str | os.PathLike) -> None:
    """Write lifted poses as numbers, atomically.

    Args:
        lifted (LiftedPoses): The poses.
        path (str | PathLike): The npz file: the arrays of :class:`LiftedPoses` and ``meta``, the
            rest as JSON. :func:`load_lifted` reads it.
    """
    arrays = {name: getattr(lifted, name) for name in (*_ARRAYS, *_OPTIONAL)}
    arrays = {name: array for name, array in arrays.items() if array is not None}
    save_npz(path, {**arrays, 'meta': np.array(json.dumps(_meta(lifted)))})


def load_lifted(path: str | os.PathLike) -> LiftedPoses:
    """Read what :func:`save_lifted_npz` wrote.

    Args:
        path (str | PathLike): The npz file.

    Returns:
        LiftedPoses: The poses.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it is another file, or of a newer version.
    """
    path = os.fspath(path)
    arrays = load_npz(path)
    try:
        meta = json.loads(str(arrays['meta']))
        if meta['format'] != FORMAT or meta['version'] > VERSION:
            raise ValueError(f'its format is {meta["format"]} {meta["version"]}')
        skeleton = meta['skeleton']
        return LiftedPoses(
            skeleton=Skeleton(
                skeleton['name'],
                tuple(skeleton['joint_names']),
                tuple(skeleton['parents']),
                tuple((a, b) for a, b in skeleton['joint_pairs']),
            ),
            image_names={int(frame): name for frame, name in meta['image_names'].items()},
            fps=meta['fps'],
            info=meta['made_with'],
            **{name: arrays[name] for name in _ARRAYS},
            intrinsics=arrays.get('intrinsics'),
            up_cam=arrays.get('up_cam'),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f'The file {path!r} holds no lifted poses that this version can read ({error}); lift '
            'the keypoints again.'
        ) from None


def save_lifted_json(lifted: LiftedPoses, path: str | os.PathLike) -> None:
    """Write lifted poses as JSON, atomically, frame by frame, in little memory.

    ``meta_info`` says what the numbers are. ``instance_info`` has for each frame with people
    ``frame_id``, ``image`` where its name is known, and ``instances``: for each person
    ``track_id``, ``keypoints`` (J x 3, metres, root-relative, camera-space axes),
    ``keypoint_scores``, ``keypoints_2d`` (J x 2, pixels), ``interpolated`` (names of joints that
    were not detected), ``root`` (its estimated place in camera space, metres), ``image_size`` and
    ``intrinsics`` (fx, fy, cx, cy, k1, k2, k3, p1, p2; pixels).

    Args:
        lifted (LiftedPoses): The poses.
        path (str | PathLike): The file.
    """
    meta = dict(
        _meta(lifted),
        unit='m',
        axes='camera space: x right, y down, z away from the camera',
        origin='the root joint',
        root_joint=lifted.skeleton.joint_names[lifted.skeleton.root],
        up=None if lifted.up_cam is None else _rounded(lifted.up_cam, 6),
    )
    names = meta.pop('image_names')
    with atomic_write(path, 'w') as file:
        file.write('{"meta_info": ' + json.dumps(meta, indent=1) + ',\n"instance_info": [')
        for i, frame in enumerate(lifted.frame_numbers.tolist()):
            entry: dict[str, Any] = dict(frame_id=frame)
            if str(frame) in names:
                entry['image'] = names[str(frame)]
            entry['instances'] = [_instance(lifted, row) for row in lifted.rows_of(frame)]
            file.write(
                (',\n' if i else '\n') + json.dumps(entry, separators=(',', ':'), allow_nan=False)
            )
        file.write('\n]}\n')


def _instance(lifted: LiftedPoses, row: int) -> dict[str, Any]:
    names = lifted.skeleton.joint_names
    camera = {}
    if lifted.intrinsics is not None:
        camera['intrinsics'] = _rounded(lifted.intrinsics[row], 6)
    return dict(
        **camera,
        track_id=int(lifted.tracks[row]),
        keypoints=_rounded(lifted.poses_rel[row], 5),
        keypoint_scores=_rounded(lifted.scores[row], 4),
        keypoints_2d=_rounded(lifted.keypoints_px[row], 2),
        interpolated=[names[j] for j in np.flatnonzero(lifted.interpolated[row])],
        root=_rounded(lifted.roots_cam[row], 4),
        image_size=_rounded(lifted.image_sizes[row], 1),
    )


def _rounded(values: np.ndarray, digits: int) -> list[Any]:
    return np.round(values.astype(np.float64), digits).tolist()


def _meta(lifted: LiftedPoses) -> dict[str, Any]:
    skeleton = lifted.skeleton
    return dict(
        format=FORMAT,
        version=VERSION,
        skeleton=dict(
            name=skeleton.name,
            joint_names=list(skeleton.joint_names),
            parents=list(skeleton.parents),
            joint_pairs=[list(pair) for pair in skeleton.joint_pairs],
        ),
        fps=lifted.fps,
        image_names={str(frame): name for frame, name in lifted.image_names.items()},
        made_with=lifted.info,
    )
