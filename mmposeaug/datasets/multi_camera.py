# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""One person before several calibrated cameras: detections, and a 3D reference of them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from mmposeaug.geometry import in_cameras, project
from mmposeaug.structures import Skeleton

from .annotations import annotation_arrays
from .calibration import Calibration, load_calibration, world_to_camera
from .camera_files import CameraDict, intrinsics_of
from .io import join_root, load_npz
from .keypoints_2d import Keypoints2D, build_keypoint_map, fill_gaps, load_keypoints

DETECTIONS = '{camera}.json'
"""str: Where the detections of a camera are, under the calibration's folder."""

_EXTENT = (0.2, 5.0)  # metres from one key point of a person to another
_AGREEMENT = (
    0.1  # of a person's size: detectors are off by 1 to 3 %, other cameras by 14 % and more
)


@dataclass(frozen=True)
class Recording:
    """What several cameras saw of one person.

    Args:
        cameras (dict): MMPose's camera dictionaries by the names of the cameras.
        people (dict): The person's key points by the names of the cameras, one row a frame; equal
            frame numbers are the same instant in all cameras.
        joint_names (tuple[str]): Names of the K key points.
    """

    cameras: Calibration
    people: Mapping[str, Keypoints2D]
    joint_names: tuple[str, ...]


@dataclass(frozen=True)
class Reference:
    """The 3D key points that lifters are held against.

    Args:
        world (np.ndarray): Positions (F, K, 3) in the world in metres; NaN where unknown.
        valid (np.ndarray): Booleans (F, K): whether a position may be held against a lifter.
        joint_names (tuple[str]): Names of the K key points.
        source (str): What to call it in messages.
    """

    world: np.ndarray
    valid: np.ndarray
    joint_names: tuple[str, ...]
    source: str


def load_recording(
    calibration: str | os.PathLike,
    detections: str = DETECTIONS,
    tracks: Mapping[str, int] | None = None,
) -> Recording:
    """Read a calibration and the detections of its cameras.

    Args:
        calibration (str | PathLike): See :func:`load_calibration`.
        detections (str): File or folder of each camera's detections, see
            :func:`mmposeaug.datasets.keypoints_2d.load_keypoints`; ``{camera}`` stands for the
            camera's name, relative paths are in the calibration's folder. Defaults to
            :data:`DETECTIONS`.
        tracks (Mapping[str, int], optional): For cameras that see several people the track id of
            the one. Defaults to None.

    Returns:
        Recording: The recording.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If a file is malformed, names of key points differ, images have another size
            than the camera, or somebody else is in the picture and ``tracks`` does not say who.
    """
    calibration = os.fspath(calibration)
    cameras = load_calibration(calibration)
    unknown = sorted(set(tracks or {}) - set(cameras))
    if unknown:
        raise ValueError(
            f'tracks names the camera {unknown[0]!r}, but {calibration!r} has {", ".join(cameras)}.'
        )
    people = {}
    for name, camera in cameras.items():
        found = load_keypoints(detection_file(calibration, detections, name))
        _check_sizes(name, camera, found)
        people[name] = _one_person(name, found, (tracks or {}).get(name))
    names = {name: found.joint_names for name, found in people.items()}
    first = next(iter(names))
    for name, joints in names.items():
        if joints is None or joints != names[first]:
            raise ValueError(
                f'The detections of {name!r} '
                + ('do not name their key points' if joints is None else 'have other key points')
                + (f' than those of {first!r}' if joints is not None else '')
                + '; give all cameras the same detector, and its names in the files.'
            )
    joint_names = names[first]
    assert joint_names is not None
    return Recording(cameras, people, joint_names)


def detection_file(calibration: str, detections: str, camera: str) -> str:
    """Where the detections of a camera are.

    Args:
        calibration (str): The calibration file.
        detections (str): See :func:`load_recording`.
        camera (str): Name of the camera.

    Returns:
        str: File or folder.

    Raises:
        ValueError: If ``detections`` is the same for all cameras.
    """
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
    """Read 3D key points, as ``tools/dataset_converters/triangulate.py`` writes them.

    Args:
        path (str | PathLike): npz file with ``world`` (F, K, 3) in metres, ``valid`` (F, K) and
            ``names`` (K,).

    Returns:
        Reference: The reference; row 0 is frame 0.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If an array is missing, misshapen or not finite, or the unit is wrong.
    """
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
        raise ValueError(f'The reference {path!r} has no valid key point; nothing can be scored.')
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
    if not _EXTENT[0] < extent < _EXTENT[1]:  # NaN, where each frame has one key point, is no unit
        raise ValueError(
            f'The people of the reference {path!r} are {extent:.4g} m large (median); give metres '
            'and at least two valid key points a frame.'
        )


def recording_arrays(
    recording: Recording,
    reference: Reference,
    skeleton: Skeleton,
    max_gap: int = 10,
    score_thr: float = 0.3,
    subject: str = 'person',
) -> tuple[dict[str, np.ndarray], CameraDict]:
    """Lifting samples of a recording, in the layout of MMPose's Human3.6M files.

    Joints are made of the key points, and what the detector missed is filled in, as
    :class:`mmposeaug.apis.LiftingInferencer` does it. A joint of the target is visible where all
    key points of which it is made are valid.

    Args:
        recording (Recording): Cameras and detections.
        reference (Reference): The 3D key points.
        skeleton (Skeleton): Joints J of the lifter.
        max_gap (int): See :func:`mmposeaug.datasets.keypoints_2d.fill_gaps`. Defaults to 10.
        score_thr (float): See there. Defaults to 0.3.
        subject (str): What the images' names say of the person. Defaults to ``'person'``.

    Returns:
        tuple[dict, dict]: ``imgname``, ``center``, ``scale``, ``part`` and ``S`` in camera space,
        one row a camera and frame; and the cameras by (subject, camera id). Places of joints that
        are not visible are made up.

    Raises:
        ValueError: If a joint cannot be made of the key points, there is no frame of both, or the
            reference is not what the cameras saw.
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
