# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Camera parameters: MMPose's ``cameras.pkl``, the same as JSON, and their tensor form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.fileio import get_local_path
from torch import Tensor

from .io import load_pickle_restricted, require_file

CameraKey = tuple[str, str]
CameraDict = dict[CameraKey, dict[str, Any]]


@dataclass(frozen=True)
class CameraSet:
    """Cameras as tensors on one device.

    Args:
        intrinsics (Tensor): Focal length fx, fy, centre cx, cy, radial k1, k2, k3 and tangential
            p1, p2 distortion in pixels, of shape (C, 9).
        image_size (Tensor): Width and height in pixels, of shape (C, 2).
        keys (tuple): The (subject, camera id) of each camera.
        rotation (Tensor, optional): Camera-to-world rotations (C, 3, 3), as MMPose's ``R``.
        position (Tensor, optional): Camera positions (C, 3) in the world in metres, MMPose's ``T``.

    Example:
        >>> import numpy as np
        >>> cameras = CameraSet.from_dicts({('S1', 'a'): dict(f=[900, 900], c=[500, 400], w=1000,
        ...                                                   h=800)})
        >>> cameras.intrinsics[0, :4].tolist(), cameras.lookup([('S1', 'a')]).tolist()
        ([900.0, 900.0, 500.0, 400.0], [0])
    """

    intrinsics: Tensor
    image_size: Tensor
    keys: tuple[CameraKey, ...]
    rotation: Tensor | None = None
    position: Tensor | None = None

    def __post_init__(self) -> None:
        """Checks the shapes."""
        count = len(self.keys)
        if self.intrinsics.shape != (count, 9) or self.image_size.shape != (count, 2):
            raise ValueError(
                f'A set of {count} cameras needs intrinsics ({count}, 9) and image sizes '
                f'({count}, 2), got {tuple(self.intrinsics.shape)} and '
                f'{tuple(self.image_size.shape)}.'
            )

    def __len__(self) -> int:
        return len(self.keys)

    @classmethod
    def from_dicts(cls, cameras: Mapping[CameraKey, Mapping[str, Any]]) -> CameraSet:
        """Tensors of camera dictionaries.

        Args:
            cameras (Mapping): (subject, camera id) to MMPose's camera dictionary.

        Returns:
            CameraSet: The cameras, in the order given.

        Raises:
            ValueError: If a camera lacks its focal length, centre or image size.
        """
        intrinsics = [_intrinsics(key, camera) for key, camera in cameras.items()]
        sizes = [_image_size(key, camera) for key, camera in cameras.items()]
        rotation = position = None
        if cameras and all('R' in camera and 'T' in camera for camera in cameras.values()):
            rotation = torch.from_numpy(
                np.stack([_numbers(k, c, 'R', 9) for k, c in cameras.items()])
            ).float()
            rotation = rotation.reshape(-1, 3, 3)
            position = torch.from_numpy(
                np.stack([_numbers(k, c, 'T', 3) for k, c in cameras.items()])
            ).float()
        return cls(
            torch.tensor(np.array(intrinsics).reshape(-1, 9), dtype=torch.float32),
            torch.tensor(np.array(sizes).reshape(-1, 2), dtype=torch.float32),
            tuple(cameras),
            rotation,
            position,
        )

    def lookup(self, keys: Iterable[CameraKey], source: str = 'the data') -> Tensor:
        """Index of the camera of each key.

        Args:
            keys (Iterable): (subject, camera id) pairs.
            source (str): Where the keys come from, for the message.

        Returns:
            Tensor: Integers of shape (len(keys),).

        Raises:
            ValueError: If a key has no camera; the sentence names the missing ones.
        """
        index = {key: i for i, key in enumerate(self.keys)}
        keys = list(keys)
        missing = sorted({key for key in keys if key not in index})
        if missing:
            shown = ', '.join(f'{subject}/{camera}' for subject, camera in missing[:4])
            more = f' and {len(missing) - 4} more' if len(missing) > 4 else ''
            raise ValueError(
                f'{len(missing)} cameras that {source} names are not among the {len(self)} of the '
                f'camera file: {shown}{more}; add them to it, or correct camera_param_file.'
            )
        return torch.tensor([index[key] for key in keys], dtype=torch.long)

    def to(self, device: torch.device | str) -> CameraSet:
        """The same cameras on a device."""
        return CameraSet(
            self.intrinsics.to(device),
            self.image_size.to(device),
            self.keys,
            None if self.rotation is None else self.rotation.to(device),
            None if self.position is None else self.position.to(device),
        )

    @staticmethod
    def concat(sets: Sequence[CameraSet]) -> CameraSet:
        """One set of all cameras, in order; extrinsics are kept if every set has them."""
        rotations = [s.rotation for s in sets if s.rotation is not None]
        positions = [s.position for s in sets if s.position is not None]
        whole = len(rotations) == len(positions) == len(sets)
        return CameraSet(
            torch.cat([s.intrinsics for s in sets]),
            torch.cat([s.image_size for s in sets]),
            tuple(key for s in sets for key in s.keys),
            torch.cat(rotations) if whole else None,
            torch.cat(positions) if whole else None,
        )


