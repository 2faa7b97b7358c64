# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Named data sets to evaluate on, from one data loader config and their differences from it."""

from __future__ import annotations

import copy
import inspect
import itertools
import os.path as osp
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.fileio import exists, join_path
from mmengine.utils import is_abs
from mmpose.registry import DATASETS
from torch.utils.data import DataLoader

_CONFIG_KEYS = frozenset({'type', '_delete_', '_scope_'})
_FILE_KEYS = ('ann_file', 'camera_param_file', 'factor_file', 'keypoint_2d_det_file')
_OUTPUT_KEYS = ('out_file_path', 'outfile_prefix')


class EvalSet(NamedTuple):
    """One data set to evaluate on.

    Args:
        name (str): Its name, which prefixes its results; empty for no prefix.
        dataloader (DataLoader): Its batches.
        evaluator (Evaluator): What scores them.
    """

    name: str
    dataloader: DataLoader
    evaluator: Evaluator


class ChainedDataLoader:
    """Data loaders one after the other, for whoever counts batches.

    Args:
        dataloaders (Sequence[DataLoader]): At least one data loader.
    """

    def __init__(self, dataloaders: Sequence[DataLoader]) -> None:
        self.dataloaders = list(dataloaders)

    def __len__(self) -> int:
        return sum(len(loader) for loader in self.dataloaders)

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.dataloaders)

    @property
    def dataset(self) -> Any:
        """Dataset: The first data set, for those who ask for the joints' names."""
        return self.dataloaders[0].dataset


def build_eval_sets(
    runner: Any, dataloader: Any, evaluator: Any, sets: Mapping[str, Mapping[str, Any] | None]
) -> list[EvalSet]:
    """Build data loader and evaluator of each set.

    Args:
        runner (Runner): The runner.
        dataloader (dict): Data loader config that all sets start from.
        evaluator (dict | list[dict]): Evaluator config that all sets use.
        sets (Mapping[str, Mapping]): For each name what differs from ``dataloader['dataset']``.

    Returns:
        list[EvalSet]: The sets, in the order given.

    Raises:
        TypeError: If data loader or evaluator are not configs.
        ValueError: If there is no set, a name is no prefix, a key is unknown to the data set's
            type, or a set is empty.
        FileNotFoundError: If a file of a set does not exist.
    """
    if not isinstance(dataloader, dict) or not isinstance(evaluator, (dict, list, tuple)):
        raise TypeError(
            'sets needs the configs of data loader and evaluator to build one of each a set, got '
            f'{type(dataloader).__name__} and {type(evaluator).__name__}.'
        )
    if not isinstance(sets, Mapping) or not sets:
        raise ValueError(f'sets must name at least one data set, got {sets!r}; or leave it out.')
    configs = {name: _dataset_config(name, dataloader, sets[name]) for name in sets}
    return [
        _build_set(runner, name, dict(dataloader, dataset=config), evaluator)
        for name, config in configs.items()
    ]


def _dataset_config(
    name: str, dataloader: Mapping[str, Any], overrides: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The data set config of one set, checked."""
    if not isinstance(name, str) or not name.strip() or '/' in name:
        raise ValueError(
            f'{name!r} cannot name an evaluated set; use a word without "/", which separates it '
            "from the score's name."
        )
    if not isinstance(overrides or {}, Mapping):
        raise ValueError(
            f'The set {name!r} must be a dict of data set options, got {overrides!r}; write '
            f"{name}=dict(ann_file='...')."
        )
    merged = Config(dict(dataset=copy.deepcopy(dict(dataloader['dataset']))))
    merged.merge_from_dict(dict(dataset=dict(overrides or {})))
    config = merged.dataset
    known = _option_names(DATASETS.get(config['type']))
    unknown = [key for key in overrides or {} if known and key not in known | _CONFIG_KEYS]
    if unknown:
        raise ValueError(
            f'The set {name!r} has the option {unknown[0]!r}, which {config["type"]} does not '
            f'take; it takes {", ".join(sorted(known))}.'
        )
    for key in _FILE_KEYS:
        path = config.get(key)
        if not path or (
            key == 'keypoint_2d_det_file' and config.get('keypoint_2d_src') != 'detection'
        ):
            continue
        path = path if is_abs(path) else join_path(config.get('data_root') or '', path)
        if not exists(path):
            raise FileNotFoundError(
                f'The {key} {path!r} of the set {name!r} does not exist; correct it or data_root.'
            )
    return config


def _option_names(cls: Any) -> frozenset[str]:
    """Arguments that a class takes, through ``**kwargs`` also its bases'; empty if unknown."""
    names: set[str] = set()
    for base in inspect.getmro(cls) if inspect.isclass(cls) else ():
        if '__init__' not in vars(base):
            continue
        parameters = inspect.signature(vars(base)['__init__']).parameters.values()
        named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        names.update(p.name for p in named)
        if all(p.kind != p.VAR_KEYWORD for p in parameters):
            return frozenset(names - {'self'})
    return frozenset()


def _build_set(runner: Any, name: str, dataloader: dict[str, Any], evaluator: Any) -> EvalSet:
    empty = f'The set {name!r} holds no sample; check its ann_file, split and frame options.'
    try:  # as mmengine.runner.BaseLoop builds its own
        loader = runner.build_dataloader(
            dataloader,
            seed=runner.seed,
            diff_rank_seed=runner._randomness_cfg.get('diff_rank_seed', False),
        )
    except ValueError as error:
        if 'need at least one array' in str(error):  # MMEngine joins the samples of none
            raise ValueError(empty) from error
        raise
    if not len(loader.dataset):
        raise ValueError(empty)
    built = runner.build_evaluator(_own_outputs(evaluator, name))
    built.dataset_meta = getattr(loader.dataset, 'metainfo', None)
    return EvalSet(name, loader, built)


def _own_outputs(evaluator: Any, name: str) -> Any:
    """Evaluator config whose result files have the set's name, lest sets overwrite each other."""
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
