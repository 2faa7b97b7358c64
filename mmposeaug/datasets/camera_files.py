# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Camera files: MMPose's ``cameras.pkl`` and the same as JSON, checked number by number."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmposeaug.fileio import load_json, load_pickle_restricted, require_file, save_json, save_pickle

CameraKey = tuple[str, str]
CameraDict = dict[CameraKey, dict[str, Any]]


def load_camera_dicts(path: str) -> CameraDict:
    """Read a camera file as MMPose's dictionaries.

    A pickle maps (subject, camera id) to a dictionary with ``f``, ``c`` (or ``K``), ``w``, ``h``
    and, if known, ``k``, ``p``, ``R``, ``T``. A JSON file maps ``"S1/54138969"`` to the same, or
    is a list of them, each with ``"subject"`` and ``"camera"``.

    Args:
        path (str): The file; JSON if it ends so, else a pickle.

    Returns:
        dict: (subject, camera id) to a dictionary of arrays with MMPose's shapes: ``R`` (3, 3),
        ``T`` (3, 1), ``f``, ``c`` (2, 1), ``k`` (3, 1), ``p`` (2, 1), numbers ``w``, ``h``.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it is malformed.
    """
    require_file(path, 'camera file', 'camera_param_file')
    read = _read_json if path.lower().endswith('.json') else load_pickle_restricted
    entries = read(path)
    if not isinstance(entries, Mapping) or not entries:
        raise ValueError(
            f'The camera file {path!r} holds no cameras; it must map (subject, camera id) to the '
            "camera's parameters."
        )
    cameras: CameraDict = {}
    for key, camera in entries.items():
        if not (isinstance(key, tuple) and len(key) == 2) or not isinstance(camera, Mapping):
            raise ValueError(
                f'The entry {key!r} of the camera file {path!r} is not a (subject, camera id) key '
                'with a dictionary of parameters.'
            )
        cameras[(str(key[0]), str(key[1]))] = _mmpose_shapes((str(key[0]), str(key[1])), camera)
    return cameras


def _read_json(path: str) -> dict[CameraKey, Any]:
    content = load_json(path, 'camera file')
    if not isinstance(content, (Mapping, list)):
        raise ValueError(f'The content of the camera file {path!r} must be a mapping or a list.')
    if isinstance(content, Mapping):
        pairs = [(tuple(name.split('/')), camera) for name, camera in content.items()]
    else:
        pairs = []
        for i, camera in enumerate(content):
            if not isinstance(camera, Mapping) or not {'subject', 'camera'} <= set(camera):
                raise ValueError(
                    f"Entry {i} of the camera file {path!r} must have 'subject' and 'camera'."
                )
            pairs.append(((camera['subject'], camera['camera']), camera))
    for key, _ in pairs:
        if len(key) != 2:
            raise ValueError(
                f"The key {'/'.join(key)!r} of the camera file {path!r} is not 'subject/camera'."
            )
    return {(str(key[0]), str(key[1])): camera for key, camera in pairs}


def numbers_of(key: CameraKey, camera: Mapping[str, Any], name: str, size: int) -> np.ndarray:
    """Return one parameter of a camera, flattened to shape (size,), float64."""
    values = _numeric(key, camera, name).reshape(-1)
    if values.size != size or not np.isfinite(values).all():
        raise ValueError(
            f'Camera {key[0]}/{key[1]} has {name} = {values.tolist()}, {size} finite numbers are '
            'needed.'
        )
    return values


def _numeric(key: CameraKey, camera: Mapping[str, Any], name: str) -> np.ndarray:
    """A parameter as floats, in its own shape."""
    try:
        return np.asarray(camera[name], dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f'Camera {key[0]}/{key[1]} has {name} = {camera[name]!r}, which is not numeric; '
            'correct it in the camera file.'
        ) from None


