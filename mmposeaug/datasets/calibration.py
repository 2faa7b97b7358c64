# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Calibrations of several cameras, JSON or TOML in OpenCV's terms, as MMPose's camera dictionaries.

OpenCV maps the world to the camera (R, or a rotation vector, and T) and orders distortion
k1, k2, p1, p2, k3. MMPose maps the camera to the world and has k and p of their own.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from mmengine.fileio import get_local_path

from mmposeaug.fileio import load_json, require_file
from mmposeaug.geometry import in_lens, rotation_matrix

from .camera_files import CameraKey, camera_dict, image_size_of, intrinsics_of, numbers_of

Calibration = dict[str, dict[str, Any]]
"""MMPose's camera dictionaries by the names of the cameras, in the file's order."""

_NAMES = {
    'K': ('K', 'matrix', 'camera_matrix'),
    'dist': ('dist', 'distortions', 'distortion_coefficients', 'dist_coeffs'),
    'R': ('R', 'rotation', 'rvec'),
    'T': ('T', 'translation', 'tvec'),
    'size': ('size', 'image_size'),
    'w': ('w', 'width'),
    'h': ('h', 'height'),
}
"""What each parameter is called in calibration files, ours first, then Pose2Sim's and OpenCV's."""

_NO_CAMERAS = ('metadata',)  # a section of Pose2Sim's files
_WIDEST_VIEW = 160.0  # degrees; no lens of this distortion model shows as much
_FARTHEST = 100.0  # metres from camera to camera
_NEAREST = 1e-3


def load_calibration(path: str | os.PathLike) -> Calibration:
    """Read the calibration of one or several cameras.

    A JSON file maps the camera's name to ``K`` (3, 3) in pixels, ``dist`` (k1, k2, p1, p2, k3),
    ``R`` (3, 3) or a rotation vector, and ``T``, world to camera in metres, ``w`` and ``h``. A TOML
    file has a section for each camera with the same under Pose2Sim's names (``matrix``,
    ``distortions``, ``rotation``, ``translation``, ``size``).

    Returns:
        dict: By the camera's name MMPose's camera dictionary: ``f``, ``c`` (2, 1) in pixels, ``k``
        (3, 1), ``p`` (2, 1), ``w``, ``h``, and camera to world ``R`` (3, 3) and ``T`` (3, 1) in
        metres.
    """
    path = os.fspath(path)
    require_file(path, 'calibration file')
    content = _read(path)
    sections = {
        name: section
        for name, section in (content.items() if isinstance(content, Mapping) else ())
        if str(name).lower() not in _NO_CAMERAS
    }
    if not sections or not all(isinstance(section, Mapping) for section in sections.values()):
        raise ValueError(
            f'The calibration file {path!r} holds no cameras; it must map the name of each to its '
            'parameters K, dist, R, T, w and h.'
        )
    cameras: Calibration = {}
    for section_name, section in sections.items():
        name = str(section.get('name', section_name))
        if name in cameras:
            raise ValueError(f'Two cameras of {path!r} are called {name!r}; rename one.')
        cameras[name] = _camera((os.path.basename(path), name), section)
    _check_distances(path, cameras)
    return cameras


def world_to_camera(cameras: Mapping[str, Mapping[str, Any]]) -> torch.Tensor:
    """Return what triangulation needs: [R | T] of shape (C, 3, 4), float64, metres."""
    found = [
        np.hstack((camera['R'].T, -camera['R'].T @ camera['T'])) for camera in cameras.values()
    ]
    return torch.from_numpy(np.stack(found))


def _read(path: str) -> Any:
    ending = os.path.splitext(path)[1].lower()
    if ending == '.json':
        return load_json(path, 'calibration file')
    if ending != '.toml':
        raise ValueError(f'The calibration file is {path!r}; it must end in .json or .toml.')
    loads = _toml(path)
    with get_local_path(path) as local_path, open(local_path, encoding='utf-8-sig') as file:
        try:
            return loads(file.read())
        except ValueError as error:
            raise ValueError(
                f'The calibration file {path!r} is not valid TOML ({error}).'
            ) from None


def _toml(path: str) -> Any:
    for module in ('tomllib', 'tomli'):  # the former is Python's own from 3.11 on
        try:
            return importlib.import_module(module).loads
        except ImportError:
            continue
    raise ValueError(
        f'The calibration file {path!r} is TOML, which Python reads from 3.11 on; call pip install '
        'tomli, or give it as JSON.'
    )


