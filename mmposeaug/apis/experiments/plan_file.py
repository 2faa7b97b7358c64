# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Reads experiments from a YAML file, and says in one sentence what is wrong with it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .options import flatten_options, format_options
from .plan import Experiment, ExperimentError, ExperimentPlan

DEFAULT_SCORES = ('MPJPE', 'P-MPJPE', 'PCK', 'AUC')
MAX_SEED = 2**32 - 1
FILE_KEYS = ('title', 'seeds', 'reference', 'sets', 'scores', 'groups', 'experiments')
EXPERIMENT_KEYS = ('label', 'section', 'config', 'options', 'seeds')
OWN_OPTIONS = {'randomness.seed': 'seeds', 'work_dir': '--work-dir'}
"""dict[str, str]: Config options that the runs set themselves, and what sets them."""


class _UniqueKeyLoader(yaml.SafeLoader):
    """Refuses a key that comes twice, of which YAML keeps the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        own = [key for key, _ in node.value if key.tag != 'tag:yaml.org,2002:merge']
        keys = [self.construct_object(key, deep=True) for key in own]
        for mark, key in zip(own, keys):
            if keys.count(key) > 1:
                raise ExperimentError(
                    f'The name {key!r} comes twice (again in line {mark.start_mark.line + 1}); '
                    'rename one of them.'
                )
        return super().construct_mapping(node, deep)


def load_plan(path: str | os.PathLike, repo_root: str | os.PathLike) -> ExperimentPlan:
    """Read a file of experiments.

    Args:
        path (str | PathLike): The YAML file.
        repo_root (str | PathLike): The checkout; paths in the file are relative to it.

    Returns:
        ExperimentPlan: The experiments.

    Raises:
        ExperimentError: If the file is absent or anything in it is wrong.
    """
    path, repo_root = Path(path), Path(repo_root).absolute()
    try:
        content = yaml.load(path.read_text(encoding='utf-8'), _UniqueKeyLoader)
        return _Reader(repo_root).read(content, path.stem)
    except FileNotFoundError:
        raise ExperimentError(
            f"There is no file '{path}' of experiments; check the path."
        ) from None
    except OSError as error:
        raise ExperimentError(
            f"'{path}' cannot be read as a file of experiments ({error.strerror}); check the path."
        ) from None
    except ExperimentError as error:
        raise ExperimentError(f'{path}: {error}') from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = ' '.join(str(error).split())
        raise ExperimentError(f'{path}: this is no YAML ({reason}); repair it.') from None


class _Reader:
    """Turns the content of a file into a plan."""

    def __init__(self, repo_root: Path) -> None:
        self.repo_root = repo_root

    def read(self, content: Any, stem: str) -> ExperimentPlan:
        top = _mapping(content, 'The file', FILE_KEYS)
        _check_keys(top, FILE_KEYS, 'the file')
        seeds = _seeds(top.get('seeds', [0]), 'seeds')
        entries = _mapping(top.get('experiments'), 'experiments', ['NAME: {config: ...}'])
        experiments = tuple(self._experiment(name, entries[name], seeds) for name in entries)
        _check_labels(experiments)
        return ExperimentPlan(
            repo_root=self.repo_root,
            title=_text(top.get('title', stem), 'title'),
            experiments=experiments,
            sets=_texts(top.get('sets'), 'sets'),
            scores=_texts(top.get('scores', list(DEFAULT_SCORES)), 'scores'),
            references=_references(top.get('reference'), experiments),
            groups=_groups(top.get('groups'), _texts(top.get('sets'), 'sets')),
        )

    def _experiment(self, name: Any, entry: Any, seeds: tuple[int, ...]) -> Experiment:
        if not isinstance(name, str) or not re.fullmatch(r'[A-Za-z0-9][\w.+-]*', name):
            raise ExperimentError(
                f'The experiment name {name!r} cannot be the name of a folder; use letters, '
                'digits, ".", "_", "+" and "-" (quoted if it is a number).'
            )
        where = f'experiments.{name}'
        entry = _mapping(entry, where, EXPERIMENT_KEYS)
        _check_keys(entry, EXPERIMENT_KEYS, where)
        return Experiment(
            name=name,
            label=_text(entry.get('label', name), f'{where}.label'),
            config=self._config(entry.get('config'), where),
            options=_options(entry.get('options'), f'{where}.options'),
            seeds=_seeds(entry['seeds'], f'{where}.seeds') if 'seeds' in entry else seeds,
            section=_text(entry['section'], f'{where}.section') if 'section' in entry else '',
        )

    def _config(self, config: Any, where: str) -> Path:
        config = _text(config, f'{where}.config')
        path = Path(os.path.normpath(self.repo_root / config))
        if not path.is_file():
            raise ExperimentError(
                f'{where}.config {config!r} does not exist; give its path from {self.repo_root}.'
            )
        return path


def _mapping(value: Any, where: str, keys: Any) -> Mapping[Any, Any]:
    if not isinstance(value, dict) or not value:
        raise ExperimentError(
            f'{where} must be a mapping of {", ".join(keys)}, not {value!r}; see '
            'docs/experiments.md.'
        )
    return value


def _check_keys(value: Mapping[Any, Any], known: tuple[str, ...], where: str) -> None:
    for key in value:
        if key not in known:
            raise ExperimentError(
                f'Unknown key {key!r} in {where}; the keys are {", ".join(known)}.'
            )


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip() or re.search(r'[|\n]', value):
        raise ExperimentError(
            f'{where} must be a line of text without "|", not {value!r}; quote it if it is a '
            'number.'
        )
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ExperimentError(f'{where} must be a list of names, not {value!r}; write [NAME, ...].')
    texts = tuple(_text(item, f'an entry of {where}') for item in value)
    if len(set(texts)) < len(texts):
        raise ExperimentError(f'{where} is {value!r}, with a name twice; name each once.')
    return texts


def _seeds(value: Any, where: str) -> tuple[int, ...]:
    if not isinstance(value, list) or not value:
        raise ExperimentError(f'{where} must be a list, not {value!r}; write [0, 1, 2].')
    for seed in value:
        if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= MAX_SEED:
            raise ExperimentError(
                f'{where} holds {seed!r}; a seed is a whole number from 0 to {MAX_SEED}.'
            )
    if len(set(value)) < len(value):
        raise ExperimentError(f'{where} is {value!r}, with a seed twice; name each seed once.')
    return tuple(value)


def _options(value: Any, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    options = flatten_options(_mapping(value, where, ['config keys', 'their values']), where)
    for key, source in OWN_OPTIONS.items():
        if key in options:
            raise ExperimentError(f'{where} sets {key}, which {source} sets; leave it out.')
    format_options(options, where)
    return options


def _check_labels(experiments: tuple[Experiment, ...]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for experiment in experiments:
        other = seen.setdefault((experiment.section, experiment.label), experiment.name)
        if other != experiment.name:
            raise ExperimentError(
                f'experiments.{experiment.name}.label {experiment.label!r} is also that of '
                f'{other}; give each experiment of a section a label of its own.'
            )


def _references(value: Any, experiments: tuple[Experiment, ...]) -> dict[str, str]:
    """The reference of each section, from one name or from names by section."""
    sections = {experiment.name: experiment.section for experiment in experiments}
    if value is None:
        return {}
    if isinstance(value, str):
        value = {sections.get(value, ''): value}
    for section, name in _mapping(value, 'reference', ['SECTION: NAME']).items():
        _text(name, f'reference of section {section!r}')
        if name not in sections:
            raise ExperimentError(
                f'reference names {name!r}, which is no experiment; the experiments are '
                f'{", ".join(sections)}.'
            )
        if sections[name] != section:
            raise ExperimentError(
                f'reference of section {section!r} is {name}, which is in section '
                f'{sections[name]!r}; name one of its own.'
            )
    return dict(value)


def _groups(value: Any, sets: tuple[str, ...]) -> dict[str, str]:
    if value is None:
        return {}
    groups = _mapping(value, 'groups', ['SET: subject'])
    for name, by in groups.items():
        if name not in sets:
            raise ExperimentError(
                f'groups names the set {name!r}, but sets are {", ".join(sets)}; add it there.'
            )
        _text(by, f'groups.{name}')
    return dict(groups)
