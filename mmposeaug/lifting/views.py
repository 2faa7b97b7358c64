# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Image sizes and cameras: given, or assumed and said so."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mmposeaug.codecs import check_camera, check_focal
from mmposeaug.datasets import images
from mmposeaug.datasets.calibration import load_calibration
from mmposeaug.datasets.camera_files import (
    CameraDict,
    image_size_of,
    intrinsics_of,
    load_camera_dicts,
)

COMMON_SIZES = ((640, 480), (1280, 720), (1920, 1080), (3840, 2160), (7680, 4320))
"""tuple: Sizes of which the smallest that holds all keypoints is assumed, upright ones too."""

SAME_SIZE = 0.02
"""float: Share by which two sizes of the same images may differ; encoders add some rows."""

ASSUMED_FOCAL = 1.0
"""float: Assumed focal length as a multiple of the image's longer side (53 degrees across)."""


def find_image_sizes(
    frames: np.ndarray,
    joints_px: np.ndarray,
    given: Sequence[float] | None = None,
    known: Mapping[int, tuple[int, int]] | None = None,
    camera: Camera | None = None,
) -> tuple[np.ndarray, str]:
    """Size of each row's image.

    Args:
        frames (np.ndarray): Number of each row's frame, (N,).
        joints_px (np.ndarray): Joints (N, J, 2), pixels.
        given (Sequence[float], optional): Width and height of all images.
        known (Mapping[int, tuple[int, int]], optional): Width and height by frame, not of all.
        camera (Camera, optional): The camera, which may know its images' size.

    Returns:
        tuple[np.ndarray, str]: Width and height (N, 2), pixels, and how they are known:
        ``'given'``, ``'camera'``, ``'file'`` or ``'assumed'``.

    Raises:
        ValueError: If a size is not positive, is not that of the camera's images, or most joints
            lie outside of it.
    """
    if given is not None:
        size = np.asarray(given, dtype=np.float64).reshape(-1)
        if size.size != 2 or not np.isfinite(size).all() or size.min() <= 0:
            raise ValueError(
                f'image_size is {list(given)}; give width and height in pixels, both above 0.'
            )
        sizes, how = np.tile(size, (len(frames), 1)), 'given'
    elif camera is not None and camera.size is not None:
        sizes, how = np.tile(np.array(camera.size), (len(frames), 1)), 'camera'
    elif known:
        # frames between those of the file have the size of the nearest one
        numbers = np.array(sorted(known))
        after = np.searchsorted(numbers, frames).clip(0, len(numbers) - 1)
        before = (after - 1).clip(0)
        nearer = np.abs(frames - numbers[before]) < np.abs(numbers[after] - frames)
        nearest = numbers[np.where(nearer, before, after)]
        sizes, how = np.array([known[int(frame)] for frame in nearest], float), 'file'
    else:
        sizes, how = np.tile(_assumed_size(joints_px), (len(frames), 1)), 'assumed'
    if camera is not None:
        check_sizes(sizes, how, camera)
    outside = ((joints_px < 0) | (joints_px > sizes[:, None])).any(-1).mean()
    if outside > 0.5:
        width, height = sizes[0]
        raise ValueError(
            f'{100 * outside:.0f} % of all joints lie outside of the image of {width:g} x '
            f'{height:g} pixels; give the image_size (width, height) in which they were detected.'
        )
    return sizes, how


def check_sizes(sizes: np.ndarray, how: str, camera: Camera) -> None:
    """Refuse sizes of other images than the camera's.

    Args:
        sizes (np.ndarray): Width and height (N, 2), pixels.
        how (str): How they are known, see :func:`find_image_sizes`.
        camera (Camera): The camera.

    Raises:
        ValueError: If they differ by more than :data:`SAME_SIZE`.
    """
    if camera.size is None:
        return
    wrong = np.abs(sizes / camera.size - 1).max(1) > SAME_SIZE
    if wrong.any():
        (width, height), (of_camera_w, of_camera_h) = sizes[wrong][0], camera.size
        source = 'image_size is' if how == 'given' else 'the keypoints are of images of'
        raise ValueError(
            f'The camera {camera.name} is of images of {of_camera_w:g} x {of_camera_h:g}, but '
            f'{source} {width:g} x {height:g}; give a camera of the same images, its focal length '
            'and centre scaled with them.'
        )


def _assumed_size(joints_px: np.ndarray) -> np.ndarray:
    # a joint or two may lie outside of the image
    reach = np.quantile(joints_px.reshape(-1, 2), 0.999, axis=0)
    upright = reach[1] > reach[0]
    for size in COMMON_SIZES:
        shape = np.array(size[::-1] if upright else size, float)
        if (reach <= shape).all():
            return shape
    return np.ceil(reach)


