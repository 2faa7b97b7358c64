# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""MPI-INF-3DHP's test set: the official files, and SPIN's file of 2,929 frames."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mmposeaug.datasets.annotations import annotation_arrays
from mmposeaug.datasets.camera_files import CameraDict
from mmposeaug.datasets.pixels import check_pixels
from mmposeaug.fileio import Track, load_npz, untracked
from mmposeaug.structures import Skeleton
from mmposeaug.structures.choices import require_choice

from .checks import number_array, require_key
from .conversion import (
    CAMERA_FILES,
    Part,
    Report,
    camera_contents,
    join_rows,
    run_parts,
    silent,
)
from .joints import FROM_MPI, MPI_TEST_17, SPIN_24, pick_joints, skeleton_of
from .matlab import load_mat
from .option_names import POSE_KEYS
from .pinhole import fit_pinhole, pinhole_camera

IMAGE_SIZES: dict[str, tuple[int, int]] = {
    **dict.fromkeys(('TS1', 'TS2', 'TS3', 'TS4'), (2048, 2048)),
    **dict.fromkeys(('TS5', 'TS6'), (1920, 1080)),
}
"""dict: Width and height of the images of each sequence, pixels."""

SCENES: dict[str, str] = dict(
    TS1='GS', TS2='GS', TS3='noGS', TS4='noGS', TS5='outdoor', TS6='outdoor'
)
"""dict: Studio with green screen, studio without, outdoors."""

CAMERA_ID = '0'
"""str: The only camera of a sequence."""

_SPIN_NAME = re.compile(r'(?:^|[/\\])(TS\d+)[/\\].*?(\d+)\.\w+$')


def convert_mpi_test(
    sequences: str | os.PathLike,
    out_dir: str | os.PathLike,
    joints: int = 17,
    pose: str = 'univ_annot3',
    overwrite: bool = False,
    report: Report = silent,
    track: Track = untracked,
) -> list[Path]:
    """Convert the official test set, ``TS1/annot_data.mat`` to ``TS6/annot_data.mat``.

    Valid frames are kept, whether or not all joints are in the image. ``S`` is the chosen 3D in
    camera space, ``part`` the annotated 2D. The cameras are fitted to ``annot3`` and ``annot2``;
    the distance that is left is reported. Image names are like
    ``TS1_Activity3_GS.0_000123.jpg``.

    Args:
        sequences (str | PathLike): The folder that holds ``TS1`` to ``TS6``.
        out_dir (str | PathLike): Folder for ``mpi_inf_3dhp_test_official.npz`` and cameras.
        joints (int): 17, or 16 as in PoseAug; names of Human3.6M. Defaults to 17.
        pose (str): One of :data:`POSE_KEYS`. Defaults to ``'univ_annot3'``.
        overwrite, report, track: See :func:`run_parts`.

    Raises:
        ImportError: If the files are of MATLAB 7.3 and h5py is not installed.
        ValueError: If a file is not what it should be; the sentence names the array.
    """
    require_choice('pose', pose, POSE_KEYS)
    skeleton = skeleton_of(joints)
    files = {name: str(Path(sequences) / name / 'annot_data.mat') for name in IMAGE_SIZES}
    name = 'mpi_inf_3dhp_test_official'
    part = Part(
        name=name,
        outputs=(f'{name}.npz', *CAMERA_FILES),
        make=partial(_make_official, files, skeleton, pose, f'{name}.npz', report, track),
        inputs=tuple(files.values()),
        options=dict(joints=joints, pose=pose),
    )
    return run_parts(out_dir, [part], overwrite, report)


def _make_official(
    files: Mapping[str, str],
    skeleton: Skeleton,
    pose: str,
    output: str,
    report: Report,
    track: Track,
) -> dict[str, Any]:
    rows, cameras = [], {}
    for name in track(list(files)):
        row, camera, left = read_test_sequence(files[name], name, skeleton, pose)
        report(
            f'{name}: {len(row["imgname"])} valid frames; the fitted camera leaves {left:.2f} px'
        )
        rows.append(row)
        cameras[name, CAMERA_ID] = camera
    return {output: join_rows(rows, 'the test set'), **camera_contents(cameras)}


