# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Twin of MMPose's `MotionBERTLabel`, the codec of MotionBERT (Zhu et al., ICCV 2023)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .base import LIFTING_CODECS, TensorCodec


@LIFTING_CODECS.register_module(name='MotionBERTLabel')
class TensorMotionBERTLabel(TensorCodec):
    """Keypoints in half image widths in, the pose in image units out.

    The target is the pose projected without distortion, its depth scaled by the same
    magnification at the root, root-relative, in half image widths. A factor for each frame, from
    the focal length and the root's depth, turns it into metres. It is that of a weak perspective:
    decoding a target does not give back the exact pose (a joint nearer than the root comes out
    larger), neither here nor in MMPose.

    ``remove_root`` and ``save_index`` are accepted and have no effect, as in MMPose.

    Args:
        codec (MotionBERTLabel): The MMPose codec.

    Raises:
        ValueError: If ``rootrel`` is set for a root that is not the joint MMPose zeroes.
    """

    needs_image_size = True
    needs_intrinsics = True
    needs_root_depth = True

    _PX_PER_UNIT = 1000.0  # MMPose projects in thousands of pixels
    _EPS = 0.001  # added by MMPose to the projected width of a 2 m square at the root

    def __init__(self, codec: Any) -> None:
        super().__init__(codec)
        self.mode: str = codec.mode
        self.rootrel: bool = codec.rootrel
        if self.rootrel and self.root_index != (0,):
            raise ValueError(
                f'MotionBERTLabel has rootrel=True and root_index={self.root_index[0]}, but MMPose '
                'zeroes the first joint; set root_index=0 or rootrel=False.'
            )

    def check_trainable(self) -> None:
        """Refuse the mode ``'test'``, whose targets MMPose's decode does not invert."""
        if self.mode != 'train':
            raise ValueError(
                f"MotionBERTLabel has mode='{self.mode}', whose targets its decode does not "
                "invert; set mode='train' in the encoder of the train pipeline's GenerateTarget."
            )

    def factor(self, root_depth: Tensor, intrinsics: Tensor) -> Tensor:
        """Metres for each thousand pixels at the depth (B, T') of the root, for cameras (B, 9)."""
        focal = intrinsics[:, :1] / self._PX_PER_UNIT
        return 2 / (2 * focal / root_depth + self._EPS)

    def normalize(self, keypoints_px: Tensor, image_size: Tensor | None) -> Tensor:
        """Keypoints (B, T, K, 2) from the image's centre, in half image widths."""
        assert image_size is not None
        size = image_size[:, None, None]
        return keypoints_px / size[..., :1] * 2 - size / size[..., :1]

    def encode_target(
        self,
        pose_cam: Tensor,
        image_size: Tensor | None = None,
        intrinsics: Tensor | None = None,
        visible: Tensor | None = None,
        view: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Root-relative target (B, T', K, 3) in image units and its weight (B, T', K, 1).

        With ``mode='test'`` in metres of the weak perspective instead.
        """
        self._check_pose(pose_cam, 'pose_cam', 3)
        camera = self._camera(intrinsics, pose_cam)
        factor = self.factor(self.root_depth(pose_cam), camera)[..., None, None]
        focal = (camera[:, :2] / self._PX_PER_UNIT)[:, None, None]
        # The principal point cancels in the difference to the root.
        xy = pose_cam[..., :2] / pose_cam[..., 2:] * focal
        depth = pose_cam[..., 2:] / factor
        target = torch.cat((xy, depth), dim=-1)
        target = target - self._root(target)
        if self.mode == 'train':
            target = target / self._half_width(image_size, pose_cam)
        else:
            target = target * factor
        return target, self._weight(pose_cam, visible)

    def decode(
        self,
        output: Tensor,
        image_size: Tensor | None = None,
        intrinsics: Tensor | None = None,
        root_depth: Tensor | None = None,
        view: Tensor | None = None,
        factor: Tensor | None = None,
    ) -> Tensor:
        """Root-relative pose (B, T', K, 3) in metres of an output in image units.

        Args:
            factor (Tensor, optional): Factors (B, T') in place of ``root_depth`` and
                ``intrinsics``, as from MMPose's ``factor_file``.
        """
        self._check_pose(output, 'output', 3)
        if factor is None:
            if root_depth is None:
                raise ValueError(
                    "MotionBERTLabel decodes to metres by the root's distance: pass root_depth, "
                    'the depth (clips, frames) of the root in metres, and intrinsics.'
                )
            depth = self._per_clip(root_depth, 'root_depth', output.shape[1], output)
            factor = self.factor(depth, self._camera(intrinsics, output))
        factor = self._per_clip(factor, 'factor', output.shape[1], output)[..., None, None]
        # With `rootrel` MMPose calls the root's own output 0 instead of subtracting it.
        pose = self._zero_root(output) if self.rootrel else output - self._root(output)
        return pose * self._half_width(image_size, output) * factor

    def restore(
        self,
        output: Tensor,
        pose_cam: Tensor,
        image_size: Tensor | None = None,
        intrinsics: Tensor | None = None,
        view: Tensor | None = None,
    ) -> Tensor:
        """Root-relative joints (B, T', K, 3) in metres, by the depth of ``pose_cam``."""
        return self.decode(output, image_size, intrinsics, self.root_depth(pose_cam))

    def evaluated_target(
        self,
        pose_cam: Tensor,
        image_size: Tensor | None = None,
        intrinsics: Tensor | None = None,
    ) -> Tensor:
        """The target of the codec, which MMPose puts in the place of the pose."""
        return self.encode_target(pose_cam, image_size, intrinsics)[0]

    def _zero_root(self, output: Tensor) -> Tensor:
        keep = output.new_ones(self.num_keypoints, 1)
        keep[list(self.root_index)] = 0
        return output * keep

    def _half_width(self, image_size: Tensor | None, like: Tensor) -> Tensor:
        """Half the image's width (B, 1, 1, 1) in thousands of pixels."""
        size = self._size(image_size, like)
        assert size is not None
        return size[:, 0].reshape(-1, 1, 1, 1) / (2 * self._PX_PER_UNIT)
