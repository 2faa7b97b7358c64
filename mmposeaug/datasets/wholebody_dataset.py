# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""MMPose's data set of H3WB with cameras that every codec takes, read without running code."""

from __future__ import annotations

from typing import Any

import numpy as np
from mmpose.datasets import H36MWholeBodyDataset
from mmpose.registry import DATASETS

from mmposeaug.fileio import join_root, load_object_npz, require_file

from .cameras import CameraSet
from .keeps_tree import KeepsTree
from .wholebody import TEST, TRAIN, find_cameras, refuse_without_effect, views_of


@DATASETS.register_module()
class WholeBodyDataset(KeepsTree, H36MWholeBodyDataset):
    """H3WB as MMPose's ``H36MWholeBodyDataset``, for validation and test with any codec.

    MMPose's class unpickles the file, which can run code, and gives samples a list of cameras
    without image size and lens. Here numbers are float32, and each sample has its camera.

    Args:
        ann_file (str): ``h3wb_train.npz``.
        data_root (str, optional): Folder of relative paths. Defaults to None.
        camera_param_file (str, optional): Cameras in place of those of ``ann_file``. Defaults to
            None.
        test_mode (bool): Whether to take S7, else S1, S5 and S6. Defaults to False.
        **kwargs: Other options of ``H36MWholeBodyDataset``.

    Raises:
        FileNotFoundError: If the file is missing.
        ValueError: If it is not H3WB's, a camera is missing, or an option has no effect.
    """

    def __init__(
        self,
        ann_file: str = '',
        *,
        data_root: str | None = None,
        camera_param_file: str | None = None,
        test_mode: bool = False,
        **kwargs: Any,
    ) -> None:
        refuse_without_effect(kwargs)
        self._camera_file = camera_param_file and join_root(camera_param_file, data_root)
        self._wanted = TEST if test_mode else TRAIN
        require_file(join_root(ann_file, data_root), 'annotation file', 'ann_file')
        super().__init__(
            test_mode=test_mode, ann_file=ann_file, data_root=data_root or '', **kwargs
        )

    def _load_ann_file(self, ann_file: str) -> None:
        """Read and check the file."""
        content = load_object_npz(ann_file, ('train_data', 'metadata', 'bbox'))
        self.ann_data, self.camera_data = content['train_data'], content['metadata']
        self.bboxes = content['bbox']
        views = list(views_of(self.ann_data, self._wanted, ann_file))
        self._cameras = find_cameras(self._camera_file, self.camera_data, views, ann_file)
        keys = [(subject, name) for (subject, _, name), *_ in views]
        CameraSet.from_dicts(self._cameras).lookup(keys, source=repr(ann_file))  # or refuse
        for (subject, action, name), keypoints, poses in views:
            view = self.ann_data[subject][action][name]
            view['pose_2d'] = keypoints.astype(np.float32)
            view['camera_3d'] = (1000 * poses).astype(np.float32)

    def _load_annotations(self) -> tuple[list[dict], list[dict]]:
        """Give each sample its camera."""
        instances, images = super()._load_annotations()
        for instance in instances:
            *_, subject, _, view, _ = instance['img_path'].replace('\\', '/').split('/')
            instance['camera_param'] = self._cameras[subject, view.rsplit('.', 1)[-1]]
            instance['target_img_path'] = instance['img_path']
        return instances, images
