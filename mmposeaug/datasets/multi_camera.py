# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What several calibrated cameras saw as an MMPose data set, held against a 3D reference."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from mmpose.registry import DATASETS

from mmposeaug.geometry import in_cameras, project
from mmposeaug.structures import Skeleton

from .annotations import annotation_arrays
from .calibration import world_to_camera
from .camera_files import CameraDict, intrinsics_of
from .keypoints_2d import build_keypoint_map, fill_gaps
from .metainfo import skeleton_of_cfg
from .mocap_dataset import MocapDataset
from .recordings import DETECTIONS, Recording, Reference, load_recording, load_reference

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


@DATASETS.register_module()
class MultiCameraDataset(MocapDataset):
    """What several calibrated cameras saw of one person, each frame of each camera a sample.

    Reads a calibration, each camera's detections and the reference as they are. Images are called
    ``person_video.CAMERA_000012.jpg``, so that scores can be by camera. Joints whose reference is
    not valid are invisible, and count in no score of
    :class:`~mmposeaug.evaluation.LiftingMetrics`.

    Args:
        ann_file (str): The reference, see :func:`~mmposeaug.datasets.recordings.load_reference`.
        camera_param_file (str): The calibration, see
            :func:`~mmposeaug.datasets.calibration.load_calibration`.
        detections (str): Where each camera's detections are, ``{camera}`` in the place of its
            name, in the folder of the calibration. Defaults to ``'{camera}.json'``.
        tracks (Mapping[str, int], optional): Track id of the person in cameras that see several.
        first_frame (int, optional): Number that the files give to the first frame of the videos,
            which is row 0 of the reference. Defaults to None, as each file tells.
        max_gap (int): Frames over which joints that were not found are interpolated, as
            ``LiftingInferencer`` does. Defaults to 10.
        score_thr (float): Joints below this score count as not found. Defaults to 0.3.
        **kwargs: Other options of :class:`MocapDataset`.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is malformed, or they do not belong together.
    """

    def __init__(
        self,
        ann_file: str = 'reference.npz',
        *,
        camera_param_file: str = 'cameras.json',
        detections: str = DETECTIONS,
        tracks: Mapping[str, int] | None = None,
        first_frame: int | None = None,
        max_gap: int = 10,
        score_thr: float = 0.3,
        **kwargs: Any,
    ) -> None:
        if kwargs.get('keypoint_2d_src', 'gt') != 'gt':
            raise ValueError(
                f'keypoint_2d_src is {kwargs["keypoint_2d_src"]!r}; MultiCameraDataset has the '
                'detections alone, leave it out.'
            )
        self._detection_files, self._tracks = detections, tracks
        self._first_frame = first_frame
        self._max_gap, self._score_thr = max_gap, score_thr
        self._recording: Recording | None = None
        self._skeleton = skeleton_of_cfg(dict(type=type(self), metainfo=kwargs.get('metainfo')))
        super().__init__(ann_file, camera_param_file=camera_param_file, **kwargs)

    def _load_cameras(self, path: str) -> CameraDict:
        """Read calibration and detections; the cameras get their keys with the samples."""
        self._recording = load_recording(
            path, self._detection_files, self._tracks, self._first_frame
        )
        return {}

    def _load_arrays(self, ann_file: str) -> dict[str, np.ndarray]:
        """Make the arrays of an annotation file."""
        assert self._recording is not None
        reference = load_reference(ann_file)
        arrays, self.camera_param = recording_arrays(
            self._recording, reference, self._skeleton, self._max_gap, self._score_thr
        )
        self._recording = None
        return arrays