def _camera(key: CameraKey, section: Mapping[str, Any]) -> dict[str, Any]:
    """MMPose's dictionary of one camera."""
    label = f'Camera {key[0]}/{key[1]}'
    given = {
        ours: section[name] for ours, names in _NAMES.items() for name in names if name in section
    }
    if section.get('fisheye'):
        raise ValueError(
            f'{label} is calibrated as a fisheye, whose distortion is another model; undistort its '
            'keypoints and give it without distortion.'
        )
    if 'size' in given:
        given['w'], given['h'] = numbers_of(key, given, 'size', 2)
    for name in ('K', 'R', 'T', 'w', 'h'):
        if name not in given:
            raise ValueError(
                f'{label} lacks {name} ({" or ".join(_NAMES[name])}); it has '
                f'{", ".join(map(str, section)) or "nothing"}.'
            )
    k1, k2, p1, p2, k3 = _distortion(label, key, given)
    camera = dict(K=given['K'], k=[k1, k2, k3], p=[p1, p2], w=given['w'], h=given['h'])
    row, size = intrinsics_of(key, camera), image_size_of(key, camera)
    _check_view(label, row, *size)
    rotation = _rotation(label, key, given)
    position = -rotation.T @ numbers_of(key, given, 'T', 3)
    return camera_dict(row, size, R=rotation.T, T=position[:, None])


def _distortion(label: str, key: CameraKey, given: Mapping[str, Any]) -> np.ndarray:
    if given.get('dist') is None:
        return np.zeros(5)
    values = np.asarray(given['dist'], dtype=object).reshape(-1)
    values = numbers_of(key, given, 'dist', values.size)
    if values[5:].any():
        raise ValueError(
            f'{label} has {values.size} distortion coefficients; k1, k2, p1, p2, k3 are supported: '
            'calibrate it with these five.'
        )
    return np.pad(values[:5], (0, max(0, 5 - values.size)))


def _check_view(label: str, row: np.ndarray, width: float, height: float) -> None:
    """Focal length and centre must be pixels of the image, and the lens must show its middle."""
    for focal, centre, size, name in zip(row[:2], row[2:4], (width, height), ('wide', 'high')):
        view = 2 * np.degrees(np.arctan(size / 2 / focal))
        if view > _WIDEST_VIEW:
            raise ValueError(
                f'{label} has the focal length {focal:g} for images {size:g} px {name}, which '
                f'would show {view:.0f} degrees; give the focal length in pixels, not in '
                'millimetres.'
            )
        if not 0 <= centre <= size:
            raise ValueError(
                f'{label} has its centre at {centre:g} px in images {size:g} px {name}; give the '
                'size of the images that it was calibrated with (width w, height h).'
            )
    # corners may lie beyond what the polynomials are right for, the middle may not
    middle = np.array([(x * width, y * height) for x in (0.25, 0.75) for y in (0.25, 0.75)])
    if not in_lens(torch.from_numpy(middle), torch.from_numpy(row)).all():
        k1, k2, k3, p1, p2 = row[4:].tolist()
        raise ValueError(
            f'{label} has the distortion k1, k2, p1, p2, k3 = {[k1, k2, p1, p2, k3]}, which folds '
            'the middle of the image over; check the order and the sign of the coefficients.'
        )


def _rotation(label: str, key: CameraKey, given: Mapping[str, Any]) -> np.ndarray:
    """World to camera, (3, 3)."""
    if np.asarray(given['R'], dtype=object).size == 3:
        return rotation_matrix(torch.from_numpy(numbers_of(key, given, 'R', 3))).numpy()
    matrix = numbers_of(key, given, 'R', 9).reshape(3, 3)
    if np.abs(matrix @ matrix.T - np.eye(3)).max() > 1e-3 or np.linalg.det(matrix) < 0:
        raise ValueError(
            f'{label} has R = {matrix.round(4).tolist()}, which is not a rotation; give the matrix '
            '(3, 3) or the rotation vector, world to camera.'
        )
    return matrix


def _check_distances(path: str, cameras: Calibration) -> None:
    positions = np.stack([camera['T'][:, 0] for camera in cameras.values()])
    farthest = np.linalg.norm(positions[:, None] - positions[None], axis=-1).max()
    if farthest > _FARTHEST:
        raise ValueError(
            f'The cameras of {path!r} are up to {farthest:.5g} m apart, so T seems to be in '
            'millimetres or centimetres; give metres.'
        )
    if len(cameras) > 1 and farthest < _NEAREST:
        raise ValueError(
            f'The cameras of {path!r} are all at one place; give R and T of each, world to camera '
            'in metres.'
        )