def load_cameras(path: str) -> CameraSet:
    """Reads a camera file as tensors.

    Args:
        path (str): MMPose's ``cameras.pkl`` or a JSON file, see :func:`load_camera_dicts`.

    Returns:
        CameraSet: The cameras.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it is malformed.
    """
    return CameraSet.from_dicts(load_camera_dicts(path))


def load_camera_dicts(path: str) -> CameraDict:
    """Reads a camera file as MMPose's dictionaries.

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
    with get_local_path(path) as local_path, open(local_path, encoding='utf-8') as file:
        try:
            content = json.load(file)
        except ValueError as error:
            raise ValueError(f'The camera file {path!r} is not valid JSON ({error}).') from None
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


def _numbers(key: CameraKey, camera: Mapping[str, Any], name: str, size: int) -> np.ndarray:
    """Parameter ``name`` flattened, checked for size and finiteness."""
    values = np.asarray(camera[name], dtype=np.float64).reshape(-1)
    if values.size != size or not np.isfinite(values).all():
        raise ValueError(
            f'Camera {key[0]}/{key[1]} has {name} = {values.tolist()}, {size} finite numbers are '
            'needed.'
        )
    return values


def _focal_and_centre(key: CameraKey, camera: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    if 'f' in camera and 'c' in camera:
        focal, centre = _numbers(key, camera, 'f', 2), _numbers(key, camera, 'c', 2)
    elif 'K' in camera:
        matrix = np.asarray(camera['K'], dtype=np.float64)
        if matrix.shape not in ((2, 3), (3, 3)) or abs(matrix[0, 1]) > 1e-6:
            raise ValueError(
                f'Camera {key[0]}/{key[1]} has K of shape {matrix.shape}; a (2, 3) or (3, 3) '
                'matrix without skew is needed.'
            )
        focal, centre = matrix.diagonal()[:2], matrix[:2, 2]
    else:
        raise ValueError(f"Camera {key[0]}/{key[1]} lacks 'f' and 'c' (or 'K'), in pixels; add it.")
    if not (focal > 0).all() or not np.isfinite(centre).all():
        raise ValueError(
            f'Camera {key[0]}/{key[1]} has focal length {focal.tolist()}, it must be positive '
            'and in pixels.'
        )
    return focal, centre


def _distortion(key: CameraKey, camera: Mapping[str, Any], name: str, size: int) -> np.ndarray:
    """Distortion coefficients, padded with the zeros that the file leaves out."""
    values = np.asarray([] if camera.get(name) is None else camera[name], dtype=np.float64)
    values = values.reshape(-1)
    if values.size > size or not np.isfinite(values).all():
        raise ValueError(
            f'Camera {key[0]}/{key[1]} has {values.size} coefficients {name} = {values.tolist()}; '
            f'at most {size} finite ones are supported.'
        )
    return np.pad(values, (0, size - values.size))


def _image_size(key: CameraKey, camera: Mapping[str, Any]) -> tuple[float, float]:
    if 'w' not in camera or 'h' not in camera:
        raise ValueError(
            f"Camera {key[0]}/{key[1]} lacks its image size; add 'w' and 'h' in pixels."
        )
    width, height = float(camera['w']), float(camera['h'])
    if not (width > 0 and height > 0):
        raise ValueError(f'Camera {key[0]}/{key[1]} has image size {width:g} x {height:g}.')
    return width, height


def _intrinsics(key: CameraKey, camera: Mapping[str, Any]) -> np.ndarray:
    return np.concatenate(
        (
            *_focal_and_centre(key, camera),
            _distortion(key, camera, 'k', 3),
            _distortion(key, camera, 'p', 2),
        )
    )


def _mmpose_shapes(key: CameraKey, camera: Mapping[str, Any]) -> dict[str, Any]:
    """One camera as the dictionary of arrays that MMPose's codecs and cameras expect."""
    width, height = _image_size(key, camera)
    shaped = {name: value for name, value in camera.items() if name not in ('K', 'subject')}
    focal, centre = _focal_and_centre(key, camera)
    shaped.update(f=focal[:, None], c=centre[:, None], w=int(width), h=int(height))
    shaped['k'] = _distortion(key, camera, 'k', 3)[:, None]
    shaped['p'] = _distortion(key, camera, 'p', 2)[:, None]
    if 'R' in camera:
        shaped['R'] = _numbers(key, camera, 'R', 9).reshape(3, 3)
    if 'T' in camera:
        shaped['T'] = _numbers(key, camera, 'T', 3).reshape(3, 1)
    return shaped
