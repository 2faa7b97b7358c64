# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""PoseBank: all training pairs of 2D and 3D poses as tensors on one device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import torch
from torch import Tensor

from mmposeaug.structures import Skeleton

from .cameras import CameraSet
from .clip_index import ClipIndex


@dataclass(frozen=True)
class PoseBatch:
    """Samples taken from a :class:`PoseBank`; T frames each.

    Args:
        keypoints_px (Tensor): 2D keypoints in pixels, of shape (B, T, J, 2).
        keypoint_scores (Tensor): Their scores or visibility, of shape (B, T, J).
        pose_cam (Tensor): Camera-space joints in metres, of shape (B, T, J, 3).
        pose_visible (Tensor): Weight of the 3D joints, of shape (B, T, J).
        intrinsics (Tensor): Camera of each sample, of shape (B, 9).
        image_size (Tensor): Its width and height in pixels, of shape (B, 2).
    """

    keypoints_px: Tensor
    keypoint_scores: Tensor
    pose_cam: Tensor
    pose_visible: Tensor
    intrinsics: Tensor
    image_size: Tensor

    def __len__(self) -> int:
        return len(self.keypoints_px)


@dataclass(frozen=True)
class PoseBank:
    """Training pairs as tensors: N frames, and M samples that are windows of T frames.

    Build one with :func:`load_pose_bank` or :func:`make_pose_bank`; both check the data. With the
    tensors on the training device, :meth:`gather` is indexing and nothing else: no Python object
    is made per sample. Scores or visibilities that are all equal are held once (strides of 0).

    Args:
        keypoints_px (Tensor): 2D keypoints in pixels, of shape (N, J, 2).
        keypoint_scores (Tensor): Their scores, or visibility for ground truth, (N, J).
        pose_cam (Tensor): Camera-space joints in metres, of shape (N, J, 3).
        pose_visible (Tensor): Visibility (weight) of the 3D joints, of shape (N, J).
        camera_index (Tensor): Place in ``cameras`` of each frame's camera, of shape (N,).
        subject_index (Tensor): Place in ``subjects`` of each frame's person, of shape (N,).
        windows (ClipIndex): Frames of each of the M samples.
        cameras (CameraSet): The C cameras.
        skeleton (Skeleton): The joints.
        subjects (tuple[str, ...]): Names of the people.
        target_frames (tuple[int, ...]): Places within a window, 0 to T - 1, of the frames whose
            3D poses are the lifting target; never negative.
        frame_index (Tensor, optional): Row of each frame in the file that it was read from, (N,).
    """

    keypoints_px: Tensor
    keypoint_scores: Tensor
    pose_cam: Tensor
    pose_visible: Tensor
    camera_index: Tensor
    subject_index: Tensor
    windows: ClipIndex
    cameras: CameraSet
    skeleton: Skeleton
    subjects: tuple[str, ...]
    target_frames: tuple[int, ...]
    frame_index: Tensor | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.windows)

    def __repr__(self) -> str:
        return (
            f'PoseBank({len(self)} samples of {self.num_frames} frames, {len(self.pose_cam)} '
            f'poses, {len(self.subjects)} subjects, {len(self.cameras)} cameras, '
            f'skeleton={self.skeleton.name!r}, device={str(self.device)!r})'
        )

    @property
    def num_frames(self) -> int:
        """int: T, the frames of a sample."""
        return self.windows.num_frames

    @property
    def device(self) -> torch.device:
        """torch.device: Where the tensors are."""
        return self.pose_cam.device

    def to(self, device: torch.device | str) -> PoseBank:
        """Return the same bank on a device; tensors that are there already are shared."""
        moved: dict[str, Any] = {}
        for name, value in ((f.name, getattr(self, f.name)) for f in fields(self)):
            if isinstance(value, Tensor) and is_one(value):
                moved[name] = value[:1, :1].to(device).expand(value.shape)
            elif isinstance(value, (Tensor, ClipIndex, CameraSet)):
                moved[name] = value.to(device)
        return replace(self, **moved)

    def gather(self, index: Tensor, stride: Tensor | None = None) -> PoseBatch:
        """Return samples by their numbers, of shape (B,) on the bank's device.

        Args:
            stride (Tensor, optional): Clips are made of every n-th frame, n for each sample (B,);
                their first target stays the same.
        """
        frames = self.windows.frames_of(index, stride, self.target_frames[0])
        rows = frames.flatten()

        def take(values: Tensor) -> Tensor:
            if is_one(values):
                return values[:1].repeat(len(rows), 1).unflatten(0, frames.shape)
            return values.index_select(0, rows).unflatten(0, frames.shape)

        camera = self.camera_index.index_select(0, frames[:, 0])
        return PoseBatch(
            keypoints_px=take(self.keypoints_px),
            keypoint_scores=take(self.keypoint_scores),
            pose_cam=take(self.pose_cam),
            pose_visible=take(self.pose_visible),
            intrinsics=self.cameras.intrinsics.index_select(0, camera),
            image_size=self.cameras.image_size.index_select(0, camera),
        )

    def target_rows(self) -> Tensor:
        """Return the frame (M,) of each sample's first lifting target."""
        return self.windows.frames_at(self.target_frames[0])

    @staticmethod
    def concat(banks: Sequence[PoseBank]) -> PoseBank:
        """Join banks of one skeleton, window length and device.

        Subjects of one name are one person; ``frame_index`` is dropped.
        """
        first = banks[0]
        for bank in banks[1:]:
            for what in ('skeleton', 'num_frames', 'target_frames'):
                if getattr(bank, what) != getattr(first, what):
                    raise ValueError(
                        f'Banks to be joined differ in {what}: {getattr(first, what)} and '
                        f'{getattr(bank, what)}; make their dataset configs agree.'
                    )
        subjects = tuple(sorted({name for bank in banks for name in bank.subjects}))
        place = {name: i for i, name in enumerate(subjects)}
        camera_offset = 0
        cameras, people = [], []
        for bank in banks:
            cameras.append(bank.camera_index + camera_offset)
            lookup = torch.tensor([place[name] for name in bank.subjects], device=bank.device)
            people.append(lookup[bank.subject_index])
            camera_offset += len(bank.cameras)
        poses = ('keypoints_px', 'keypoint_scores', 'pose_cam', 'pose_visible')
        return PoseBank(
            **{name: _join([getattr(bank, name) for bank in banks]) for name in poses},
            camera_index=torch.cat(cameras),
            subject_index=torch.cat(people),
            windows=ClipIndex.concat(
                [bank.windows for bank in banks], [len(bank.pose_cam) for bank in banks]
            ),
            cameras=CameraSet.concat([bank.cameras for bank in banks]),
            skeleton=first.skeleton,
            subjects=subjects,
            target_frames=first.target_frames,
        )


def is_one(values: Tensor) -> bool:
    """Whether a tensor (N, J) is one number, held once."""
    return values.ndim == 2 and not any(values.stride())


def as_one(values: Tensor) -> Tensor:
    """Return a tensor (N, J) of equal numbers as one that holds the number once, others as is."""
    if values.ndim != 2 or is_one(values) or not values.numel():
        return values
    one = values[:1, :1]
    return one.clone().expand(values.shape) if bool((values == one).all()) else values


def _join(parts: Sequence[Tensor]) -> Tensor:
    """Rows of all parts."""
    one = parts[0][:1, :1]
    if all(is_one(part) and torch.equal(part[:1, :1], one) for part in parts):
        return one.expand(sum(map(len, parts)), parts[0].shape[1])
    return torch.cat(list(parts))
