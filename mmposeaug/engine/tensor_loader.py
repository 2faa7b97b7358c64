# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Shuffled batches of a pose bank, with the face of a data loader that MMEngine's hooks read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.dist import get_dist_info
from torch import Tensor

from mmposeaug.datasets import PoseBank, PoseBatch


@dataclass(frozen=True)
class BankDataset:
    """What hooks want of a dataset: its size and metainfo."""

    bank: PoseBank
    metainfo: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.bank)


class TensorLoader:
    """Draws index batches from a :class:`mmposeaug.datasets.PoseBank`.

    Every process holds the whole bank and takes its share of one common permutation, so that all
    processes see the same number of batches. What does not fill a batch is left for another
    epoch, whose permutation is another one.

    Args:
        bank (PoseBank): The training pairs.
        batch_size (int): Samples in a batch of this process.
        metainfo (Mapping): MMPose's parsed dataset metainfo.

    Attributes:
        length (int): Number of lifter updates in the current epoch, ``len()`` of the loader; the
            loop sets it when an epoch has several passes.

    Raises:
        ValueError: If the batch is larger than this process's share of the bank.
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
        """Index batches of one pass over the bank.

        Args:
            generator (torch.Generator): CPU generator in the same state in every process.

        Returns:
            Iterator[Tensor]: Indices of shape (batch_size,) on the bank's device.
        """
        order = torch.randperm(len(self.bank), generator=generator)
        own = order[self.rank : self.share * self.world_size : self.world_size]
        own = own[: self.batches_per_pass * self.batch_size].to(self.bank.device)
        yield from own.split(self.batch_size)
