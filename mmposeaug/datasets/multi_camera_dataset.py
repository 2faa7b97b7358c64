# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Detections of calibrated cameras as an MMPose data set, held against a 3D reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from mmpose.registry import DATASETS

from .camera_files import CameraDict
from .mocap_dataset import MocapDataset
from .multi_camera import recording_arrays
from .readers import skeleton_of_cfg
from .recordings import DETECTIONS, Recording, load_recording, load_reference


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
        """Reads calibration and detections; the cameras get their keys with the samples."""
        self._recording = load_recording(
            path, self._detection_files, self._tracks, self._first_frame
        )
        return {}

    def _load_arrays(self, ann_file: str) -> dict[str, np.ndarray]:
        """Makes the arrays of an annotation file."""
        assert self._recording is not None
        reference = load_reference(ann_file)
        arrays, self.camera_param = recording_arrays(
            self._recording, reference, self._skeleton, self._max_gap, self._score_thr
        )
        self._recording = None
        return arrays
