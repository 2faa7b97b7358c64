# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Cameras around people, as in Human3.6M and quite other ones, and what they film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from mmposeaug.geometry import in_view, project

from .annotations import annotation_arrays
from .camera_files import camera_dict

_ROUNDING = 9
"""Decimals kept, so that files do not depend on the last bit of a math library."""


@dataclass(frozen=True)
class Rig:
    """Cameras around one scene; ranges are (lowest, highest), in metres and pixels.

    They look at a point at most ``aim_aside`` from the middle.
    """

    ids: tuple[str, ...]
    heights: tuple[tuple[float, float], ...]
    distance: tuple[float, float]
    image_size: tuple[int, int]
    focal: tuple[float, float]
    radial: tuple[float, float, float]
    tangential: tuple[float, float]
    aim_height: tuple[float, float] = (0.85, 1.05)
    aim_aside: float = 0.15


SOURCE_RIG = Rig(
    ids=('54138969', '55011271', '58860488', '60457274'),
    heights=((1.4, 1.65),) * 4,
    distance=(4.7, 5.4),
    image_size=(1000, 1000),
    focal=(1143.0, 1151.0),
    radial=(-0.2, 0.25, -0.002),
    tangential=(0.002, 0.004),
)
"""Rig: Like Human3.6M's: eye height, about 5 m away, visible distortion."""

TARGET_RIG = Rig(
    ids=('70000001', '70000002', '70000003', '70000004'),
    heights=((0.3, 0.4), (0.9, 1.1), (2.1, 2.3), (3.0, 3.2)),
    distance=(3.1, 4.4),
    image_size=(2048, 2048),
    focal=(1450.0, 1750.0),
    radial=(-0.02, 0.01, 0.0),
    tangential=(0.0005, 0.0005),
)
"""Rig: From near the floor to above the head, closer, wider, with little distortion."""

WIDE_RIG = replace(
    TARGET_RIG,
    ids=('80000001', '80000002', '80000003', '80000004'),
    heights=((0.3, 0.9), (0.9, 1.5), (1.4, 2.0), (2.0, 3.2)),
    distance=(3.0, 6.0),
    focal=(1100.0, 1800.0),
)
"""Rig: All heights and distances of the two above."""


@dataclass(frozen=True)
class Camera:
    """One camera of one subject's session.

    Args:
        rotation (np.ndarray): (3, 3) camera to world, world z up.
        position (np.ndarray): (3,) in the world, metres.
        intrinsics (np.ndarray): (9,) fx, fy, cx, cy, k1, k2, k3, p1, p2 in pixels.
        image_size (tuple[int, int]): Width and height in pixels.
    """

    subject: str
    camera_id: str
    rotation: np.ndarray
    position: np.ndarray
    intrinsics: np.ndarray
    image_size: tuple[int, int]

    def to_mmpose(self, number: int) -> dict[str, Any]:
        """Return the camera as ``cameras.pkl`` holds it; the subject's cameras count from 0."""
        camera = camera_dict(self.intrinsics, self.image_size)
        names = dict(name=f'camera{number + 1}', id=self.camera_id)
        place = dict(R=self.rotation, T=self.position[:, None], c=camera.pop('c'))
        return {**place, **camera, **names}


def look_at(position: np.ndarray, target: np.ndarray, roll: float) -> np.ndarray:
    """Return the camera-to-world rotation (3, 3) of a camera that looks at a point, z up.

    Its columns are the camera's axes in the world: right, down, forward; ``roll`` is in radians.

    Example:
        >>> look_at(np.array([0.0, -4, 1]), np.array([0.0, 0, 1]), 0.0).T.tolist()[2]
        [0.0, 1.0, 0.0]
    """
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    cos, sin = np.cos(roll), np.sin(roll)
    return np.stack((cos * right + sin * down, cos * down - sin * right, forward), axis=1)


