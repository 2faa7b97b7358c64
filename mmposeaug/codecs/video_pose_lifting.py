# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Twin of MMPose's `VideoPoseLifting`, the codec of VideoPose3D."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from .base import LIFTING_CODECS, TensorCodec


@LIFTING_CODECS.register_module(name='VideoPoseLifting')
class TensorVideoPoseLifting(TensorCodec):
    """Image-centred keypoints in half widths in, root-relative metres out.

    With ``zero_center=False`` the target is the camera-space pose; :meth:`decode` makes it
    root-relative. ``save_index`` and ``normalize_camera`` are accepted: they change what MMPose
    stores beside a sample, neither its input nor its target.

    Args:
        codec (VideoPoseLifting): The MMPose codec.
    """

    needs_image_size = True

    def __init__(self, codec: Any) -> None:
        super().__init__(codec)
        self.zero_center: bool = codec.zero_center
        self.removes_root = codec.zero_center and codec.remove_root and len(self.root_index) == 1

    def normalize(self, keypoints_px: Tensor, image_size: Tensor | None) -> Tensor:
        """Keypoints (B, T, K, 2) from the image's centre, in half image widths."""
        assert image_size is not None
        centre = (0.5 * image_size)[:, None, None]
        return (keypoints_px - centre) / centre[..., :1]

    def encode_target(
        self,
        pose_cam: Tensor,
        image_size: Tensor | None = None,
        intrinsics: Tensor | None = None,
        visible: Tensor | None = None,
        view: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Target (B, T', J, 3) in metres and its weight (B, T', J, 1)."""
        self._check_pose(pose_cam, 'pose_cam', 3)
        target = pose_cam
        if self.zero_center:
            target = self._without_root(pose_cam - self._root(pose_cam))
        return target, self._weight(pose_cam, visible)

    def decode(
        self,
        output: Tensor,
        image_size: Tensor | None = None,
        intrinsics: Tensor | None = None,
        root_depth: Tensor | None = None,
        view: Tensor | None = None,
    ) -> Tensor:
        """Root-relative pose (B, T', K, 3) in metres of an output (B, T', J, 3)."""
        self._check_pose(output, 'output', 3, self.num_joints)
        return self._root_relative(output)

    def restore(
        self,
        output: Tensor,
        pose_cam: Tensor,
        image_size: Tensor | None = None,
        intrinsics: Tensor | None = None,
        view: Tensor | None = None,
    ) -> Tensor:
        """Joints (B, T', K, 3) in metres, moved by the root of ``pose_cam`` if ``zero_center``."""
        self._check_pose(output, 'output', 3, self.num_joints)
        return self._at_root(output, pose_cam) if self.zero_center else output
