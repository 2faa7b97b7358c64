# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Batches with other poses: augmented, mirrored, joined, chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import torch
from torch import Tensor

from mmposeaug.codecs import LifterAdapter
from mmposeaug.datasets import PoseBank, PoseBatch
from mmposeaug.geometry import (
    flip_intrinsics,
    flip_keypoints,
    flip_pose,
    in_view,
    index_tensor,
    project,
    root_relative,
    view_borders,
)
from mmposeaug.geometry.camera import MIN_DEPTH
from mmposeaug.structures import Skeleton, ViewedPoses

from .trained_network import module_mode


def select(batch: PoseBatch, index: Tensor | slice) -> PoseBatch:
    """Samples of a batch."""
    return PoseBatch(**{f.name: getattr(batch, f.name)[index] for f in fields(PoseBatch)})


def concat(batches: Sequence[PoseBatch]) -> PoseBatch:
    """Several batches in one."""
    return PoseBatch(
        **{f.name: torch.cat([getattr(b, f.name) for b in batches]) for f in fields(PoseBatch)}
    )


def spread_indices(bank: PoseBank, count: int) -> Tensor:
    """Numbers of samples from all over a bank; the first ones would be neighbours of one video."""
    return torch.arange(count, device=bank.device) * len(bank) // count


BEYOND = 2.0
"""float: Keypoints of clips are seen at most this many times as far out as the image's border."""


def project_clip(
    pose: Tensor,
    intrinsics: Tensor,
    image_size: Tensor | None = None,
    clamp: float | None = None,
) -> Tensor:
    """Pixels of poses or clips, each seen by the camera of its sample.

    Somebody who walks through the camera has no finite projection. In clips of two frames and
    more, joints beside or behind the camera are therefore seen out of the image, at most
    :data:`BEYOND` times as far as its border, so that no loss is infinite.

    Args:
        pose (Tensor): Camera-space poses of shape (N, J, 3) or clips (N, T, J, 3), in metres.
        intrinsics (Tensor): Cameras of shape (N, 9), in pixels.
        image_size (Tensor, optional): Width and height of shape (N, 2), in pixels. Defaults to
            None: the cameras' centre is the middle of the image.

    Returns:
        Tensor: Keypoints of shape (N, J, 2) or (N, T, J, 2), in pixels.
    """
    if pose.ndim == 3:
        return project(pose, intrinsics, clamp)
    cameras = intrinsics.unsqueeze(1)
    if pose.shape[1] == 1:
        return project(pose, cameras, clamp)
    pose = torch.cat((pose[..., :2], pose[..., 2:].clamp_min(MIN_DEPTH)), dim=-1)
    if clamp is not None:
        return project(pose, cameras, clamp)
    size = 2 * intrinsics[:, 2:4] if image_size is None else image_size
    low, high = view_borders(intrinsics, size, margin=0.0)
    bound = BEYOND * low.abs().maximum(high.abs())
    return project(pose, cameras, bound[:, None, None])


def wholly_in_view(batch: PoseBatch) -> Tensor:
    """Which samples (B,) are in the image and before the camera, with all joints in all frames."""
    size = batch.image_size.unsqueeze(1)
    return in_view(batch.keypoints_px, batch.pose_cam[..., 2], size).all(-1)


def with_poses(batch: PoseBatch, pose_cam: Tensor, keypoints_px: Tensor | None = None) -> PoseBatch:
    """The batch's samples with other poses, seen by the same cameras, all joints visible.

    Args:
        pose_cam (Tensor): Poses of shape (B, T, J, 3), or (B, J, 3) where T = 1, in metres.
    """
    if keypoints_px is None:
        keypoints_px = project_clip(pose_cam, batch.intrinsics, batch.image_size)
    if pose_cam.ndim == 3:
        pose_cam, keypoints_px = pose_cam.unsqueeze(1), keypoints_px.unsqueeze(1)
    return replace(
        batch,
        pose_cam=pose_cam,
        keypoints_px=keypoints_px,
        keypoint_scores=torch.ones_like(batch.keypoint_scores),
        pose_visible=torch.ones_like(batch.pose_visible),
    )


