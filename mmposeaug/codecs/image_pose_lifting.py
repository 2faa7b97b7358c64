# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Twin of MMPose's `ImagePoseLifting`, the codec of SimpleBaseline3D."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from .base import LIFTING_CODECS, TensorCodec


@LIFTING_CODECS.register_module(name='ImagePoseLifting')
class TensorImagePoseLifting(TensorCodec):
    """Standardised pixels in, standardised root-relative metres out.

    MMPose's own codec encodes targets of a single frame only; this one takes any number. Its
    ``save_index`` is accepted and changes neither inputs nor targets.

    Args:
        codec (ImagePoseLifting): The MMPose codec.

    Raises:
        ValueError: If the 2D statistics are not of 2 dimensions, or those of the target are for
            a root that MMPose cannot remove.
    """

    _ENCODE_KEYS = frozenset({'lifting_target', 'lifting_target_visible'})

    def __init__(self, codec: Any) -> None:
        super().__init__(codec)
        self.removes_root = codec.remove_root and len(self.root_index) == 1
        for name in ('keypoints_mean', 'keypoints_std', 'target_mean', 'target_std'):
            array = getattr(codec, name)
            if array is not None:
                self._arrays[name] = torch.tensor(array[0])
        mean = self._arrays.get('keypoints_mean')
        if mean is not None and mean.shape[-1] != 2:
            raise ValueError(
                f'ImagePoseLifting has keypoints_mean of {mean.shape[-1]} dimensions a keypoint; '
                'give the mean of u and v only.'
            )
        mean = self._arrays.get('target_mean')
        if mean is not None and mean.shape != (self.num_joints, 3):
            raise ValueError(
                f'ImagePoseLifting has target_mean of shape {tuple(mean.shape)} for '
                f'{self.num_joints} target joints; remove_root=True needs a single root_index, '
                f'here it is {list(self.root_index)}.'
            )

    @classmethod
    def from_cfg(cls, cfg: Mapping[str, Any]) -> TensorCodec:
        """Build the twin, unless the config asks MMPose's codec for keys that it cannot take."""
        extra = set(cfg.get('additional_encode_keys') or ()) - cls._ENCODE_KEYS
        if extra:
            # Building it would also break every other ImagePoseLifting of the process: MMPose
            # adds the keys to a set of the class, and passes them all to `encode`.
            raise ValueError(
                f'ImagePoseLifting has additional_encode_keys={sorted(extra)}, which its encode '
                'does not take; remove them from the codec config.'
            )
        return super().from_cfg(cfg)

    def normalize(self, keypoints_px: Tensor, image_size: Tensor | None) -> Tensor:
        """Keypoints (B, T, K, 2) minus their mean over their standard deviation."""
        if 'keypoints_mean' not in self._arrays:
            return keypoints_px
        mean = self._constant('keypoints_mean', keypoints_px)
        return (keypoints_px - mean) / self._constant('keypoints_std', keypoints_px)

    def encode_target(
        self,
        pose_cam: Tensor,
        image_size: Tensor | None = None,
        intrinsics: Tensor | None = None,
        visible: Tensor | None = None,
        view: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Standardised root-relative target (B, T', J, 3) and its weight (B, T', J, 1)."""
        self._check_pose(pose_cam, 'pose_cam', 3)
        target = self._without_root(pose_cam - self._root(pose_cam))
        if 'target_mean' in self._arrays:
            mean = self._constant('target_mean', target)
            target = (target - mean) / self._constant('target_std', target)
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
        return self._root_relative(self._in_metres(output))

    def restore(
        self,
        output: Tensor,
        pose_cam: Tensor,
        image_size: Tensor | None = None,
        intrinsics: Tensor | None = None,
        view: Tensor | None = None,
    ) -> Tensor:
        """Joints (B, T', K, 3) in metres, at the root of ``pose_cam``."""
        return self._at_root(self._in_metres(output), pose_cam)

    def _in_metres(self, output: Tensor) -> Tensor:
        self._check_pose(output, 'output', 3, self.num_joints)
        if 'target_mean' not in self._arrays:
            return output
        std, mean = (self._constant(name, output) for name in ('target_std', 'target_mean'))
        return output * std + mean

    def _mirror(self, keypoints_norm: Tensor, index: Tensor, image_size: Tensor | None) -> Tensor:
        size = self._size(image_size, keypoints_norm)
        if size is None:
            raise ValueError(
                'ImagePoseLifting inputs are mirrored at the image: pass image_size, the (w, h) '
                'of each clip.'
            )
        keypoints_px = keypoints_norm
        if 'keypoints_mean' in self._arrays:  # each keypoint still has its partner's statistics
            mean = self._constant('keypoints_mean', keypoints_px).index_select(0, index)
            std = self._constant('keypoints_std', keypoints_px).index_select(0, index)
            keypoints_px = keypoints_norm * std + mean
        u, v = keypoints_px.split(1, dim=-1)
        width = size[:, :1, None, None]
        return self.normalize(torch.cat((width - u, v), dim=-1), size)
