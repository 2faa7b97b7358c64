# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifting samples of what several calibrated cameras saw, held against a 3D reference."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import torch

from mmposeaug.geometry import in_cameras, project
from mmposeaug.structures import Skeleton

from .annotations import annotation_arrays
from .calibration import world_to_camera
from .camera_files import CameraDict, intrinsics_of
from .keypoints_2d import build_keypoint_map, fill_gaps
from .recordings import Recording, Reference

# of a person's size: detectors are off by 1 to 3 %, other cameras by 14 % and more
_AGREEMENT = 0.1


def recording_arrays(
    recording: Recording,
    reference: Reference,
    skeleton: Skeleton,
    max_gap: int = 10,
    score_thr: float = 0.3,
    subject: str = 'person',
) -> tuple[dict[str, np.ndarray], CameraDict]:
    """Lifting samples of a recording, in the layout of MMPose's Human3.6M files.

    Joints are made of the keypoints, and what the detector missed is filled in, as
    :class:`mmposeaug.apis.LiftingInferencer` does it. A joint of the target is visible where all
    keypoints of which it is made are valid.
    """
    joints_world, valid = _map_reference(reference, skeleton)
    joint_map = build_keypoint_map(recording.joint_names, skeleton)
    to_camera = world_to_camera(recording.cameras)
    rows, cameras = [], {}
    for index, (name, camera) in enumerate(recording.cameras.items()):
        people = recording.people[name]
        joints, scores = joint_map(people.keypoints_px, people.scores)
        one = np.zeros_like(people.frames)
        lifted = fill_gaps(people.frames, one, joints, scores, max_gap, score_thr)
        kept = lifted.frames < len(joints_world)
        frames = lifted.frames[kept]
        if not len(frames):
            raise ValueError(
                f'The detections of {name!r} begin with frame {people.frames[0]}, but '
                f'{reference.source} has the frames 0 to {len(joints_world) - 1}; frame numbers '
                'must be those of the same instants.'
            )
        world = torch.from_numpy(joints_world[frames])
        pose = in_cameras(world, to_camera[index : index + 1])[..., 0, :].numpy()
        _check_agreement(name, camera, pose, valid[frames], lifted.joints_px[kept], reference)
        arrays = annotation_arrays(
            lifted.joints_px[kept],
            pose,
            valid[frames].astype(np.float32),
            lifted.scores[kept].clip(0, 1),
        )
        camera_id = re.sub(r'[^0-9A-Za-z]+', '-', name)  # as the images' names can hold it
        if (subject, camera_id) in cameras:
            raise ValueError(
                f'The cameras {name!r} and {camera_id!r} differ by a sign; rename one.'
            )
        cameras[(subject, camera_id)] = dict(camera, name=name, id=camera_id)
        names = [f'{subject}_video.{camera_id}_{frame:06d}.jpg' for frame in frames]
        rows.append(dict(arrays, imgname=np.array(names)))
    return {key: np.concatenate([each[key] for each in rows]) for key in rows[0]}, cameras


def _map_reference(reference: Reference, skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """Joints of the lifter (F, J, 3) in the world, all finite, and which are known (F, J)."""
    joint_map = build_keypoint_map(reference.joint_names, skeleton)
    filled = _without_holes(reference.world)
    joints = np.einsum('jk,fkd->fjd', joint_map.weights.astype(np.float64), filled)
    used = joint_map.weights != 0
    valid = (reference.valid[:, None] | ~used).all(-1)
    return joints, valid


def _without_holes(world: np.ndarray) -> np.ndarray:
    """Positions of which those that are not finite are the middle of the others.

    They are marked as not valid, but codecs look at them too.
    """
    finite = np.isfinite(world).all(-1)
    known = finite.any(1)
    middles = np.where(finite[..., None], world, 0).sum(1) / finite.sum(1, keepdims=True).clip(1)
    frames = np.flatnonzero(known)
    nearest = frames[np.abs(np.arange(len(world))[:, None] - frames).argmin(1)]
    return np.where(finite[..., None], world, middles[nearest][:, None])


def _check_agreement(
    name: str,
    camera: Mapping[str, np.ndarray],
    pose: np.ndarray,
    valid: np.ndarray,
    joints_px: np.ndarray,
    reference: Reference,
) -> None:
    """The reference must be seen where the person was detected, within what detectors miss."""
    if not valid.any():
        return
    row = torch.from_numpy(intrinsics_of(('', name), camera))
    seen = project(torch.from_numpy(pose), row).numpy()
    offset = np.linalg.norm(seen - joints_px, axis=-1)[valid]
    size = np.ptp(joints_px, axis=1).max(-1)
    share = float(np.median(offset) / np.median(size))
    behind = float((pose[..., 2][valid] <= 0).mean())
    if share > _AGREEMENT or behind > 0.5:
        what = 'behind it' if behind > 0.5 else f'{np.median(offset):.0f} px beside (median)'
        raise ValueError(
            f'{reference.source[0].upper()}{reference.source[1:]} is not what camera {name!r} saw: '
            f'its joints are {what} where people are {np.median(size):.0f} px large; check that R '
            'and T map the world to the camera in metres, and that files and frames belong '
            'together.'
        )
