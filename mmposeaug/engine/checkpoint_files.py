# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The checkpoints of a work folder: how they are written, which are whole, what to start from."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.fileio import LocalBackend, register_backend

from mmposeaug.fileio import atomic_write

POINTER = 'last_checkpoint'
"""str: MMEngine's file with the path of the last checkpoint."""

_NUMBERED = re.compile(r'(?P<kind>.*?)(?P<number>\d+)\.pth')
_PUBLISHED = re.compile(r'.*-[0-9a-f]{8}\.pth')
_TEMPORARY = re.compile(r'\..+\.(pth|pkl)\..+\.tmp|\.last_checkpoint\..+\.tmp')

RESTART_HINT = (
    '--restart (with other tools: --cfg-options default_hooks.checkpoint.restart=True), which '
    'moves them into a folder in there'
)


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
    """Whether ``torch.load`` reads a checkpoint, which it does not if it was cut off."""
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
        """Say in a sentence what was skipped; '' if nothing was."""
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


# ---------------------------------------------------------------------- start
def refusal_to_resume(work_dir: str | os.PathLike, found: LastCheckpoint) -> str | None:
    """Why a training cannot go on in a folder, although it holds checkpoints."""
    left = [*found.broken, *map(str, training_checkpoints(work_dir))]
    if found.path is not None or not left:
        return None
    return (
        f"'{work_dir}' holds {listed(left)}, but no whole checkpoint to resume from; choose "
        'another --work-dir, start from a best checkpoint with load_from, or let the training '
        f'start again with {RESTART_HINT}.'
    )


def refusal_of_named(path: str, work_dir: str | os.PathLike) -> str | None:
    """Why a checkpoint that the user named cannot be resumed from."""
    if '://' in path or is_whole(path):
        return None
    last = find_last_checkpoint(Path(path).parent).path or find_last_checkpoint(work_dir).path
    remedy = f'the last whole one is {last!r}' if last else 'there is no whole one beside it'
    return f'The checkpoint {path!r} cannot be read (missing, empty, cut off or damaged); {remedy}.'


def refusal_to_start(work_dir: str | os.PathLike) -> str | None:
    """Why a training must not start at epoch 1 in a folder."""
    left = training_checkpoints(work_dir)
    if not left:
        return None
    return (
        f"'{work_dir}' holds checkpoints of a training ({listed(left)}), which a new one would "
        'replace; go on with it with --resume, choose another --work-dir, or start again with '
        f'{RESTART_HINT}.'
    )


def decide_start(
    work_dir: str,
    out_dir: str | None,
    resume: bool,
    named: str | None,
    restart: bool,
    warn: Callable[[str], None],
) -> tuple[str | None, str | None]:
    """Decide what a training starts from."""
    if resume and named is not None:
        return refusal_of_named(named, work_dir), None
    if resume:
        found = find_last_checkpoint(work_dir, out_dir)
        if found.describe():
            warn(found.describe())
        return refusal_to_resume(work_dir, found), found.path
    if not restart:
        return refusal_to_start(work_dir), None
    moved = set_aside(work_dir)
    if moved is not None:
        warn(f'The checkpoints of the earlier training are now in {moved}')
    return None, None


# -------------------------------------------------------------------- writing
class AtomicLocalBackend(LocalBackend):
    """MMEngine's local files; each takes its name only when it is whole and on the disk."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write bytes."""
        with atomic_write(filepath) as file:
            file.write(obj)
        sync_folder(Path(filepath).absolute().parent)


ATOMIC_BACKEND = 'atomic_local'
"""str: Name of :class:`AtomicLocalBackend` in MMEngine's ``backend_args``."""

register_backend(ATOMIC_BACKEND, AtomicLocalBackend, force=True)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    except OSError:  # some network file systems do not sync folders
        pass
    finally:
        os.close(handle)


class LaterRemoval:
    """A file backend that notes what is to be removed."""

    def __init__(self, backend: Any, noted: list[str]) -> None:
        self._backend = backend
        self._noted = noted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def remove(self, path: str) -> None:
        """Note a file."""
        self._noted.append(os.path.basename(path))

    rmtree = remove


def to_plain(value: Any) -> Any:
    """Numpy objects in nested containers as what ``torch.load`` reads without permission."""
    if isinstance(value, np.ndarray):
        return to_plain(value.tolist())
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {
            to_plain(key): torch.tensor(item)
            if isinstance(item, np.ndarray) and str(key).endswith('_colors')
            else to_plain(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        items = [to_plain(item) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    return value
