# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Filming moving people with simulated cameras, into MMPose's annotation format."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from mmposeaug.geometry import in_view, project

from .annotations import annotation_arrays
from .rigs import Camera, world_to_camera

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
