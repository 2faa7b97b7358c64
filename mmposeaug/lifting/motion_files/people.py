# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""One person after the other, in axes with y up, and the file of each."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmposeaug.evaluation.motion import tracks_of
from mmposeaug.fileio import make_writable_folder
from mmposeaug.structures import LiftedPoses

from ..smoothing import SINGLE_PICTURES
from ..world import rotation_to

IMAGE_UP = np.array([0.0, -1.0, 0.0])
LONGEST = 100_000
"""int: Frames that a file may have, however few of them have poses."""
UP_ASSUMED = (
    'Which way is up is not known; the upper side of the image is taken for it. People lean if '
    'the camera was tilted or turned.'
)


@dataclass(frozen=True)
class Person:
    """One person's poses over time.

    Attributes:
        frames (np.ndarray): Ascending frame numbers (N,), perhaps with gaps.
        poses (np.ndarray): Joints (N, J, 3), metres, y up.
    """

    track: int
    frames: np.ndarray
    poses: np.ndarray


def people_of(lifted: LiftedPoses) -> Iterator[Person]:
    """Every person, in the order of their numbers."""
    poses, turn = lifted.poses_cam, rotation_to(up_of(lifted))
    for rows in tracks_of(lifted.tracks):
        yield Person(int(lifted.tracks[rows[0]]), lifted.frames[rows], _to_world(poses[rows], turn))


def up_of(lifted: LiftedPoses) -> np.ndarray:
    """The direction against gravity in camera axes, (3,), or the upper side of the image."""
    return IMAGE_UP if lifted.up_cam is None else lifted.up_cam


def _to_world(poses_cam: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Poses (N, J, 3) in the axes of the world; its origin is the camera."""
    return poses_cam.astype(np.float64) @ turn.T


def prepare_files(
    lifted: LiftedPoses, path: str | os.PathLike, what: str, unit: str, units: Collection[str]
) -> tuple[float, dict[int, Path]]:
    """Frames a second and the file of each person; what is wrong is told before any is written."""
    rate = check_rate(lifted, what)
    if unit not in units:
        raise ValueError(
            f'There is no unit {unit!r} of {what} files; use one of {", ".join(units)}.'
        )
    return rate, person_paths(lifted, path)


def check_rate(lifted: LiftedPoses, what: str) -> float:
    """Frames a second, which must be known."""
    if lifted.info.get('frames_from') == SINGLE_PICTURES:
        raise ValueError(
            f'The poses are of single pictures, no motion that a {what} file could hold; lift a '
            'video.'
        )
    if lifted.fps is None:
        raise ValueError(
            f'A {what} file needs the frames a second, which are not known of these poses; give '
            'them with --fps.'
        )
    return lifted.fps


def person_paths(lifted: LiftedPoses, path: str | os.PathLike) -> dict[int, Path]:
    """The file of each person; what cannot be written is told before anything is."""
    check_poses(lifted)
    span = int(lifted.frames[-1]) - int(lifted.frames[0]) + 1
    if span > max(LONGEST, 20 * len(lifted)):
        raise ValueError(
            f'The frames go from {lifted.frames[0]} to {lifted.frames[-1]}, but only '
            f'{len(lifted.frame_numbers)} have poses, and a line would be written for each; number '
            'the frames one after the other.'
        )
    path = Path(path)
    tracks = lifted.track_numbers.tolist()
    paths = {track: path.with_name(f'{path.stem}_person{track}{path.suffix}') for track in tracks}
    if len(tracks) == 1:
        paths = {tracks[0]: path}
    for each in paths.values():
        check_path(each)
    return paths


def check_path(path: Path) -> None:
    """Refuse a file that cannot be written."""
    if path.is_dir():
        raise ValueError(f"'{path}' is a folder; give the name of a file.")
    try:
        make_writable_folder(path.parent)
    except OSError as error:
        raise ValueError(
            f"Nothing can be written into '{path.parent}' ({error.strerror}); choose another "
            'folder.'
        ) from None


def check_poses(lifted: LiftedPoses) -> None:
    """Refuse poses that no file can hold."""
    if not len(lifted):
        raise ValueError('There are no poses to write; lift keypoints of somebody first.')
    wrong = ~(np.isfinite(lifted.poses_cam).all((1, 2)))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f'The pose of person {lifted.tracks[row]} in frame {lifted.frames[row]} is not finite; '
            'leave it out, or lift the keypoints again.'
        )


def plain_names(names: Sequence[str]) -> list[str]:
    """Names in ASCII without spaces, each once, as readers of text files take them.

    Example:
        >>> plain_names(['left hip', 'Knöchel', '頭', 'left_hip'])
        ['left_hip', 'Knochel', 'joint', 'left_hip_2']
    """
    found: list[str] = []
    for name in names:
        letters = unicodedata.normalize('NFKD', name).encode('ascii', 'ignore').decode()
        plain = re.sub(r'[^0-9A-Za-z_.-]+', '_', letters.strip()) or 'joint'
        count, tried = 1, plain
        while tried in found:
            count += 1
            tried = f'{plain}_{count}'
        found.append(tried)
    return found


def tell_names(names: Sequence[str], plain: Sequence[str]) -> Iterator[str]:
    """What was renamed."""
    changed = [f'{a!r} is {b!r}' for a, b in zip(names, plain) if a != b]
    if changed:
        more = f', and {len(changed) - 3} more' if len(changed) > 3 else ''
        yield f'Joints have other names in the file: {", ".join(changed[:3])}{more}.'