def _focal_and_centre(key: CameraKey, camera: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    if 'f' in camera and 'c' in camera:
        focal, centre = numbers_of(key, camera, 'f', 2), numbers_of(key, camera, 'c', 2)
    elif 'K' in camera:
        matrix = _numeric(key, camera, 'K')
        if matrix.shape not in ((2, 3), (3, 3)) or abs(matrix[0, 1]) > 1e-6:
            raise ValueError(
                f'Camera {key[0]}/{key[1]} has K of shape {matrix.shape}; a (2, 3) or (3, 3) '
                'matrix without skew is needed.'
            )
        focal, centre = matrix.diagonal()[:2], matrix[:2, 2]
    else:
        raise ValueError(f"Camera {key[0]}/{key[1]} lacks 'f' and 'c' (or 'K'), in pixels; add it.")
    if not (np.isfinite(focal) & (focal > 0)).all() or not np.isfinite(centre).all():
        raise ValueError(
            f'Camera {key[0]}/{key[1]} has focal length {focal.tolist()} and centre '
            f'{centre.tolist()}; they must be finite, in pixels, the focal length positive.'
        )
    return focal, centre


def _distortion(key: CameraKey, camera: Mapping[str, Any], name: str, size: int) -> np.ndarray:
    """Distortion coefficients, padded with the zeros that the file leaves out."""
    if camera.get(name) is None:
        return np.zeros(size)
    values = _numeric(key, camera, name).reshape(-1)
    if values.size > size or not np.isfinite(values).all():
        raise ValueError(
            f'Camera {key[0]}/{key[1]} has {values.size} coefficients {name} = {values.tolist()}; '
            f'at most {size} finite ones are supported.'
        )
    return np.pad(values, (0, size - values.size))


def image_size_of(key: CameraKey, camera: Mapping[str, Any]) -> tuple[float, float]:
    """Return width and height of a camera's images in pixels."""
    if camera.get('w') is None or camera.get('h') is None:
        raise ValueError(
            f"Camera {key[0]}/{key[1]} lacks its image size; add 'w' and 'h' in pixels."
        )
    width, height = (float(numbers_of(key, camera, name, 1)[0]) for name in 'wh')
    if not (width > 0 and height > 0):
        raise ValueError(
            f'Camera {key[0]}/{key[1]} has image size {width:g} x {height:g}; give the width w and '
            'height h of its images in pixels.'
        )
    return width, height


def intrinsics_of(key: CameraKey, camera: Mapping[str, Any]) -> np.ndarray:
    """Return fx, fy, cx, cy in pixels, k1, k2, k3, p1, p2 of a camera, of shape (9,)."""
    return np.concatenate(
        (
            *_focal_and_centre(key, camera),
            _distortion(key, camera, 'k', 3),
            _distortion(key, camera, 'p', 2),
        )
    )


def camera_dict(intrinsics: np.ndarray, size: Sequence[float], **more: Any) -> dict[str, Any]:
    """Return MMPose's dictionary of a camera (9,) whose images have a size, in pixels."""
    focal, centre, radial, tangential = np.split(intrinsics.astype(np.float64)[:, None], (2, 4, 7))
    return dict(f=focal, c=centre, k=radial, p=tangential, w=int(size[0]), h=int(size[1]), **more)


def _mmpose_shapes(key: CameraKey, camera: Mapping[str, Any]) -> dict[str, Any]:
    """One camera as the dictionary of arrays that MMPose's codecs and cameras expect."""
    replaced = ('K', 'subject', 'camera')
    shaped = {name: value for name, value in camera.items() if name not in replaced}
    shaped.update(camera_dict(intrinsics_of(key, camera), image_size_of(key, camera)))
    if 'R' in camera:
        shaped['R'] = numbers_of(key, camera, 'R', 9).reshape(3, 3)
    if 'T' in camera:
        shaped['T'] = numbers_of(key, camera, 'T', 3).reshape(3, 1)
    return shaped


def save_camera_files(
    pickle_path: str | os.PathLike,
    json_path: str | os.PathLike,
    cameras: Mapping[CameraKey, Mapping[str, Any]],
) -> None:
    """Write cameras as MMPose's pickle and as JSON, which :func:`load_camera_dicts` reads."""
    save_pickle(pickle_path, {key: dict(camera) for key, camera in cameras.items()})
    save_json(json_path, plain_cameras(cameras))


def plain_cameras(cameras: Mapping[CameraKey, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Cameras as JSON holds them."""
    return {
        f'{subject}/{camera_id}': {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in camera.items()
        }
        for (subject, camera_id), camera in cameras.items()
    }