@dataclass(frozen=True)
class Camera:
    """A camera of a file.

    Attributes:
        intrinsics (np.ndarray): (9,): focal lengths, centre, distortion; pixels.
        size (tuple[float, float] | None): Width and height of its images in pixels.
        name (str): Its name and file.
        rotation (np.ndarray | None): World to camera (3, 3), where the file has it.
    """

    intrinsics: np.ndarray
    size: tuple[float, float] | None
    name: str
    rotation: np.ndarray | None = None


def read_camera(camera_file: str | None, camera: str | None) -> Camera | None:
    """The camera that options name.

    Args:
        camera_file (str, optional): Camera file, as training sets have them, or a calibration,
            see :func:`mmposeaug.datasets.calibration.load_calibration`.
        camera (str, optional): ``'SUBJECT/CAMERA'`` in this file, or the name in a calibration.
            Defaults to its only one.

    Returns:
        Camera | None: The camera, None without a file.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it has no such camera.
    """
    if camera_file is None:
        if camera is not None:
            raise ValueError(f'The camera {camera!r} is of no file; give camera_file too.')
        return None
    cameras = _camera_dicts(os.fspath(camera_file))
    names = {'/'.join(key).lstrip('/'): key for key in cameras}
    if camera is None and len(names) == 1:
        camera = next(iter(names))
    if camera is None or camera not in names:
        listed = ', '.join(list(names)[:8]) + (', ...' if len(names) > 8 else '')
        wrong = f'has no camera {camera!r}' if camera else 'has several cameras, choose one'
        raise ValueError(f'The camera file {camera_file!r} {wrong}; it has {listed}.')
    key = names[camera]
    size = None
    if cameras[key].get('w') is not None and cameras[key].get('h') is not None:
        size = image_size_of(key, cameras[key])
    name = f'{camera} of {os.path.basename(camera_file)}'
    turn = cameras[key].get('R')
    rotation = None if turn is None else np.asarray(turn, np.float64).reshape(3, 3).T
    return Camera(intrinsics_of(key, cameras[key]), size, name, rotation)


def _camera_dicts(path: str) -> CameraDict:
    """The cameras of a file of a training set, or of a calibration."""
    ending = os.path.splitext(path)[1].lower()
    calibration = ending == '.toml'
    if ending == '.json' and os.path.isfile(path):
        with open(path, encoding='utf-8-sig') as file:
            try:
                content = json.load(file)
            except (ValueError, RecursionError):
                content = None  # what reads it says so
        calibration = isinstance(content, dict) and not any('/' in name for name in content)
    if not calibration:
        return load_camera_dicts(path)
    return {('', name): camera for name, camera in load_calibration(path).items()}


def find_view(
    sizes: np.ndarray, camera: Camera | None = None, focal: float | None = None
) -> tuple[np.ndarray, str]:
    """The camera of each row.

    Args:
        sizes (np.ndarray): Width and height (N, 2) of each row's image, pixels.
        camera (Camera, optional): The camera of all of them.
        focal (float, optional): Focal length in pixels, with the centre in the image's middle.

    Returns:
        tuple[np.ndarray, str]: Cameras (N, 9), and what they are. Without camera and focal
        length, the latter is assumed to be as long as the image's longer side.

    Raises:
        ValueError: If the camera, or ``focal``, is none that there is, or not of these images.
    """
    if camera is not None and focal is not None:
        raise ValueError(
            f'The focal length of {focal} px and the camera {camera.name} are both given; give one '
            'of them.'
        )
    if camera is not None:
        size = torch.from_numpy(np.asarray(sizes[0], dtype=np.float64))
        check_camera(torch.from_numpy(camera.intrinsics), size, f'The camera {camera.name}')
        return np.tile(camera.intrinsics, (len(sizes), 1)), f'given: {camera.name}'
    if focal is not None:
        if not isinstance(focal, (int, float)) or isinstance(focal, bool):
            raise ValueError(f'The option focal is {focal!r}; give a number of pixels.')
        check_focal(focal, float(np.max(sizes)), 'The option focal')
    lengths = ASSUMED_FOCAL * sizes.max(1) if focal is None else np.full(len(sizes), float(focal))
    intrinsics = np.zeros((len(sizes), 9))
    intrinsics[:, :2] = lengths[:, None]
    intrinsics[:, 2:4] = sizes / 2
    origin = 'assumed' if focal is None else 'given'
    angle = 2 * np.degrees(np.arctan(sizes[0].max() / (2 * lengths[0])))
    text = (
        f'{origin}: focal length {lengths[0]:g} px ({angle:.0f} degrees across the longer side), '
        'centre in the middle of the image'
    )
    return intrinsics, text


def as_seen(
    joints_px: np.ndarray, sizes: np.ndarray, intrinsics: np.ndarray, pad_portrait: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Joints, image sizes and cameras as the lifter sees them: upright images as squares."""
    if not pad_portrait:
        return joints_px, sizes, intrinsics
    cameras = intrinsics.copy()
    cameras[:, 2] += images.padding_of(sizes)
    return (*images.pad_portrait(joints_px, sizes), cameras)
