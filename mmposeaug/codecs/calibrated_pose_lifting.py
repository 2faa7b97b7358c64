# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Twin of :class:`CalibratedPoseLifting` on batches of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mmposeaug.geometry import (
    flip_rotation,
    index_tensor,
    turn_points,
    turn_rays,
    turn_to,
    undistort,
)

from .base import LIFTING_CODECS, TensorCodec
from .camera_checks import check_camera, check_seen

MIN_SIZE = 1e-3
"""float: Smallest size that is divided out, 1 px at a focal length of 1,000 px."""
MAX_ANGLE = 15.0
"""float: Degrees between the root's keypoint and the root itself beyond which they disagree."""
_CHUNK = 8192


@LIFTING_CODECS.register_module(name='CalibratedPoseLifting')
class TensorCalibratedPoseLifting(TensorCodec):
    """Rays of a virtual camera that is turned to the person in, its axes out.

    Keypoints are undistorted (rays, as in Ray3D, Zhan et al., CVPR 2022) and seen by a virtual
    camera that looks at the person, panned, then tilted, not rolled (as in Perspective Crop Layers,
    Yu et al., CVPR 2021). The target is root-relative, in metres, in the axes of this camera;
    :meth:`decode` turns it back into those of the real one.

    It looks at the root keypoint; where that has the score 0, at the middle of the box of those
    that have more; where none has, at the root keypoint all the same.

    Args:
        codec (CalibratedPoseLifting): The MMPose codec.
    """

    needs_intrinsics = True
    decodes_by_target_root = True
    flips_at_image = False  # the virtual camera's image has the person in the middle

    def __init__(self, codec: Any) -> None:
        super().__init__(codec)
        self.removes_root = codec.remove_root and len(self.root_index) == 1
        self.size: str = codec.size
        self.virtual_camera: str = codec.virtual_camera
        self.causal: bool = codec.causal

    def normalize(self, keypoints_px: Tensor, image_size: Tensor | None) -> Tensor:
        """Not for this codec, whose normalisation is that of the camera."""
        raise NotImplementedError('CalibratedPoseLifting normalises by the camera; call encode.')

    def encode(
        self,
        keypoints_px: Tensor,
        image_size: Tensor | None = None,
        scores: Tensor | None = None,
        intrinsics: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Rays (B, T, K, D) or (B, K * D, T) and rotations (B, T or 1, 3, 3)."""
        self._check_pose(keypoints_px, 'keypoints_px', 2)
        if scores is not None:
            self._check_scores(scores, keypoints_px)
        camera = self._camera(intrinsics, keypoints_px)
        return self.encode_rays(undistort(keypoints_px, camera.unsqueeze(1)), scores)

    def encode_rays(self, rays: Tensor, scores: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Encode rays (B, T, K, 2), x / z and y / z of keypoints that were undistorted already."""
        found = None if scores is None else (scores > 0).to(rays.device)
        view = turn_to(self._looked_at(rays, found))
        x = turn_rays(rays, view)
        if self.size != 'keep':
            size = self._size_of(x, found)
            x = x / size
            if self.size == 'apart':
                x = torch.cat((x, size.log().expand_as(x[..., :1])), dim=-1)
        return self._pack(x, scores), view

    def encode_target(
        self,
        pose_cam: Tensor,
        image_size: Tensor | None = None,
        intrinsics: Tensor | None = None,
        visible: Tensor | None = None,
        view: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Target (B, T', J, 3) in metres, in the virtual camera's axes, and its weight."""
        self._check_pose(pose_cam, 'pose_cam', 3)
        view = self._rotation(view, pose_cam)
        target = turn_points(self._without_root(pose_cam - self._root(pose_cam)), view)
        return target, self._weight(pose_cam, visible)

    def decode(
        self,
        output: Tensor,
        image_size: Tensor | None = None,
        intrinsics: Tensor | None = None,
        root_depth: Tensor | None = None,
        view: Tensor | None = None,
    ) -> Tensor:
        """Root-relative pose (B, T', K, 3) in metres, in the real camera's axes."""
        return self._root_relative(self._turned_back(output, view))

    def restore(
        self,
        output: Tensor,
        pose_cam: Tensor,
        image_size: Tensor | None = None,
        intrinsics: Tensor | None = None,
        view: Tensor | None = None,
    ) -> Tensor:
        """Joints (B, T', K, 3) in metres, in the real camera's axes, at its root's place."""
        return self._at_root(self._turned_back(output, view), pose_cam)

    def _turned_back(self, output: Tensor, view: Tensor | None) -> Tensor:
        self._check_pose(output, 'output', 3, self.num_joints)
        return turn_points(output, self._rotation(view, output).transpose(-1, -2))

    def flip_view(self, view: Tensor | None) -> Tensor | None:
        """Rotations of the virtual camera in the mirrored image."""
        return None if view is None else flip_rotation(view)

    def flip_target_root(self, target_root: Any) -> Any:
        """Place and rotation (T', 4, 3) for the mirrored image; the place stays."""
        flipped = torch.as_tensor(target_root).clone()
        flipped[..., 1:, :] = flip_rotation(flipped[..., 1:, :])
        return flipped if isinstance(target_root, Tensor) else flipped.numpy()

    def check_inputs(
        self,
        keypoints_px: Tensor,
        scores: Tensor,
        camera_index: Tensor,
        intrinsics: Tensor,
        image_size: Tensor,
        names: Sequence[str],
        what: str = ' of the training data',
    ) -> None:
        """Refuse cameras that cannot be, and keypoints where the lens shows nothing."""
        for camera in camera_index.unique().tolist():
            name = f'The camera {names[camera]}'
            check_camera(intrinsics[camera], image_size[camera], name)
        for rows in torch.arange(len(keypoints_px), device=keypoints_px.device).split(_CHUNK):
            cameras = intrinsics[camera_index[rows]]
            check_seen(keypoints_px[rows], cameras, scores[rows], what)

    def check_targets(self, pose_cam: Tensor, view: Tensor | None, scores: Tensor) -> None:
        """Refuse targets behind the camera, or elsewhere than their keypoints."""
        roots = self._root(pose_cam)[..., 0, :]
        known = torch.linalg.vector_norm(roots, dim=-1) > 1e-6  # else relative, or to be predicted
        behind = roots[known & (roots[..., 2] <= 0)]
        if len(behind):
            raise ValueError(
                f'The root of the lifting target is at a depth of {float(behind[0, 2]):.3g} m, '
                'behind the camera; give camera-space poses, in metres, z away from the camera.'
            )
        frames, targets = scores.shape[1], roots.shape[1]
        frame = self.frame_of(frames)
        found = (scores[:, frame, list(self.root_index)] > 0).all(-1).to(known.device)
        target = roots[:, frame if targets == frames else targets // 2]
        rotation = self._rotation(view, pose_cam)
        rotation = rotation[:, frame if rotation.shape[1] == frames else rotation.shape[1] // 2]
        length = torch.linalg.vector_norm(target, dim=-1)
        cosine = (rotation[:, 2].to(target) * target).sum(-1) / length
        angle = torch.rad2deg(torch.acos(cosine.clamp(-1, 1)))
        apart = angle[known.all(-1) & found & (angle > MAX_ANGLE)]
        if len(apart):
            raise ValueError(
                f"The lifting target's root lies {float(apart[0]):.0f} degrees from its keypoint; "
                'the camera must be that of the image, in pixels of its size, and mirrored with '
                'it: use RandomFlipWithCamera in place of RandomFlipAroundRoot.'
            )

    def frame_of(self, frames: int) -> int:
        """The target frame of a clip, or the one that stands for all."""
        return frames - 1 if self.causal else frames // 2

    def _looked_at(self, rays: Tensor, found: Tensor | None) -> Tensor:
        """Rays (B, T or 1, 2) that the virtual camera looks along."""
        if self.virtual_camera == 'clip':
            frame = self.frame_of(rays.shape[1])
            rays = rays[:, frame : frame + 1]
            found = None if found is None else found[:, frame : frame + 1]
        roots = index_tensor(self.root_index, rays.device)
        root = rays.index_select(-2, roots).mean(-2)
        if found is None:
            return root
        missing = ~found.index_select(-1, roots).all(-1) & found.any(-1)
        may_ask = rays.device.type == 'cpu' and not torch.compiler.is_compiling()
        if may_ask and not missing.any():
            return root
        far = float('inf')
        low = rays.masked_fill(~found.unsqueeze(-1), far).amin(-2)
        high = rays.masked_fill(~found.unsqueeze(-1), -far).amax(-2)
        box = torch.where(missing.unsqueeze(-1), low + high, torch.zeros_like(root)) / 2
        return torch.where(missing.unsqueeze(-1), box, root)

    def _size_of(self, x: Tensor, found: Tensor | None) -> Tensor:
        """Size (B, T or 1, 1, 1) of people: the distance of keypoints from their mean."""
        weight = torch.ones_like(x[..., :1])
        if found is not None:  # one alone has no size
            found = found | (found.sum(-1, keepdim=True) < 2)
            weight = found.unsqueeze(-1).to(x)
        count = weight.sum(-2, keepdim=True)
        mean = (x * weight).sum(-2, keepdim=True) / count
        square = ((x - mean).square().sum(-1, keepdim=True) * weight).sum(-2, keepdim=True) / count
        if self.virtual_camera == 'clip':
            square = square.mean(1, keepdim=True)
        return square.clamp(min=MIN_SIZE**2).sqrt()

    @staticmethod
    def _rotation(view: Tensor | None, like: Tensor) -> Tensor:
        if view is None:
            raise ValueError(
                "CalibratedPoseLifting's poses are in the axes of a virtual camera: pass view, the "
                'rotations that encode gave.'
            )
        if view.shape[0] != like.shape[0] or view.shape[1] not in (1, like.shape[1]):
            raise ValueError(
                f'view must be of shape ({like.shape[0]}, 1 or {like.shape[1]}, 3, 3), got '
                f'{tuple(view.shape)}.'
            )
        return view
