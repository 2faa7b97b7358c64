# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What MMPose makes of a prediction in a test, where the target is known."""

from __future__ import annotations

import torch
from torch import Tensor

from mmposeaug.geometry import index_tensor


class RestoresTargets:
    """The part of a tensor codec that a test needs: places in the camera's space."""

    root_index: tuple[int, ...]
    removes_root: bool

    def restore(
        self,
        output: Tensor,
        pose_cam: Tensor,
        image_size: Tensor | None = None,
        intrinsics: Tensor | None = None,
        view: Tensor | None = None,
    ) -> Tensor:
        """Joints that MMPose's ``decode`` makes of an output where the target is known.

        That is a sample with the ``target_root``, or the ``factor`` and ``camera_param``, that
        belong to its target, as in a test.

        Args:
            output (Tensor): Network output (B, T', J, 3) in codec units.
            pose_cam (Tensor): Camera-space joints (B, T', K, 3) of the targets in metres.
            image_size, intrinsics, view (Tensor, optional): See :meth:`decode`.

        Returns:
            Tensor: Joints (B, T', K, 3), metres.

        Raises:
            NotImplementedError: If the codec does not say.
        """
        raise NotImplementedError(f'{type(self).__name__} has no restore.')

    def evaluated_target(
        self,
        pose_cam: Tensor,
        image_size: Tensor | None = None,
        intrinsics: Tensor | None = None,
    ) -> Tensor:
        """What metrics compare with joints that are restored, (B, T', K, 3) as ``pose_cam``."""
        return pose_cam

    def check_targets(self, pose_cam: Tensor, view: Tensor | None, scores: Tensor) -> None:
        """Refuse targets that cannot belong to their keypoints.

        Args:
            pose_cam (Tensor): Camera-space joints (B, T', K, 3) in metres.
            view (Tensor, optional): What :meth:`encode` gave for their frames.
            scores (Tensor): Confidence (B, T, K) of the keypoints.

        Raises:
            ValueError: If a target is behind the camera, or not where its keypoints are.
        """

    def _root(self, pose: Tensor) -> Tensor:
        """Root (*, 1, 3) of joints (*, K, 3): the mean of the root joints."""
        roots = index_tensor(self.root_index, pose.device)
        return pose.index_select(-2, roots).mean(dim=-2, keepdim=True)

    def _at_root(self, joints: Tensor, pose_cam: Tensor) -> Tensor:
        """Joints (*, J, 3) in metres to (*, K, 3), moved by the root of ``pose_cam``."""
        root = self._root(pose_cam)
        joints = joints + root
        if not self.removes_root:
            return joints
        index = self.root_index[0]
        return torch.cat((joints[..., :index, :], root, joints[..., index:, :]), dim=-2)
