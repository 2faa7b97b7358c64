# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""3DPW from its sequence files into MMPose's layout."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmposeaug.datasets.annotations import annotation_arrays
from mmposeaug.datasets.camera_files import CameraDict, intrinsics_of
from mmposeaug.datasets.keypoints_2d import KeypointMap, build_keypoint_map
from mmposeaug.datasets.pixels import check_pixels
from mmposeaug.fileio import Track, load_npz, load_pickle_restricted, untracked
from mmposeaug.geometry import project
from mmposeaug.structures import Skeleton
from mmposeaug.structures.choices import require_choice

from .checks import check_metres, number_array, require_key
from .conversion import (
    CAMERA_FILES,
    Part,
    Report,
    camera_contents,
    join_rows,
    run_parts,
    silent,
)
from .joints import FROM_SMPL, OPENPOSE_18, SMPL_24, pick_joints, skeleton_of
from .option_names import SPLITS
from .pinhole import pinhole_camera

HEAD = 'head'
APPROXIMATE = ('neck_base', HEAD)
"""tuple[str]: Joints of Human3.6M that SMPL's 24 have not: written, but invisible."""

_NEEDED = ('sequence', 'jointPositions', 'cam_intrinsics', 'cam_poses', 'campose_valid', 'poses2d')


def convert_pw3d(
    sequences: str | os.PathLike,
    out_dir: str | os.PathLike,
    split: str = 'test',
    joints: int = 17,
    regressed: str | None = None,
    overwrite: bool = False,
    report: Report = silent,
    track: Track = untracked,
) -> list[Path]:
    """Convert the sequence files of one split of 3DPW.

    Frames whose camera pose is valid are kept. ``S`` is in camera space; ``part`` is its
    projection; OpenPose's ``poses2d`` become ``joint_2d_det_files/openpose_SPLIT.npy``. People are
    called P0 and P1; image names are like ``P0_downtown-walking-00.downtown-walking-00_00012.jpg``.

    The joints come from ``jointPositions``, SMPL's 24, which have no face and no top of the head:
    ``neck_base`` is SMPL's head joint, ``head`` lies as far beyond it as the neck before it, and
    both are marked invisible, so that they are not scored. Joints regressed from SMPL's mesh, as
    published results use, can be given as a file.

    Args:
        sequences (str | PathLike): The folder ``sequenceFiles``.
        out_dir (str | PathLike): Folder for ``3dpw_SPLIT.npz`` and the other files.
        split (str): One of :data:`SPLITS`. Defaults to ``'test'``.
        joints (int): 17, or 16 as in PoseAug; names of Human3.6M. Defaults to 17.
        regressed (str, optional): An npz file with ``joint_names``, names of Human3.6M's joints,
            and for each person an array ``SEQUENCE_NUMBER`` (``downtown_walking_00_0``) of all
            its frames, (T, K, 3) world metres. Joints that it lacks are invisible; the root must
            be there. Defaults to None.
        overwrite, report, track: See :func:`run_parts`.

    Raises:
        ValueError: If a file is not what it should be; the sentence names the key.
    """
    require_choice('split', split, SPLITS)
    skeleton = skeleton_of(joints)
    files = [str(path) for path in sorted((Path(sequences) / split).glob('*.pkl'))]
    if not files:
        raise FileNotFoundError(
            f"There is no {split}/*.pkl in '{sequences}'; name the folder sequenceFiles of 3DPW."
        )
    inputs = files + ([] if regressed is None else [regressed])
    part = Part(
        name=f'3dpw_{split}',
        outputs=(
            f'3dpw_{split}.npz',
            f'joint_2d_det_files/openpose_{split}.npy',
            *(f'3dpw_{split}_{name}' for name in CAMERA_FILES),
        ),
        make=partial(_make, files, regressed, split, skeleton, report, track),
        inputs=tuple(inputs),
        options=dict(joints=joints, regressed=regressed is not None),
    )
    return run_parts(out_dir, [part], overwrite, report)


def _make(
    files: Sequence[str],
    regressed: str | None,
    split: str,
    skeleton: Skeleton,
    report: Report,
    track: Track,
) -> dict[str, Any]:
    given = None if regressed is None else _Regressed(regressed, skeleton)
    keypoint_map = build_keypoint_map(OPENPOSE_18, skeleton)
    rows: list[dict[str, np.ndarray]] = []
    detections: list[np.ndarray] = []
    cameras: CameraDict = {}
    for path in track(files):
        sequence = Sequence3DPW(path)
        for person in range(sequence.people):
            arrays, detected, camera = sequence.convert(person, skeleton, given, keypoint_map)
            rows.append(arrays)
            detections.append(detected)
            cameras[f'P{person}', sequence.name.replace('_', '-')] = camera
    arrays = join_rows(rows, f'the split {split!r}')
    found = np.concatenate(detections)
    check_pixels(found[..., :2], found[..., 2], f'poses2d of the split {split!r}')
    report(f'{len(files)} sequences, {len(arrays["imgname"])} frames of people')
    return {
        f'3dpw_{split}.npz': arrays,
        f'joint_2d_det_files/openpose_{split}.npy': found,
        **camera_contents(cameras, f'3dpw_{split}_'),
    }


