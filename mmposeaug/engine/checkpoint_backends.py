# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How checkpoints are written and removed, and in what form they are plain."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.fileio import LocalBackend, register_backend

from mmposeaug.fileio import atomic_write


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
