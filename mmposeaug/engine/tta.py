# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Flip at test time for any lifter: the mean of a prediction and its mirror image's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmposeaug.codecs import build_codec, find_train_codec
from mmposeaug.datasets.samples import camera_image_size, image_name
from mmposeaug.geometry import flip_pose


class FlipTest:
    """Average each root-relative prediction with the one for the mirrored keypoints.

    The network sees the keypoints as a mirrored image would show them (u becomes width - u,
    left and right swapped); its answer is mirrored back. MMPose's own ``test_cfg.flip_test`` of
    a lifter works with MotionBERT's head alone; this one works with every lifter whose codec
    has a twin in :mod:`mmposeaug.codecs`. The position of the root is that of the prediction
    without flip.

    Args:
        dataset (BaseDataset): The evaluated data set: its pipeline gives the codec,
            its cameras the image sizes, its metainfo the mirror partners.
        name (str): Name of the set, for messages. Defaults to ``''``.
        image_size (Sequence[int], optional): Width and height in pixels of all images whose
            camera is not known.

    Raises:
        ValueError: If codec or mirror partners are unknown; when called, if the codec needs
            an image size that is not known, or a prediction lacks joints.
    """

    def __init__(
        self, dataset: Any, name: str = '', image_size: Sequence[int] | None = None
    ) -> None:
        self.where = f'flip_test on the set {name!r}' if name else 'flip_test'
        transforms = getattr(getattr(dataset, 'pipeline', None), 'transforms', None)
        if transforms is None:
            raise ValueError(
                f'{self.where} finds no pipeline in a {type(dataset).__name__}; evaluate plain '
                'data sets one by one through sets, or switch flip_test off.'
            )
        if image_size is not None and len(image_size) != 2:
            raise ValueError(f'image_size must be (width, height), got {image_size!r}.')
        self.dataset = dataset
        self.codec = build_codec(find_train_codec(transforms))
        self.flip_indices = list(dataset.metainfo.get('flip_indices') or ())
        if len(self.flip_indices) != self.codec.num_keypoints:
            raise ValueError(
                f'{self.where}: the metainfo pairs {len(self.flip_indices)} joints, the codec '
                f'has num_keypoints={self.codec.num_keypoints}; make them agree.'
            )
        self.image_size = image_size

    def __call__(
        self,
        step: Callable[[Mapping[str, Any]], Sequence[Any]],
        data_batch: Mapping[str, Any],
        outputs: Sequence[Any],
    ) -> Sequence[Any]:
        """Average the predictions of one batch."""
        poses = self._poses(outputs)
        inputs = data_batch['inputs']
        stacked = inputs if isinstance(inputs, Tensor) else torch.stack(list(inputs))
        flipped = self._flip_inputs(stacked, data_batch['data_samples'])
        batch = dict(
            data_batch,
            inputs=flipped if inputs is stacked else list(flipped),
            # without ground truth, which MMEngine would copy sample by sample
            data_samples=[self._mirrored(sample) for sample in data_batch['data_samples']],
        )
        mirrored = self._poses(step(batch)[: len(outputs)])
        for output, pose in zip(outputs, self.mean(poses, mirrored)):
            instances = output.pred_instances
            is_tensor = isinstance(instances.keypoints, Tensor)
            instances.keypoints = pose if is_tensor else pose.numpy()
        return outputs

    def mirror(self, inputs: Tensor, image_size: Tensor | None) -> Tensor:
        """Inputs of the mirrored images, whose sizes (B, 2) may be known by the cameras."""
        if image_size is None and self.image_size is not None:
            image_size = inputs.new_tensor(self.image_size).expand(len(inputs), 2)
        return self.codec.flip_input(inputs, self.flip_indices, image_size)

    def mean(self, poses: Tensor, mirrored: Tensor) -> Tensor:
        """Mean of poses (B, ..., K, 3) and of those of the mirrored images, at their roots."""
        root = self._root(poses)
        back = flip_pose(mirrored - self._root(mirrored), self.flip_indices)
        return (poses - root + back) / 2 + root

    def _mirrored(self, sample: Any) -> Any:
        """A sample without data that is decoded as one of the mirrored image."""
        mirrored = sample.new(data={})
        if 'target_root' in mirrored:
            root = self.codec.flip_target_root(mirrored.target_root)
            mirrored.set_metainfo(dict(target_root=root))
        return mirrored

    def _poses(self, outputs: Sequence[Any]) -> Tensor:
        """Predicted joints (B, ..., K, 3)."""
        poses = [output.pred_instances.keypoints for output in outputs]
        is_tensor = isinstance(poses[0], Tensor)
        stacked = torch.stack(poses) if is_tensor else torch.from_numpy(np.stack(poses))
        if stacked.shape[-2] != self.codec.num_keypoints:
            raise ValueError(
                f'{self.where}: the model predicts {stacked.shape[-2]} of '
                f"{self.codec.num_keypoints} joints; add 'target_root' to the meta_keys of "
                'PackPoseInputs if its codec removes the root.'
            )
        return stacked

    def _root(self, poses: Tensor) -> Tensor:
        return poses[..., list(self.codec.root_index), :].mean(dim=-2, keepdim=True)

    def _flip_inputs(self, inputs: Tensor, samples: Sequence[Any]) -> Tensor:
        sizes = [self._size(sample) for sample in samples]
        unknown = sizes.index(None) if None in sizes else None
        image_size = None if unknown is not None else inputs.new_tensor(sizes)
        try:
            return self.codec.flip_input(inputs, self.flip_indices, image_size)
        except ValueError as error:
            if unknown is None:
                raise
            path = samples[unknown].get('target_img_path', None)
            image = image_name(path) or f'number {unknown} of a batch'
            raise ValueError(
                f'{self.where} needs the size of the image {image!r}, whose camera is not known; '
                'set camera_param_file of the data set, or image_size=(width, height) of the '
                'loop.'
            ) from error

    def _size(self, sample: Any) -> Sequence[float] | None:
        """Width and height of a sample's image, from its camera where there is one."""
        return camera_image_size(sample, self.dataset) or self.image_size