def place_cameras(subject: str, rig: Rig, rng: np.random.Generator) -> list[Camera]:
    """Set up a rig's cameras at the corners around a scene."""
    cameras = []
    count = len(rig.ids)
    start = rng.uniform(0, 2 * np.pi)
    for number, (camera_id, height) in enumerate(zip(rig.ids, rig.heights)):
        angle = start + 2 * np.pi * number / count + rng.uniform(-0.25, 0.25)
        distance = rng.uniform(*rig.distance)
        position = np.array(
            [distance * np.cos(angle), distance * np.sin(angle), rng.uniform(*height)]
        )
        target = np.array(
            [*rng.uniform(-rig.aim_aside, rig.aim_aside, 2), rng.uniform(*rig.aim_height)]
        )
        rotation = look_at(position, target, rng.normal(0, 0.01))
        intrinsics = np.concatenate(
            (
                rng.uniform(*rig.focal) + rng.uniform(-1, 1, 2),
                np.array(rig.image_size) * (0.5 + rng.uniform(-0.015, 0.015, 2)),
                np.array(rig.radial) * rng.uniform(0.9, 1.1, 3),
                np.array(rig.tangential) * rng.uniform(-1, 1, 2),
            )
        )
        cameras.append(
            Camera(
                subject,
                camera_id,
                rotation.round(_ROUNDING),
                position.round(_ROUNDING),
                intrinsics.round(_ROUNDING),
                rig.image_size,
            )
        )
    return cameras


def world_to_camera(points: np.ndarray, cameras: Sequence[Camera]) -> np.ndarray:
    """Return world points (*, 3), z up, as C cameras see them: (C, *, 3), x right, y down."""
    return np.stack([(points - each.position) @ each.rotation for each in cameras])


def rig_dicts(cameras: Sequence[Camera]) -> dict[tuple[str, str], dict[str, Any]]:
    """Cameras as the content of MMPose's ``cameras.pkl``."""
    numbers: dict[str, int] = {}
    found = {}
    for camera in cameras:
        number = numbers[camera.subject] = numbers.get(camera.subject, -1) + 1
        found[camera.subject, camera.camera_id] = camera.to_mmpose(number)
    return found


_POSE_STEP = 2.0**-15
_PIXEL_STEP = 2.0**-8
"""Rounded values are multiples of these (metres, pixels)."""


def film(
    joints: np.ndarray,
    person: np.ndarray,
    actions: Sequence[str],
    cameras: Sequence[Sequence[Camera]],
    subjects: Sequence[str],
    round_values: bool = False,
) -> dict[str, np.ndarray]:
    """Film S sequences with all cameras of their subjects, leaving out frames not fully in view.

    Args:
        joints (np.ndarray): (S, T, J, 3) joints in the world, metres, z up.
        person (np.ndarray): (S,) index of the subject.
        round_values (bool): Whether to round to 2^-15 m and 2^-8 pixels: small files, and no
            last-bit differences between machines.

    Returns:
        dict[str, np.ndarray]: The arrays of MMPose's format, with ``frame`` (N,) beside them.
    """
    pose_cam = np.stack(
        [world_to_camera(moving, cameras[index]) for moving, index in zip(joints, person)]
    )  # (S, C, T, J, 3)
    if round_values:
        pose_cam = np.round(pose_cam / _POSE_STEP) * _POSE_STEP
    intrinsics = np.array([[each.intrinsics for each in rig] for rig in cameras])
    sizes = np.array([[each.image_size for each in rig] for rig in cameras], dtype=np.float64)
    keypoints = project(
        torch.from_numpy(pose_cam), torch.from_numpy(intrinsics[person])[:, :, None]
    )
    if round_values:
        keypoints = torch.round(keypoints / _PIXEL_STEP) * _PIXEL_STEP
    visible = in_view(
        keypoints,
        torch.from_numpy(pose_cam[..., 2]),
        torch.from_numpy(sizes[person])[:, :, None],
    ).numpy()
    sequence, camera, frame = np.nonzero(visible)
    stems = np.array(
        [
            [f'{subjects[index]}_{action}.{each.camera_id}_' for each in cameras[index]]
            for action, index in zip(actions, person)
        ]
    )
    digits = np.array([f'{number + 1:06d}.jpg' for number in range(visible.shape[-1])])
    names = np.char.add(stems[sequence, camera], digits[frame])
    return dict(
        imgname=names,
        frame=frame,
        **annotation_arrays(keypoints.numpy()[visible], pose_cam[visible]),
    )
