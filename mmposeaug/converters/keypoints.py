# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The 2D keypoints of an annotation file as a COCO file, without its 3D."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mmposeaug.datasets.camera_files import CameraDict, image_size_of, load_camera_dicts
from mmposeaug.datasets.frames import parse_image_name
from mmposeaug.datasets.pixels import check_pixels
from mmposeaug.fileio import Track, load_npz, untracked

from .conversion import Part, Report, run_parts, silent
from .joints import SKELETONS


def convert_keypoints(
    annotations: str | os.PathLike,
    cameras: str | os.PathLike,
    out: str | os.PathLike,
    frame_step: int = 1,
    overwrite: bool = False,
    report: Report = silent,
    track: Track = untracked,
) -> list[Path]:
    """Write the 2D keypoints of an annotation file as COCO ground truth.

    The file holds nothing of the 3D poses and of the cameras but the size of their images, and so
    can stand for what a 2D detector finds in images of a domain without 3D.

    Args:
        annotations (str | PathLike): MMPose's layout: ``imgname`` and ``part`` (N, J, 2 or 3) in
            pixels, with 17 or 16 joints of Human3.6M.
        cameras (str | PathLike): Camera file, for the sizes of the images.
        out (str | PathLike): The JSON file to write.
        frame_step (int): Every so many rows are written. Defaults to 1.
        overwrite, report, track: See :func:`run_parts`.

    Raises:
        ValueError: If a file or option cannot be used.
    """
    out = Path(out)
    if out.suffix != '.json':
        raise ValueError(f"The file to write is '{out}'; COCO files end in .json.")
    if not isinstance(frame_step, int) or frame_step < 1:
        raise ValueError(f'frame_step is {frame_step!r}; give a whole number from 1 on.')
    inputs = (os.fspath(annotations), os.fspath(cameras))
    part = Part(
        out.stem,
        (out.name,),
        partial(_make, *inputs, out.name, frame_step, track),
        inputs,
        dict(frame_step=frame_step),
    )
    return run_parts(out.parent, [part], overwrite, report)


def _make(
    annotations: str, cameras: str, name: str, frame_step: int, track: Track
) -> dict[str, Any]:
    arrays = load_npz(annotations, ('imgname', 'part'))
    for key in ('imgname', 'part'):
        if key not in arrays:
            raise ValueError(
                f'The annotation file {annotations!r} has no {key!r}; give one in the layout of '
                "MMPose's Human3.6M."
            )
    names, keypoints = arrays['imgname'][::frame_step], arrays['part'][::frame_step]
    if keypoints.ndim != 3 or keypoints.shape[1] not in SKELETONS or keypoints.shape[2] < 2:
        raise ValueError(
            f"'part' of {annotations!r} is of shape {keypoints.shape}; it must be (N, 17, 2 or 3) "
            'or (N, 16, 2 or 3).'
        )
    scores = keypoints[..., 2] if keypoints.shape[2] > 2 else None
    check_pixels(keypoints[..., :2], scores, repr(annotations))
    skeleton = SKELETONS[keypoints.shape[1]]
    sizes = load_camera_dicts(cameras)
    links = [[parent + 1, child + 1] for child, parent in skeleton.bones]
    joints = list(skeleton.joint_names)
    category = dict(id=1, name='person', keypoints=joints, skeleton=links)
    content: dict[str, Any] = dict(images=[], annotations=[], categories=[category])
    for number in track(range(len(names))):
        image, annotation = _person(number + 1, str(names[number]), keypoints[number], sizes)
        content['images'].append(image)
        content['annotations'].append(annotation)
    return {name: content}


def _person(
    number: int, image_name: str, keypoints: np.ndarray, cameras: CameraDict
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Image and annotation of a row; a joint that is not visible counts as not found."""
    subject, _, camera = parse_image_name(image_name)
    key = (subject, camera)
    if key not in cameras:
        raise ValueError(
            f'The image {image_name!r} is of the camera {camera!r} of {subject!r}, which the '
            'camera file does not have; give the cameras of these annotations.'
        )
    width, height = image_size_of(key, cameras[key])
    seen = np.isfinite(keypoints).all(-1)
    if keypoints.shape[1] > 2:
        seen &= keypoints[:, 2] > 0
    xy = np.where(seen[:, None], keypoints[:, :2], 0).round(3)
    low = xy[seen].min(0) if seen.any() else np.zeros(2)
    high = xy[seen].max(0) if seen.any() else np.zeros(2)
    rows = np.concatenate((xy, 2.0 * seen[:, None]), axis=1)
    image = dict(id=number, file_name=image_name, width=int(width), height=int(height))
    annotation = dict(
        id=number,
        image_id=number,
        category_id=1,
        iscrowd=0,
        keypoints=[float(value) for value in rows.flatten()],
        num_keypoints=int(seen.sum()),
        bbox=[float(value) for value in (*low, *(high - low))],
        area=float((high - low).prod()),
    )
    return image, annotation
