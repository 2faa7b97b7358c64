# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""PoseBank: all training pairs of 2D and 3D poses as tensors on one device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmposeaug.structures import Skeleton

from .cameras import CameraSet


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

    Build one with :meth:`from_dataset_cfg` or :meth:`from_arrays`; both check the data. With the
    tensors on the training device, :meth:`gather` is indexing and nothing else: no Python object
    is made per sample.

    Args:
        keypoints_px (Tensor): 2D keypoints in pixels, of shape (N, J, 2).
        keypoint_scores (Tensor): Their scores, or visibility for ground truth, (N, J).
        pose_cam (Tensor): Camera-space joints in metres, of shape (N, J, 3).
        pose_visible (Tensor): Visibility (weight) of the 3D joints, of shape (N, J).
        camera_index (Tensor): Place in ``cameras`` of each frame's camera, of shape (N,).
        subject_index (Tensor): Place in ``subjects`` of each frame's person, of shape (N,).
        windows (Tensor): Frames of each sample, of shape (M, T).
        cameras (CameraSet): The C cameras.
        skeleton (Skeleton): The joints.
        subjects (tuple[str, ...]): Names of the people.
        target_frames (tuple[int, ...]): Places within a window, 0 to T - 1, of the frames whose
            3D poses are the lifting target. Never negative: readers give them as the dataset's
            options say, :meth:`from_arrays` counts negative ones from the end.
        frame_index (Tensor, optional): Row of each frame in the file that it was read from, (N,).
    """

    keypoints_px: Tensor
    keypoint_scores: Tensor
    pose_cam: Tensor
    pose_visible: Tensor
    camera_index: Tensor
    subject_index: Tensor
    windows: Tensor
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
        return self.windows.shape[1]

    @property
    def device(self) -> torch.device:
        """torch.device: Where the tensors are."""
        return self.pose_cam.device

    @classmethod
    def from_arrays(
        cls,
        keypoints_px: np.ndarray | Tensor,
        pose_cam: np.ndarray | Tensor,
        cameras: CameraSet,
        skeleton: Skeleton,
        camera_index: np.ndarray | Tensor | None = None,
        subject_index: np.ndarray | Tensor | None = None,
        subjects: Sequence[str] = ('subject',),
        windows: np.ndarray | Tensor | None = None,
        target_frames: Sequence[int] = (-1,),
        keypoint_scores: np.ndarray | Tensor | None = None,
        pose_visible: np.ndarray | Tensor | None = None,
        frame_index: np.ndarray | Tensor | None = None,
        check: bool = True,
        detected: bool = False,
        source: str = 'the arrays',
    ) -> PoseBank:
        """Bank of poses that are in memory.

        Args:
            keypoints_px (np.ndarray | Tensor): 2D keypoints in pixels, of shape (N, J, 2).
            pose_cam (np.ndarray | Tensor): Camera-space joints in metres, of shape (N, J, 3).
            cameras (CameraSet): The cameras.
            skeleton (Skeleton): The J joints.
            camera_index (np.ndarray | Tensor, optional): Camera of each frame, of shape (N,).
                Defaults to the first for all.
            subject_index (np.ndarray | Tensor, optional): Person of each frame, of shape (N,).
                Defaults to the first for all.
            subjects (Sequence[str]): Names of the people. Defaults to one.
            windows (np.ndarray | Tensor, optional): Frames of each sample, of shape (M, T).
                Defaults to one sample a frame.
            target_frames (Sequence[int]): See the class; a negative place counts from the
                window's end. Defaults to (-1,), the last frame.
            keypoint_scores (np.ndarray | Tensor, optional): Of shape (N, J). Defaults to ones.
            pose_visible (np.ndarray | Tensor, optional): Of shape (N, J). Defaults to ones.
            frame_index (np.ndarray | Tensor, optional): See the class.
            check (bool): Whether to check the data (see :mod:`mmposeaug.datasets.checks`), and
                that the 2D is the projection of the 3D. Defaults to True.
            detected (bool): Whether the 2D comes from a detector and may be off. Defaults to False.
            source (str): What to call the data in messages.

        Returns:
            PoseBank: The bank, on the CPU.

        Raises:
            ValueError: If a check fails; the sentence names the value and the remedy.
        """
        from .checks import check_bank, check_shapes

        keypoints = torch.as_tensor(keypoints_px).float()
        pose = torch.as_tensor(pose_cam).float()
        check_shapes(keypoints, pose, skeleton, source)
        count, joints = pose.shape[:2]
        windows = _index_or(windows, torch.arange(count)[:, None])
        length = windows.shape[-1] if windows.ndim else 1
        bank = cls(
            keypoints_px=keypoints.contiguous(),
            keypoint_scores=_float_or_ones(keypoint_scores, (count, joints)),
            pose_cam=pose.contiguous(),
            pose_visible=_float_or_ones(pose_visible, (count, joints)),
            camera_index=_index_or(camera_index, torch.zeros(count)),
            subject_index=_index_or(subject_index, torch.zeros(count)),
            windows=windows,
            cameras=cameras,
            skeleton=skeleton,
            subjects=tuple(subjects),
            target_frames=tuple(t + length if t < 0 else t for t in target_frames),
            frame_index=None if frame_index is None else _index_or(frame_index, torch.zeros(0)),
        )
        if check:
            check_bank(bank, detected=detected, source=source)
        return bank

    @classmethod
    def from_dataset_cfg(
        cls,
        cfg: Mapping[str, Any],
        skeleton: Skeleton | None = None,
        subset_seed: int = 0,
        check: bool = True,
    ) -> PoseBank:
        """Bank of what an MMPose dataset config describes, without building the dataset.

        Args:
            cfg (Mapping): Config of a dataset, ``train_dataloader.dataset``. Its ``type`` picks a
                reader of :data:`mmposeaug.datasets.POSE_READERS`.
            skeleton (Skeleton, optional): The joints. Defaults to those of the config's
                ``metainfo``, or of the dataset class.
            subset_seed (int): Where the part that ``subset_frac`` keeps begins is drawn with this
                seed (MMPose draws it from numpy's global state). Defaults to 0.
            check (bool): See :meth:`from_arrays`. Defaults to True.

        Returns:
            PoseBank: The bank, on the CPU, with the samples in the dataset's order.

        Raises:
            FileNotFoundError: If a file is missing.
            KeyError: If there is no reader for the dataset type.
            ValueError: If the config has no cameras, or a check fails.
        """
        from .readers import read_dataset_cfg

        return read_dataset_cfg(cfg, skeleton=skeleton, subset_seed=subset_seed, check=check)

    def to(self, device: torch.device | str) -> PoseBank:
        """The same bank on a device.

        Args:
            device (torch.device | str): The device.

        Returns:
            PoseBank: A bank whose tensors and cameras are there; tensors that were there already
            are shared.
        """
        moved = {
            f.name: getattr(self, f.name).to(device)
            for f in fields(self)
            if isinstance(getattr(self, f.name), Tensor)
        }
        return replace(self, cameras=self.cameras.to(device), **moved)

    def gather(self, index: Tensor) -> PoseBatch:
        """Samples by number.

        Args:
            index (Tensor): Integers of shape (B,) on the bank's device, each below ``len(bank)``.

        Returns:
            PoseBatch: The samples.
        """
        frames = self.windows[index]
        camera = self.camera_index[frames[:, 0]]
        return PoseBatch(
            keypoints_px=self.keypoints_px[frames],
            keypoint_scores=self.keypoint_scores[frames],
            pose_cam=self.pose_cam[frames],
            pose_visible=self.pose_visible[frames],
            intrinsics=self.cameras.intrinsics[camera],
            image_size=self.cameras.image_size[camera],
        )

    @staticmethod
    def concat(banks: Sequence[PoseBank]) -> PoseBank:
        """One bank of several with the same skeleton and window length, on one device.

        Args:
            banks (Sequence[PoseBank]): The banks; subjects of one name are one person.

        Returns:
            PoseBank: All samples in order. ``frame_index`` is dropped.

        Raises:
            ValueError: If skeletons, window lengths or target frames differ.
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
        frame_offset = camera_offset = 0
        windows, cameras, people = [], [], []
        for bank in banks:
            windows.append(bank.windows + frame_offset)
            cameras.append(bank.camera_index + camera_offset)
            lookup = torch.tensor([place[name] for name in bank.subjects], device=bank.device)
            people.append(lookup[bank.subject_index])
            frame_offset += len(bank.pose_cam)
            camera_offset += len(bank.cameras)
        return PoseBank(
            keypoints_px=torch.cat([bank.keypoints_px for bank in banks]),
            keypoint_scores=torch.cat([bank.keypoint_scores for bank in banks]),
            pose_cam=torch.cat([bank.pose_cam for bank in banks]),
            pose_visible=torch.cat([bank.pose_visible for bank in banks]),
            camera_index=torch.cat(cameras),
            subject_index=torch.cat(people),
            windows=torch.cat(windows),
            cameras=CameraSet.concat([bank.cameras for bank in banks]),
            skeleton=first.skeleton,
            subjects=subjects,
            target_frames=first.target_frames,
        )


def _float_or_ones(values: np.ndarray | Tensor | None, shape: tuple[int, ...]) -> Tensor:
    if values is None:
        return torch.ones(shape)
    return torch.as_tensor(values).float().contiguous()


def _index_or(values: np.ndarray | Tensor | None, default: Tensor) -> Tensor:
    return (default if values is None else torch.as_tensor(values)).long().contiguous()
