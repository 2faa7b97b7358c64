# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A data set that is evaluated on tensors: its batches, from keypoints to poses to compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.dataset import DefaultSampler
from mmpose.datasets.transforms import GenerateTarget, PackPoseInputs
from torch import Tensor, nn

from mmposeaug.codecs import TensorCodec, build_codec, step_names
from mmposeaug.codecs.adapter import lifter_outputs
from mmposeaug.datasets.evaluated import check_readable, read_samples

from .lifter_checks import check_inputs
from .tta import FlipTest

_LOADER_OPTIONS = frozenset(
    {
        'batch_size',
        'dataset',
        'disable_subprocess_warning',
        'drop_last',
        'num_workers',
        'persistent_workers',
        'pin_memory',
        'prefetch_factor',
        'sampler',
    }
)
_STEPS = (GenerateTarget, PackPoseInputs)
_BLOCK_FRAMES = 4096
"""int: Frames that the lifter is given at once, where batches are smaller; bounds the memory."""


class Poses(NamedTuple):
    """Poses of a batch, of shapes (B, T', K, 3), (B, T', K, 3), (B, T', K), and their names."""

    pred: np.ndarray
    truth: np.ndarray
    visible: np.ndarray
    names: np.ndarray | None


class TensorSet:
    """The samples of a data loader's config on tensors.

    They are read once, in the data set's order, and stay on the CPU.

    Args:
        dataloader (Mapping): Config of a data loader.

    Raises:
        KeyError: If a camera is missing.
        ValueError: If it has something that tensors leave out; the sentence says what.
    """

    def __init__(self, dataloader: Mapping[str, Any]) -> None:
        sampler = _check_loader(dataloader)
        check_readable(dataloader['dataset'])
        _check_steps(step_names(dataloader['dataset'].get('pipeline') or ()))
        self.samples = read_samples(dataloader['dataset'])
        bank = self.samples.bank
        self.encoder, self.meta_keys = _read_pipeline(self.samples.pipeline.transforms)
        self.batch_size: int = dataloader['batch_size']
        own = DefaultSampler(
            range(len(bank)), shuffle=False, seed=0, round_up=sampler.get('round_up', True)
        )
        self.order = torch.tensor(list(own), dtype=torch.long)
        self._check_data()

    def __len__(self) -> int:
        return len(self.samples.bank)

    @property
    def num_batches(self) -> int:
        """int: Batches of this process."""
        return -(-len(self.order) // self.batch_size)

    def poses(self, lifter: nn.Module, flip: FlipTest | None = None) -> Iterator[Poses]:
        """Lift all samples of this process.

        Args:
            lifter (PoseLifter): The lifter, not wrapped, in eval mode.
            flip (FlipTest, optional): How to flip. Defaults to None, not at all.

        Yields:
            Poses: One batch of the data loader after the other.
        """
        size = self.batch_size
        decoder = build_codec(lifter.head.decoder)  # type: ignore[union-attr]
        single = self.samples.bank.num_frames == 1  # of clips, small batches stay in the cache
        at_once = size * max(_BLOCK_FRAMES // size, 1) if single else size
        for block in self.order.split(at_once):
            pred, truth, visible = self._lift(block, lifter, decoder, flip)
            names = None
            if 'target_img_path' in self.meta_keys:
                names = self.samples.target_names(block)
            for start in range(0, len(block), size):
                part = slice(start, start + size)
                yield Poses(
                    pred[part], truth[part], visible[part], None if names is None else names[part]
                )

    def lacks_sizes(self, flip: FlipTest | None) -> bool:
        """Whether a flip needs the images' sizes and they are not known."""
        return flip is not None and not (self.samples.has_cameras or flip.image_size)

    @torch.no_grad()
    def _lift(
        self, index: Tensor, lifter: nn.Module, decoder: TensorCodec, flip: FlipTest | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Predicted and true poses (B, T', K, 3), and visible joints (B, T', K)."""
        bank, codec = self.samples.bank, self.encoder
        batch = bank.gather(index)
        targets = list(bank.target_frames)
        truth = batch.pose_cam[:, targets].double()
        known = self.samples.has_cameras
        size, cameras = (batch.image_size, batch.intrinsics) if known else (None, None)
        x, view = codec.encode(batch.keypoints_px, size, batch.keypoint_scores, cameras)
        if view is not None and view.shape[1] > 1:
            view = view[:, targets]
        codec.check_targets(truth, view, batch.keypoint_scores)
        device = next(lifter.parameters()).device

        def lift(x: Tensor, view: Tensor | None) -> Tensor:
            output = lifter_outputs(lifter, x.to(device))[0].cpu().double()
            if output.ndim == 3:
                output = output.unsqueeze(1)
            return decoder.restore(output, truth, size, cameras, _double(view))

        pred = lift(x, view)
        if flip is not None:
            mirrored = lift(flip.mirror(x, size), codec.flip_view(view))
            pred = flip.mean(pred, mirrored)
        compared = codec.evaluated_target(truth, size, cameras).float()
        return pred.numpy(), compared.numpy(), (batch.pose_visible[:, targets] != 0).numpy()

    def _check_data(self) -> None:
        """Refuse what the codec of MMPose refuses, or mends, sample by sample."""
        codec, bank = self.encoder, self.samples.bank
        if codec.num_keypoints != bank.skeleton.num_joints:
            raise ValueError(
                f'its codec is for {codec.num_keypoints} of {bank.skeleton.num_joints} joints'
            )
        if (codec.needs_image_size or codec.needs_intrinsics) and not self.samples.has_cameras:
            raise ValueError('its codec needs cameras, and it has none')
        causal, targets = getattr(codec, 'causal', None), bank.target_frames
        if causal is not None and len(targets) != bank.num_frames:
            frame = bank.num_frames - 1 if causal else bank.num_frames // 2
            if targets != (frame,):
                raise ValueError('its codec has another target frame')
        # MMPose's codec mends those not found
        check_inputs(codec, bank, scores=torch.ones_like(bank.keypoint_scores), what='')


def _double(view: Tensor | None) -> Tensor | None:
    return None if view is None else view.double()


def _check_loader(dataloader: Mapping[str, Any]) -> Mapping[str, Any]:
    """The sampler's config of a data loader that only gives samples in their order."""
    if not isinstance(dataloader, Mapping) or not isinstance(dataloader.get('dataset'), Mapping):
        raise ValueError('its data loader or data set is built already')
    others = sorted(key for key in set(dataloader) - _LOADER_OPTIONS if dataloader[key] is not None)
    sampler = dataloader.get('sampler')
    if dataloader.get('drop_last', False):
        others = ['drop_last', *others]
    if others:
        raise ValueError(f'its data loader has {others[0]}')
    if 'batch_size' not in dataloader or not isinstance(sampler, Mapping):
        raise ValueError('its data loader has no batch_size or no config of a sampler')
    size = dataloader['batch_size']
    if not isinstance(size, int) or size < 1:
        raise ValueError(f'its batch_size is {size!r}')
    odd = sorted(set(sampler) - {'type', 'shuffle', 'seed', 'round_up'})
    if odd:
        raise ValueError(f'its sampler has {odd[0]}')
    if not dataloader.get('num_workers') and (
        dataloader.get('persistent_workers') or dataloader.get('prefetch_factor')
    ):
        raise ValueError('its data loader has options of workers and no workers')
    kind = sampler.get('type')
    if kind not in ('DefaultSampler', DefaultSampler) or sampler.get('shuffle', True):
        raise ValueError('its sampler is no DefaultSampler with shuffle=False')
    return sampler


def _check_steps(names: Sequence[str]) -> None:
    """Refuse a pipeline that does more than to encode."""
    if list(names) != [step.__name__ for step in _STEPS]:
        raise ValueError(
            f'its pipeline is {", ".join(names) or "empty"}, and not GenerateTarget, PackPoseInputs'
        )


def _read_pipeline(transforms: Sequence[Any]) -> tuple[TensorCodec, Sequence[str]]:
    """The codec of a pipeline that does nothing but encode, and what it packs."""
    if [type(step) for step in transforms] != list(_STEPS):
        raise ValueError("its pipeline has a GenerateTarget or PackPoseInputs that is not MMPose's")
    target, pack = transforms
    if isinstance(target.encoder, list):
        raise ValueError('its GenerateTarget has a list of encoders')
    codec = build_codec(target.encoder)
    needed = ['target_root'] if not codec.needs_root_depth else ['factor', 'camera_param']
    missing = [key for key in needed if key not in pack.meta_keys]
    if missing:
        raise ValueError(f'{missing[0]!r} is not among the meta_keys of PackPoseInputs')
    return codec, pack.meta_keys
