# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pictures of a lifter's predictions while it is evaluated, with or without images."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.fileio import exists, get
from mmengine.hooks import Hook
from mmpose.registry import HOOKS

from mmposeaug.datasets.images import padding_of
from mmposeaug.datasets.metainfo import tell_tree
from mmposeaug.datasets.samples import camera_image_size, image_name
from mmposeaug.structures import Skeleton
from mmposeaug.visualization.figures import save_png, to_image
from mmposeaug.visualization.gallery import KeypointPanel, Panel, PosePanel, draw_gallery


@HOOKS.register_module()
class LiftingVisualizationHook(Hook):
    """Draws 2D input, predicted and true 3D pose of evaluated samples.

    It takes the options of MMPose's ``PoseVisualizationHook``, which reads the image of every
    sample and so cannot draw lifting data sets. Here an image is drawn where there is one. The
    tools put this hook in the place of the other for every ``PoseLifter``.

    Args:
        enable (bool): Whether to draw. Defaults to False.
        interval (int): Draw every so many samples of each data set. Defaults to 50.
        show (bool): Whether to show pictures in a window. Defaults to False.
        wait_time (float): Seconds that a window stays. Defaults to 0, until it is closed.
        out_dir (str, optional): Folder for PNG files, ``set/image name.png``; those of validations
            in one folder for each epoch. Without it and ``show``, pictures go to the visualizer's
            backends.
        backend_args (dict, optional): How MMEngine reads images. Defaults to None.

    Raises:
        ValueError: If ``interval`` is below 1, or a prediction has not the data set's joints.
    """

    def __init__(
        self,
        enable: bool = False,
        interval: int = 50,
        show: bool = False,
        wait_time: float = 0.0,
        out_dir: str | None = None,
        backend_args: Mapping[str, Any] | None = None,
    ) -> None:
        if interval < 1:
            raise ValueError(
                f'The interval of LiftingVisualizationHook is {interval}; set it to 1 or more.'
            )
        self.enable = enable
        self.interval = interval
        self.show = show
        self.wait_time = wait_time
        self.out_dir = out_dir
        self.backend_args = backend_args
        self._seen: dict[str, int] = {}
        self._drawn = 0

    def before_val_epoch(self, runner: Any) -> None:
        """Count from the first sample again."""
        self._seen, self._drawn = {}, 0

    def before_test_epoch(self, runner: Any) -> None:
        """Count from the first sample again."""
        self._seen, self._drawn = {}, 0

    def after_val_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Draw samples of a validation batch.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Number of the batch.
            data_batch (dict): The batch.
            outputs (Sequence[PoseDataSample]): What the model predicted.
        """
        if self.enable:
            self._draw_batch(runner, runner.val_loop, outputs, f'epoch_{runner.epoch}')

    def after_test_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Draw samples of a test batch.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Number of the batch.
            data_batch (dict): The batch.
            outputs (Sequence[PoseDataSample]): What the model predicted.
        """
        if self.enable:
            self._draw_batch(runner, runner.test_loop, outputs, '')

    def after_test_epoch(self, runner: Any, metrics: Any = None) -> None:
        """Say where the pictures are."""
        if self.enable and self.out_dir is not None:
            runner.logger.info(f'{self._drawn} pictures of predictions are in {self.out_dir}')

    # ------------------------------------------------------------------- draw
    def _draw_batch(self, runner: Any, loop: Any, outputs: Sequence[Any], folder: str) -> None:
        name, dataset = _current_set(loop)
        if not name:  # the loops for several sets have told their data sets
            loader = runner.cfg.get('val_dataloader' if folder else 'test_dataloader') or {}
            tell_tree(dataset, loader.get('dataset'))
        skeleton = Skeleton.from_metainfo(dataset.metainfo)
        for sample in outputs:
            number = self._seen.get(name, 0)
            self._seen[name] = number + 1
            if number % self.interval:
                continue
            figure, stem = self._draw_sample(sample, dataset, skeleton, number)
            self._drawn += 1
            if self.out_dir is not None:
                save_png(figure, Path(self.out_dir, folder, name, f'{stem}.png'), colors=None)
            if self.show:
                runner.visualizer.show(to_image(figure), stem, wait_time=self.wait_time)
            elif self.out_dir is None:
                tag = f'{name}_{stem}' if name else stem
                runner.visualizer.add_image(tag, to_image(figure), step=runner.iter)

    def _draw_sample(
        self, sample: Any, dataset: Any, skeleton: Skeleton, number: int
    ) -> tuple[Any, str]:
        """The picture of one sample and the name that its file gets."""
        pred = _middle_pose(sample.pred_instances.keypoints, skeleton)
        truth = None
        if 'gt_instances' in sample and 'lifting_target' in sample.gt_instances:
            truth = _middle_pose(sample.gt_instances.lifting_target, skeleton)
            truth = truth - truth[skeleton.root]
        pred = pred - pred[skeleton.root]
        image_file = image_name(sample.get('target_img_path', None), middle=True)
        panels: list[Panel] = []
        titles = []
        keypoints = self._keypoints(sample, dataset)
        if keypoints is not None:
            image = self._image(image_file, dataset)
            size = _image_size(image, sample, dataset, keypoints)
            panels.append(KeypointPanel(keypoints, size, image=image))
            titles.append('2D input')
        text = ''
        if truth is not None:
            others = [j for j in range(skeleton.num_joints) if j != skeleton.root]
            error = np.linalg.norm(pred - truth, axis=-1)[others].mean()
            text = f'mean joint error {1000 * error:.0f} mm'
        panels.append(PosePanel(pred, text, truth))
        titles.append('Predicted 3D')
        if truth is not None:
            panels.append(PosePanel(truth))
            titles.append('True 3D')
        stem = os.path.basename(image_file or '') or f'{number:06d}'
        stem = os.path.splitext(stem)[0]
        ghost = '' if truth is None else 'truth'
        return draw_gallery([panels], skeleton, titles, title=stem, ghost_label=ghost), stem

    def _keypoints(self, sample: Any, dataset: Any) -> np.ndarray | None:
        """The 2D keypoints (K, 2) of the target frame in pixels, None where they are unknown."""
        number = sample.get('id', None)
        if not isinstance(number, (int, np.integer)) or not 0 <= number < len(dataset):
            return None
        info = dataset.get_data_info(int(number))
        keypoints = info.get('keypoints')
        if keypoints is None or info.get('id') != number:
            return None
        frames = np.asarray(keypoints).reshape(-1, *np.shape(keypoints)[-2:])
        causal = getattr(dataset, 'causal', False) and not getattr(dataset, 'multiple_target', 0)
        return frames[-1 if causal else len(frames) // 2]

    def _image(self, name: str | None, dataset: Any) -> np.ndarray | None:
        """RGB of an image file, None where there is none."""
        if name is None:
            return None
        path = os.path.join((getattr(dataset, 'data_prefix', None) or {}).get('img', ''), name)
        if not exists(path, backend_args=self.backend_args):
            return None
        import mmcv

        content = get(path, backend_args=self.backend_args)
        image = mmcv.imfrombytes(content, channel_order='rgb')
        return _pad_portrait(image) if getattr(dataset, 'pad_portrait', False) else image


def _pad_portrait(image: np.ndarray) -> np.ndarray:
    """A portrait image (H, W, 3) made square, as the keypoints of the data set are."""
    height, width = image.shape[:2]
    padding = float(padding_of(np.array([[width, height]]))[0])
    columns = (int(np.floor(padding)), int(np.ceil(padding)))
    return np.pad(image, ((0, 0), columns, (0, 0)))


def _current_set(loop: Any) -> tuple[str, Any]:
    """Name and data set of what a loop evaluates now; no name where there is only one."""
    for item in getattr(loop, 'sets', ()):
        if item.evaluator is loop.evaluator:
            return item.name, item.dataloader.dataset
    return '', loop.dataloader.dataset


def _middle_pose(poses: Any, skeleton: Skeleton) -> np.ndarray:
    """The middle one of the predicted frames, of shape (J, 3)."""
    array = np.asarray(poses.cpu() if hasattr(poses, 'cpu') else poses)
    if array.shape[-2:] != (skeleton.num_joints, 3):
        raise ValueError(
            f'A pose to draw is of shape {array.shape[-2:]}, the data set has '
            f"{skeleton.num_joints} joints; add 'target_root' to the meta_keys of PackPoseInputs "
            'if the codec removes the root.'
        )
    frames = array.reshape(-1, *array.shape[-2:])
    return frames[len(frames) // 2]


def _image_size(
    image: np.ndarray | None, sample: Any, dataset: Any, keypoints: np.ndarray
) -> tuple[float, float]:
    """Width and height: of the image, of the camera, or what holds the keypoints."""
    if image is not None:
        return image.shape[1], image.shape[0]
    size = camera_image_size(sample, dataset)
    if size is not None:
        return size
    edge = float(np.ceil(1.1 * np.nanmax(keypoints)))
    return edge, edge