def read_test_sequence(
    path: str, name: str, skeleton: Skeleton, pose: str = 'univ_annot3'
) -> tuple[dict[str, np.ndarray], dict[str, Any], float]:
    """Read annotations, fitted camera and the mean distance (px) it leaves, of a sequence."""
    keys = ('annot2', 'annot3', 'univ_annot3', 'valid_frame', 'activity_annotation')
    arrays = load_mat(path, keys)
    count = len(MPI_TEST_17)
    shapes = dict(annot2=(None, 1, count, 2), annot3=(None, 1, count, 3))
    shapes['univ_annot3'] = shapes['annot3']
    checked = {
        key: number_array(arrays[key], shape, f'The array {key!r} of {path!r}')[:, 0]
        for key, shape in shapes.items()
    }
    flags = {
        key: number_array(arrays[key].reshape(-1), (None,), f'The array {key!r} of {path!r}')
        for key in ('valid_frame', 'activity_annotation')
    }
    lengths = {key: len(values) for key, values in {**checked, **flags}.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f'The arrays of {path!r} have different numbers of frames: {lengths}.')
    frames = np.flatnonzero(flags['valid_frame'])
    if not len(frames):
        raise ValueError(f'The array valid_frame of {path!r} marks no frame as valid.')
    order = pick_joints(skeleton, MPI_TEST_17, FROM_MPI)
    keypoints = checked['annot2'][frames]
    check_pixels(keypoints, None, f'annot2 of {path!r}')
    focal, centre, left = fit_pinhole(checked['annot3'][frames], keypoints, repr(path))
    names = [
        f'{name}_Activity{int(flags["activity_annotation"][frame])}_{SCENES[name]}.{CAMERA_ID}_'
        f'{frame + 1:06d}.jpg'
        for frame in frames
    ]
    arrays = dict(
        imgname=np.array(names),
        **annotation_arrays(keypoints[:, order], checked[pose][frames][:, order] / 1000),
    )
    return arrays, pinhole_camera(IMAGE_SIZES[name], focal, centre, CAMERA_ID), left


def convert_mpi_spin(
    annotations: str,
    out_dir: str | os.PathLike,
    joints: int = 16,
    overwrite: bool = False,
    report: Report = silent,
) -> list[Path]:
    """Convert SPIN's ``mpi_inf_3dhp_valid.npz``, the 2,929 frames that PoseAug is tested on.

    ``S`` stays root-relative, as it is there; the joints that the file marks as absent are
    invisible. The camera files tell the size of the images; focal length and centre are nominal
    (the image's width, its middle), since the file has none.

    Args:
        annotations (str): The file.
        out_dir (str | PathLike): Folder for ``mpi_inf_3dhp_2929.npz`` and the camera files.
        joints (int): 16 as in PoseAug, or 17; names of Human3.6M. Defaults to 16.
        overwrite, report: See :func:`run_parts`.

    Raises:
        ValueError: If it is not what it should be; the sentence names the array.
    """
    skeleton = skeleton_of(joints)
    part = Part(
        name='mpi_inf_3dhp_2929',
        outputs=('mpi_inf_3dhp_2929.npz', *CAMERA_FILES),
        make=partial(_make_spin, annotations, skeleton, 'mpi_inf_3dhp_2929.npz', report),
        inputs=(annotations,),
        options=dict(joints=joints),
    )
    return run_parts(out_dir, [part], overwrite, report)


def _make_spin(path: str, skeleton: Skeleton, output: str, report: Report) -> dict[str, Any]:
    arrays = load_npz(path)
    for key in ('imgname', 'part', 'S'):
        require_key(arrays, key, f'The file {path!r}')
    if arrays['imgname'].ndim != 1:
        raise ValueError(
            f"The array 'imgname' of {path!r} has shape {arrays['imgname'].shape}; (N,) is needed."
        )
    joints = arrays['S'].shape[1] if arrays['S'].ndim == 3 else 0
    sources: dict[int, Sequence[str]] = {len(MPI_TEST_17): MPI_TEST_17, len(SPIN_24): SPIN_24}
    if joints not in sources:
        raise ValueError(
            f"The array 'S' of {path!r} has shape {arrays['S'].shape}; (N, 24, 4) of SPIN or "
            '(N, 17, 4) of the official joints is needed.'
        )
    rows = len(arrays['imgname'])
    pose = number_array(arrays['S'], (rows, joints, 4), f"The array 'S' of {path!r}")
    keypoints = number_array(arrays['part'], (rows, joints, 3), f"The array 'part' of {path!r}")
    check_pixels(keypoints[..., :2], keypoints[..., 2], repr(path))
    order = pick_joints(skeleton, sources[joints], FROM_MPI)
    pose, keypoints = pose[:, order], keypoints[:, order]
    names, cameras = _spin_names(arrays['imgname'], path)
    visible = (pose[..., 3] > 0) & (keypoints[..., 2] > 0)
    report(f'{rows} frames' + ('' if rows == 2929 else '; the published protocol has 2929'))
    return {
        output: dict(
            imgname=names, **annotation_arrays(keypoints[..., :2], pose[..., :3], visible)
        ),
        **camera_contents(cameras),
    }


def _spin_names(imgnames: np.ndarray, path: str) -> tuple[np.ndarray, CameraDict]:
    """Image names of MMPose's form, and the cameras that they need."""
    names, sequences = [], set()
    for imgname in imgnames:
        match = _SPIN_NAME.search(str(imgname))
        if match is None or match[1] not in IMAGE_SIZES:
            raise ValueError(
                f'The image name {str(imgname)[:120]!r} of {path!r} is not of one of the sequences '
                f'{", ".join(IMAGE_SIZES)}.'
            )
        sequences.add(match[1])
        names.append(f'{match[1]}_Test_{SCENES[match[1]]}.{CAMERA_ID}_{int(match[2]):06d}.jpg')
    cameras = {}
    for name in sorted(sequences):
        size = IMAGE_SIZES[name]
        nominal = pinhole_camera(size, np.full(2, float(size[0])), np.array(size) / 2, CAMERA_ID)
        cameras[name, CAMERA_ID] = dict(nominal, name='nominal')
    return np.array(names), cameras
