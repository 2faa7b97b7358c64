# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Cameras and keypoints that cannot be real, refused where they enter."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mmposeaug.geometry import in_lens

FOCAL_RANGE = (0.2, 50.0)
"""tuple[float]: Focal lengths over the image's longer side, 136 to 1 degrees across."""


def check_focal(focal: float, longer_side: float, name: str = 'The camera') -> None:
    """Refuse a focal length that no camera has.

    Args:
        focal (float): Focal length in pixels.
        longer_side (float): Longer side of the image in pixels.
        name (str): What to call the camera. Defaults to ``'The camera'``.

    Raises:
        ValueError: If it is not positive, or likely of another unit than pixels.

    Example:
        >>> check_focal(1145, 1002)
    """
    if not (math.isfinite(focal) and focal > 0):
        raise ValueError(f'{name} has a focal length of {focal:g}; give it in pixels, above 0.')
    low, high = FOCAL_RANGE
    if not low <= focal / longer_side <= high:
        angle = 2 * math.degrees(math.atan(longer_side / (2 * focal)))
        raise ValueError(
            f'{name} has a focal length of {focal:g} px, {angle:.3g} degrees across an image of '
            f'{longer_side:g} px, which no lens has; a focal length in pixels is that in '
            "millimetres times the image's width over the sensor's."
        )


def check_camera(
    intrinsics: Tensor, image_size: Tensor | None = None, name: str = 'The camera'
) -> None:
    """Refuse a camera that cannot be real, or one of other images.

    Args:
        intrinsics (Tensor): Camera (9,), pixels.
        image_size (Tensor, optional): Width and height (2,) of its images, pixels. Defaults to
            None, not known.
        name (str): What to call the camera. Defaults to ``'The camera'``.

    Raises:
        ValueError: If a number is not finite, the focal length is not in pixels, or the centre
            lies outside of the image.
    """
    values = intrinsics.tolist()
    if len(values) != 9 or not all(map(math.isfinite, values)):
        raise ValueError(
            f'{name} is {values}; 9 finite numbers are needed: fx, fy, cx, cy, k1, k2, k3, p1, p2.'
        )
    for focal in values[:2]:
        # without the image's size, as if its centre were in the middle
        size = (
            [2 * abs(each) for each in values[2:4]] if image_size is None else image_size.tolist()
        )
        check_focal(focal, max(*size, 1.0), name)
    if image_size is None:
        return
    width, height = image_size.tolist()
    if not (0 <= values[2] <= width and 0 <= values[3] <= height):
        raise ValueError(
            f'{name} has its centre at ({values[2]:g}, {values[3]:g}), outside of the image of '
            f'{width:g} x {height:g}; give the camera and the size of the same images.'
        )


def check_seen(
    keypoints_px: Tensor,
    intrinsics: Tensor,
    scores: Tensor | None = None,
    name: str = '',
    rays: Tensor | None = None,
) -> None:
    """Refuse keypoints where the lens shows nothing.

    Args:
        keypoints_px (Tensor): Keypoints (N, K, 2), pixels.
        intrinsics (Tensor): Cameras (N, 9), pixels.
        scores (Tensor, optional): Confidence (N, K); those of score 0 are left out. Defaults to
            None, all count.
        name (str): What to call the data, with a space before it. Defaults to ``''``.
        rays (Tensor, optional): What :func:`mmposeaug.geometry.undistort` gave, (N, K, 2).

    Raises:
        ValueError: If a keypoint is not finite, or farther out than the distortion folds over.
    """
    finite = torch.isfinite(keypoints_px).all(-1)
    wrong = ~finite | ~in_lens(keypoints_px, intrinsics, rays)
    if scores is not None:
        wrong &= scores > 0
    if not wrong.any():
        return
    row, joint = wrong.nonzero()[0].tolist()
    u, v = keypoints_px[row, joint].tolist()
    if not bool(finite[row, joint]):
        raise ValueError(
            f'Keypoint {joint} of row {row}{name} is ({u:g}, {v:g}); give pixels, and the score 0 '
            'to keypoints that were not found.'
        )
    lens = ', '.join(f'{each:.4g}' for each in intrinsics[row, 4:].tolist())
    raise ValueError(
        f'{int(wrong.sum())} keypoints{name}, the first at ({u:.0f}, {v:.0f}) px, lie where the '
        f'distortion k1, k2, k3, p1, p2 = {lens} folds over and the lens shows nothing; correct '
        'the calibration, or leave out (score 0) what was detected there.'
    )
