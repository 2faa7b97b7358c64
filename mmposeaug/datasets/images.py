# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Sizes of images: which keypoints are inside, and portrait images made square.

Lifting codecs divide keypoints by half the image's width. In an image that is higher than wide,
y then leaves the range that lifters see in landscape and square images. Columns added left and
right, half of what the width lacks each, make it square: keypoints and principal point move by the
same number of pixels, so the projection of every pose stays what it was.
"""

from __future__ import annotations

import numpy as np

from mmposeaug.structures.choices import require_choice

from .camera_files import CameraDict, image_size_of
from .frames import VideoIndex


def image_sizes(index: VideoIndex, cameras: CameraDict) -> np.ndarray:
    """Return width and height (V, 2) of each video's images; infinite without a camera."""
    sizes = np.full((len(index.videos), 2), np.inf)
    for row, (subject, _, camera_id) in enumerate(index.videos):
        key = (subject, camera_id)
        if key in cameras:
            sizes[row] = image_size_of(key, cameras[key])
    return sizes


def padding_of(sizes: np.ndarray) -> np.ndarray:
    """Return the columns (*) that are added on either side of images of sizes (*, 2), pixels.

    Example:
        >>> padding_of(np.array([[1080, 1920], [1920, 1080]])).tolist()
        [420.0, 0.0]
    """
    width, height = np.asarray(sizes, dtype=np.float64).T
    portrait = height > width
    padding = np.zeros(width.shape)
    padding[portrait] = (height[portrait] - width[portrait]) / 2
    return padding


def pad_portrait(keypoints_px: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Make images square where they are portrait: keypoints (N, K, 2) and sizes (N, 2), pixels.

    Example:
        >>> pad_portrait(np.zeros((1, 1, 2)), np.array([[1080, 1920]]))
        (array([[[420.,   0.]]]), array([[1920., 1920.]]))
    """
    padding = padding_of(sizes)
    moved = keypoints_px.astype(np.result_type(keypoints_px.dtype, np.float32))
    moved[..., 0] += padding[:, None]
    padded = sizes.astype(moved.dtype)
    padded[:, 0] += 2 * padding
    return moved, padded


def pad_portrait_cameras(cameras: CameraDict) -> CameraDict:
    """Cameras whose images are square where they were portrait."""
    padded = {}
    for key, camera in cameras.items():
        width, height = image_size_of(key, camera)
        padding = float(padding_of(np.array([[width, height]]))[0])
        shift = np.array([[padding], [0.0]])
        padded[key] = dict(camera, c=camera['c'] + shift, w=camera['w'] + int(2 * padding))
    return padded


def pad_portrait_keypoints(keypoints: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Move keypoints (N, K, 3) in images of sizes (N, 2) to where the square ones have them.

    A point at (0, 0) whose score is 0 was not found and stays there.
    """
    padding = padding_of(sizes)
    found = (keypoints != 0).any(axis=-1)
    # whole pixels become floats: half of an odd number of columns is moved
    moved = keypoints.astype(np.result_type(keypoints.dtype, np.float32))
    moved[..., 0] += padding[:, None] * found
    return moved


KEEP_FRAMES = ('all', 'detected', 'inside')
"""tuple[str]: Every frame; those with a keypoint whose score is above 0; of these, those whose
keypoints with a score above 0 are all inside the image."""


def check_keep_frames(keep_frames: str, has_cameras: bool) -> None:
    """Refuse what :func:`usable_frames` cannot do."""
    require_choice('keep_frames', keep_frames, KEEP_FRAMES)
    if keep_frames == 'inside' and not has_cameras:
        raise ValueError(
            "keep_frames='inside' needs the images' sizes, which cameras tell; set "
            'camera_param_file.'
        )


def usable_frames(keep_frames: str, keypoints: np.ndarray, sizes: np.ndarray) -> np.ndarray | None:
    """Return which frames (N,) a rule keeps; None for ``'all'``.

    Args:
        keep_frames (str): The rule, one of :data:`KEEP_FRAMES`.
        keypoints (np.ndarray): Pixels of the images as they are, and score: (N, K, 3).
        sizes (np.ndarray): Width and height of the images in pixels, (N, 2).
    """
    if keep_frames == 'all':
        return None
    found = keypoints[..., 2] > 0
    kept = found.any(axis=1)
    if keep_frames == 'inside':
        pixels = keypoints[..., :2]
        inside = ((pixels >= 0) & (pixels <= sizes[:, None])).all(axis=-1)
        kept &= (inside | ~found).all(axis=1)
    return kept
