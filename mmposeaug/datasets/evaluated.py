# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The samples of an MMPose data set as tensors, in its order, without an object for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.registry import DATASETS
from mmpose.datasets import Human36mDataset
from torch import Tensor

from mmposeaug.structures import Skeleton

from .cameras import CameraSet
from .clip_index import ClipIndex, ClipRows
from .frames import as_text, index_videos
from .metainfo import class_of_cfg, tell_tree
from .mocap_dataset import MocapDataset
from .pose_bank import PoseBank
from .windows import chosen_windows, shows_any, valid_windows, window_rule

_PACKAGES = ('mmengine', 'mmpose', 'mmposeaug')
# what makes samples of the arrays; a class that does it in its own way is left to it
_METHODS = (
    '__getitem__',
    '__len__',
    '_get_topdown_data_infos',
    '_get_unserialized_subset',
    '_is_valid_instance',
    '_load_annotations',
    '_parse_h36m_imgname',
    'filter_data',
    'full_init',
    'get_camera_param',
    'get_data_info',
    'load_data_list',
    'prepare_data',
)


@dataclass(frozen=True)
class EvaluatedSamples:
    """Samples of a data set in its order.

    Args:
        bank (PoseBank): The samples, and the frames that they show.
        names (np.ndarray): Name of each frame's image, of shape (N,).
        has_cameras (bool): Whether the cameras are known; else those of the bank are NaN.
        metainfo (dict): Metainfo of the data set.
        pipeline (Compose): Its transforms.
    """

    bank: PoseBank
    names: np.ndarray
    has_cameras: bool
    metainfo: dict[str, Any]
    pipeline: Any

    def target_names(self, index: Tensor) -> np.ndarray:
        """Names (B, T') of the images of the samples' targets, by the samples' numbers (B,)."""
        windows = self.bank.windows.take(index)
        rows = [windows.frames_at(place) for place in self.bank.target_frames]
        return self.names[torch.stack(rows, dim=1).numpy()]


def is_of_openmmlab(function: Any) -> bool:
    """Whether a function or method is MMEngine's, MMPose's or this package's."""
    return function.__module__.split('.')[0] in _PACKAGES


def check_readable(cfg: Mapping[str, Any]) -> None:
    """Refuse the config of a data set that :func:`read_samples` cannot read."""
    kind = class_of_cfg(cfg)
    name = getattr(kind, '__name__', str(kind))
    if not (isinstance(kind, type) and issubclass(kind, Human36mDataset)):
        raise ValueError(f'{name} is no Human36mDataset or MocapDataset')
    for method in _METHODS:
        if not is_of_openmmlab(getattr(kind, method)):
            raise ValueError(f'{name} has its own {method}')
    if cfg.get('lazy_init', False) or cfg.get('data_mode', 'topdown') != 'topdown':
        raise ValueError('its lazy_init or data_mode is set')
    if cfg.get('factor_file'):
        raise ValueError('it has a factor_file')
    if not issubclass(kind, MocapDataset) and cfg.get('subset_frac', 1.0) != 1.0:
        raise ValueError(f'{name} draws its subset_frac anew whenever it is built')


def read_samples(cfg: Mapping[str, Any]) -> EvaluatedSamples:
    """Read the samples that the data set of a config would make one by one.

    The data set is built without them, so that selection, detections, cameras and checks are its
    own. Arrays of its file are shared where they are float32 and wholly used.

    Args:
        cfg (Mapping): Config of a data set.

    Returns:
        EvaluatedSamples: The samples; cameras are on the CPU, as everything.

    Raises:
        KeyError: If a camera is missing.
        ValueError: If the data set is no Human36mDataset, makes its samples in its own way, has
            none, or something that tensors leave out.
    """
    check_readable(cfg)
    dataset = DATASETS.build(dict(cfg, lazy_init=True))
    tell_tree(dataset, cfg)
    return _samples_of(dataset)


def _samples_of(dataset: Any) -> EvaluatedSamples:
    """The samples of a data set that has read its file and made no sample."""
    arrays, source = dataset.ann_data, repr(dataset.ann_file)
    missing = {'S', 'part', 'imgname'} - set(arrays)
    if missing:
        raise ValueError(f'{source} has no {sorted(missing)[0]}')
    if isinstance(dataset, MocapDataset):
        dataset.check_joints()
    if dataset.keypoint_2d_src == 'detection':
        keypoints = dataset._load_keypoint_2d_detection(dataset.keypoint_2d_det_file)
    else:
        keypoints = arrays['part']
    metainfo = dataset.metainfo
    joints = metainfo['num_keypoints']
    keypoints = _rows(keypoints, (joints, 3), f'2D keypoints of {source}')
    poses = _rows(arrays['S'], (joints, 4), f'3D poses of {source}')
    names = as_text(np.asarray(arrays['imgname']))
    if not len(keypoints) == len(poses) == len(names):
        raise ValueError(f'the arrays of {source} have different numbers of rows')
    rows = dataset.sequence_indices
    windows = rows.windows if isinstance(rows, ClipRows) else ClipIndex.of_windows(rows, source)
    windows = chosen_windows(valid_windows(windows, shows_any(keypoints), source), dataset._indices)
    if not len(windows):
        raise ValueError(f'{source} has no sample')
    kept, windows = windows.compact(len(names))
    if len(kept) < len(names):
        keypoints, poses, names = (each[kept.numpy()] for each in (keypoints, poses, names))
    cameras, camera_index, has_cameras = _cameras(dataset, names)
    bank = PoseBank(
        keypoints_px=torch.from_numpy(keypoints)[..., :2],
        keypoint_scores=torch.from_numpy(keypoints)[..., 2],
        pose_cam=torch.from_numpy(poses)[..., :3],
        pose_visible=torch.from_numpy(poses)[..., 3],
        camera_index=camera_index,
        subject_index=torch.zeros_like(camera_index),
        windows=windows,
        cameras=cameras,
        skeleton=Skeleton.from_metainfo(metainfo),
        subjects=('subject',),
        target_frames=window_rule(vars(dataset)).target_frames,
    )
    return EvaluatedSamples(bank, names, has_cameras, metainfo, dataset.pipeline)


def _rows(array: Any, shape: tuple[int, ...], what: str) -> np.ndarray:
    """An array (N, *shape) as float32."""
    array = np.asarray(array)
    if array.dtype.kind not in 'fiub' or array.shape[1:] != shape:
        raise ValueError(f'the {what} are of shape {array.shape} and type {array.dtype}')
    return np.ascontiguousarray(array, dtype=np.float32)


def _cameras(dataset: Any, names: np.ndarray) -> tuple[CameraSet, Tensor, bool]:
    """Cameras of the videos, the number (N,) of each frame's, and whether they are known."""
    if not getattr(dataset, 'camera_param', None):
        nothing = CameraSet(
            torch.full((1, 9), torch.nan), torch.full((1, 2), torch.nan), (('', ''),)
        )
        return nothing, torch.zeros(len(names), dtype=torch.long), False
    index = index_videos(names)
    used, first = np.unique(index.of_frame, return_index=True)
    found = {}
    of_video = np.zeros(len(index.videos), dtype=np.int64)
    places: dict[tuple[str, str], int] = {}
    for video, row in zip(used, first):
        subject, _, camera = index.videos[video]
        found[subject, camera] = dataset.get_camera_param(str(names[row]))
        of_video[video] = places.setdefault((subject, camera), len(places))
    return CameraSet.from_dicts(found), torch.from_numpy(of_video[index.of_frame]), True
