# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A data loader whose samples are made only when somebody asks for them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from mmposeaug.datasets.evaluated import EvaluatedSamples


class LazyDataset:
    """What is asked of a data set that is evaluated on tensors; for the rest it is built."""

    def __init__(self, samples: EvaluatedSamples, build: Callable[[], Any]) -> None:
        self._length = len(samples.bank)
        self._metainfo = samples.metainfo
        self.pipeline = samples.pipeline
        self._build = build

    @cached_property
    def built(self) -> Any:
        """BaseDataset: The data set of the config."""
        return self._build()

    @property
    def metainfo(self) -> dict[str, Any]:
        """dict: Metainfo of the data set."""
        return copy.deepcopy(self._metainfo)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Any:
        return self.built[index]

    def __getattr__(self, name: str) -> Any:
        if name.startswith('__') or name in ('_build', '_metainfo', '_length', 'pipeline'):
            raise AttributeError(name)  # of copies that are not filled yet
        return getattr(self.built, name)


class LazyLoader:
    """A data loader of known length, which is built for its batches alone.

    Args:
        dataset (LazyDataset): The data set.
        options (Mapping): Config of the loader.
        length (int): Number of batches.
        build (Callable): Makes MMEngine's loader.
    """

    def __init__(
        self,
        dataset: LazyDataset,
        options: Mapping[str, Any],
        length: int,
        build: Callable[[], Any],
    ) -> None:
        self.dataset = dataset
        self.batch_size = options['batch_size']
        self.num_workers = options.get('num_workers', 0)
        self._length = length
        self._build = build

    @cached_property
    def built(self) -> Any:
        """DataLoader: MMEngine's data loader."""
        return self._build()

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Any]:
        return iter(self.built)

    def __getattr__(self, name: str) -> Any:
        if name.startswith('__') or name in ('_build', '_length', 'dataset'):
            raise AttributeError(name)
        return getattr(self.built, name)
