# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""MMPose's Human3.6M dataset with splits by sequence, safe camera files and early checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmpose.datasets import Human36mDataset
from mmpose.registry import DATASETS

from mmposeaug.fileio import join_root, load_npz, require_file
from mmposeaug.structures import Skeleton

from .camera_files import CameraDict, load_camera_dicts
from .cameras import CameraSet
from .checks import check_joint_count, find_detections, read_keypoints
from .clip_index import ClipRows
from .frame_gaps import warn_of_gaps
from .frames import FrameSelection, VideoIndex, as_text, frame_numbers, index_videos
from .images import (
    check_keep_frames,
    image_sizes,
    pad_portrait_cameras,
    pad_portrait_keypoints,
    padding_of,
    usable_frames,
)
from .joint_order import check_joint_order, sample_step
from .keeps_tree import KeepsTree
from .windows import WINDOW_OPTIONS, select_windows


@DATASETS.register_module()
class MocapDataset(KeepsTree, Human36mDataset):
    """Human3.6M-shaped annotation files, whole or split by sequence.

    Everything that ``Human36mDataset`` offers, and: part of the sequences, of the frames or of the
    subjects; ``subset_frac`` from an explicit seed; cameras from a pickle that cannot run code, or
    from JSON; sentences for missing files and arrays; a dataset that can be copied and sent to
    workers. :class:`PoseBank` selects the same samples from the same config.

    Args:
        ann_file (str): Annotation file (npz) with ``imgname``, ``part`` and ``S``.
        data_root (str, optional): Folder of relative paths. Defaults to None.
        camera_param_file (str, optional): Cameras, ``.pkl`` or ``.json``. Defaults to None.
        split (Mapping, optional): ``dict(part='train' | 'val', val_fraction=0.1, seed=0)``, see
            :class:`FrameSelection`. Defaults to None, all sequences.
        frame_step (int): Keep every n-th frame of each video. Defaults to 1.
        subjects (Sequence[str], optional): Keep these subjects only. Defaults to None, all.
        subset_seed (int): Draws where the part begins that ``subset_frac`` keeps. Defaults to 0.
        keep_frames (str): Which frames may be lifting targets: ``'all'``; ``'detected'``, those
            with a 2D keypoint whose score (or visibility) is above 0; ``'inside'``, of these
            those whose keypoints with a score above 0 are all inside the image. Defaults to
            ``'all'``.
        pad_portrait (bool): Whether to make portrait images square, see
            :mod:`mmposeaug.datasets.images`: keypoints, boxes and cameras are those of an
            image with columns added left and right. Defaults to False.
        keypoint_2d_src (str): See ``Human36mDataset``. Defaults to ``'gt'``.
        keypoint_2d_det_file (str, optional): See ``Human36mDataset``.
        **kwargs: Other options of ``Human36mDataset``.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If an array is missing or misshapen, a camera is missing, nothing is left, or
            an option needs cameras and there are none.
    """

    def __init__(
        self,
        ann_file: str = '',
        *,
        data_root: str | None = None,
        camera_param_file: str | None = None,
        split: Mapping[str, Any] | None = None,
        frame_step: int = 1,
        subjects: Sequence[str] | None = None,
        subset_seed: int = 0,
        keep_frames: str = 'all',
        pad_portrait: bool = False,
        keypoint_2d_src: str = 'gt',
        keypoint_2d_det_file: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._selection = dict(
            split=split, frame_step=frame_step, subjects=subjects, subset_seed=subset_seed
        )
        FrameSelection(split, frame_step, subjects)  # refuses bad options before files are read
        check_keep_frames(keep_frames, bool(camera_param_file))
        if pad_portrait and not camera_param_file:
            raise ValueError('pad_portrait=True pads cameras too; set camera_param_file.')
        self.keep_frames, self.pad_portrait = keep_frames, pad_portrait
        self._camera_path: str | None = None
        self.camera_param: CameraDict = {}
        if camera_param_file:
            self._camera_path = join_root(camera_param_file, data_root)
            self.camera_param = self._load_cameras(self._camera_path)
        self._detected = keypoint_2d_src == 'detection'
        if self._detected:
            find_detections(keypoint_2d_det_file, data_root)  # the parent joins the folder itself
        require_file(join_root(ann_file, data_root), 'annotation file', 'ann_file')
        super().__init__(
            ann_file=ann_file,
            data_root=data_root or '',
            camera_param_file=None,  # the parent would unpickle it; see load_data_list
            keypoint_2d_src=keypoint_2d_src,
            keypoint_2d_det_file=keypoint_2d_det_file,
            **kwargs,
        )

    def _load_cameras(self, path: str) -> CameraDict:
        """Read the camera file."""
        return load_camera_dicts(path)

    def _load_arrays(self, ann_file: str) -> dict[str, np.ndarray]:
        """Read the annotation file."""
        return load_npz(ann_file)

    def _load_ann_file(self, ann_file: str) -> None:
        """Read the arrays into memory; an open file could not be copied or sent to workers."""
        self.ann_data = self._load_arrays(ann_file)
        det_file = self.keypoint_2d_det_file if self._detected else None
        keypoints = read_keypoints(self.ann_data, ann_file, det_file)
        self.ann_data['imgname'] = as_text(self.ann_data['imgname'])
        self._source = repr(ann_file)
        self._index: VideoIndex | None = index_videos(self.ann_data['imgname'])
        self._detections: np.ndarray | None = None
        if self._detected:
            keypoints = keypoints.astype(np.float32)
        sizes = image_sizes(self._index, self.camera_param)[self._index.of_frame]
        self._usable = usable_frames(self.keep_frames, keypoints, sizes)
        if self.pad_portrait:
            keypoints = pad_portrait_keypoints(keypoints, sizes)
            if 'center' in self.ann_data:
                padding = padding_of(sizes)
                self.ann_data['center'] = self.ann_data['center'] + padding[:, None] * [1, 0]
            self.camera_param = pad_portrait_cameras(self.camera_param)
        if self._detected:
            self._detections = keypoints  # which the parent asks for when it makes the samples
        else:
            self.ann_data['part'] = keypoints

    def get_sequence_indices(self) -> Sequence[list[int]]:
        """Rows of the annotation file that form each sample."""
        index = self._index
        assert index is not None
        options = {name: getattr(self, name) for name in (*WINDOW_OPTIONS, 'subset_frac')}
        options.update(self._selection)
        windows = select_windows(options, index, None, self._source, usable=self._usable)
        shown = windows.frames_at(0).numpy()
        if windows.num_frames > 1:
            names = self.ann_data['imgname']
            warn_of_gaps(frame_numbers(names), names.__getitem__, index, shown, self._source)
        if self._camera_path:
            used = np.unique(index.of_frame[shown])
            keys = [(index.videos[i][0], index.videos[i][2]) for i in used]
            CameraSet.from_dicts(self.camera_param).lookup(keys, source=self._source)
        return ClipRows(windows)

    def load_data_list(self) -> list[dict]:
        """Make the samples, with their cameras."""
        self.camera_param_file = self._camera_path
        self.check_joints()
        return super().load_data_list()

    def check_joints(self) -> None:
        """Refuse poses of other joints than the metainfo's, or in another order."""
        meta = self.metainfo
        check_joint_count(
            self.ann_data['S'].shape[1], meta['num_keypoints'], meta['dataset_name'], self._source
        )
        self._check_joint_order()

    def _check_joint_order(self) -> None:
        """Look at the bones, where the metainfo is a tree."""
        try:
            skeleton = Skeleton.from_metainfo(self.metainfo)
        except ValueError:
            if {'root', 'add_links', 'drop_links'} & self.metainfo.keys():
                raise  # of options that are meant for the tree
            return
        sample = self.ann_data['S'][:: sample_step(len(self.ann_data['S']))]
        joints = torch.from_numpy(sample.astype(np.float32))
        check_joint_order(joints[..., :3], joints[..., 3], skeleton, self._source)

    def _load_annotations(self) -> tuple[list[dict], list[dict]]:
        """Give each sample the box of its own target frame (the parent takes the n-th row's)."""
        instances, images = super()._load_annotations()
        target = -1 if self.causal or self.multiple_target else self.seq_len // 2
        for instance, frames in zip(instances, self.sequence_indices):
            row = frames[target]
            if 'center' in self.ann_data:
                instance['center'] = self.ann_data['center'][row].astype(np.float32).reshape(1, -1)
            if 'scale' in self.ann_data:
                instance['scale'] = self.ann_data['scale'][row].astype(np.float32)
        return instances, images

    def _load_keypoint_2d_detection(self, det_file: str) -> np.ndarray:
        """The 2D detections, which were read with the annotation file."""
        assert self._detections is not None
        return self._detections

    def full_init(self) -> None:
        """Make the samples and drop the arrays that they were made from."""
        super().full_init()
        self.ann_data = {}
        self._index = self._usable = self._detections = None
