# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What all pictures of one sequence share: its frames, its space and its images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Callable, Optional, Union

import numpy as np

from mmposeaug.structures import LiftedPoses

FrameImages = Union[Mapping[int, np.ndarray], Callable[[int], Optional[np.ndarray]], None]
"""Images by frame: a mapping, or a function that gives None where there is none; uint8 RGB."""

DEFAULT_FPS = 10.0
"""float: Frames a second where nothing is known."""

_SPARSE = 10
"""int: Frames for each one with a pose, above which they are single pictures."""

_OUTLIERS = 3.0
"""Percentage of the poses at each end of an axis that may not widen the space that is drawn."""


def sequence_frames(lifted: LiftedPoses, images: FrameImages = None) -> range:
    """All frames of a sequence, those without a pose too.

    They reach from the first to the last frame that has a pose or an image. Where only every
    n-th frame of a video was lifted, it is these.
    """
    if not len(lifted):
        raise ValueError(
            'There is no pose to draw: LiftedPoses is empty; check that people were detected.'
        )
    known = [lifted.frame_numbers, np.fromiter(lifted.image_names, np.int64)]
    if isinstance(images, Mapping):
        known.append(np.fromiter(images, np.int64))
    frames = np.unique(np.concatenate(known))
    step = int(np.gcd.reduce(np.diff(frames))) if len(frames) > 1 else 1
    return range(int(frames[0]), int(frames[-1]) + 1, step)


def drawn_frames(lifted: LiftedPoses, images: FrameImages = None) -> Sequence[int]:
    """Frames to make pictures of: all of a sequence, or of single pictures those with a pose.

    Args:
        lifted (LiftedPoses): The poses.
        images (FrameImages): Images by frame; the sequence reaches to the last of a mapping.

    Returns:
        Sequence[int]: The frames.
    """
    every = sequence_frames(lifted, images)
    posed = lifted.frame_numbers
    return every if len(every) <= _SPARSE * len(posed) else posed.tolist()


def thin_frames(frames: Sequence[int], max_frames: int | None) -> list[int]:
    """At most ``max_frames`` of ``frames``, evenly spread, the first and the last among them.

    Example:
        >>> thin_frames(range(10), 4)
        [0, 3, 6, 9]
    """
    if max_frames is None:
        return list(frames)
    if isinstance(max_frames, bool) or int(max_frames) != max_frames or max_frames < 1:
        raise ValueError(f'max_frames must be a whole number of at least 1, got {max_frames!r}.')
    count = min(len(frames), int(max_frames))
    return [frames[i] for i in np.round(np.linspace(0, len(frames) - 1, count)).astype(int)]


def space_box(lifted: LiftedPoses) -> tuple[np.ndarray, np.ndarray]:
    """The part of camera space that the people of a sequence are in.

    Where the place of a person could not be estimated well, a few poses may be far away from all
    others. They do not count and lie outside, or nobody else could be seen.

    Returns:
        tuple[np.ndarray, np.ndarray]: Its middle and its half extents, both (3,), in metres.
    """
    # The corners of the box around each pose say as much as all its joints.
    roots = lifted.roots_cam.astype(np.float64)
    corners = [roots + lifted.poses_rel.min(axis=1), roots + lifted.poses_rel.max(axis=1)]
    points = np.concatenate(corners)
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return np.zeros(3), np.ones(3)
    ends = (
        np.percentile(points, _OUTLIERS, axis=0, method='higher'),
        np.percentile(points, 100 - _OUTLIERS, axis=0, method='lower'),
    )
    # A single pose has them the other way round.
    inner_low, inner_high = np.minimum(*ends), np.maximum(*ends)
    reach = 1 + (inner_high - inner_low)  # who only walks away fast at an end is no outlier
    near = (points >= inner_low - reach) & (points <= inner_high + reach)
    low = np.where(near, points, np.inf).min(axis=0)
    high = np.where(near, points, -np.inf).max(axis=0)
    return (low + high) / 2, np.maximum((high - low) / 2 + 0.15, 0.5)


def image_of(images: FrameImages, frame: int) -> np.ndarray | None:
    """The image of a frame.

    Returns:
        np.ndarray | None: RGB of shape (height, width, 3), None where there is none.
    """
    if images is None:
        return None
    image = images.get(frame) if isinstance(images, Mapping) else images(frame)
    return None if image is None else check_image(image, frame)


def check_image(image: np.ndarray, frame: int) -> np.ndarray:
    """See :func:`image_of`."""
    array = np.asarray(image)
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8 or not array.size:
        raise ValueError(
            f'The image of frame {frame} must be RGB of shape (height, width, 3) and type uint8, '
            f'got {array.dtype} of shape {array.shape}.'
        )
    return array


def image_size(
    lifted: LiftedPoses, frame: int, own_size: tuple[float, float] | None = None
) -> tuple[float, float]:
    """Width and height in pixels of a frame."""
    if own_size is not None and not len(lifted.rows_of(frame)):
        return own_size
    row = max(int(np.searchsorted(lifted.frames, frame, side='right')) - 1, 0)
    width, height = lifted.image_sizes[row]
    return float(width), float(height)
