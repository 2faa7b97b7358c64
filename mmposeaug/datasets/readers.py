# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Readers: from the config of a dataset to a :class:`PoseBank`, by dataset type."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from mmengine.registry import Registry
from torch import Tensor

from mmposeaug.fileio import join_root, require_file
from mmposeaug.structures import Skeleton
from mmposeaug.structures.choices import require_choice, require_known

from .annotation_rows import open_pairs, read_keypoints, read_names, read_poses
from .camera_files import load_camera_dicts
from .cameras import CameraSet
from .checks import check_bank, check_shapes, find_detections
from .clip_index import ClipIndex
from .frame_gaps import warn_of_gaps
from .images import check_keep_frames, pad_portrait_cameras
from .metainfo import class_of_cfg, skeleton_of_cfg
from .pose_bank import PoseBank, as_one, is_one
from .samples import inner_dataset
from .windows import select_windows, warn_of_rates, window_rule

POSE_READERS = Registry('pose reader', locations=['mmposeaug.datasets.wholebody'])
"""Registry: Functions ``(cfg, skeleton, subset_seed, check) -> PoseBank`` by dataset type."""


def load_pose_bank(
    cfg: Mapping[str, Any],
    skeleton: Skeleton | None = None,
    subset_seed: int = 0,
    check: bool = True,
) -> PoseBank:
    """Load what an MMPose dataset config describes, without building the dataset.

    Args:
        cfg (Mapping): Config of a dataset, ``train_dataloader.dataset``. Its ``type``, a name or a
            class, picks a reader of :data:`POSE_READERS`.
        skeleton (Skeleton, optional): The joints. Defaults to those of the config's
            ``metainfo``, or of the dataset class.
        subset_seed (int): Where the part that ``subset_frac`` keeps begins is drawn with this
            seed (MMPose draws it from numpy's global state). Defaults to 0.
        check (bool): See :func:`make_pose_bank`. Defaults to True.

    Returns:
        PoseBank: The bank, on the CPU, with the samples in the dataset's order.

    Raises:
        FileNotFoundError: If a file is missing.
        KeyError: If there is no reader for the dataset type; the sentence says how to add one.
        ValueError: If the config has no cameras, or a check fails.
    """
    kind = cfg.get('type')
    name = kind if isinstance(kind, str) else getattr(kind, '__name__', repr(kind))
    POSE_READERS.import_from_location()
    reader = POSE_READERS.module_dict.get(name.rsplit('.', 1)[-1])
    if reader is None:
        raise KeyError(
            f'There is no pose reader for the dataset type {name!r} (there are '
            f'{", ".join(sorted(POSE_READERS.module_dict))}); add one with '
            f"@mmposeaug.datasets.POSE_READERS.register_module(name='{name}') on a function "
            '(cfg, skeleton, subset_seed, check) that returns make_pose_bank(...).'
        )
    return reader(cfg, skeleton=skeleton, subset_seed=subset_seed, check=check)


