# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Checks of the shapes that tensor codecs are given."""

from __future__ import annotations

from torch import Tensor


class ShapeChecks:
    """What tensor codecs say about tensors of wrong shapes, and of those that are missing."""

    num_keypoints: int
    needs_image_size: bool = False
    """bool: Whether inputs depend on the image's size."""

    def _check_pose(self, pose: Tensor, name: str, dim: int, joints: int | None = None) -> None:
        joints = self.num_keypoints if joints is None else joints
        if pose.ndim != 4 or pose.shape[-2:] != (joints, dim):
            raise ValueError(
                f'{name} must be of shape (clips, frames, {joints}, {dim}), '
                f'got {tuple(pose.shape)}.'
            )

    @staticmethod
    def _check_scores(scores: Tensor, like: Tensor) -> None:
        if scores.shape != like.shape[:-1]:
            raise ValueError(
                f'scores must be of shape {tuple(like.shape[:-1])} to match keypoints_px, '
                f'got {tuple(scores.shape)}.'
            )

    def _size(self, image_size: Tensor | None, like: Tensor) -> Tensor | None:
        """The image's size (B, 2) in the type and on the device of ``like``."""
        if image_size is None:
            if self.needs_image_size:
                raise ValueError(
                    f'{type(self).__name__} normalises by the image: pass image_size, '
                    'the (w, h) of each clip.'
                )
            return None
        return self._per_clip(image_size, 'image_size', 2, like)

    def _camera(self, intrinsics: Tensor | None, like: Tensor) -> Tensor:
        """The cameras (B, 9) in the type and on the device of ``like``."""
        if intrinsics is None:
            raise ValueError(
                f'{type(self).__name__.removeprefix("Tensor")} needs the camera: pass intrinsics, '
                'the (9,) camera of each clip (fx, fy, cx, cy, k1, k2, k3, p1, p2) in pixels.'
            )
        return self._per_clip(intrinsics, 'intrinsics', 9, like)

    @staticmethod
    def _per_clip(value: Tensor, name: str, width: int, like: Tensor) -> Tensor:
        if value.shape != (like.shape[0], width):
            raise ValueError(
                f'{name} must be of shape ({like.shape[0]}, {width}), one row per clip, '
                f'got {tuple(value.shape)}.'
            )
        return value.to(device=like.device, dtype=like.dtype)
