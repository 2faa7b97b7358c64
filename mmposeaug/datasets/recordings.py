# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""One person before several calibrated cameras: files of detections, and of a 3D reference."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmposeaug.fileio import join_root, load_npz

from .calibration import Calibration, load_calibration
from .keypoints_2d import ASSUMED, Keypoints2D, load_keypoints

DETECTIONS = '{camera}.json'
"""str: Where the detections of a camera are, under the calibration's folder."""

_EXTENT = (0.2, 5.0)  # metres from one keypoint of a person to another


@dataclass(frozen=True)
class Recording:
    """What several cameras saw of one person."""

    cameras: Calibration
    people: Mapping[str, Keypoints2D]
    joint_names: tuple[str, ...]


@dataclass(frozen=True)
class Reference:
    """3D keypoints (F, K, 3) in the world, metres, and which of them are valid, (F, K)."""

    world: np.ndarray
    valid: np.ndarray
    joint_names: tuple[str, ...]
    source: str


def load_recording(
    calibration: str | os.PathLike,
    detections: str = DETECTIONS,
    tracks: Mapping[str, int] | None = None,
    first_frame: int | None = None,
) -> Recording:
    """Read a calibration and the detections of its cameras."""
    calibration = os.fspath(calibration)
    cameras = load_calibration(calibration)
    unknown = sorted(set(tracks or {}) - set(cameras))
    if unknown:
        raise ValueError(
            f'tracks names the camera {unknown[0]!r}, but {calibration!r} has {", ".join(cameras)}.'
        )
    people = {}
    for name, camera in cameras.items():
        path = detection_file(calibration, detections, name)
        found = load_keypoints(path, first_frame=first_frame)
        _check_sizes(name, camera, found)
        people[name] = _one_person(name, found, (tracks or {}).get(name))
    _check_frames(people)
    first, joint_names = next((name, found.joint_names) for name, found in people.items())
    for name, found in people.items():
        if joint_names is None or found.joint_names != joint_names:
            fault = f'have other keypoints than those of {first!r}'
            raise ValueError(
                f'The detections of {name!r} '
                f'{fault if found.joint_names else "do not name their keypoints"}; give all '
                'cameras the same detector, and its names in the files.'
            )
    assert joint_names is not None
    return Recording(cameras, people, joint_names)


def detection_file(calibration: str, detections: str, camera: str) -> str:
    """Where the detections of a camera are."""
    if '{camera}' not in detections:
        raise ValueError(
            f"detections is {detections!r}; put {{camera}} in the place of the camera's name."
        )
    return join_root(detections.replace('{camera}', camera), os.path.dirname(calibration))


def _check_sizes(name: str, camera: Mapping[str, float], people: Keypoints2D) -> None:
    for width, height in set(people.image_sizes.values()):
        if (width, height) != (camera['w'], camera['h']):
            raise ValueError(
                f'The detections of {name!r} are in images of {width} x {height} pixels, but the '
                f'camera is calibrated for {camera["w"]} x {camera["h"]}; correct one of them.'
            )


def _check_frames(people: Mapping[str, Keypoints2D]) -> None:
    """Refuse frames that are counted differently, and so may be one off unnoticed."""
    ways = {name: found.frames_from for name, found in people.items()}
    first = next(iter(ways))
    for name, way in ways.items():
        if _kind(way) != _kind(ways[first]):
            raise ValueError(
                f'The frames of {first!r} are known by {ways[first]}, those of {name!r} by {way}; '
                'the cameras must be in step: set first_frame to the number that all files give to '
                'the first frame.'
            )


def _kind(way: str) -> tuple[bool, str]:
    """Whether frames are assumed, and by what they are counted."""
    return way.startswith(ASSUMED), re.split('[(:;]', way.removeprefix(ASSUMED))[0].strip()


def _one_person(name: str, people: Keypoints2D, track: int | None) -> Keypoints2D:
    if track is not None:
        chosen = people.tracks == track
        if not chosen.any():
            known = ', '.join(map(str, np.unique(people.tracks)[:8]))
            raise ValueError(
                f'The detections of {name!r} have no track {track}; they have {known}.'
            )
        people = people.take(np.flatnonzero(chosen))
    frames, counts = np.unique(people.frames, return_counts=True)
    if counts.max() > 1:
        raise ValueError(
            f'The detections of {name!r} have {counts.max()} people in frame '
            f'{frames[counts.argmax()]}; say with tracks=dict({name}=...) which track id the '
            'person has, or give a file of that one alone.'
        )
    return people


def load_reference(path: str | os.PathLike) -> Reference:
    """Read ``world`` (F, K, 3) in metres, ``valid`` (F, K) and ``names`` (K,) of an npz file."""
    path = os.fspath(path)
    arrays = load_npz(path, ('world', 'valid', 'names'))
    missing = [name for name in ('world', 'valid', 'names') if name not in arrays]
    if missing:
        raise ValueError(
            f'The reference {path!r} has no array {missing[0]!r}; it needs world (F, K, 3) in '
            'metres, valid (F, K) and names (K,).'
        )
    world, valid = arrays['world'].astype(np.float64), arrays['valid'].astype(bool)
    names = tuple(str(name) for name in arrays['names'].reshape(-1))
    if world.ndim != 3 or world.shape != (*valid.shape, 3) or world.shape[1] != len(names):
        raise ValueError(
            f'The reference {path!r} has world of shape {world.shape}, valid of {valid.shape} and '
            f'{len(names)} names; (F, K, 3), (F, K) and (K,) are needed.'
        )
    if not valid.any():
        raise ValueError(f'The reference {path!r} has no valid keypoint; nothing can be scored.')
    bad = valid & ~np.isfinite(world).all(-1)
    if bad.any():
        frame, joint = (int(i[0]) for i in np.nonzero(bad))
        raise ValueError(
            f'The reference {path!r} has {names[joint]!r} of frame {frame} as valid, but it is not '
            'finite; mark it as not valid.'
        )
    _check_unit(world, valid, path)
    return Reference(world, valid, names, f'the reference {os.path.basename(path)!r}')


def _check_unit(world: np.ndarray, valid: np.ndarray, path: str) -> None:
    """People are metres large."""
    low = np.where(valid[..., None], world, np.inf).min(1)
    high = np.where(valid[..., None], world, -np.inf).max(1)
    extent = float(np.median((high - low).max(-1)[valid.sum(1) > 1]))
    if not _EXTENT[0] < extent < _EXTENT[1]:  # NaN, where each frame has one keypoint, has no unit
        raise ValueError(
            f'The people of the reference {path!r} are {extent:.4g} m large (median); give metres '
            'and at least two valid keypoints a frame.'
        )
