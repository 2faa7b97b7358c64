# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Named data sets to evaluate on, from one data loader config and their differences from it."""

from __future__ import annotations

import copy
import itertools
import os.path as osp
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from mmposeaug.datasets.metainfo import tell_tree

from .lazy_loader import LazyDataset, LazyLoader
from .set_configs import (
    checked_dataset,
    chosen_sets,
    evaluator_of_set,
    missing_files,
    missing_sentence,
)
from .tensor_set import TensorSet

_OUTPUT_KEYS = ('out_file_path', 'outfile_prefix')


class EvalSet(NamedTuple):
    """One data set to evaluate on.

    Args:
        name (str): Its name, empty where there is one set without.
        dataloader (DataLoader | LazyLoader): MMPose's samples.
        evaluator (Evaluator): What scores it.
        flip_test (bool): Whether it is flipped.
        tensors (TensorSet, optional): The samples on tensors, where they can be.
        reason (str): Why they cannot; empty where that is not asked for.
    """

    name: str
    dataloader: Any
    evaluator: Any
    flip_test: bool = False
    tensors: Optional[TensorSet] = None  # noqa: UP045 (evaluated at run time, also by Python 3.9)
    reason: str = ''

    @property
    def size(self) -> int:
        """int: Samples of the set."""
        return len(self.dataloader.dataset if self.tensors is None else self.tensors)


class ChainedDataLoader:
    """Data loaders one after the other, for code that counts batches."""

    def __init__(self, dataloaders: Sequence[Any]) -> None:
        self.dataloaders = list(dataloaders)

    def __len__(self) -> int:
        return sum(len(loader) for loader in self.dataloaders)

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.dataloaders)

    @property
    def dataset(self) -> Any:
        """Dataset: The first data set, which hooks ask for the joints' names."""
        return self.dataloaders[0].dataset


def build_eval_sets(
    runner: Any,
    dataloader: Any,
    evaluator: Any,
    sets: Mapping[str, Mapping[str, Any] | None],
    flip_test: bool = False,
    option: str = 'sets',
    on_tensors: bool = True,
) -> list[EvalSet]:
    """Build data loader and evaluator of each set."""
    if not isinstance(dataloader, dict) or not isinstance(evaluator, (dict, list, tuple)):
        raise TypeError(
            'sets needs the configs of data loader and evaluator to build one of each a set, got '
            f'{type(dataloader).__name__} and {type(evaluator).__name__}.'
        )
    chosen = chosen_sets(sets)
    if not chosen:
        raise ValueError(f'sets must name at least one data set, got {sets!r}; or leave it out.')
    option = option if len(chosen) > 1 else ''  # the only one cannot be left out
    configs = {}
    for name, options in chosen.items():
        config = checked_dataset(name, dataloader, options)
        missing = next(missing_files(config), None)
        if missing is None:
            configs[name] = config
        elif not options.get('optional', False):
            raise FileNotFoundError(missing_sentence(name, *missing, option))
        else:
            key, path = missing
            absent = f'The set {name!r} is left out: its {key} {path!r} does not exist.'
            runner.logger.info(absent)
    if not configs:
        raise FileNotFoundError(f'No set is left to evaluate on. {absent}')
    evaluators = {name: evaluator_of_set(name, evaluator, chosen[name]) for name in configs}
    return [
        _build_set(
            runner,
            name,
            dict(dataloader, dataset=config),
            evaluators[name],
            bool(chosen[name].get('flip_test', flip_test)),
            on_tensors,
        )
        for name, config in configs.items()
    ]


def build_loader(
    runner: Any, dataloader: Any, on_tensors: bool = True
) -> tuple[Any, TensorSet | None, str]:
    """Build a data loader as ``mmengine.runner.BaseLoop`` does; its data set knows its tree.

    Returns:
        tuple[DataLoader | LazyLoader, TensorSet | None, str]: The loader; its samples on tensors
        where that is asked for and they can be, and then they are made by the loader only when
        its batches are; why they cannot.
    """
    if not on_tensors:
        return _mmengines_loader(runner, dataloader), None, ''
    try:
        tensors = TensorSet(dataloader)
    except (KeyError, ValueError) as error:  # which MMPose may say better, or not mind
        return _mmengines_loader(runner, dataloader), None, str(error).rstrip('.')
    dataset = LazyDataset(tensors.samples, lambda: loader.built.dataset)
    loader = LazyLoader(
        dataset, dataloader, tensors.num_batches, lambda: _mmengines_loader(runner, dataloader)
    )
    return loader, tensors, ''


def _mmengines_loader(runner: Any, dataloader: Any) -> Any:
    if not isinstance(dataloader, Mapping):
        return dataloader
    loader = runner.build_dataloader(
        dataloader,
        seed=runner.seed,
        diff_rank_seed=runner._randomness_cfg.get('diff_rank_seed', False),
    )
    tell_tree(loader.dataset, dataloader.get('dataset'))
    return loader


def _build_set(
    runner: Any,
    name: str,
    dataloader: dict[str, Any],
    evaluator: Any,
    flip_test: bool,
    on_tensors: bool,
) -> EvalSet:
    empty = f'The set {name!r} holds no sample; check its ann_file, split and frame options.'
    try:
        loader, tensors, reason = build_loader(runner, dataloader, on_tensors)
    except ValueError as error:
        if 'need at least one array' in str(error):  # MMEngine joins the samples of none
            raise ValueError(empty) from error
        raise
    if not len(loader.dataset):
        raise ValueError(empty)
    built = runner.build_evaluator(_own_outputs(evaluator, name))
    built.dataset_meta = getattr(loader.dataset, 'metainfo', None)
    return EvalSet(name, loader, built, flip_test, tensors, reason)


def _own_outputs(evaluator: Any, name: str) -> Any:
    """Evaluator config whose result files have the set's name, so that none is overwritten."""
    if isinstance(evaluator, dict):
        own = copy.deepcopy(evaluator)
        for key in _OUTPUT_KEYS:
            if isinstance(own.get(key), str):
                stem, extension = osp.splitext(own[key])
                own[key] = f'{stem}_{name}{extension}'
        if 'metrics' in own:
            own['metrics'] = _own_outputs(own['metrics'], name)
        return own
    if isinstance(evaluator, (list, tuple)):
        return [_own_outputs(metric, name) for metric in evaluator]
    raise TypeError(
        f'sets builds one evaluator a set and needs configs of metrics, got a '
        f'{type(evaluator).__name__}.'
    )
