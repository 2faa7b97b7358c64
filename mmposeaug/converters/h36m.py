# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Human3.6M from the files that it is found as into MMPose's layout."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmposeaug.datasets.annotations import annotation_arrays
from mmposeaug.datasets.camera_files import CameraDict, intrinsics_of, numbers_of
from mmposeaug.fileio import Track, untracked
from mmposeaug.geometry import project
from mmposeaug.structures import Skeleton

from .checks import check_before_camera
from .conversion import (
    CAMERA_FILES,
    Part,
    Report,
    camera_contents,
    join_rows,
    run_parts,
    silent,
)
from .h36m_archives import find_recordings, read_recordings
from .h36m_cameras import read_cameras
from .h36m_files import (
    CAMERA_IDS,
    CORRUPT,
    SPLITS,
    Sequences,
    Videos,
    lower_rate,
    missing_takes,
    read_keypoints,
    read_positions,
    unknown_actions,
)
from .h36m_mmpose import find_mmpose_folder, mmpose_parts
from .joints import H36M_32, pick_joints, skeleton_of

FRAME_RATE = 50
"""int: Frames a second of the recordings."""

_PACKED = ('.zip', '.tgz', '.tar', '.tar.gz')
_RECORDING = ('.mat', '.h5', '.cdf')


def convert_h36m(
    positions: str,
    cameras: str,
    out_dir: str | os.PathLike,
    keypoints: Sequence[str] = (),
    joints: int = 17,
    frame_step: int = 1,
    keep_corrupt: bool = False,
    overwrite: bool = False,
    report: Report = silent,
    track: Track = untracked,
) -> list[Path]:
    """Convert Human3.6M into what ``Human36mDataset`` and ``MocapDataset`` read.

    What ``positions`` is shows itself:

    - VideoPose3D's ``data_3d_h36m.npz``;
    - a folder with the official archives as MATLAB files,
      ``S1/MyPoseFeatures/D3_Positions/Directions 1.cdf.mat`` (or ``S1/Poses_D3_Positions/``);
    - a folder with the unpacked h36m.zip, ``S1/MyPoses/3D_positions/Directions 1.h5``;
    - a folder of MMPose's own annotations, ``h36m_train.npz`` and ``h36m_test.npz``, whose 2D and
      image names stay as they are: other joints, fewer frames.

    Written are ``fps50/h36m_train.npz`` and ``fps50/h36m_test.npz`` (another rate with
    ``frame_step``), whose 2D is the distorted projection of the 3D, ``cameras.pkl`` and
    ``cameras.json``, and for each file of 2D keypoints
    ``joint_2d_det_files/NAME_train.npy`` and ``NAME_test.npy`` beside the annotations, NAME being
    what follows ``data_2d_h36m_``. A video is cut to the shortest of its 3D and 2D.

    Args:
        positions (str): The file or folder of 3D poses.
        cameras (str): MMPose's ``cameras.pkl`` of Human3.6M, the same as JSON, or VideoPose3D's
            ``common/h36m_dataset.py``, see :func:`read_cameras`.
        out_dir (str | PathLike): Folder to write to.
        keypoints (Sequence[str]): ``data_2d_h36m_*.npz`` files; for MMPose's annotations
            ``NAME_train.npy`` and ``NAME_test.npy``.
        joints (int): 17, or 16 as in PoseAug. Defaults to 17.
        frame_step (int): Keep every n-th frame; it must divide the frame rate, 50 but for some of
            MMPose's files. Defaults to 1.
        keep_corrupt (bool): Whether to keep S11's Directions. Defaults to False.
        overwrite, report, track: See :func:`run_parts`.

    Raises:
        ImportError: If files are HDF5 and h5py is not installed.
        ValueError: If ``frame_step`` does not divide the frame rate, or a file is not what it
            should be; the sentence names the key.
    """
    skeleton = skeleton_of(joints)
    options = dict(joints=joints, frame_step=frame_step, keep_corrupt=keep_corrupt)
    folder = find_mmpose_folder(positions)
    if folder is not None:
        parts = mmpose_parts(folder, keypoints, skeleton, frame_step, keep_corrupt, options, report)
    else:
        files = (positions, cameras, tuple(keypoints))
        source = _Source(*files, skeleton, frame_step, keep_corrupt, report, track)
        parts = source.parts(options)
    parts.append(
        Part('cameras', CAMERA_FILES, lambda: camera_contents(read_cameras(cameras)), (cameras,))
    )
    return run_parts(out_dir, parts, overwrite, report)


