# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Any MMPose lifter as a function of keypoint tensors, with gradients."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.logging import print_log
from torch import Tensor, nn

from mmposeaug.geometry import flip_pose, root_relative
from mmposeaug.structures.choices import require_choice

from .base import TensorCodec
from .mmpose_parts import is_of, unwrap


class LifterAdapter:
    """Calls an MMPose lifter on pixels and camera-space poses, through a tensor codec.

    It is not a module and holds no parameters: the lifter's checkpoint knows nothing of it. B is
    the number of clips, T of their frames, T' of the predicted frames, K of the joints.

    A trajectory head learns where the root is, in camera-space metres, its error divided by the
    depth (VideoPose3D, section 3.2). MMPose's data sets give it the joints relative to the root
    instead, from which it learns no position.

    MMPose's semi-supervised loss is left out (it takes no labelled batch alone, MMPose cannot
    train with it), which is said once: nothing is learned from unlabelled clips.

    Args:
        lifter (PoseLifter): The lifter, plain or in a distributed wrapper.
        codec (TensorCodec): Codec of the train pipeline, see :func:`find_train_codec`.
        target_frame (str, optional): Frame that the lifter predicts: ``'last'``, ``'centre'``, or
            ``'all'``. Defaults to None: all for a ``MotionRegressionHead``, the last for a causal
            backbone, else the centre, as MMPose's data sets have it.
        root (int, optional): Joint at the origin of predictions. Defaults to None: the codec's
            root, or the middle of its roots.

    Raises:
        ValueError: If the lifter has no head, or one that the codec cannot be decoded by, has a
            trajectory head of several joints, predicts another frame than the codec says, or
            ``target_frame`` is none of these.
    """

    def __init__(
        self,
        lifter: nn.Module,
        codec: TensorCodec,
        target_frame: str | None = None,
        root: int | None = None,
    ) -> None:
        self.lifter = lifter
        self.root = None if codec.root_index == (root,) else root
        self.codec = codec
        module = self.module
        if not getattr(module, 'with_head', False):
            raise ValueError(
                f'The lifter {type(module).__name__} has no head; give an MMPose PoseLifter whose '
                'config has one.'
            )
        joints = module.traj_head.num_joints if getattr(module, 'with_traj', False) else 1
        if joints != 1:
            raise ValueError(
                f'The trajectory head of the lifter has num_joints={joints}, but it learns the '
                'position of the root alone; set num_joints=1 in traj_head.'
            )
        self.target_frame = target_frame_of(module) if target_frame is None else target_frame
        require_choice('target_frame', self.target_frame, ('last', 'centre', 'all'))
        causal = getattr(codec, 'causal', None)
        if causal is not None and causal != (self.target_frame == 'last'):
            raise ValueError(
                f'The codec has causal={causal}, but the lifter predicts the '
                f"{self.target_frame} frame of a clip; make 'causal' of codec and backbone agree."
            )
        if self.codec.decodes_by_target_root and is_of(module.head, 'MotionRegressionHead'):
            raise ValueError(
                f'The lifter has a {type(module.head).__name__}, which hands its decoder no '
                f'target_root, and {type(codec).__name__} decodes by it; use another head, such as '
                'TemporalRegressionHead, or another codec.'
            )
        if getattr(module, 'semi_supervised', False):
            print_log(
                'The semi_loss of the lifter is left out: pose and trajectory learn from labelled '
                'clips only.',
                logger='current',
                level=logging.WARNING,
            )

    @property
    def module(self) -> Any:
        """nn.Module: The lifter without a distributed wrapper."""
        return unwrap(self.lifter)

    def unwrapped(self) -> LifterAdapter:
        """Return the same adapter without a distributed wrapper, for calls that train nothing."""
        plain = copy.copy(self)
        plain.lifter = self.module
        return plain

    def target_indices(self, num_frames: int) -> list[int]:
        """Return the T' indices of the frames that the lifter predicts of a clip of T frames."""
        return target_indices(self.target_frame, num_frames)

    def target_of(self, clip: Tensor) -> Tensor:
        """Return the frames (B, T', ...) of a clip (B, T, ...) that the lifter predicts."""
        if self.target_frame == 'all':
            return clip
        (index,) = self.target_indices(clip.shape[1])
        return clip[:, index : index + 1]

    def predict(
        self,
        keypoints_px: Tensor,
        image_size: Tensor | None = None,
        scores: Tensor | None = None,
        intrinsics: Tensor | None = None,
        root_depth: Tensor | None = None,
        flip_indices: Sequence[int] | None = None,
    ) -> Tensor:
        """Lift keypoints, with gradients.

        Args:
            keypoints_px (Tensor): Keypoints (B, T, K, 2) in pixels.
            image_size (Tensor, optional): Width and height (B, 2) in pixels.
            scores (Tensor, optional): Confidence (B, T, K). Defaults to None, all 1.
            intrinsics (Tensor, optional): Cameras (B, 9), pixels; for codecs that need them.
            root_depth (Tensor, optional): Depth (B, T') of the root in metres; likewise.
            flip_indices (Sequence[int], optional): For each keypoint its mirror partner: the
                prediction is the mean of that of the image and of the mirrored image. Defaults to
                None, no flip.

        Returns:
            Tensor: Camera-space axes, metres, root at the origin: (B, T', K, 3).

        Raises:
            ValueError: If a shape is wrong, or a tensor that the codec needs is None.
        """
        with _full_precision(keypoints_px):
            x, view = self.codec.encode(keypoints_px, image_size, scores, intrinsics)
        view = self._view_of_target(view)
        pose = self._lift(x, image_size, intrinsics, root_depth, view)
        if flip_indices is None:
            return pose
        x, view = self.codec.flip_input(x, flip_indices, image_size), self.codec.flip_view(view)
        flipped = self._lift(x, image_size, intrinsics, root_depth, view)
        return (pose + flip_pose(flipped, flip_indices)) / 2

    def loss(
        self,
        keypoints_px: Tensor,
        pose_cam: Tensor,
        image_size: Tensor | None = None,
        scores: Tensor | None = None,
        intrinsics: Tensor | None = None,
        visible: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Losses as the lifter's own ``loss`` gives them on the same samples.

        Args:
            keypoints_px (Tensor): Keypoints (B, T, K, 2) in pixels.
            pose_cam (Tensor): Camera-space joints (B, T', K, 3) in metres of the frames that the
                lifter predicts, see :meth:`target_of`.
            image_size (Tensor, optional): Width and height (B, 2) in pixels.
            scores (Tensor, optional): Confidence (B, T, K) of the keypoints.
            intrinsics (Tensor, optional): Cameras (B, 9), pixels; for codecs that need them.
            visible (Tensor, optional): Visibility (B, T', K) of the target's joints.

        Returns:
            dict[str, Tensor]: ``loss_pose3d`` and the mean joint error in codec units, ``mpjpe``,
            which MMPose logs beside it; with a trajectory head ``loss_traj`` and the root's mean
            error in metres, ``mpjpe_traj``.

        Raises:
            ValueError: If a shape is wrong, or a tensor that the codec needs is None.
        """
        self.codec.check_trainable()
        with _full_precision(keypoints_px):
            x, view = self.codec.encode(keypoints_px, image_size, scores, intrinsics)
            target, weight = self.codec.encode_target(
                pose_cam, image_size, intrinsics, visible, self._view_of_target(view)
            )
        output, trajectory = self._forward(x)
        if output.ndim == 3:
            if target.shape[1] != 1:
                raise ValueError(
                    f'The lifter predicts one frame of a clip but pose_cam has {target.shape[1]}; '
                    'pass the target frame only, see LifterAdapter.target_of.'
                )
            target, weight = target[:, 0], weight[:, 0]
        if output.shape != target.shape:
            raise ValueError(
                f"The lifter's output is of shape {tuple(output.shape)}, the target "
                f"{tuple(target.shape)}: the head's number of joints, the codec's remove_root and "
                'the frames of pose_cam must agree.'
            )
        losses: dict[str, Tensor] = {}
        with _full_precision(keypoints_px):
            if trajectory is not None:
                root, near = self.codec.root_target(pose_cam[:, 0], _first_frame(visible))
                losses['loss_traj'] = self.module.traj_head.loss_module(trajectory, root, near)
                losses['mpjpe_traj'] = _mean_error(trajectory, root, near)
            losses['loss_pose3d'] = self.module.head.loss_module(output, target, weight)
            losses['mpjpe'] = _mean_error(output, target, weight)
        return losses

    def _lift(
        self,
        x: Tensor,
        image_size: Tensor | None,
        intrinsics: Tensor | None,
        root_depth: Tensor | None,
        view: Tensor | None,
    ) -> Tensor:
        output, _ = self._forward(x)
        if output.ndim == 3:
            output = output.unsqueeze(1)
        with _full_precision(output):
            pose = self.codec.decode(output, image_size, intrinsics, root_depth, view)
        return pose if self.root is None else root_relative(pose, self.root)

    def _view_of_target(self, view: Tensor | None) -> Tensor | None:
        """The codec's axes (B, T' or 1, 3, 3) in the frames that the lifter predicts."""
        return view if view is None or view.shape[1] == 1 else self.target_of(view)

    def _forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """Output (B, J, 3) or (B, T', J, 3) of the lifter, and of its trajectory head."""
        return lifter_outputs(self.lifter, x)


def lifter_outputs(lifter: nn.Module, x: Tensor) -> tuple[Tensor, Tensor | None]:
    """Outputs of a lifter and of its trajectory head, one for each clip of the input."""
    output = lifter(x, None, mode='tensor')
    pose, trajectory = output if isinstance(output, tuple) else (output, None)
    if pose.shape[0] != x.shape[0]:
        # The head mixes up the joints of several output frames, here as in MMPose.
        raise ValueError(
            f'The lifter gave {pose.shape[0]} poses for {x.shape[0]} clips, but its head is '
            "right for one frame a clip only: give clips as long as the backbone's receptive "
            'field.'
        )
    # mixed precision ends here
    return pose.to(x.dtype), None if trajectory is None else trajectory.to(x.dtype)


def target_frame_of(module: Any) -> str:
    """Which frame of a clip a lifter predicts: ``'last'``, ``'centre'`` or ``'all'``."""
    if is_of(module.head, 'MotionRegressionHead'):
        return 'all'
    return 'last' if getattr(module.backbone, 'causal', False) else 'centre'


def target_indices(target_frame: str, num_frames: int) -> list[int]:
    """Their indices in a clip of so many frames."""
    if target_frame == 'all':
        return list(range(num_frames))
    return [num_frames - 1 if target_frame == 'last' else num_frames // 2]


def _full_precision(tensor: Tensor) -> torch.autocast:
    """Context without mixed precision, which would round pixels to a few hundred steps."""
    return torch.autocast(tensor.device.type, enabled=False)


def _first_frame(visible: Tensor | None) -> Tensor | None:
    return None if visible is None else visible[:, 0]


@torch.no_grad()
def _mean_error(output: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean joint error over the visible joints, in codec units."""
    error = torch.linalg.vector_norm(output - target, dim=-1)
    visible = weight[..., 0] > 0
    return (error * visible).sum() / visible.sum().clamp(min=1)
