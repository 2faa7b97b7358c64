# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The checkpoints of a work folder: which there are, which are whole, and which is the last."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch

POINTER = 'last_checkpoint'
"""str: MMEngine's file with the path of the last checkpoint."""

_NUMBERED = re.compile(r'(?P<kind>.*?)(?P<number>\d+)\.pth')
_PUBLISHED = re.compile(r'.*-[0-9a-f]{8}\.pth')
_TEMPORARY = re.compile(r'\..+\.(pth|pkl)\..+\.tmp|\.last_checkpoint\..+\.tmp')


def numbered_checkpoints(folder: str | os.PathLike) -> list[Path]:
    """Checkpoints that a training may be resumed from, going by their names."""
    found = []
    for path in Path(folder).glob('*.pth'):
        match = _NUMBERED.fullmatch(path.name)
        if match and not path.name.startswith(('best_', '.')) and not _PUBLISHED.match(path.name):
            found.append((int(match['number']), match['kind'], path))
    return [path for *_, path in sorted(found, reverse=True)]


def training_checkpoints(folder: str | os.PathLike) -> list[Path]:
    """All checkpoints that a training has left: :func:`numbered_checkpoints` and the best ones."""
    return [*numbered_checkpoints(folder), *sorted(Path(folder).glob('best_*.pth'))]


def is_whole(path: str | os.PathLike) -> bool:
    """Whether ``torch.load`` reads a checkpoint; one that was cut off it does not."""
    if not Path(path).is_file():
        return False
    try:
        torch.load(path, map_location='cpu')
    except Exception:  # which one depends on where the file was cut off
        return False
    return True


@dataclass(frozen=True)
class LastCheckpoint:
    """What was found in a work folder."""

    path: str | None
    broken: tuple[str, ...] = ()

    def describe(self) -> str:
        """What was passed over, as a sentence; '' if nothing was."""
        if not self.broken or self.path is None:
            return ''
        return (
            f'{listed(self.broken)} cannot be read (empty, cut off or damaged); the last whole '
            f'checkpoint is {self.path}.'
        )


def find_last_checkpoint(
    work_dir: str | os.PathLike, out_dir: str | os.PathLike | None = None
) -> LastCheckpoint:
    """Find the last whole checkpoint of a work folder.

    That of MMEngine's ``last_checkpoint`` comes first, by its name in this folder, since the folder
    may have been copied or moved. If that file is missing, empty or points nowhere, or if the
    checkpoint is not whole, the one with the highest number is taken. Only where the folder holds
    none at all is one elsewhere taken that the file points to.
    """
    folder = Path(work_dir)
    try:
        named = (folder / POINTER).read_text(encoding='utf-8').strip()
    except (OSError, UnicodeDecodeError):
        named = ''
    if '://' in named:
        return LastCheckpoint(named)  # on a server, which MMEngine asks
    candidates = [folder / Path(named).name] if named else []
    candidates += numbered_checkpoints(folder)
    if out_dir is not None:
        candidates += numbered_checkpoints(out_dir)
    if named and not any(map(Path.is_file, candidates)):  # never beside those of a copied folder
        candidates = [Path(named), *numbered_checkpoints(Path(named).parent)]
    broken: list[str] = []
    for path in dict.fromkeys(map(Path.absolute, candidates)):
        if is_whole(path):
            return LastCheckpoint(str(path), tuple(broken))
        if path.is_file():
            broken.append(str(path))
    return LastCheckpoint(None, tuple(broken))


def find_best_checkpoint(folder: str | os.PathLike, score: str | None = None) -> Path | None:
    """Find the best checkpoint of a work folder by one score."""
    name = '.*' if score is None else re.escape(score.replace('/', '_'))
    pattern = re.compile(rf'best_{name}_[^_]*_?(\d+)\.pth')
    found = []
    for path in Path(folder).glob('best_*.pth'):
        match = pattern.fullmatch(path.name)
        if match:
            found.append((int(match[1]), path.stat().st_mtime, path))
    return max(found)[-1] if found else None


def set_aside(work_dir: str | os.PathLike) -> Path | None:
    """Move the checkpoints of an earlier training into a folder of their own."""
    folder = Path(work_dir)
    left = training_checkpoints(folder)
    if not left:
        return None
    name = f'before_{time.strftime("%Y%m%d_%H%M%S")}'
    target = folder / name
    count = 1
    while target.exists():
        count += 1
        target = folder / f'{name}_{count}'
    target.mkdir()
    if (folder / POINTER).is_file():
        left.insert(0, folder / POINTER)  # first: what it points to is about to move
    for path in left:
        path.rename(target / path.name)
    return target


def remove_temporaries(folder: str | os.PathLike) -> None:
    """Remove what a training that was killed while it wrote a checkpoint has left."""
    if not Path(folder).is_dir():
        return
    for path in Path(folder).iterdir():
        if _TEMPORARY.fullmatch(path.name):
            path.unlink(missing_ok=True)


def listed(paths: Iterable[str | os.PathLike]) -> str:
    """Names of files, the first three of them, for a sentence."""
    names = [Path(path).name for path in dict.fromkeys(map(str, paths))]
    return ', '.join(names[:3]) + (f' and {len(names) - 3} more' if len(names) > 3 else '')
