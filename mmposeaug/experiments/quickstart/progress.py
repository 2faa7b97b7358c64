# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What MMEngine's scalar files tell about a running training."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Progress:
    """Reports each validation of a training once, in one line.

    Args:
        score (str): Name of the validation's score that is reported, in mm.
    """

    def __init__(
        self, label: str, run_dir: Path, epochs: int, score: str, report: Callable[[str], None]
    ) -> None:
        self.label, self.run_dir, self.epochs = label, run_dir, epochs
        self.score, self.report = score, report
        self._read: dict[Path, int] = {path: path.stat().st_size for path in self._files()}
        self._loss = float('nan')

    def __call__(self) -> None:
        """Report what is new."""
        for path in self._files():
            with open(path, 'rb') as file:
                file.seek(self._read.get(path, 0))
                for line in file:
                    if not line.endswith(b'\n'):
                        break  # half written; the next call reads it
                    self._read[path] = self._read.get(path, 0) + len(line)
                    self._take(json.loads(line))

    def _files(self) -> list[Path]:
        return sorted(self.run_dir.glob('*/vis_data/scalars.json'))

    def _take(self, scalars: dict[str, Any]) -> None:
        self._loss = scalars.get('loss', self._loss)
        if self.score in scalars:
            self.report(
                f'{self.label}: epoch {scalars["step"]} of {self.epochs}, loss {self._loss:.4f}, '
                f'{scalars[self.score]:.1f} mm on the held-out part of the source'
            )