@dataclass
class _Source:
    """The files of a conversion, each read once, and only if a part needs it."""

    positions: str
    cameras: str
    keypoints: tuple[str, ...]
    skeleton: Skeleton
    frame_step: int
    keep_corrupt: bool
    report: Report
    track: Track

    def __post_init__(self) -> None:
        positions = self.positions
        self.names = [Path(path).stem.replace('data_2d_h36m_', '') for path in self.keypoints]
        for name in self.names:
            if self.names.count(name) > 1:
                raise ValueError(f'Two of the 2D files are called {name!r}; rename one.')
        if positions.endswith(_PACKED):
            raise ValueError(f'{positions!r} is packed; unpack it and name the folder.')
        if positions.endswith(_RECORDING):
            raise ValueError(
                f'{positions!r} is one recording; name the folder that holds S1, S5 and so on.'
            )
        self.recordings = find_recordings(positions) if os.path.isdir(positions) else None

    def parts(self, options: dict[str, Any]) -> list[Part]:
        rate = f'fps{lower_rate(self.frame_step, FRAME_RATE)}'
        recordings = self.recordings
        files = (self.positions,) if recordings is None else tuple(recordings.values())
        return [
            Part(
                name=f'{rate}/{split}',
                outputs=(
                    f'{rate}/h36m_{split}.npz',
                    *(f'{rate}/joint_2d_det_files/{name}_{split}.npy' for name in self.names),
                ),
                make=partial(self.make_split, split, rate),
                inputs=(*files, self.cameras, *self.keypoints),
                options=options,
            )
            for split in SPLITS
        ]

    @cached_property
    def content(self) -> tuple[Sequences, CameraDict, list[Videos]]:
        if self.recordings is None:
            sequences = read_positions(self.positions)
        else:
            sequences = read_recordings(self.recordings, self.track)
        _report_recordings(sequences, self.report)
        keypoints = [read_keypoints(path, self.skeleton) for path in self.keypoints]
        return sequences, read_cameras(self.cameras), keypoints

    def make_split(self, split: str, rate: str) -> dict[str, Any]:
        positions, cameras, keypoints = self.content
        order = pick_joints(self.skeleton, H36M_32)
        # sorted, so that all kinds of files give the same rows
        subjects = SPLITS[split]
        dropped = () if self.keep_corrupt else (CORRUPT,)
        sequences = [key for key in positions if key[0] in subjects and key not in dropped]
        sequences.sort(key=lambda key: (subjects.index(key[0]), key[1]))
        rows: list[dict[str, np.ndarray]] = []
        detections: list[list[np.ndarray]] = [[] for _ in keypoints]
        for key in self.track(sequences):
            for number, camera in enumerate(CAMERA_IDS):
                videos = self._videos(keypoints, key, number)
                lengths = [len(each) for each in (positions[key], *videos)]
                if len(set(lengths)) > 1:
                    self.report(
                        f'{key[0]} {key[1]}, camera {camera}: 3D and 2D have {lengths} frames, cut '
                        f'to {min(lengths)}'
                    )
                kept = slice(0, min(lengths), self.frame_step)
                rows.append(
                    _film(positions[key][kept, order], key, camera, cameras, self.frame_step)
                )
                for column, video in zip(detections, videos):
                    column.append(video[kept])
        contents: dict[str, Any] = {
            f'{rate}/h36m_{split}.npz': join_rows(rows, repr(self.positions))
        }
        for name, column in zip(self.names, detections):
            path = f'{rate}/joint_2d_det_files/{name}_{split}.npy'
            contents[path] = np.concatenate(column)
        return contents

    def _videos(
        self, keypoints: list[Videos], key: tuple[str, str], number: int
    ) -> list[np.ndarray]:
        for found, path in zip(keypoints, self.keypoints):
            if key not in found:
                raise ValueError(
                    f'positions_2d of {path!r} has no action {key[1]!r} of {key[0]!r}, which the '
                    '3D file has; give files of the same recordings.'
                )
        return [found[key][number] for found in keypoints]


def _report_recordings(sequences: Sequences, report: Report) -> None:
    """Report recordings that are missing, and those that are not Human3.6M's."""
    for subject, actions in missing_takes(sequences).items():
        more = f' and {len(actions) - 4} other actions' if len(actions) > 4 else ''
        report(
            f'{subject} has fewer than the two takes of {", ".join(actions[:4])}{more} '
            'that belong to Human3.6M'
        )
    for subject, actions in unknown_actions(sequences).items():
        report(
            f'{subject} has {", ".join(actions)}, no action of Human3.6M; it is converted like the '
            'others'
        )


def _film(
    world: np.ndarray,
    key: tuple[str, str],
    camera_id: str,
    cameras: CameraDict,
    frame_step: int,
) -> dict[str, np.ndarray]:
    """Annotations of one video."""
    subject, action = key
    camera_key = (subject, camera_id)
    camera = cameras[camera_key]
    rotation = numbers_of(camera_key, camera, 'R', 9).reshape(3, 3)
    pose_cam = (world - numbers_of(camera_key, camera, 'T', 3)) @ rotation
    check_before_camera(pose_cam, f'{subject} {action}, camera {camera_id}')
    intrinsics = torch.from_numpy(intrinsics_of(camera_key, camera))
    keypoints = project(torch.from_numpy(pose_cam), intrinsics).numpy()
    stem = f'{subject}_{action}.{camera_id}'
    frames = np.arange(len(world)) * frame_step + 1
    names = np.array([f'{subject}/{stem}/{stem}_{frame:06d}.jpg' for frame in frames])
    return dict(imgname=names, **annotation_arrays(keypoints, pose_cam))
