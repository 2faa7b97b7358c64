# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""BVH files, for animation programs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
from mmengine.logging import print_log
from scipy.spatial.transform import Rotation, Slerp

from mmposeaug.fileio import atomic_write
from mmposeaug.structures import LiftedPoses

from .people import UP_ASSUMED, Person, people_of, prepare_files, tell_names
from .rig import Rig, build_rig
from .rotations import euler_angles, solve_rotations

ORDER = 'ZXY'
UNITS = {'cm': 100.0, 'm': 1.0, 'mm': 1000.0}
"""dict[str, float]: Units of files by their number in a metre."""

_END = 0.25  # an end site carries its joint's bone on by this share, for programs to draw
_INDENT = '\t'


def save_bvh(
    lifted: LiftedPoses,
    path: str | os.PathLike,
    unit: str = 'cm',
    report: Callable[[str], None] = print_log,
) -> list[Path]:
    """Write people as skeletons that animation programs can turn, a file each.

    A file has the person's median bone lengths, the place of the root in every frame and, of all
    joints, angles about z, x and y in degrees: the bones point as lifted. A joint with several
    bones has one more node for each of them at its place, ``NAME_bone``, since lifted hips and
    shoulders are not rigid. y is up, z towards the camera, which is at the origin.

    All files go from the first to the last frame of the poses, so that people are in step; the
    format knows no absence. Between two frames in which a person was lifted the pose is
    interpolated (on the sphere); before the first and after the last it is held.

    Args:
        lifted (LiftedPoses): The poses, of any tree of joints; ``fps`` must be known.
        path (str | PathLike): The file of a single person; those of several people have
            ``_person{track}`` before its ending.
        unit (str): Unit of places, a key of :data:`UNITS`. The format does not name it;
            centimetres are usual. Defaults to ``'cm'``.
        report (Callable): Called with sentences on what was assumed or filled in. Defaults to
            MMEngine's ``print_log``, which prints.

    Returns:
        list[Path]: The files, in the order of the people's numbers.

    Raises:
        ValueError: If ``fps`` is not known, ``unit`` is no unit, there is no pose or one that is
            not finite, or a file cannot be written.
    """
    rate, paths = prepare_files(lifted, path, 'BVH', unit, UNITS)
    span = np.arange(lifted.frames[0], lifted.frames[-1] + 1)
    rig = None
    for person in people_of(lifted):
        rig = build_rig(lifted.skeleton, person.poses)
        table = _motion(rig, person, span, lifted.skeleton.root, UNITS[unit])
        with atomic_write(paths[person.track], 'w') as file:
            _write_tree(file, rig, UNITS[unit])
            file.write(f'MOTION\nFrames: {len(table)}\nFrame Time: {1 / rate:.10f}\n')
            np.savetxt(file, table, fmt='%.6f')
    assert rig is not None
    for line in _notices(lifted, rig, span):
        report(line)
    return list(paths.values())


def _motion(rig: Rig, person: Person, span: np.ndarray, root: int, scale: float) -> np.ndarray:
    """Rows of the file (frames, channels): place of the root, angles of the nodes."""
    rotations = solve_rotations(rig, person.poses)
    place = person.poses[:, root] * scale
    place = np.stack([np.interp(span, person.frames, place[:, axis]) for axis in range(3)], -1)
    if len(person.frames) < len(span):
        rotations = _fill(rotations, person.frames, span)
    angles = euler_angles(ORDER, rotations)
    return np.concatenate((place, angles.reshape(len(span), -1)), axis=1)


def _fill(rotations: np.ndarray, frames: np.ndarray, span: np.ndarray) -> np.ndarray:
    """Rotations (len(span), M, 3, 3) of all frames, from those of some (N, M, 3, 3)."""
    if len(frames) == 1:
        return np.tile(rotations, (len(span), 1, 1, 1))
    wanted = span.clip(frames[0], frames[-1])
    filled = [
        Slerp(frames, Rotation.from_matrix(rotations[:, node]))(wanted).as_matrix()
        for node in range(rotations.shape[1])
    ]
    return np.stack(filled, axis=1)


def _write_tree(file: IO, rig: Rig, scale: float) -> None:
    file.write('HIERARCHY\n')
    depths = [*rig.depths, 0]
    turns = ' '.join(f'{axis}rotation' for axis in ORDER)
    for node, parent in enumerate(rig.parents):
        depth = depths[node]
        tab, inner = _INDENT * depth, _INDENT * (depth + 1)
        x, y, z = rig.offsets[node] * scale
        kind = 'ROOT' if parent < 0 else 'JOINT'
        places = '6 Xposition Yposition Zposition' if parent < 0 else '3'
        file.write(f'{tab}{kind} {rig.names[node]}\n{tab}{{\n')
        file.write(f'{inner}OFFSET {x:.6f} {y:.6f} {z:.6f}\n')
        file.write(f'{inner}CHANNELS {places} {turns}\n')
        if not rig.aims[node]:
            x, y, z = rig.offsets[node] * scale * _END
            file.write(f'{inner}End Site\n{inner}{{\n')
            file.write(f'{inner}{_INDENT}OFFSET {x:.6f} {y:.6f} {z:.6f}\n{inner}}}\n')
        for closed in range(depth, depths[node + 1] - 1, -1):
            file.write(f'{_INDENT * closed}}}\n')


def _notices(lifted: LiftedPoses, rig: Rig, span: np.ndarray) -> list[str]:
    lines = list(tell_names(lifted.skeleton.joint_names, rig.joint_names))
    if lifted.up_cam is None:
        lines.append(UP_ASSUMED)
    missing = len(span) * len(lifted.track_numbers) - len(lifted)
    if missing:
        lines.append(
            f'{missing} of {missing + len(lifted)} poses of the BVH files were not lifted: they '
            'are interpolated between those before and after, or hold the first or last one. All '
            f'files begin at frame {span[0]}.'
        )
    elif span[0]:
        lines.append(f'The BVH files begin at frame {span[0]} of the video.')
    return lines
