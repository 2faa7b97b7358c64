# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Transforms of lifting pipelines that MMPose lacks."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomFlipWithCamera(BaseTransform):
    """Mirrors a sample: keypoints in the image, joints in camera space, and the camera.

    MMPose's ``RandomFlipAroundRoot`` mirrors pixels about a fixed place and leaves the camera's
    centre where it was; what is computed with the camera is wrong then. Here u becomes w - u, x
    becomes -x, and the camera is the one that sees the mirrored pose in the mirrored image. It goes
    before ``GenerateTarget``. The tensor train loops read ``flip_prob`` and do the same.

    Args:
        flip_prob (float): Probability to mirror a sample. Defaults to 0.5.

    Raises:
        ValueError: If ``flip_prob`` is not a probability; when called, if the camera or the image's
            width is missing.
    """

    def __init__(self, flip_prob: float = 0.5) -> None:
        if not 0 <= flip_prob <= 1:
            raise ValueError(f'flip_prob is {flip_prob}; it is a number between 0 and 1.')
        self.flip_prob = flip_prob

    def transform(self, results: dict) -> dict:
        """Mirror a sample with keypoints (T, K, 2) and targets (T', K, 3), or leave it."""
        if np.random.rand() >= self.flip_prob:
            return results
        camera = results.get('camera_param') or {}
        if any(camera.get(name) is None for name in ('c', 'w')):
            raise ValueError(
                'RandomFlipWithCamera mirrors the camera too, and the sample has none with c and '
                'w; set camera_param_file of the data set.'
            )
        swap = list(results['flip_indices'])
        width = float(camera['w'])
        keypoints = np.array(results['keypoints'])[..., swap, :]
        keypoints[..., 0] = width - keypoints[..., 0]
        target = np.array(results['lifting_target'])[..., swap, :]
        target[..., 0] *= -1
        results.update(keypoints=keypoints, lifting_target=target)
        for name in ('keypoints_visible', 'lifting_target_visible'):
            if results.get(name) is not None:
                results[name] = np.array(results[name])[..., swap]
        centre = np.array(camera['c'], dtype=np.float64)
        centre.reshape(-1)[0] = width - centre.reshape(-1)[0]
        mirrored = dict(camera, c=centre)
        if camera.get('p') is not None:
            tangential = np.array(camera['p'], dtype=np.float64)
            tangential.reshape(-1)[1] *= -1
            mirrored['p'] = tangential
        results['camera_param'] = mirrored
        return results
