# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Which frames a data set keeps for the sake of their 2D keypoints."""

from __future__ import annotations

import numpy as np

from .camera_files import CameraDict
from .frames import VideoIndex
from .portrait import image_sizes

KEEP_FRAMES = ('all', 'detected', 'inside')
"""tuple[str]: Every frame; those with a keypoint whose score is above 0; of these, those whose
keypoints with a score above 0 are all inside the image."""


def check_keep_frames(keep_frames: str, has_cameras: bool) -> None:
    """Refuses what :func:`usable_frames` cannot do."""
    if keep_frames not in KEEP_FRAMES:
        raise ValueError(f'keep_frames is {keep_frames!r}; use one of {", ".join(KEEP_FRAMES)}.')
    if keep_frames == 'inside' and not has_cameras:
        raise ValueError(
            "keep_frames='inside' needs the images' sizes, which cameras tell; set "
            'camera_param_file.'
        )


def usable_frames(
    keep_frames: str, keypoints: np.ndarray, index: VideoIndex, cameras: CameraDict
) -> np.ndarray | None:
    """Return which frames (N,) a rule keeps; None for ``'all'``.

    Args:
        keypoints (np.ndarray): Pixels of the images as they are, and score: (N, K, 3).
    """
    if keep_frames == 'all':
        return None
    found = keypoints[..., 2] > 0
    kept = found.any(axis=1)
    if keep_frames == 'inside':
        size = image_sizes(index, cameras)[index.of_frame][:, None]
        pixels = keypoints[..., :2]
        inside = ((pixels >= 0) & (pixels <= size)).all(axis=-1)
        kept &= (inside | ~found).all(axis=1)
    return kept
