# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Cameras as tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .camera_files import CameraKey, camera_dict, image_size_of, intrinsics_of, numbers_of


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
        """Check the shapes."""
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
        """Make tensors, in the order given, of camera dictionaries by (subject, camera id)."""
        intrinsics = [intrinsics_of(key, camera) for key, camera in cameras.items()]
        sizes = [image_size_of(key, camera) for key, camera in cameras.items()]
        rotation = position = None
        if cameras and all('R' in camera and 'T' in camera for camera in cameras.values()):
            rotation = torch.from_numpy(
                np.stack([numbers_of(k, c, 'R', 9) for k, c in cameras.items()])
            ).float()
            rotation = rotation.reshape(-1, 3, 3)
            position = torch.from_numpy(
                np.stack([numbers_of(k, c, 'T', 3) for k, c in cameras.items()])
            ).float()
        return cls(
            torch.tensor(np.array(intrinsics).reshape(-1, 9), dtype=torch.float32),
            torch.tensor(np.array(sizes).reshape(-1, 2), dtype=torch.float32),
            tuple(cameras),
            rotation,
            position,
        )

    def to_dicts(self) -> dict[CameraKey, dict[str, Any]]:
        """Return MMPose's camera dictionaries; cameras of equal keys must be one."""
        found: dict[CameraKey, dict[str, Any]] = {}
        values = self.intrinsics.cpu().double().numpy()
        for i, (key, size) in enumerate(zip(self.keys, self.image_size.tolist())):
            camera = camera_dict(values[i], size, name='/'.join(key), id=key[1])
            if self.rotation is not None and self.position is not None:
                camera['R'] = self.rotation[i].cpu().double().numpy()
                camera['T'] = self.position[i].cpu().double().numpy().reshape(3, 1)
            if key in found and not all(
                np.array_equal(found[key][name], value) for name, value in camera.items()
            ):
                raise ValueError(
                    f'Two different cameras are called {"/".join(key)}; rename one in its camera '
                    'file and in imgname.'
                )
            found[key] = camera
        return found

    def lookup(self, keys: Iterable[CameraKey], source: str = 'the data') -> Tensor:
        """Return the index of the camera of each key, of shape (len(keys),).

        Args:
            keys (Iterable): (subject, camera id) pairs.
            source (str): Where the keys come from, for the message about those that are missing.
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
        """Return the same cameras on a device."""
        return CameraSet(
            self.intrinsics.to(device),
            self.image_size.to(device),
            self.keys,
            None if self.rotation is None else self.rotation.to(device),
            None if self.position is None else self.position.to(device),
        )

    @staticmethod
    def concat(sets: Sequence[CameraSet]) -> CameraSet:
        """Join sets of one device; rotation and position are kept if every set has them."""
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
