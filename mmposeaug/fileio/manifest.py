# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Whose a folder is: the record beside files that says what made them, and which are complete."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .io import read_record, save_json, sha256_of

_SHOWN = 4  # differences that a message names


@dataclass(frozen=True)
class Manifest:
    """A JSON file in a folder that says what made the files beside it.

    Args:
        path (Path): The JSON file.
        maker (str): How such files are made, for messages: ``'by this conversion'``.
        remedy (str): What to do about files of another origin, for messages.
        error (type[Exception]): Raised for these. Defaults to FileExistsError.

    Example:
        >>> import tempfile
        >>> manifest = Manifest(Path(tempfile.mkdtemp()) / 'made.json', 'here')
        >>> manifest.save(dict(seed=0))
        >>> manifest.owns(manifest.read(), dict(seed=0), [manifest.path])
        True
        >>> manifest.owns(manifest.read(), dict(seed=1), [manifest.path])
        ... # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
            ...
        FileExistsError: 'made.json' was made with seed 0, not 1; name another folder.
    """

    path: Path
    maker: str
    remedy: str = 'name another folder, or overwrite it explicitly'
    error: type[Exception] = FileExistsError

    @property
    def folder(self) -> Path:
        """Path: The folder of the files."""
        return self.path.parent

    def read(self) -> dict[str, Any] | None:
        """Return the record; None where there is none that can be read."""
        return read_record(self.path)

    def save(self, record: Mapping[str, Any]) -> None:
        """Write the record, a mapping of plain values, atomically."""
        save_json(self.path, record)

    def owns(self, record: Any, identity: Mapping[str, Any], files: Iterable[Path]) -> bool:
        """Return whether files are there, and were made from what they would be made from now.

        Args:
            record (Any): What the record says about them; None for nothing.
            identity (Mapping): What they would be made from now, by the record's keys.
            files (Iterable[Path]): The files; those that do not exist do not count.

        Raises:
            Exception: ``error``, if they are not the maker's, or were made from something else.
        """
        present = [file for file in files if file.exists()]
        if not present:
            return False
        if not isinstance(record, Mapping) or not record.keys() >= identity.keys():
            raise self.error(f"'{present[0]}' was not made {self.maker}; {self.remedy}.")
        changed = changes(record, identity)
        if changed:
            raise self.error(
                f"'{present[0]}' was made with {' and '.join(changed.values())}; {self.remedy}."
            )
        return True

    def is_complete(self, marks: Mapping[str, int | str | None]) -> bool:
        """Return whether files are there as they were written.

        Args:
            marks (Mapping): Size in bytes or SHA-256 of each file by its path in the folder; None
                for one that has not been written yet.
        """
        return all(_has_mark(self.folder / name, mark) for name, mark in marks.items())


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, str]:
    """Say how values ``now`` differ from those ``before``, by key, such as ``'seed 0, not 1'``.

    Of mappings among them the entries are compared.
    """
    found = {}
    for key, value in now.items():
        old = before.get(key)
        if old == value:
            continue
        pairs = {key: (old, value)}
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            pairs = {each: (old.get(each), value.get(each)) for each in {**old, **value}}
        parts = [f'{each} {a!r}, not {b!r}' for each, (a, b) in pairs.items() if a != b]
        rest = [f'{len(parts) - _SHOWN} more'] if len(parts) > _SHOWN else []
        found[key] = ' and '.join(parts[:_SHOWN] + rest)
    return found


def _has_mark(path: Path, mark: int | str | None) -> bool:
    if not path.is_file():
        return False
    return mark == (sha256_of(path) if isinstance(mark, str) else os.path.getsize(path))
