# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Shuffled batches of a pose bank, with what MMEngine's hooks read of a data loader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.dist import get_dist_info
from torch import Tensor

from mmposeaug.codecs import step_names
from mmposeaug.datasets import PoseBank, PoseBatch, load_pose_bank
from mmposeaug.datasets.metainfo import metainfo_of_cfg
from mmposeaug.datasets.samples import inner_dataset

FLIPS = ('RandomFlipAroundRoot', 'RandomFlipWithCamera')
"""tuple[str]: Transforms of which the probability counts; the loops mirror cameras too."""

TRANSFORMS = (*FLIPS, 'GenerateTarget', 'PackPoseInputs')
"""tuple[str]: Transforms of lifting pipelines whose effect is kept on tensors."""


@dataclass(frozen=True)
class BankDataset:
    """What hooks need of a dataset: its size and metainfo."""

    bank: PoseBank
    metainfo: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.bank)


class TensorLoader:
    """Draws index batches from a :class:`mmposeaug.datasets.PoseBank`.

    Every process holds the whole bank and takes its share of one common permutation, so that all
    processes see the same number of batches. What does not fill a batch is left for another
    epoch, whose permutation is another one.
    """

    sampler = None

    def __init__(self, bank: PoseBank, batch_size: int, metainfo: Mapping[str, Any]) -> None:
        self.rank, self.world_size = get_dist_info()
        self.share = len(bank) // self.world_size
        if not 1 <= batch_size <= self.share:
            raise ValueError(
                f'train_dataloader.batch_size is {batch_size}, but there are {self.share} training '
                f'samples for this process; set it between 1 and {self.share}.'
            )
        self.bank = bank
        self.batch_size = batch_size
        self.dataset = BankDataset(bank, metainfo)
        self.batches_per_pass = self.share // batch_size
        self.length = self.batches_per_pass

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[PoseBatch]:
        for index in self.epoch(torch.Generator().manual_seed(0)):
            yield self.bank.gather(index)

    def epoch(self, generator: torch.Generator) -> Iterator[Tensor]:
        """Yield index batches (batch_size,) of one pass over the bank, on the bank's device."""
        order = torch.randperm(len(self.bank), generator=generator)
        own = order[self.rank : self.share * self.world_size : self.world_size]
        own = own[: self.batches_per_pass * self.batch_size].to(self.bank.device)
        yield from own.split(self.batch_size)


def build_tensor_loader(
    dataloader: Mapping[str, Any], runner: Any, check_data: bool = True
) -> TensorLoader:
    """Read the data set of a train dataloader config into tensors on the training device."""
    if not isinstance(dataloader, Mapping) or not isinstance(dataloader.get('dataset'), Mapping):
        raise ValueError(
            f'The tensor train loops read the data set from its config, got a built '
            f'{type(dataloader).__name__}; give the runner train_dataloader, and dataset in it, as '
            'a dict.'
        )
    if 'batch_size' not in dataloader:
        raise ValueError(
            'train_dataloader has no batch_size; the tensor train loops need it (they use no '
            'batch_sampler).'
        )
    dataset = dataloader['dataset']
    bank = load_pose_bank(dataset, check=check_data)
    runner.logger.info(f'Training data: {bank}')
    inner = inner_dataset(dataset)
    for sentence in ignored_parts(dataloader, inner.get('pipeline', [])):
        runner.logger.warning(sentence)
    metainfo = metainfo_of_cfg(inner)
    device = next(runner.model.parameters()).device
    return TensorLoader(bank.to(device), dataloader['batch_size'], metainfo)


def ignored_parts(dataloader: Mapping[str, Any], pipeline: Sequence[Any]) -> list[str]:
    """Sentences on parts of a train dataloader that count in MMPose and are ignored here."""
    transforms = [name for name in step_names(pipeline) if name not in TRANSFORMS]
    found = []
    if transforms:
        found.append(
            f'The train pipeline has {", ".join(transforms)}, which the tensor train loops do not '
            'run: only the codec of GenerateTarget and the flips of RandomFlipAroundRoot count; '
            'put other augmentation into train_cfg.augmentor.'
        )
    sampler = dataloader.get('sampler') or {}
    kind = sampler.get('type', 'DefaultSampler')
    name = str(getattr(kind, '__name__', kind)).rsplit('.', 1)[-1]
    if name != 'DefaultSampler' or not sampler.get('shuffle', True):
        found.append(
            f'train_dataloader.sampler {dict(sampler)} is not used: the tensor train loops shuffle '
            'all samples in every epoch.'
        )
    others = [name for name in ('batch_sampler', 'collate_fn') if dataloader.get(name)]
    if others:
        found.append(f'train_dataloader.{" and ".join(others)} are not used by tensor train loops.')
    return found


def flip_probability(pipeline: Sequence[Any]) -> float:
    """Probability of a left/right flip in a train pipeline."""
    for step in pipeline:
        kind = step.get('type') if isinstance(step, Mapping) else type(step)
        if getattr(kind, '__name__', kind) in FLIPS:
            return step.get('flip_prob', 0.5) if isinstance(step, Mapping) else step.flip_prob
    return 0.0
