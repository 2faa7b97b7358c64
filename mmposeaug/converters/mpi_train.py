# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""MPI-INF-3DHP's training set from its ``annot.mat`` and ``camera.calibration`` files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mmposeaug.datasets.annotations import annotation_arrays
from mmposeaug.datasets.camera_files import CameraDict
from mmposeaug.datasets.pixels import check_pixels
from mmposeaug.fileio import Track, require_file, untracked
from mmposeaug.structures import Skeleton
from mmposeaug.structures.choices import require_choice

from .checks import number_array
from .conversion import (
    CAMERA_FILES,
    Part,
    Report,
    camera_contents,
    join_rows,
    run_parts,
    silent,
)
from .joints import FROM_MPI, MPI_TRAIN_28, pick_joints, skeleton_of
from .matlab import load_mat
from .option_names import CAMERAS, POSE_KEYS
from .pinhole import pinhole_camera


def convert_mpi_train(
    folder: str | os.PathLike,
    out_dir: str | os.PathLike,
    joints: int = 17,
    pose: str = 'annot3',
    cameras: Sequence[int] = CAMERAS,
    frame_step: int = 1,
    overwrite: bool = False,
    report: Report = silent,
    track: Track = untracked,
) -> list[Path]:
    """Convert ``S1/Seq1/annot.mat`` and so on with the ``camera.calibration`` beside each.

    Frames with a joint outside the image are left out. Image names are like
    ``S1_Seq1.0_000001.jpg``; subject, sequence, camera, frame. The cameras of a subject's two
    sequences differ, so camera ids are like ``0Seq1``.

    Args:
        folder (str | PathLike): The folder that holds ``S1``, ``S2`` and so on; those that are
            there are converted.
        out_dir (str | PathLike): Folder for ``mpi_inf_3dhp_train.npz`` and the camera files.
        joints (int): 17, or 16 as in PoseAug; names of Human3.6M. Defaults to 17.
        pose (str): One of :data:`POSE_KEYS`. Defaults to ``'annot3'``.
        cameras (Sequence[int]): Numbers of the cameras. Defaults to :data:`CAMERAS`.
        frame_step (int): Keep every n-th frame. Defaults to 1.
        overwrite, report, track: See :func:`run_parts`.

    Raises:
        ValueError: If a file is not what it should be; the sentence names the array or camera.
    """
    require_choice('pose', pose, POSE_KEYS)
    if frame_step < 1 or not cameras:
        raise ValueError(
            f'frame_step is {frame_step} and cameras {list(cameras)}; a whole number from 1 and '
            'at least one camera are needed.'
        )
    skeleton = skeleton_of(joints)
    found = sorted(Path(folder).glob('S*/Seq*/annot.mat'))
    if not found:
        raise FileNotFoundError(
            f"There is no S*/Seq*/annot.mat in '{folder}'; name the folder that holds S1, S2, ..."
        )
    files = [(path, path.with_name('camera.calibration')) for path in found]
    inputs = tuple(str(path) for pair in files for path in pair)
    part = Part(
        name='mpi_inf_3dhp_train',
        outputs=('mpi_inf_3dhp_train.npz', *CAMERA_FILES),
        make=partial(_make, files, skeleton, pose, tuple(cameras), frame_step, report, track),
        inputs=inputs,
        options=dict(joints=joints, pose=pose, cameras=list(cameras), frame_step=frame_step),
    )
    return run_parts(out_dir, [part], overwrite, report)


def _make(
    files: Sequence[tuple[Path, Path]],
    skeleton: Skeleton,
    pose: str,
    numbers: tuple[int, ...],
    frame_step: int,
    report: Report,
    track: Track,
) -> dict[str, Any]:
    rows: list[dict[str, np.ndarray]] = []
    cameras: CameraDict = {}
    for annotation, calibration in track(files):
        subject, sequence = annotation.parts[-3], annotation.parts[-2]
        known = read_calibration(str(calibration))
        arrays = load_mat(str(annotation), ['annot2', pose])
        for number in numbers:
            if number not in known:
                raise ValueError(f"The file '{calibration}' has no camera {number}.")
            size, focal, centre = known[number]
            camera_id = f'{number}{sequence}'
            cameras[subject, camera_id] = pinhole_camera(size, focal, centre, camera_id)
            keypoints = _cell(arrays['annot2'], number, 2, f"annot2 of '{annotation}'")
            check_pixels(keypoints, None, f"annot2 of '{annotation}'")
            positions = _cell(arrays[pose], number, 3, f"{pose} of '{annotation}'") / 1000
            order = pick_joints(skeleton, MPI_TRAIN_28, FROM_MPI)
            if len(keypoints) != len(positions):
                raise ValueError(
                    f"The camera {number} of '{annotation}' has {len(keypoints)} frames of 2D and "
                    f'{len(positions)} of 3D.'
                )
            keypoints, positions = keypoints[:, order], positions[:, order]
            inside = ((keypoints >= 0) & (keypoints < np.array(size))).all(axis=(1, 2))
            frames = np.flatnonzero(inside & (positions[..., 2] > 0).all(axis=1))
            frames = frames[frames % frame_step == 0]
            stem = f'{subject}_{sequence}.{camera_id}'
            names = np.array([f'{stem}_{frame + 1:06d}.jpg' for frame in frames], dtype=np.str_)
            annotations = annotation_arrays(keypoints[frames], positions[frames])
            rows.append(dict(imgname=names, **annotations))
        report(f'{subject} {sequence}: {sum(len(r["imgname"]) for r in rows)} frames so far')
    return {
        'mpi_inf_3dhp_train.npz': join_rows(rows, 'the training set'),
        **camera_contents(cameras),
    }


def _cell(cells: np.ndarray, number: int, columns: int, where: str) -> np.ndarray:
    """Frames (T, 28, columns) of one camera of a cell array."""
    cells = cells.reshape(-1)
    if cells.dtype != object or number >= len(cells):
        raise ValueError(f'{where} has no cell for the camera {number}; it has {len(cells)} cells.')
    joints = len(MPI_TRAIN_28)
    flat = number_array(cells[number], (None, joints * columns), f'The camera {number} of {where}')
    return flat.reshape(-1, joints, columns)


def read_calibration(path: str) -> dict[int, tuple[tuple[int, int], np.ndarray, np.ndarray]]:
    """Read image size, focal length (2,) and centre (2,), pixels, of each camera by its number."""
    require_file(path, 'camera calibration')
    entries: list[dict[str, list[str]]] = []
    with open(path, encoding='utf-8', errors='replace') as file:
        for line in file:
            word, *values = line.split() or ['']
            if word == 'name':
                entries.append({})
            if entries:
                entries[-1][word] = values
    if not entries:
        raise ValueError(
            f"The file {path!r} has no line 'name', so it is not a camera calibration."
        )
    return dict(_calibrated(entry, path) for entry in entries)


def _calibrated(
    entry: dict[str, list[str]], path: str
) -> tuple[int, tuple[tuple[int, int], np.ndarray, np.ndarray]]:
    try:
        number = int(entry['name'][0])
        width, height = (int(float(value)) for value in entry['size'])
        matrix = np.array([float(value) for value in entry['intrinsic']]).reshape(4, 4)
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(
            f"A camera of {path!r} lacks a line 'name', 'size' (2 numbers) or 'intrinsic' (16 "
            f'numbers): {error}.'
        ) from None
    return number, ((width, height), matrix.diagonal()[:2].copy(), matrix[:2, 2].copy())
