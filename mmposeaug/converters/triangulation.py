# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A 3D reference from the detections of several calibrated cameras."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmposeaug.datasets.calibration import load_calibration, world_to_camera
from mmposeaug.datasets.camera_files import intrinsics_of
from mmposeaug.datasets.recordings import DETECTIONS, Recording, detection_file, load_recording
from mmposeaug.geometry import triangulate_robustly

from .conversion import Part, Report, run_parts, silent

_CHUNK = 4096  # frames that are triangulated together: bounds the memory
_MOST_FRAMES = 1_000_000
_LEAST_SHARE = 0.5  # of a camera's keypoints that agree with others; below it a warning is given


def convert_triangulation(
    calibration: str | os.PathLike,
    out: str | os.PathLike,
    detections: str = DETECTIONS,
    tracks: Mapping[str, int] | None = None,
    max_residual_px: float = 40.0,
    min_cameras: int = 3,
    first_frame: int | None = None,
    overwrite: bool = False,
    report: Report = silent,
) -> list[Path]:
    """Triangulate a person's keypoints, see :func:`mmposeaug.geometry.triangulate_robustly`.

    The file holds ``world`` (F, K, 3) in metres, NaN where fewer than two cameras see a keypoint;
    ``residual_px`` (F, K, C), the distance of each camera's keypoint to the projection, NaN where
    there is none; ``valid`` (F, K), where enough cameras agree; ``names`` (K,) and ``cameras``
    (C,). Row 0 is frame 0.

    Args:
        calibration (str | PathLike): See :func:`mmposeaug.datasets.calibration.load_calibration`.
        out (str | PathLike): The npz file to write.
        detections (str): See :func:`mmposeaug.datasets.recordings.load_recording`.
        tracks (Mapping[str, int], optional): See there.
        max_residual_px (float): Largest distance in pixels of a keypoint that agrees. Defaults to
            40.
        min_cameras (int): Cameras that must agree for a keypoint to be valid. Defaults to 3.
        first_frame (int, optional): See :func:`mmposeaug.datasets.recordings.load_recording`.
        overwrite, report: See :func:`run_parts`.

    Raises:
        ValueError: If a file or option cannot be used, or no keypoint is valid.
    """
    out = Path(out)
    if out.suffix != '.npz':
        raise ValueError(f"The file to write is '{out}'; references end in .npz.")
    calibration = os.fspath(calibration)
    names = list(load_calibration(calibration))
    if len(names) < min_cameras:
        raise ValueError(
            f'{calibration!r} has {len(names)} cameras, but min_cameras is {min_cameras}; give '
            'more cameras, or require fewer that agree.'
        )
    files = [detection_file(calibration, detections, name) for name in names]
    options = dict(
        tracks=dict(tracks or {}),
        max_residual_px=max_residual_px,
        min_cameras=min_cameras,
        first_frame=first_frame,
    )
    make = partial(_make, calibration, detections, out.name, report, options)
    part = Part(out.stem, (out.name,), make, (calibration, *files), options)
    return run_parts(out.parent, [part], overwrite, report)


def _make(
    calibration: str, detections: str, name: str, report: Report, options: Mapping[str, Any]
) -> dict[str, Any]:
    recording = load_recording(calibration, detections, options['tracks'], options['first_frame'])
    arrays = triangulate_recording(recording, options['max_residual_px'], options['min_cameras'])
    residual, valid = arrays['residual_px'], arrays['valid']
    if not valid.any():
        raise ValueError(
            f'No keypoint is seen by {options["min_cameras"]} cameras that agree within '
            f'{options["max_residual_px"]:g} px; check that R and T map the world to the camera, '
            'that equal frame numbers are the same instant, and that detections are of one person.'
        )
    agree = residual < options['max_residual_px']
    for index, camera in enumerate(recording.cameras):
        found = np.isfinite(residual[..., index])
        off = residual[..., index][found]
        share = float(agree[..., index][found].mean()) if found.any() else 0.0
        report(
            f'{camera}: {found.mean():.0%} of all keypoints found, {np.median(off):.1f} px off '
            f'(median), {share:.0%} within {options["max_residual_px"]:g} px'
            if found.any()
            else f'{camera}: no keypoint is found by another camera too'
        )
        if share < _LEAST_SHARE:
            report(
                f'{camera} agrees with the others rarely; check its calibration, that its frames '
                'are in step, and whom it sees.'
            )
    report(f'{valid.mean():.0%} of {valid.size} keypoints in {len(valid)} frames are valid')
    return {name: arrays}


def triangulate_recording(
    recording: Recording, max_residual_px: float = 40.0, min_cameras: int = 3
) -> dict[str, np.ndarray]:
    """Triangulate the keypoints of a recording."""
    people = list(recording.people.values())
    frames = 1 + max(int(each.frames[-1]) for each in people)
    if frames > _MOST_FRAMES:
        raise ValueError(
            f'The detections go up to frame {frames - 1}; number them from 0 at the '
            f'first one, up to {_MOST_FRAMES - 1}.'
        )
    shape = (frames, len(recording.joint_names), len(people))
    keypoints, scores = np.zeros((*shape, 2)), np.zeros(shape)
    for index, each in enumerate(people):
        keypoints[each.frames, :, index] = np.nan_to_num(each.keypoints_px)
        scores[each.frames, :, index] = each.scores
    rows = [intrinsics_of(('', name), camera) for name, camera in recording.cameras.items()]
    parts = [
        triangulate_robustly(
            torch.from_numpy(keypoints[start : start + _CHUNK]),
            torch.from_numpy(scores[start : start + _CHUNK]),
            torch.from_numpy(np.stack(rows)),
            world_to_camera(recording.cameras),
            max_residual_px,
            min_cameras,
        )
        for start in range(0, frames, _CHUNK)
    ]
    points, residual, valid = (torch.cat(each).numpy() for each in zip(*parts))
    return dict(
        world=points.astype(np.float32),
        residual_px=residual.astype(np.float32),
        valid=valid,
        names=np.array(recording.joint_names),
        cameras=np.array(list(recording.cameras)),
    )
