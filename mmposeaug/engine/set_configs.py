# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What the options of a named evaluation set make of data set and evaluator."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.config import Config
from mmengine.fileio import exists, join_path
from mmengine.utils import is_abs
from mmpose.registry import DATASETS

_CONFIG_KEYS = frozenset({'type', '_delete_', '_scope_'})
_LOOP_KEYS = ('evaluator', 'flip_test', 'optional')  # options of a set, not of its data set
_FILE_KEYS = ('ann_file', 'camera_param_file', 'factor_file', 'keypoint_2d_det_file')


def dataset_of_set(
    dataloader: Mapping[str, Any], options: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The data set config of a set."""
    own = {key: value for key, value in (options or {}).items() if key not in _LOOP_KEYS}
    return _merged(dataloader['dataset'], own)


def chosen_sets(sets: Any) -> dict[str, dict[str, Any]]:
    """Options of the sets that are not left out, checked for their form."""
    chosen = {}
    for name, options in sets.items() if isinstance(sets, Mapping) else ():
        if not isinstance(name, str) or not name.strip() or '/' in name:
            raise ValueError(
                f'{name!r} cannot name an evaluated set; use a word without "/", which separates '
                "it from the score's name."
            )
        if options is None:
            continue
        if not isinstance(options, Mapping):
            raise ValueError(
                f'The set {name!r} must be a dict of data set options, got {options!r}; write '
                f"{name}=dict(ann_file='...'), or {name}=None to leave it out."
            )
        if not isinstance(options.get('optional', False), bool):
            raise ValueError(
                f'optional of the set {name!r} is {options["optional"]!r}; write True to leave the '
                'set out where its files are missing, or False.'
            )
        chosen[name] = dict(options)
    return chosen


def _merged(base: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """A config with options merged into it, as MMEngine merges configs."""
    merged = Config(dict(config=copy.deepcopy(dict(base))))
    merged.merge_from_dict(dict(config=copy.deepcopy(dict(options))))
    return merged.config


def checked_dataset(
    name: str, dataloader: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    """The data set config of one set, whose options must be known ones."""
    config = dataset_of_set(dataloader, options)
    known = _option_names(DATASETS.get(config['type']))
    allowed = known | _CONFIG_KEYS | set(_LOOP_KEYS)
    unknown = [key for key in options if known and key not in allowed]
    if unknown:
        raise ValueError(
            f'The set {name!r} has the option {unknown[0]!r}, which {config["type"]} does not '
            f'take; it takes {", ".join(sorted(known))}, and each set {", ".join(_LOOP_KEYS)}.'
        )
    return config


def missing_files(config: Mapping[str, Any], folder: str = '') -> Iterator[tuple[str, str]]:
    """Options of a data set that name missing files."""
    for key in _FILE_KEYS:
        path = config.get(key)
        if not path or (
            key == 'keypoint_2d_det_file' and config.get('keypoint_2d_src') != 'detection'
        ):
            continue
        path = path if is_abs(path) else join_path(config.get('data_root') or '', path)
        if not exists(path if is_abs(path) else join_path(folder, path)):
            yield key, path


def missing_sentence(name: str, key: str, path: str, option: str) -> str:
    """Say what to do about a missing file."""
    leave = f', or leave the set out with --cfg-options {option}.{name}=None' if option else ''
    return f'The {key} {path!r} of the set {name!r} does not exist; correct it or data_root{leave}.'


def evaluator_of_set(name: str, evaluator: Any, options: Mapping[str, Any]) -> Any:
    """Evaluator config with what the set changes."""
    changes = options.get('evaluator')
    if changes is None:
        return evaluator
    if not isinstance(changes, Mapping):
        raise ValueError(
            f'The evaluator of the set {name!r} must be a dict of options, got {changes!r}; write '
            "evaluator=dict(scores=('MPJPE',))."
        )
    if isinstance(evaluator, dict):
        if 'metrics' in evaluator:
            return dict(evaluator, metrics=evaluator_of_set(name, evaluator['metrics'], options))
        return evaluator_of_set(name, [evaluator], options)[0]
    kinds = [metric['type'] for metric in evaluator]
    kind = changes.get('type', kinds[0])
    if kind not in kinds:
        raise ValueError(
            f'The set {name!r} changes the metric {kind!r}, but the evaluator has '
            f'{", ".join(map(str, kinds))}; name one of these as its type.'
        )
    index = kinds.index(kind)
    return [
        _merged(metric, changes) if i == index else metric for i, metric in enumerate(evaluator)
    ]


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
