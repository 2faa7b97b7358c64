# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""TRC files of markers, for OpenSim."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from mmengine.logging import print_log

from mmposeaug.fileio import atomic_write
from mmposeaug.structures import LiftedPoses

from .people import UP_ASSUMED, Person, people_of, plain_names, prepare_files, tell_names

UNITS = {'m': 1.0, 'mm': 1000.0}
"""dict[str, float]: Units of files by their number in a metre."""

MARKERS = {
    'root': 'Hip',
    'pelvis': 'Hip',
    'hip': 'Hip',
    'thorax': 'Neck',
    'neck': 'Neck',
    'nose': 'Nose',
    'head': 'Head',
}
"""dict[str, str]: Markers of Pose2Sim's OpenSim models by joint, on the midline. Human3.6M's
``thorax`` is the middle of the shoulders; its ``neck_base`` is no marker of theirs."""

_OF_SIDES = {
    'hip': 'Hip',
    'knee': 'Knee',
    'ankle': 'Ankle',
    'foot': 'Ankle',  # Human3.6M's is the ankle
    'heel': 'Heel',
    'big_toe': 'BigToe',
    'small_toe': 'SmallToe',
    'shoulder': 'Shoulder',
    'elbow': 'Elbow',
    'wrist': 'Wrist',
    'eye': 'Eye',
    'ear': 'Ear',
}
for _part, _marker in _OF_SIDES.items():
    MARKERS.update({f'left_{_part}': f'L{_marker}', f'right_{_part}': f'R{_marker}'})


def save_trc(
    lifted: LiftedPoses,
    path: str | os.PathLike,
    unit: str = 'm',
    report: Callable[[str], None] = print_log,
) -> list[Path]:
    """Write people as markers of OpenSim, a file each.

    The markers are the joints as lifted, y up, z towards the camera, which is at the origin. Rows
    have the frame numbers of the poses and the time of these, from the person's first frame to
    the last; between them, frames without the person are blank.

    Args:
        lifted (LiftedPoses): The poses, of any joints; ``fps`` must be known. Joints in
            :data:`MARKERS` get the names of Pose2Sim's models, others keep their own.
        path (str | PathLike): The file of a single person; those of several people have
            ``_person{track}`` before its ending.
        unit (str): ``'m'`` or ``'mm'``. Defaults to ``'m'``.
        report (Callable): Called with sentences on what was assumed. Defaults to MMEngine's
            ``print_log``, which prints.

    Returns:
        list[Path]: The files, in the order of the people's numbers.

    Raises:
        ValueError: If ``fps`` is not known, ``unit`` is no unit, there is no pose or one that is
            not finite, or a file cannot be written.
    """
    rate, paths = prepare_files(lifted, path, 'TRC', unit, UNITS)
    joints = lifted.skeleton.joint_names
    wanted = [MARKERS.get(name, name) for name in joints]
    if len(set(wanted)) < len(wanted):  # of two joints with one marker none is it for sure
        wanted = [
            MARKERS[n] if wanted.count(m) == 1 and n in MARKERS else n
            for n, m in zip(joints, wanted)
        ]
    markers = plain_names(wanted)
    for person in people_of(lifted):
        with atomic_write(paths[person.track], 'w') as file:
            _write(file, paths[person.track].name, person, markers, rate, unit)
    if lifted.up_cam is None:
        report(UP_ASSUMED)
    for line in tell_names(wanted, markers):
        report(line)
    return list(paths.values())


def _write(
    file: IO, name: str, person: Person, markers: Sequence[str], rate: float, unit: str
) -> None:
    first, last = int(person.frames[0]), int(person.frames[-1])
    count = last - first + 1
    places = person.poses.reshape(len(person.poses), -1) * UNITS[unit]
    axes = [f'{axis}{i + 1}' for i in range(len(markers)) for axis in 'XYZ']
    header = {
        'DataRate': f'{rate:.6f}',
        'CameraRate': f'{rate:.6f}',
        'NumFrames': count,
        'NumMarkers': len(markers),
        'Units': unit,
        'OrigDataRate': f'{rate:.6f}',
        'OrigDataStartFrame': first,
        'OrigNumFrames': count,
    }
    file.write(f'PathFileType\t4\t(X/Y/Z)\t{name}\n')
    file.write('\t'.join(header) + '\n')
    file.write('\t'.join(str(value) for value in header.values()) + '\n')
    # as OpenSim writes it, lines end in a tab: without, it loses the last one of a blank row
    file.write('Frame#\tTime\t' + '\t\t\t'.join(markers) + '\t\t\t\n')
    file.write('\t\t' + '\t'.join(axes) + '\t\n\n')
    blank = '\t' * places.shape[1]
    known = dict(zip(person.frames.tolist(), range(len(places))))
    pattern = '%.6f\t' * places.shape[1]
    for frame in range(first, last + 1):
        row = pattern % tuple(places[known[frame]]) if frame in known else blank
        file.write(f'{frame}\t{frame / rate:.6f}\t{row}\n')