def lift(samples: PoseBatch, adapter: LifterAdapter, root: int) -> tuple[Tensor, Tensor]:
    """Predicted and true root-relative poses of the frames that the lifter predicts, in metres."""
    target_cam = adapter.target_of(samples.pose_cam)
    pred = adapter.predict(
        samples.keypoints_px,
        samples.image_size,
        scores=samples.keypoint_scores,
        intrinsics=samples.intrinsics,
        root_depth=adapter.codec.root_depth(target_cam),
    )
    return pred, root_relative(target_cam, root)


def joint_errors(
    samples: PoseBatch, adapter: LifterAdapter, skeleton: Skeleton, batch_size: int | None = None
) -> Tensor:
    """Errors (B, J - 1) or (B, T', J - 1) in metres of all joints but the root, dropout off."""
    size = batch_size or len(samples)
    errors = []
    with module_mode(adapter.module, 'eval'):
        for start in range(0, len(samples), size):
            part = select(samples, slice(start, start + size))
            pred, target = lift(part, adapter, skeleton.root)
            errors.append(torch.linalg.vector_norm(pred - target, dim=-1))
    joints = [joint for joint in range(skeleton.num_joints) if joint != skeleton.root]
    return torch.cat(errors)[..., joints]


def spread(pose_cam: Tensor, root: int) -> Tensor:
    """Mean standard deviation of root-relative joints over a batch, in metres."""
    relative = root_relative(pose_cam.detach(), root).flatten(1)
    return relative.std(dim=0, correction=0).mean()


def viewed_poses(samples: PoseBatch, skeleton: Skeleton, frame: int) -> ViewedPoses:
    """One frame of each sample as plain arrays, with its camera."""
    arrays = (
        samples.pose_cam[:, frame],
        samples.keypoints_px[:, frame],
        samples.intrinsics,
        samples.image_size,
    )
    return ViewedPoses(skeleton, *(each.cpu().numpy() for each in arrays))


def poses_of(batch: PoseBatch) -> Tensor:
    """Poses in metres for an augmentor: (B, J, 3) for single frames, (B, T, J, 3) for clips."""
    return batch.pose_cam[:, 0] if batch.pose_cam.shape[1] == 1 else batch.pose_cam


def flip_randomly(
    batch: PoseBatch,
    flip_indices: Sequence[int],
    probability: float,
    generator: torch.Generator,
) -> PoseBatch:
    """Mirror some samples: poses, keypoints and cameras."""
    if probability <= 0:
        return batch
    count, device = len(batch), batch.pose_cam.device
    chosen = torch.rand(count, generator=generator, device=device) < probability
    swap = index_tensor(tuple(flip_indices), device)
    width = batch.image_size[:, :1]

    def choose(flipped: Tensor, kept: Tensor) -> Tensor:
        return torch.where(chosen.view(-1, *[1] * (kept.ndim - 1)), flipped, kept)

    return replace(
        batch,
        pose_cam=choose(flip_pose(batch.pose_cam, flip_indices), batch.pose_cam),
        keypoints_px=choose(
            flip_keypoints(batch.keypoints_px, width, flip_indices), batch.keypoints_px
        ),
        keypoint_scores=choose(batch.keypoint_scores[..., swap], batch.keypoint_scores),
        pose_visible=choose(batch.pose_visible[..., swap], batch.pose_visible),
        intrinsics=choose(flip_intrinsics(batch.intrinsics, width[:, 0]), batch.intrinsics),
    )


def valid_only(
    batch: PoseBatch, valid: Tensor, otherwise: PoseBatch, ask: bool | None = None
) -> PoseBatch:
    """The valid samples of a batch, repeated until there are as many; if none is, others.

    Args:
        valid (Tensor): Which samples (B,) they are.
        otherwise (PoseBatch): As many others.
        ask (bool, optional): Whether to look how many there are. Defaults to None: on a CPU, where
            it costs nothing. A GPU would have to be waited for.
    """
    if valid.device.type == 'cpu' if ask is None else ask:
        index = valid.nonzero().squeeze(1)
        if len(index) == 0:
            return otherwise
        return select(batch, index[torch.arange(len(valid), device=index.device) % len(index)])
    index = valid.sort(descending=True, stable=True).indices
    count = valid.sum()
    repeated = index[torch.arange(len(valid), device=index.device) % count.clamp_min(1)]

    def choose(name: str) -> Tensor:
        return torch.where(count > 0, getattr(batch, name)[repeated], getattr(otherwise, name))

    return PoseBatch(**{field.name: choose(field.name) for field in fields(PoseBatch)})
