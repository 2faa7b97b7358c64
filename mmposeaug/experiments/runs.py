# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The folders of a plan's runs: whose they are, how far they have come, and what lies in them."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmposeaug.engine.checkpoint_files import find_best_checkpoint, find_last_checkpoint
from mmposeaug.fileio import read_record, sha256_of

from .collect import mismatch, read_results
from .json_files import save_compact_json
from .plan import Experiment, ExperimentError, ExperimentPlan, Run

IDENTITY_KEYS = ('config', 'options', 'seed', 'config_sha256')
TEST_KEYS = frozenset({'test_dataloader', 'test_cfg', 'test_evaluator'})
DONE, BEGUN, NEW, WAITING = 'done', 'begun', 'new', 'waiting'
TO_DO = (NEW, BEGUN, WAITING)


class RunFolder:
    """Files of a run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config_dir = path / 'config'
        self.claim_file = path / 'run.json'
        self.result_file = path / 'result.json'
        self.metrics_file = path / 'metrics.json'
        self.train_log = path / 'train.log'
        self.test_log = path / 'test.log'
        self.trained_mark = path / 'trained'

    @property
    def is_done(self) -> bool:
        """bool: Whether the run has its result."""
        return self.result_file.is_file()

    @property
    def is_begun(self) -> bool:
        """bool: Whether a training was begun."""
        return self.claim_file.is_file()

    @property
    def claim(self) -> dict[str, Any]:
        """Dict: What was noted of the run when it was begun; empty before that."""
        return read_record(self.claim_file) or {}

    # --------------------------------------------------------------- identity
    def check_identity(self, identity: dict[str, Any], config_text: str) -> None:
        """Compare what lies here with what is to be run."""
        if not self.path.exists() or all(each == self.config_dir for each in self.path.iterdir()):
            return
        found = read_record(self.result_file if self.is_done else self.claim_file)
        remedy = 'choose another --work-dir or delete that folder'
        if found is None or not found.keys() >= set(IDENTITY_KEYS):
            raise ExperimentError(
                f"'{self.path}' holds files, but no run of an experiment; {remedy}."
            )
        trains_the_same = not self.is_done and _trains_the_same(found, identity, config_text)
        for key in IDENTITY_KEYS:
            if found[key] == identity[key]:
                continue
            if trains_the_same and key in ('options', 'config_sha256'):
                continue
            change = f'with {key} {found[key]!r}, not {identity[key]!r}'
            if key == 'config_sha256':
                before = self.claim.get('config_text', '')
                change = f'of another config ({_first_change(before, config_text)})'
            raise ExperimentError(f"'{self.path}' holds a run {change}; {remedy}.")
        change = _changed_start(found.get('start') or {}, identity['start'] or {})
        if change:
            raise ExperimentError(f"'{self.path}' holds a run that {change}; {remedy}.")

    def begin(self, identity: dict[str, Any], config_text: str, git: dict[str, Any]) -> None:
        """Note that a training starts or goes on now."""
        self.path.mkdir(parents=True, exist_ok=True)
        sessions = [*self._end_session(), dict(git, began=time.time(), ended=None)]
        content = dict(identity, sessions=sessions, config_text=config_text)
        save_compact_json(self.claim_file, content)

    def begin_test(self, identity: dict[str, Any], config_text: str) -> None:
        """Note what is tested, which may be other sets than were known when the training began."""
        save_compact_json(self.claim_file, {**self.claim, **identity, 'config_text': config_text})

    def end_training(self) -> None:
        """Note that the training has ended well."""
        save_compact_json(self.claim_file, dict(self.claim, sessions=self._end_session()))
        self.trained_mark.touch()

    def sessions(self) -> list[dict[str, Any]]:
        """When the run was trained: the revision, ``began`` and ``ended`` in seconds."""
        return list(self.claim.get('sessions', []))

    def _end_session(self) -> list[dict[str, Any]]:
        """The sessions; an interrupted one ended when it wrote its last line."""
        sessions = self.sessions()
        if sessions and sessions[-1]['ended'] is None:
            began = sessions[-1]['began']
            wrote = self.train_log.stat().st_mtime if self.train_log.is_file() else began
            sessions[-1]['ended'] = max(began, wrote)
        return sessions

    # ------------------------------------------------------------ checkpoints
    def last_checkpoint(self) -> Path | None:
        """The newest complete checkpoint to resume from."""
        path = find_last_checkpoint(self.path).path
        return None if path is None else Path(path)

    def best_checkpoint(self, cfg: Config) -> Path | None:
        """The checkpoint to test."""
        score = best_score_name(cfg)
        if score is None:
            return self.last_checkpoint()
        return find_best_checkpoint(self.path, None if score == 'auto' else score)

    def tested_checkpoint(self) -> Path | None:
        """The checkpoint that was tested."""
        tested = self._tested()
        return self.path / tested['name'] if 'name' in tested else None

    def tested_identity(self) -> dict[str, str | None]:
        """What tells the tested checkpoint from that of any other run."""
        tested = self._tested()
        name, known = tested.get('name'), tested.get('sha256')
        if name and known is None and (self.path / name).is_file():  # as of earlier versions
            known = sha256_of(self.path / name)
        return dict(checkpoint=name, sha256=known)

    def _tested(self) -> dict[str, Any]:
        return (read_record(self.result_file) or {}).get('checkpoint') or {}

    def clean(self, keep: str) -> list[Path]:
        """Delete the checkpoints of a run that has its result."""
        found = [path for path in sorted(self.path.glob('*.pth')) if path.name != keep]
        for path in found:
            path.unlink()
        return found


class RunStates:
    """How far each run of a plan is, and whether what lies in its folder is that run."""

    def __init__(
        self, plan: ExperimentPlan, work_dir: Path, results: Sequence[str | os.PathLike] = ()
    ) -> None:
        self.plan = plan
        self.work_dir = Path(work_dir).absolute()
        self._known = [read_results(path) for path in results]
        self._configs: dict[str, tuple[Config, str]] = {}

    def folder(self, run: Run) -> RunFolder:
        """The folder of a run."""
        return RunFolder(self.work_dir / run.experiment.name / f'seed_{run.seed}')

    def config(self, experiment: Experiment) -> tuple[Config, str]:
        """The config that an experiment's runs share, and its text."""
        if experiment.name not in self._configs:
            cfg = resolve_config(experiment.config, experiment.options)
            self._configs[experiment.name] = cfg, cfg.pretty_text
        return self._configs[experiment.name]

    def identity(self, run: Run) -> dict[str, Any]:
        """What makes a result that of a run, and not of another one.

        The hash is of the whole config with the folders of the data, since other data make another
        experiment, even under the same config file.
        """
        text = self.config(run.experiment)[1]
        start = self.plan.start_of(run)
        return dict(
            config=self.plan.config_name(run.experiment),
            options=dict(run.experiment.options),
            seed=run.seed,
            config_sha256=hashlib.sha256(text.encode()).hexdigest(),
            start=start
            and dict(experiment=start.experiment.name, **self.folder(start).tested_identity()),
        )

    def state(self, run: Run) -> str:
        """How far a run is."""
        return DONE if self._is_known(run) else self._state_here(run)

    def describe(self, run: Run) -> str:
        """How far a run is, in words."""
        state = self.state(run)
        start = self.plan.start_of(run)
        return f'{state} for {start.label}' if state == WAITING and start else state

    def check(self, run: Run) -> None:
        """Refuse a folder that holds something else."""
        self.folder(run).check_identity(self.identity(run), self.config(run.experiment)[1])

    def _is_known(self, run: Run) -> bool:
        found = filter(None, (find(run) for find in self._known))
        return any(not mismatch(self.plan, run, result) for result in found)

    def _state_here(self, run: Run) -> str:
        """The state without the files of results, which hold no checkpoints."""
        folder = self.folder(run)
        try:
            self.check(run)
            if folder.is_done:
                return DONE
            return WAITING if self._must_wait(run) else BEGUN if folder.is_begun else NEW
        except ExperimentError as error:
            return str(error)

    def _must_wait(self, run: Run) -> bool:
        start = self.plan.start_of(run)
        if start is None:
            return False
        state = self._state_here(start)
        if state == DONE:
            self.start_checkpoint(run)
            return False
        if state not in TO_DO:
            raise ExperimentError(f'It starts from {start.label}, which is refused: {state}')
        if self._is_known(start):
            raise ExperimentError(
                f'It starts from the checkpoint of {start.label}, of which --results has the '
                f"numbers alone; copy its folder to '{self.folder(start).path}', or leave "
                '--results out to train it here.'
            )
        return True

    def start_checkpoint(self, run: Run) -> Path | None:
        """The checkpoint that a run starts from."""
        start = self.plan.start_of(run)
        if start is None or self.folder(run).last_checkpoint() is not None:
            return None
        path = self.folder(start).tested_checkpoint()
        if path is None or not path.is_file():
            where = path or self.folder(start).path
            raise ExperimentError(
                f"It starts from {start.label}, whose tested checkpoint '{where}' is missing; "
                'put it back, or delete that folder to train it again.'
            )
        return path


