# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The folder of a run: whose it is, how far it has come, and what lies in it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmposeaug.engine.checkpoint_files import find_best_checkpoint, find_last_checkpoint
from mmposeaug.fileio import sha256_of

from .json_files import save_compact_json
from .plan import ExperimentError
from .training_part import training_options, training_part

IDENTITY_KEYS = ('config', 'options', 'seed', 'config_sha256')


class RunFolder:
    """Files of a run."""

    def __init__(self, path: Path) -> None:
        self.path = path
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

    # --------------------------------------------------------------- identity
    def check_identity(self, identity: dict[str, Any], config_text: str) -> None:
        """Compare what lies here with what is to be run."""
        if not self.path.exists() or not any(self.path.iterdir()):
            return
        claim, result = read_json(self.claim_file), read_json(self.result_file)
        found = result if self.is_done else claim
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
                before = (claim or {}).get('config_text', '')
                change = f'of another config ({_first_change(before, config_text)})'
            raise ExperimentError(f"'{self.path}' holds a run {change}; {remedy}.")
        change = _changed_start(found.get('start') or {}, identity['start'] or {})
        if change:
            raise ExperimentError(f"'{self.path}' holds a run that {change}; {remedy}.")

    def begin(self, identity: dict[str, Any], config_text: str, git: dict[str, Any]) -> None:
        """Note that a training starts or goes on now."""
        self.path.mkdir(parents=True, exist_ok=True)
        sessions = self._end_session()
        sessions.append(dict(git, began=time.time(), ended=None))
        save_compact_json(
            self.claim_file, dict(identity, sessions=sessions, config_text=config_text)
        )

    def begin_test(self, identity: dict[str, Any], config_text: str) -> None:
        """Note what is tested, which may be other sets than were known when the training began."""
        claim = read_json(self.claim_file) or {}
        save_compact_json(self.claim_file, {**claim, **identity, 'config_text': config_text})

    def end_training(self) -> None:
        """Note that the training has ended well."""
        claim = read_json(self.claim_file) or {}
        save_compact_json(self.claim_file, dict(claim, sessions=self._end_session()))
        self.trained_mark.touch()

    def sessions(self) -> list[dict[str, Any]]:
        """The times at which the run was trained.

        Returns:
            list[dict[str, Any]]: For each the revision, ``began`` and ``ended``, in seconds.
        """
        return list((read_json(self.claim_file) or {}).get('sessions', []))

    def _end_session(self) -> list[dict[str, Any]]:
        """An interrupted session has ended when it wrote its last line."""
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
        checkpoint = (read_json(self.result_file) or {}).get('checkpoint') or {}
        return self.path / checkpoint['name'] if 'name' in checkpoint else None

    def tested_identity(self) -> dict[str, str | None]:
        """What tells the tested checkpoint from that of any other run."""
        path = self.tested_checkpoint()
        if path is None:
            return dict(checkpoint=None, sha256=None)
        result = read_json(self.result_file) or {}
        known = result['checkpoint'].get('sha256')
        if known is None and path.is_file():  # results of earlier versions do not say it
            known = sha256_of(path)
        return dict(checkpoint=path.name, sha256=known)

    def clean(self, keep: str) -> list[Path]:
        """Delete the checkpoints of a run that has its result."""
        found = [path for path in sorted(self.path.glob('*.pth')) if path.name != keep]
        for path in found:
            path.unlink()
        return found


def best_score_name(cfg: Config) -> str | None:
    """The score by which a config chooses its best checkpoint."""
    best = cfg.get('default_hooks', {}).get('checkpoint', {}).get('save_best')
    if isinstance(best, (list, tuple)):
        best = best[0] if best else None
    return best or None


def read_json(path: Path) -> dict[str, Any] | None:
    """A mapping from a JSON file."""
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _trains_the_same(found: dict[str, Any], now: dict[str, Any], config_text: str) -> bool:
    """Whether a run without a result differs from what is to be run in its test alone."""
    before = found.get('config_text', '')
    return training_options(found['options']) == training_options(now['options']) and (
        training_part(before) == training_part(config_text)
    )


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
