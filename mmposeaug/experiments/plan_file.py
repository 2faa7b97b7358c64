# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Reads experiments from a YAML file, and says in one sentence what is wrong with it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .plan import Experiment, ExperimentError, ExperimentPlan
from .plan_links import (
    check_labels,
    check_published,
    check_starts,
    read_groups,
    read_references,
    read_set_scores,
    read_tables,
)
from .plan_values import (
    as_cell,
    as_figures,
    as_mapping,
    as_options,
    as_seeds,
    as_text,
    as_texts,
    check_keys,
)

DEFAULT_SCORES = ('MPJPE', 'P-MPJPE', 'PCK', 'AUC')
FILE_KEYS = (
    'title',
    'seeds',
    'reference',
    'sets',
    'scores',
    'set_scores',
    'options',
    'groups',
    'published_source',
    'tables',
    'experiments',
)
EXPERIMENT_KEYS = (
    'label',
    'section',
    'config',
    'options',
    'seeds',
    'start_from',
    'published',
    'row',
    'column',
)


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
        top = as_mapping(content, 'The file', FILE_KEYS)
        check_keys(top, FILE_KEYS, 'the file')
        seeds = as_seeds(top.get('seeds', [0]), 'seeds')
        options = as_options(top.get('options'), 'options')
        entries = as_mapping(top.get('experiments'), 'experiments', ['NAME: {config: ...}'])
        experiments = tuple(
            self._experiment(name, entries[name], seeds, options) for name in entries
        )
        sets = as_texts(top.get('sets'), 'sets')
        scores = as_texts(top.get('scores', list(DEFAULT_SCORES)), 'scores')
        set_scores = read_set_scores(top.get('set_scores'), sets)
        reported = {name: set_scores.get(name, scores) for name in sets}
        source = _optional_text(top, 'published_source', 'published_source')
        check_labels(experiments)
        check_starts(experiments)
        check_published(experiments, source, reported)
        return ExperimentPlan(
            repo_root=self.repo_root,
            title=as_text(top.get('title', stem), 'title'),
            experiments=experiments,
            sets=sets,
            scores=scores,
            set_scores=set_scores,
            references=read_references(top.get('reference'), experiments),
            groups=read_groups(top.get('groups'), sets),
            published_source=source,
            tables=read_tables(top.get('tables'), experiments, reported),
        )

    def _experiment(
        self, name: Any, entry: Any, seeds: tuple[int, ...], options: Mapping[str, Any]
    ) -> Experiment:
        if not isinstance(name, str) or not re.fullmatch(r'[A-Za-z0-9][\w.+-]*', name):
            raise ExperimentError(
                f'The experiment name {name!r} cannot be the name of a folder; use letters, '
                'digits, ".", "_", "+" and "-" (quoted if it is a number).'
            )
        where = f'experiments.{name}'
        entry = as_mapping(entry, where, EXPERIMENT_KEYS)
        check_keys(entry, EXPERIMENT_KEYS, where)
        published = entry.get('published')
        return Experiment(
            name=name,
            label=as_text(entry.get('label', name), f'{where}.label'),
            config=self._config(entry.get('config'), where),
            options={**options, **as_options(entry.get('options'), f'{where}.options')},
            seeds=as_seeds(entry['seeds'], f'{where}.seeds') if 'seeds' in entry else seeds,
            section=_optional_text(entry, 'section', f'{where}.section'),
            start_from=_optional_text(entry, 'start_from', f'{where}.start_from'),
            published={} if published is None else as_figures(published, f'{where}.published'),
            cell=as_cell(entry.get('row'), entry.get('column'), where),
        )

    def _config(self, config: Any, where: str) -> Path:
        config = as_text(config, f'{where}.config')
        path = Path(os.path.normpath(self.repo_root / config))
        if not path.is_file():
            raise ExperimentError(
                f'{where}.config {config!r} does not exist; give its path from {self.repo_root}.'
            )
        return path


def _optional_text(entry: Mapping[Any, Any], key: str, where: str) -> str:
    return as_text(entry[key], where) if key in entry else ''
