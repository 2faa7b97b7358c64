# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Recordings for the viewer rerun, an optional extra."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log

from mmposeaug.fileio import atomic_write
from mmposeaug.structures import LiftedPoses

from ..world import rotation_to
from .people import UP_ASSUMED, Person, check_path, check_poses, people_of, up_of

IMAGE = 'world/camera/image'
_COLORS = {'left': (46, 110, 200), 'right': (214, 84, 40), '': (110, 110, 110)}
_JOINT_RADIUS, _BONE_RADIUS = 0.02, 0.01  # metres
_PIXELS = 3.0


def save_rerun(
    lifted: LiftedPoses,
    path: str | os.PathLike,
    report: Callable[[str], None] = print_log,
) -> list[Path]:
    """Write all people as a recording of rerun: 3D skeletons, the camera, and the 2D keypoints.

    ``world`` has metres with y up and z towards the camera, which is at the origin.
    ``world/person{track}`` holds ``joints`` and ``bones``, ``world/camera/image/person{track}`` the
    keypoints in pixels. The timeline ``frame`` has the frame numbers; ``time`` seconds, where
    ``fps`` is known. A person is gone in frames without one.

    Args:
        lifted (LiftedPoses): The poses, of any tree of joints.
        path (str | PathLike): The file (``.rrd``).
        report (Callable): Called with sentences on what was assumed. Defaults to MMEngine's
            ``print_log``, which prints.

    Returns:
        list[Path]: The one file.

    Raises:
        ImportError: If rerun is not installed.
        ValueError: If there is no pose or one that is not finite, or the file cannot be written.
    """
    rerun = import_rerun()
    check_poses(lifted)
    path = Path(path)
    check_path(path)
    recording = rerun.RecordingStream('mmposeaug')
    stream = recording.binary_stream()
    _log_camera(rerun, recording, lifted)
    for person in people_of(lifted):
        _log_person(rerun, recording, lifted, person)
    with atomic_write(path) as file:
        file.write(stream.read())  # at once: each read ends a recording
    recording.disconnect()
    if lifted.up_cam is None:
        report(UP_ASSUMED)
    if lifted.intrinsics is None:
        report('The poses have no camera; lift the keypoints again to see it in the recording.')
    elif (lifted.intrinsics != lifted.intrinsics[0]).any():
        report('The camera changes over time; the recording shows that of the first frame.')
    return [path]


def import_rerun() -> Any:
    """The package of rerun, which may be absent."""
    try:
        import rerun
    except ImportError as error:
        raise ImportError(
            f'Recordings for rerun need its package ({error}); run `pip install --no-deps '
            '-r requirements/rerun.txt`.'
        ) from None
    return rerun


def _log_camera(rerun: Any, recording: Any, lifted: LiftedPoses) -> None:
    recording.log('world', rerun.ViewCoordinates.RIGHT_HAND_Y_UP, static=True)
    turn = rerun.Transform3D(mat3x3=rotation_to(up_of(lifted)))
    recording.log('world/camera', turn, static=True)
    if lifted.intrinsics is None:
        return
    fx, fy, cx, cy = lifted.intrinsics[0, :4].tolist()
    width, height = lifted.image_sizes[0].tolist()
    pinhole = rerun.Pinhole(
        focal_length=(fx, fy),
        principal_point=(cx, cy),
        width=width,
        height=height,
        camera_xyz=rerun.ViewCoordinates.RDF,
    )
    recording.log(IMAGE, pinhole, static=True)


def _log_person(rerun: Any, recording: Any, lifted: LiftedPoses, person: Person) -> None:
    skeleton, frames = lifted.skeleton, person.frames
    name = f'person{person.track}'
    colors = [_COLORS[side] for side in skeleton.sides]
    children, parents = np.array(skeleton.bones, int).reshape(-1, 2).T
    bones = np.stack((person.poses[:, parents], person.poses[:, children]), axis=2)
    points_2d = lifted.keypoints_px[lifted.tracks == person.track]
    logged = (
        (f'world/{name}/joints', rerun.Points3D, 'positions', person.poses, _JOINT_RADIUS),
        (f'world/{name}/bones', rerun.LineStrips3D, 'strips', bones, _BONE_RADIUS),
        (f'{IMAGE}/{name}', rerun.Points2D, 'positions', points_2d, _PIXELS),
    )
    # after the last frame of each stay an empty row, so that nobody is left standing
    ends = frames[np.append(np.diff(frames) > 1, True)] + 1
    times = np.concatenate((frames, ends))
    indexes = [rerun.TimeColumn('frame', sequence=times)]
    if lifted.fps is not None:
        indexes.append(rerun.TimeColumn('time', duration=times / lifted.fps))
    for entity, kind, field, values, radius in logged:
        ofs = [colors[child] for child in children] if field == 'strips' else colors
        looks: dict[str, Any] = dict(colors=ofs, radii=radius)
        if field == 'positions':
            looks.update(labels=list(skeleton.joint_names), show_labels=False)
        recording.log(entity, kind.from_fields(**looks), static=True)
        lengths = [values.shape[1]] * len(frames) + [0] * len(ends)
        rows = values.reshape(-1, *values.shape[2:]).astype(np.float32)
        columns = kind.columns(**{field: rows}).partition(lengths)
        recording.send_columns(entity, indexes, columns)
