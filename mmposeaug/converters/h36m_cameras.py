# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Cameras of Human3.6M: MMPose's file, or the numbers in VideoPose3D's source."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from mmposeaug.datasets.camera_files import CameraDict, camera_dict, load_camera_dicts
from mmposeaug.fileio import require_file

from .checks import check_metres, number_array, require_key
from .h36m_files import CAMERA_IDS, SUBJECTS

_INTRINSICS, _EXTRINSICS = 'h36m_cameras_intrinsic_params', 'h36m_cameras_extrinsic_params'
_TOLERANCE = 1e-3  # float32 rounds a unit quaternion by far less


def read_cameras(path: str) -> CameraDict:
    """Read the cameras and check that all that are needed are there, with R and T."""
    read = read_videopose3d_cameras if path.endswith('.py') else load_camera_dicts
    cameras = read(path)
    found: CameraDict = {}
    for subject in SUBJECTS:
        for camera_id in CAMERA_IDS:
            key = (subject, camera_id)
            if key not in cameras:
                raise ValueError(f'The camera file {path!r} has no camera {subject}/{camera_id}.')
            for name in ('R', 'T'):
                require_key(cameras[key], name, f'Camera {subject}/{camera_id} of {path!r}')
            check_metres(cameras[key]['T'], f'T of the camera {subject}/{camera_id} of {path!r}')
            found[key] = cameras[key]
    return found


def read_videopose3d_cameras(path: str) -> CameraDict:
    """Read the two tables of numbers in VideoPose3D's ``common/h36m_dataset.py``.

    They are Python literals, so nothing of the file is run. ``orientation`` is the quaternion
    (w, x, y, z) of MMPose's ``R``, ``translation`` its ``T`` in millimetres. The two tangential
    coefficients are in the opposite order of ``p`` and OpenCV.
    """
    intrinsics, extrinsics = _literals(path, (_INTRINSICS, _EXTRINSICS))
    if not isinstance(intrinsics, list):
        raise ValueError(f'{_INTRINSICS} of {path!r} is not a list of cameras.')
    cameras: CameraDict = {}
    for subject in SUBJECTS:
        poses = require_key(extrinsics, subject, f'{_EXTRINSICS} of {path!r}')
        if not isinstance(poses, list) or len(poses) != len(intrinsics):
            raise ValueError(
                f'{_EXTRINSICS}[{subject!r}] of {path!r} must list {len(intrinsics)} cameras, one '
                'for each lens.'
            )
        for i, (lens, pose) in enumerate(zip(intrinsics, poses)):
            camera_id = str(require_key(lens, 'id', f'{_INTRINSICS}[{i}] of {path!r}'))
            cameras[subject, camera_id] = camera_dict(
                *_lens(lens, f'of {_INTRINSICS}[{i}] of {path!r}'),
                **_pose(pose, f'of {_EXTRINSICS}[{subject!r}][{i}] of {path!r}'),
                id=camera_id,
            )
    return cameras


def _lens(lens: Any, where: str) -> tuple[np.ndarray, tuple[int, int]]:
    parts = dict(focal_length=2, center=2, radial_distortion=3, tangential_distortion=2)
    row = np.concatenate([_numbers(lens, name, size, where) for name, size in parts.items()])
    row[-2:] = row[:-3:-1].copy()
    return row, (_pixels(lens, 'res_w', where), _pixels(lens, 'res_h', where))


def _pose(pose: Any, where: str) -> dict[str, Any]:
    quaternion = _numbers(pose, 'orientation', 4, where)
    length = float(np.linalg.norm(quaternion))
    if abs(length - 1) > _TOLERANCE:
        raise ValueError(f'orientation {where} has the length {length:.4g}; 1 is needed.')
    rotation = Rotation.from_quat(np.roll(quaternion, -1)).as_matrix()  # scipy has w last
    return dict(R=rotation, T=_numbers(pose, 'translation', 3, where)[:, None] / 1000)


def _numbers(entries: Any, name: str, size: int, where: str) -> np.ndarray:
    values = require_key(entries, name, f'An entry {where}')
    return number_array(values, (size,), f'{name} {where}')


def _pixels(entries: Any, name: str, where: str) -> int:
    value = require_key(entries, name, f'An entry {where}')
    if not isinstance(value, int) or value <= 0:
        raise ValueError(f'{name} {where} is {value!r}; a number of pixels is needed.')
    return value


def _literals(path: str, names: tuple[str, ...]) -> list[Any]:
    """Values that a Python file gives to names at its top level, if they are literals."""
    require_file(path, 'camera file')
    try:
        with open(path, encoding='utf-8-sig') as file:
            body = ast.parse(file.read()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f'The file {path!r} cannot be read as Python ({error}).') from None
    assigned = {
        target.id: node.value
        for node in body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = []
    for name in names:
        if name not in assigned:
            raise ValueError(
                f"The file {path!r} does not set {name}; give VideoPose3D's common/h36m_dataset.py."
            )
        try:
            found.append(ast.literal_eval(assigned[name]))
        except (ValueError, TypeError, RecursionError, MemoryError):
            raise ValueError(
                f'{name} of {path!r} is not plain numbers and names; give the file as it is '
                'published.'
            ) from None
    return found