class Sequence3DPW:
    """One sequence file."""

    def __init__(self, path: str) -> None:
        content = load_pickle_restricted(path)
        self.path = path
        self.content: Mapping[str, Any] = {
            key: require_key(content, key, f'The sequence {path!r}') for key in _NEEDED
        }
        self.name = str(self.content['sequence'])
        for key in ('jointPositions', 'poses2d', 'campose_valid'):
            if not isinstance(self.content[key], (list, tuple)) and not np.ndim(self.content[key]):
                raise ValueError(
                    f'{self._where(key)} is {self.content[key]!r:.80}; a list of an array for each '
                    'person is needed.'
                )
        self.people = len(self.content['jointPositions'])
        for key in ('poses2d', 'campose_valid'):
            if len(self.content[key]) != self.people:
                raise ValueError(
                    f'{self._where(key)} has {len(self.content[key])} people, but jointPositions '
                    f'{self.people}.'
                )

    def _where(self, key: str) -> str:
        return f'{key} of {self.path!r}'

    def convert(
        self,
        person: int,
        skeleton: Skeleton,
        regressed: _Regressed | None,
        keypoint_map: KeypointMap,
    ) -> tuple[dict[str, np.ndarray], np.ndarray, dict[str, Any]]:
        """Annotations, detections (N, J, 3) and camera of one person."""
        positions = number_array(
            self.content['jointPositions'][person],
            (None, len(SMPL_24) * 3),
            f'The person {person} of {self._where("jointPositions")}',
        ).reshape(-1, len(SMPL_24), 3)
        frames = len(positions)
        extrinsics = number_array(
            self.content['cam_poses'], (frames, 4, 4), self._where('cam_poses')
        )
        valid = number_array(
            self.content['campose_valid'][person], (frames,), self._where('campose_valid')
        ).astype(bool)
        detected = number_array(
            self.content['poses2d'][person],
            (frames, 3, len(OPENPOSE_18)),
            f'The person {person} of {self._where("poses2d")}',
        )
        detected = detected.swapaxes(1, 2).astype(np.float32)
        if regressed is None:
            world, visible = smpl_to_h36m(positions, skeleton)
        else:
            world, visible = regressed.world(f'{self.name}_{person}', frames)
        check_metres(world, f'The person {person} of {self.path!r}')
        pose_cam = np.einsum('tij,tkj->tki', extrinsics[:, :3, :3], world)
        pose_cam += extrinsics[:, None, :3, 3]
        # a person behind the camera cannot be in its image
        kept = np.flatnonzero(valid & (pose_cam[..., 2] > 0).all(axis=1))
        camera = self._camera()
        key = (f'P{person}', camera['id'])
        keypoints = project(
            torch.from_numpy(pose_cam[kept]), torch.from_numpy(intrinsics_of(key, camera))
        ).numpy()
        stem = f'{key[0]}_{camera["id"]}.{camera["id"]}'
        names = np.array([f'{stem}_{frame:05d}.jpg' for frame in kept], dtype=np.str_)
        arrays = dict(imgname=names, **annotation_arrays(keypoints, pose_cam[kept], visible))
        points, scores = keypoint_map(detected[kept, :, :2], detected[kept, :, 2])
        return arrays, np.concatenate((points, scores[..., None]), axis=-1), camera

    def _camera(self) -> dict[str, Any]:
        matrix = number_array(self.content['cam_intrinsics'], (3, 3), self._where('cam_intrinsics'))
        centre = matrix[:2, 2]
        # the principal point of 3DPW's cameras is the middle of the image
        width, height = (int(round(2 * value)) for value in centre)
        return pinhole_camera(
            (width, height), matrix.diagonal()[:2], centre, self.name.replace('_', '-')
        )


def smpl_to_h36m(positions: np.ndarray, skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """Make Human3.6M's joints (T, J, 3) of SMPL's 24, and say which (J,) SMPL really has.

    The places of the neck base and the head are guesses.
    """
    stand_in = {**FROM_SMPL, HEAD: 'head'}
    joints = positions[:, pick_joints(skeleton, SMPL_24, stand_in)]
    head, neck = (positions[:, SMPL_24.index(name)] for name in ('head', 'neck'))
    joints[:, skeleton.index(HEAD)] = 2 * head - neck
    visible = np.array([float(name not in APPROXIMATE) for name in skeleton.joint_names])
    return joints, visible


class _Regressed:
    """Joints from a file, instead of SMPL's own."""

    def __init__(self, path: str, skeleton: Skeleton) -> None:
        self.path, self.skeleton = path, skeleton
        self.arrays = load_npz(path)
        names = [str(name) for name in require_key(self.arrays, 'joint_names', repr(path))]
        unknown = [name for name in names if name not in skeleton.joint_names]
        # the neck base may be there for 17 joints and be left out for 16
        unknown = [name for name in unknown if name not in APPROXIMATE]
        root = skeleton.joint_names[skeleton.root]
        if unknown or root not in names:
            raise ValueError(
                f'joint_names of {path!r} has {unknown[0]!r}, which is not a joint of Human3.6M.'
                if unknown
                else f'joint_names of {path!r} lacks the joint {root!r}.'
            )
        self.names = names

    def world(self, name: str, frames: int) -> tuple[np.ndarray, np.ndarray]:
        """World joints (T, J, 3) of one person; those that are lacking lie at the root."""
        given = number_array(
            require_key(self.arrays, name, repr(self.path)),
            (frames, len(self.names), 3),
            f'The array {name!r} of {self.path!r}',
        )
        root = given[:, self.names.index(self.skeleton.joint_names[self.skeleton.root])]
        joints = np.repeat(root[:, None], self.skeleton.num_joints, axis=1)
        visible = np.zeros(self.skeleton.num_joints)
        for index, joint in enumerate(self.skeleton.joint_names):
            if joint in self.names:
                joints[:, index] = given[:, self.names.index(joint)]
                visible[index] = 1
        return joints, visible