# --------------------------------------------------------------------- configs
def resolve_config(path: Path, options: Mapping[str, Any]) -> Config:
    """A config file with an experiment's options."""
    try:
        cfg = Config.fromfile(str(path))
        cfg.merge_from_dict(dict(options))
    except Exception as error:  # a config is a program and raises what it likes
        reason = ' '.join(str(error).split())
        raise ExperimentError(
            f"The config '{path}' cannot be read with its options "
            f'({type(error).__name__}: {reason}); repair it.'
        ) from error
    return cfg


def best_score_name(cfg: Config) -> str | None:
    """The score by which a config chooses its best checkpoint."""
    best = cfg.get('default_hooks', {}).get('checkpoint', {}).get('save_best')
    if isinstance(best, (list, tuple)):
        best = best[0] if best else None
    return best or None


def _trains_the_same(found: dict[str, Any], now: dict[str, Any], config_text: str) -> bool:
    """Whether a run without a result differs from what is to be run in its test alone."""
    before, after = (
        {key: value for key, value in each['options'].items() if key.split('.')[0] not in TEST_KEYS}
        for each in (found, now)
    )
    old_text = found.get('config_text', '')
    return before == after and _training_part(old_text) == _training_part(config_text)


def _training_part(config_text: str) -> dict[str, str]:
    """The settings of a resolved config without its test, whose sets may be variables too."""
    settings = dict(
        re.findall(r'^(\w+) = (.*?)(?=^\w+ = |\Z)', config_text, re.DOTALL | re.MULTILINE)
    )
    sets = re.findall(r'(\w+)=(?:dict\(|None)', settings.get('test_cfg', ''))
    return {name: text for name, text in settings.items() if name not in TEST_KEYS.union(sets)}


def _changed_start(found: dict[str, Any], now: dict[str, Any]) -> str:
    """What has changed of where a run starts from, '' if nothing has."""
    before, name = found.get('experiment'), now.get('experiment')
    if before != name:
        old, new = (f'from {start}' if start else 'from new weights' for start in (before, name))
        return f'started {old}, not {new}'
    # as long as the other run is not finished there is nothing to compare
    if now.get('sha256') not in (None, found.get('sha256')):
        return f'started from another run of {name} than the one that is here now'
    return ''


def _first_change(before: str, now: str) -> str:
    """The first lines in which two config texts differ."""
    old, new = before.splitlines(), now.splitlines()
    for a, b in zip([*old, *[''] * len(new)], [*new, *[''] * len(old)]):
        if a != b:
            return f'{a.strip()[:80]!r} is now {b.strip()[:80]!r}'
    return 'its text is not kept'