def make_pose_bank(
    keypoints_px: np.ndarray | Tensor,
    pose_cam: np.ndarray | Tensor,
    cameras: CameraSet,
    skeleton: Skeleton,
    camera_index: np.ndarray | Tensor | None = None,
    subject_index: np.ndarray | Tensor | None = None,
    subjects: Sequence[str] = ('subject',),
    windows: np.ndarray | Tensor | ClipIndex | None = None,
    target_frames: Sequence[int] = (-1,),
    keypoint_scores: np.ndarray | Tensor | None = None,
    pose_visible: np.ndarray | Tensor | None = None,
    frame_index: np.ndarray | Tensor | None = None,
    check: bool = True,
    detected: bool = False,
    source: str = 'the arrays',
) -> PoseBank:
    """Make a bank, on the CPU, of poses that are in memory.

    Args:
        keypoints_px (np.ndarray | Tensor): 2D keypoints in pixels, of shape (N, J, 2).
        pose_cam (np.ndarray | Tensor): Camera-space joints in metres, of shape (N, J, 3).
        cameras, skeleton, subjects, frame_index: See :class:`PoseBank`.
        camera_index, subject_index (np.ndarray | Tensor, optional): Camera and person of each
            frame, of shape (N,). Defaults to the first for all.
        windows (np.ndarray | Tensor | ClipIndex, optional): Frames of each sample, of shape
            (M, T). Defaults to one sample a frame.
        target_frames (Sequence[int]): See :class:`PoseBank`; a negative place
            counts from the window's end. Defaults to (-1,), the last frame.
        keypoint_scores, pose_visible (np.ndarray | Tensor, optional): Of shape (N, J). Defaults
            to ones.
        check (bool): Whether to check the data (see :mod:`mmposeaug.datasets.checks`), and
            that the 2D is the projection of the 3D. Defaults to True.
        detected (bool): Whether the 2D comes from a detector and may be off. Defaults to False.
        source (str): What to call the data in messages.

    Raises:
        ValueError: If a check fails; the sentence names the value and the remedy.
    """
    keypoints = torch.as_tensor(keypoints_px).float()
    pose = torch.as_tensor(pose_cam).float()
    check_shapes(keypoints, pose, skeleton, source)
    count, joints = pose.shape[:2]
    if not isinstance(windows, ClipIndex):
        windows = torch.arange(count)[:, None] if windows is None else windows
        windows = ClipIndex.of_windows(windows, source)
    length = windows.num_frames
    bank = PoseBank(
        keypoints_px=keypoints.contiguous(),
        keypoint_scores=_scores_or_ones(keypoint_scores, (count, joints)),
        pose_cam=pose.contiguous(),
        pose_visible=_scores_or_ones(pose_visible, (count, joints)),
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


def _scores_or_ones(values: np.ndarray | Tensor | None, shape: tuple[int, int]) -> Tensor:
    if values is None:
        return torch.ones(1, 1).expand(shape)
    scores = as_one(torch.as_tensor(values).float())
    return scores if is_one(scores) else scores.contiguous()


def _index_or(values: np.ndarray | Tensor | None, default: Tensor) -> Tensor:
    return (default if values is None else torch.as_tensor(values)).long().contiguous()


@POSE_READERS.register_module(name=['Human36mDataset', 'MocapDataset'])
def read_human36m(
    cfg: Mapping[str, Any], skeleton: Skeleton | None, subset_seed: int, check: bool
) -> PoseBank:
    """Read annotation files of MMPose's ``Human36mDataset`` and of :class:`MocapDataset`.

    Options for images, pipelines and workers are ignored, and so is ``factor_file``.
    """
    refuse_unknown(cfg)
    _refuse_unsupported(cfg)
    data_root = cfg.get('data_root')
    ann_file = join_root(cfg.get('ann_file') or '', data_root)
    require_file(ann_file, 'annotation file', 'ann_file')
    skeleton = skeleton or skeleton_of_cfg(cfg)
    camera_dicts = load_camera_dicts(join_root(cfg['camera_param_file'], data_root))
    keep_frames = cfg.get('keep_frames', 'all')
    check_keep_frames(keep_frames, has_cameras=True)
    detected = cfg.get('keypoint_2d_src', 'gt') == 'detection'
    det_file = find_detections(cfg.get('keypoint_2d_det_file'), data_root) if detected else None
    pad = cfg.get('pad_portrait', False)

    with open_pairs(ann_file, det_file, skeleton) as file:
        clips = window_rule(cfg).num_frames > 1
        index, numbers = read_names(file.names, numbered=clips)
        seen = read_keypoints(file, index, camera_dicts, keep_frames, pad)
        if pad:
            camera_dicts = pad_portrait_cameras(camera_dicts)
        cameras = CameraSet.from_dicts(camera_dicts)
        windows = select_windows(
            cfg, index, seen.positive, repr(ann_file), subset_seed, seen.usable
        )
        if clips:
            shown = windows.frames_at(0).numpy()
            warn_of_gaps(numbers, file.names.row, index, shown, repr(ann_file))
        kept, windows = windows.compact(len(index.of_frame))
        keypoints_px, scores = seen.of(kept)
        del seen  # before the 3D is read
        pose, visible = read_poses(file.poses, kept.numpy())

    used, video = np.unique(index.of_frame[kept.numpy()], return_inverse=True)
    videos = [index.videos[i] for i in used]
    subjects = sorted({subject for subject, _, _ in videos})
    camera_of_video = cameras.lookup([(s, c) for s, _, c in videos], source=repr(ann_file))
    subject_of_video = np.array([subjects.index(subject) for subject, _, _ in videos])
    return make_pose_bank(
        keypoints_px=keypoints_px,
        pose_cam=pose,
        cameras=cameras,
        skeleton=skeleton,
        camera_index=camera_of_video[torch.from_numpy(video)],
        subject_index=subject_of_video[video],
        subjects=subjects,
        windows=windows,
        target_frames=window_rule(cfg).target_frames,
        keypoint_scores=scores,
        pose_visible=visible,
        frame_index=kept,
        check=check,
        detected=detected,
        source=repr(ann_file),
    )


def refuse_unknown(cfg: Mapping[str, Any]) -> None:
    """Refuse options that the dataset class would refuse, such as misspelt ones."""
    dataset_class = class_of_cfg(cfg)
    known: set[str] = set()
    for base in dataset_class.__mro__:
        if '__init__' in vars(base):
            known |= set(inspect.signature(base.__init__).parameters)
    known -= {'self', 'args', 'kwargs'}
    require_known(dataset_class.__name__, sorted(set(cfg) - {'type', '_scope_'}), sorted(known))


def _refuse_unsupported(cfg: Mapping[str, Any]) -> None:
    """Refuse configs that give no pairs of 2D and 3D."""
    if not cfg.get('camera_param_file'):
        raise ValueError(
            'The training dataset has no cameras, which augmented poses are projected through; set '
            'train_dataloader.dataset.camera_param_file (cameras.pkl or .json).'
        )
    require_choice('data_mode', cfg.get('data_mode', 'topdown'), ('topdown',))
    require_choice('keypoint_2d_src', cfg.get('keypoint_2d_src', 'gt'), ('gt', 'detection'))


@POSE_READERS.register_module(name=['ConcatDataset', 'CombinedDataset'])
def read_joined(
    cfg: Mapping[str, Any], skeleton: Skeleton | None, subset_seed: int, check: bool
) -> PoseBank:
    """Read the parts of a joined dataset one by one."""
    if cfg.get('sample_ratio_factor') or cfg.get('indices') is not None:
        raise ValueError(
            'sample_ratio_factor and indices of a joined dataset are not supported; use indices or '
            'subset_frac of its parts.'
        )
    parts = [
        load_pose_bank(part, skeleton, subset_seed + i, check)
        for i, part in enumerate(cfg['datasets'])
    ]
    if cfg.get('metainfo') and parts and skeleton is None:
        own = skeleton_of_cfg(dict(inner_dataset(cfg), metainfo=cfg['metainfo']))
        for part in parts:
            if (own.joint_names, own.parents) != (part.skeleton.joint_names, part.skeleton.parents):
                raise ValueError(
                    f'The metainfo {own.name!r} of the joined dataset is not that of its parts, '
                    f'{part.skeleton.name!r}; give each part the same metainfo.'
                )
    joined = PoseBank.concat(parts)
    if joined.num_frames > 1:
        warn_of_rates([inner_dataset(part) for part in cfg['datasets']])
    return joined


@POSE_READERS.register_module(name='RepeatDataset')
def read_repeated(
    cfg: Mapping[str, Any], skeleton: Skeleton | None, subset_seed: int, check: bool
) -> PoseBank:
    """Read the inner dataset and list its samples ``times`` times."""
    bank = load_pose_bank(cfg['dataset'], skeleton, subset_seed, check)
    again = torch.arange(len(bank)).repeat(cfg['times'])
    return replace(bank, windows=bank.windows.take(again))
