# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Reads experiments from a YAML file, and says in one sentence what is wrong with it."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mmposeaug.fileio import load_yaml

from .plan import CrossTable, Experiment, ExperimentError, ExperimentPlan
from .plan_checks import (
    Reported,
    check_experiment,
    check_labels,
    check_name,
    check_published,
    check_starts,
)
from .plan_values import (
    DEFAULT_SCORES,
    WHERE,
    Figures,
    Names,
    Options,
    Seeds,
    Text,
    check_experiments,
    check_mapping,
    check_tables,
    check_text,
    mapping,
)


# ----------------------------------------------------------------------- models
class _Model(BaseModel):
    model_config = ConfigDict(extra='forbid')


def _required() -> Any:
    """A field whose absence its own check refuses."""
    return Field(None, validate_default=True)


class _Entry(_Model):
    """An experiment of the file."""

    label: Text = ''
    section: Text = ''
    config: Text = _required()
    options: Options = {}
    seeds: Seeds = ()
    start_from: Text = ''
    published: Annotated[dict[str, Figures], mapping('SET: {SCORE: number}')] = {}
    row: Text = ''
    column: Text = ''


class _Table(_Model):
    """A table over all sections."""

    title: Text = _required()
    set: Text = _required()
    score: Text = _required()


class _File(_Model):
    """All of the file."""

    title: Text = ''
    seeds: Seeds = (0,)
    reference: Any = None
    sets: Names = _required()
    scores: Names = DEFAULT_SCORES
    set_scores: Annotated[dict[str, Names], mapping('SET: [SCORE, ...]')] = {}
    options: Options = {}
    groups: Annotated[dict[str, Text], mapping('SET: subject')] = {}
    published_source: Text = ''
    tables: Annotated[list[_Table], BeforeValidator(check_tables)] = []
    experiments: Annotated[dict[str, _Entry], BeforeValidator(check_experiments)] = _required()


def _sentence(error: ValidationError) -> str:
    """The first thing that pydantic found wrong."""
    errors = error.errors()
    # a misspelt key before what is missing for it
    found = next((each for each in errors if each['type'] == 'extra_forbidden'), errors[0])
    loc = list(found['loc'])
    models: dict[Any, type[_Model]] = {'experiments': _Entry, 'tables': _Table}
    model: type[_Model] = models.get(loc[0], _File) if len(loc) > 1 else _File
    keys = ', '.join(model.model_fields)
    if found['type'] == 'extra_forbidden':
        where = _place(loc[:-1]) or 'the file'
        return f'Unknown key {loc[-1]!r} in {where}; the keys are {keys}.'
    if 'error' not in found.get('ctx', {}):  # of pydantic itself: an entry that is not a mapping
        return (
            f'{_place(loc)} must be a mapping of {keys}, not {found["input"]!r}; see '
            'docs/experiments.md.'
        )
    return str(found['ctx']['error']).replace(WHERE, _place(loc))


def _place(loc: list[Any]) -> str:
    if len(loc) > 1 and loc[0] == 'tables':
        loc = [f'table {loc[1] + 1}', *loc[2:]]
    return '.'.join(map(str, loc))


# ---------------------------------------------------------------------- reading
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
        content = load_yaml(str(path), 'file of experiments', loader=_UniqueKeyLoader)
        if not isinstance(content, dict) or not content:
            keys = ', '.join(_File.model_fields)
            raise ExperimentError(
                f'The file must be a mapping of {keys}, not {reprlib.repr(content)}; '
                'see docs/experiments.md.'
            )
        return _read(_File.model_validate(content), path.stem, repo_root)
    except ValidationError as error:
        raise ExperimentError(f'{path}: {_sentence(error)}') from None
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
    except ValueError as error:
        raise ExperimentError(f'{path}: {error}') from None


def _read(file: _File, stem: str, repo_root: Path) -> ExperimentPlan:
    experiments = tuple(
        Experiment(
            name=name,
            label=entry.label or name,
            config=_config(entry.config, repo_root, f'experiments.{name}'),
            options={**file.options, **entry.options},
            seeds=entry.seeds or file.seeds,
            section=entry.section,
            start_from=entry.start_from,
            published=entry.published,
            cell=_cell(entry, f'experiments.{name}'),
        )
        for name, entry in file.experiments.items()
    )
    set_scores, groups = file.set_scores, file.groups
    for where, names in (('set_scores', set_scores), ('groups', groups)):
        for name in names:
            check_name(name, 'set', file.sets, where)
    reported = {name: set_scores.get(name, file.scores) for name in file.sets}
    check_labels(experiments)
    check_starts(experiments)
    check_published(experiments, file.published_source, reported)
    return ExperimentPlan(
        repo_root=repo_root,
        title=file.title or stem,
        experiments=experiments,
        sets=file.sets,
        scores=file.scores,
        set_scores=set_scores,
        references=_references(file.reference, experiments),
        groups=groups,
        published_source=file.published_source,
        tables=_cross_tables(file.tables, experiments, reported),
    )


def _config(config: str, repo_root: Path, where: str) -> Path:
    path = Path(os.path.normpath(repo_root / config))
    if not path.is_file():
        raise ExperimentError(
            f'{where}.config {config!r} does not exist; give its path from {repo_root}.'
        )
    return path


def _cell(entry: _Entry, where: str) -> tuple[str, str] | None:
    if entry.row and entry.column:
        return entry.row, entry.column
    if not entry.row and not entry.column:
        return None
    has, lacks = ('row', 'column') if not entry.column else ('column', 'row')
    raise ExperimentError(
        f'{where} has a {has} but no {lacks}; an experiment in the tables needs both.'
    )


def _cross_tables(
    tables: list[_Table], experiments: tuple[Experiment, ...], reported: Reported
) -> tuple[CrossTable, ...]:
    """The tables, which need experiments with rows and columns."""
    has_cells = any(experiment.cell is not None for experiment in experiments)
    if has_cells and not tables:
        raise ExperimentError(
            'Experiments have a row and a column, but the file has no tables; add '
            'tables: [{title: TEXT, set: SET, score: SCORE}].'
        )
    if tables and not has_cells:
        raise ExperimentError(
            'The file has tables, but no experiment has a row and a column; give them to those '
            'that belong there.'
        )
    for place, table in enumerate(tables, 1):
        check_name(table.set, 'set', reported, f'table {place}')
        check_name(table.score, 'score', reported[table.set], f'table {place}')
    return tuple(CrossTable(table.title, table.set, table.score) for table in tables)


def _references(value: Any, experiments: tuple[Experiment, ...]) -> dict[str, str]:
    """The reference of each section, from one name or from names by section."""
    sections = {experiment.name: experiment.section for experiment in experiments}
    if value is None:
        return {}
    if isinstance(value, str):
        value = {sections.get(value, ''): value}
    named = _at('reference', check_mapping, value, 'SECTION: NAME')
    for section, name in named.items():
        _at(f'reference of section {section!r}', check_text, name)
        check_experiment(name, sections, 'reference')
        if sections[name] != section:
            raise ExperimentError(
                f'reference of section {section!r} is {name}, which is in section '
                f'{sections[name]!r}; name one of its own.'
            )
    return dict(named)


def _at(where: str, check: Callable[..., Any], *values: Any) -> Any:
    """The check of a value that no model has a place for."""
    try:
        return check(*values)
    except ValueError as error:
        raise ExperimentError(str(error).replace(WHERE, where)) from None
