# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What a tensor codec is, and the registry that finds one by the name of MMPose's codec.

MMPose's codecs work on one sample in numpy. A tensor codec does the same to a batch of tensors,
with gradients, on any device, in any floating-point type.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from mmengine.registry import Registry
from torch import Tensor

from mmposeaug.geometry.camera import MIN_DEPTH

from .restoring import RestoresTargets
from .shapes import ShapeChecks

LIFTING_CODECS = Registry('lifting_codec', scope='mmposeaug', locations=['mmposeaug.codecs'])
"""Registry: Tensor codecs, each under the type name of the MMPose codec it is the twin of."""


class TensorCodec(RestoresTargets, ShapeChecks, ABC):
    """Twin of one MMPose lifting codec on batches of tensors.

    B is the number of clips, T of their frames, T' of the target's frames, K of the keypoints and
    J of the joints in the codec's target. To add one: subclass, and decorate with
    ``@LIFTING_CODECS.register_module(name='TheMMPoseCodecType')``.

    Args:
        codec (BaseKeypointCodec): The MMPose codec to be the twin of.
    """

    flips_at_image: bool = True
    """bool: Whether the mirrored input depends on the image's width."""
    needs_intrinsics: bool = False
    """bool: Whether inputs or targets depend on the camera."""
    decodes_by_target_root: bool = False
    """bool: Whether MMPose's ``decode`` needs the ``target_root`` that its ``encode`` gave."""
    needs_root_depth: bool = False
    """bool: Whether decoding to metres needs the depth of the root."""

    def __init__(self, codec: Any) -> None:
        name = type(codec).__name__
        root = codec.root_index
        roots = tuple(root) if isinstance(root, Iterable) else (root,)
        if not roots or not all(0 <= index < codec.num_keypoints for index in roots):
            raise ValueError(
                f'{name} has root_index={root}; give indices from 0 to {codec.num_keypoints - 1}.'
            )
        self.num_keypoints = codec.num_keypoints
        self.root_index: tuple[int, ...] = roots
        self.concat_vis: bool = codec.concat_vis
        # MMPose takes the root joint out only if it is a single joint.
        self.removes_root: bool = False
        self.reshape_keypoints: bool = getattr(codec, 'reshape_keypoints', False)
        self._arrays: dict[str, Tensor] = {}
        self._cache: dict[tuple[str, torch.device, torch.dtype], Tensor] = {}

    @classmethod
    def from_cfg(cls, cfg: Mapping[str, Any]) -> TensorCodec:
        """Build the twin of the codec that MMPose builds from a config."""
        from mmpose.registry import KEYPOINT_CODECS

        return cls(KEYPOINT_CODECS.build(dict(cfg)))

    @property
    def num_joints(self) -> int:
        """int: Joints in the target, without the root if the codec removes it."""
        return self.num_keypoints - int(self.removes_root)

    @abstractmethod
    def normalize(self, keypoints_px: Tensor, image_size: Tensor | None) -> Tensor:
        """Keypoints (B, T, K, 2), given in pixels, in the codec's 2D space."""

    @abstractmethod
    def encode_target(
        self,
        pose_cam: Tensor,
        image_size: Tensor | None = None,
        intrinsics: Tensor | None = None,
        visible: Tensor | None = None,
        view: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Target and weight as the loss module of MMPose's head takes them.

        Args:
            pose_cam (Tensor): Camera-space joints (B, T', K, 3) in metres.
            image_size (Tensor, optional): Width and height (B, 2) in pixels.
            intrinsics (Tensor, optional): Cameras (B, 9): fx, fy, cx, cy, distortion; pixels.
            visible (Tensor, optional): Visibility (B, T', K) of the joints; above 0.5 counts.
                Defaults to None, all visible.
            view (Tensor, optional): What :meth:`encode` gave for the frames of the target.

        Returns:
            tuple[Tensor, Tensor]: The target (B, T', J, 3) in codec units, the weight
            (B, T', J, 1) of zeros and ones.

        Raises:
            ValueError: If a tensor's shape is wrong or one that the codec needs is None.
        """

    @abstractmethod
    def decode(
        self,
        output: Tensor,
        image_size: Tensor | None = None,
        intrinsics: Tensor | None = None,
        root_depth: Tensor | None = None,
        view: Tensor | None = None,
    ) -> Tensor:
        """Root-relative pose of a network output.

        Args:
            output (Tensor): Network output (B, T', J, 3) in codec units.
            image_size (Tensor, optional): Width and height (B, 2) in pixels.
            intrinsics (Tensor, optional): Cameras (B, 9), pixels.
            root_depth (Tensor, optional): Depth (B, T') of the root in metres.
            view (Tensor, optional): What :meth:`encode` gave for the frames of the output.

        Returns:
            Tensor: Camera-space axes, metres, root at the origin: (B, T', K, 3).
        """

    def encode(
        self,
        keypoints_px: Tensor,
        image_size: Tensor | None = None,
        scores: Tensor | None = None,
        intrinsics: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Network input as MMPose's pipeline, packing and collation make it, and its axes.

        Args:
            keypoints_px (Tensor): Keypoints (B, T, K, 2) in pixels.
            image_size (Tensor, optional): Width and height (B, 2) in pixels; needed if
                ``needs_image_size``.
            scores (Tensor, optional): Confidence (B, T, K), part of the input if the codec has
                ``concat_vis``. Defaults to None, all 1.
            intrinsics (Tensor, optional): Cameras (B, 9), pixels; for codecs that need them.

        Returns:
            tuple[Tensor, Tensor | None]: The input, (B, K * D, T), or (B, T, K, D) for codecs that
            do not reshape; D is 2, one more for each value beside the coordinates (the confidence).
            And, of codecs whose poses are not in the camera's axes, the rotations (B, T, 3, 3) or
            (B, 1, 3, 3) from the camera's axes to theirs, else None.

        Raises:
            ValueError: If a shape is wrong or something that is needed is missing.
        """
        self._check_pose(keypoints_px, 'keypoints_px', 2)
        x = self.normalize(keypoints_px, self._size(image_size, keypoints_px))
        return self._pack(x, scores), None

    def encode_input(
        self,
        keypoints_px: Tensor,
        image_size: Tensor | None = None,
        scores: Tensor | None = None,
        intrinsics: Tensor | None = None,
    ) -> Tensor:
        """The network input of :meth:`encode` alone, (B, K * D, T) or (B, T, K, D)."""
        return self.encode(keypoints_px, image_size, scores, intrinsics)[0]

    def flip_input(
        self, x: Tensor, flip_indices: Sequence[int], image_size: Tensor | None = None
    ) -> Tensor:
        """Network input of the mirrored image, of the shape of ``x``.

        Equals ``encode_input`` of keypoints of which u became width - u and the sides were
        swapped, confidences included. The image's size (B, 2) is needed by codecs whose inputs are
        not symmetric about its centre.
        """
        frames = x
        if self.reshape_keypoints:
            frames = x.transpose(1, 2).unflatten(-1, (self.num_keypoints, -1))
        index = torch.as_tensor(flip_indices, device=x.device)
        frames = frames.index_select(-2, index)
        keypoints = self._mirror(frames[..., :2], index, image_size)
        frames = torch.cat((keypoints, frames[..., 2:]), dim=-1)
        return frames.flatten(2).transpose(1, 2) if self.reshape_keypoints else frames

    def flip_view(self, view: Tensor | None) -> Tensor | None:
        """Axes in the mirrored image, as :meth:`encode` would give them."""
        return view

    def flip_target_root(self, target_root: Any) -> Any:
        """What MMPose's ``decode`` needs as ``target_root`` for the mirrored image."""
        return target_root

    def root_depth(self, pose_cam: Tensor) -> Tensor:
        """Depth (*) of the root of joints (*, K, 3) in metres, which some codecs need to decode."""
        return self._root(pose_cam)[..., 0, 2]

    def root_target(self, pose_cam: Tensor, visible: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """What a trajectory head learns from joints (*, K, 3): the root, and 1 over its depth.

        Args:
            pose_cam (Tensor): Camera-space joints (*, K, 3) in metres.
            visible (Tensor, optional): Visibility (*, K). Defaults to None, all are visible.

        Returns:
            tuple[Tensor, Tensor]: Position (*, 1, 3) in metres and weight (*, 1, 1), which is 0
            where a root joint is not visible or not before the camera.
        """
        depth = self.root_depth(pose_cam)
        weight = torch.where(depth > MIN_DEPTH, 1 / depth.clamp_min(MIN_DEPTH), 0.0)
        if visible is not None:
            weight = weight * (visible[..., list(self.root_index)] > 0.5).all(-1)
        return self._root(pose_cam), weight[..., None, None]

    def check_trainable(self) -> None:  # noqa: B027 (most codecs have nothing to refuse)
        """Refuse a codec whose setting is for testing only: its targets cannot be decoded."""

    def check_inputs(  # noqa: B027 (most codecs take any pixels)
        self,
        keypoints_px: Tensor,
        scores: Tensor,
        camera_index: Tensor,
        intrinsics: Tensor,
        image_size: Tensor,
        names: Sequence[str],
        what: str = ' of the training data',
    ) -> None:
        """Refuse data that the codec cannot encode; :meth:`encode` checks shapes alone.

        Args:
            keypoints_px (Tensor): Keypoints (N, K, 2), pixels.
            scores (Tensor): Confidence (N, K).
            camera_index (Tensor): Number of each row's camera, (N,).
            intrinsics (Tensor): The cameras (C, 9), pixels.
            image_size (Tensor): Width and height of their images (C, 2), pixels.
            names (Sequence[str]): Names of the cameras, C.
            what (str): What to call the data, with a space before it.

        Raises:
            ValueError: If a camera cannot be, or shows nothing where a keypoint lies.
        """

    def _pack(self, x: Tensor, scores: Tensor | None) -> Tensor:
        """Input of the network from its values (B, T, K, D) of each keypoint."""
        if self.concat_vis:
            if scores is None:
                scores = torch.ones_like(x[..., 0])
            self._check_scores(scores, x)
            x = torch.cat((x, scores.to(x).unsqueeze(-1)), dim=-1)
        return x.flatten(2).transpose(1, 2) if self.reshape_keypoints else x

    def _mirror(self, keypoints_norm: Tensor, index: Tensor, image_size: Tensor | None) -> Tensor:
        """Normalised keypoints (B, T, K, 2), already swapped by ``index``, mirrored."""
        u, v = keypoints_norm.split(1, dim=-1)
        return torch.cat((-u, v), dim=-1)

    def _weight(self, pose_cam: Tensor, visible: Tensor | None) -> Tensor:
        """Weight (B, T', J, 1): 1 where a joint is visible."""
        if visible is None:
            return torch.ones_like(self._without_root(pose_cam)[..., :1])
        if visible.shape != pose_cam.shape[:-1]:
            raise ValueError(
                f'visible must be of shape {tuple(pose_cam.shape[:-1])} to match pose_cam, '
                f'got {tuple(visible.shape)}.'
            )
        weight = (visible > 0.5).to(device=pose_cam.device, dtype=pose_cam.dtype)
        return self._without_root(weight.unsqueeze(-1))

    def _without_root(self, joints: Tensor) -> Tensor:
        """Joints (*, K, D) without the root, if the codec removes it."""
        if not self.removes_root:
            return joints
        root = self.root_index[0]
        return torch.cat((joints[..., :root, :], joints[..., root + 1 :, :]), dim=-2)

    def _root_relative(self, joints: Tensor) -> Tensor:
        """Joints (*, J, 3) in metres to (*, K, 3) with the root put back, or moved, to 0."""
        if not self.removes_root:
            return joints - self._root(joints)
        root = self.root_index[0]
        zero = torch.zeros_like(joints[..., :1, :])
        return torch.cat((joints[..., :root, :], zero, joints[..., root:, :]), dim=-2)

    def _constant(self, name: str, like: Tensor) -> Tensor:
        """A constant array of the codec in the type and on the device of ``like``."""
        key = (name, like.device, like.dtype)
        if key not in self._cache:
            # An inference tensor in the cache could not be used in training.
            with torch.inference_mode(False):
                self._cache[key] = self._arrays[name].to(like.device, like.dtype)
        return self._cache[key]
