# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How far a run is, from what it logs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TRAINING = 0.95
"""float: The share of a run that its training takes; its test takes the rest."""


class NewScalars:
    """What a training writes to ``scalars.json``, line by line, each line once.

    Args:
        run_dir (Path): The folder of the run; each call of the tool has a folder in it.
        skip (bool): Whether to leave out what is there already. Defaults to False.
    """

    def __init__(self, run_dir: Path, skip: bool = False) -> None:
        self.run_dir = run_dir
        files = self._files() if skip else []
        self._read: dict[Path, int] = {path: path.stat().st_size for path in files}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """What is new."""
        for path in self._files():
            with open(path, 'rb') as file:
                file.seek(self._read.get(path, 0))
                for line in file:
                    if not line.endswith(b'\n'):
                        break  # half written; the next call reads it
                    self._read[path] = self._read.get(path, 0) + len(line)
                    yield json.loads(line)

    def _files(self) -> list[Path]:
        return sorted(self.run_dir.glob('*/vis_data/scalars.json'))


class RunShare:
    """How much of a run is done, its training told by the epochs or iterations that are logged.

    Args:
        run_dir (Path): The folder of the run.
        train_cfg (Mapping): The config's.
    """

    def __init__(self, run_dir: Path, train_cfg: Mapping[str, Any]) -> None:
        self.scalars = NewScalars(run_dir)
        self.unit = 'epoch' if 'max_epochs' in train_cfg else 'iter'
        self.end = train_cfg.get(f'max_{self.unit}s')
        self.share = 0.0

    def __call__(self) -> float:
        """A number from 0 to 0.95, since there is a test to come."""
        for each in self.scalars:
            if self.end and self.unit in each:
                self.share = TRAINING * min(each[self.unit] / self.end, 1.0)
        return self.share
