# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Conversions in parts: each is written whole, and one that is complete is not done again."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

import numpy as np

from mmposeaug.datasets.camera_files import CameraDict, plain_cameras
from mmposeaug.fileio import Manifest, require_file, save_json, save_npy, save_npz, save_pickle

MANIFEST = 'conversion.json'
"""str: Name of the file that says how the others were made."""

VERSION = 2
"""int: Raised whenever the same inputs and options give other files."""

Report = Callable[[str], None]


def silent(line: str) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Part:
    """Files that are made together.

    Args:
        outputs (tuple[str, ...]): Files that it makes, relative to the output folder.
        make (Callable): Gives the content of each output by its path: arrays by name for
            ``.npz``, an array for ``.npy``, anything for ``.pkl`` and ``.json``.
        options (Mapping): What beside the input files decides their content, plain values.
    """

    name: str
    outputs: tuple[str, ...]
    make: Callable[[], Mapping[str, Any]]
    inputs: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def origin(self) -> dict[str, Any]:
        """Return what the part is made from, to be compared with a manifest."""
        inputs = {}
        for path in self.inputs:
            status = os.stat(path)
            inputs[os.path.abspath(path)] = [status.st_size, status.st_mtime_ns]
        options = json.loads(json.dumps(dict(self.options)))
        return dict(version=VERSION, options=options, inputs=inputs)


def run_parts(
    out_dir: str | os.PathLike,
    parts: Sequence[Part],
    overwrite: bool = False,
    report: Report = silent,
) -> list[Path]:
    """Make the parts of a conversion that are not complete yet, and return all files.

    A part is complete if its files are there, have the size that they were written with, and were
    made from the same inputs (path, size, time of change) with the same options.

    Args:
        overwrite (bool): Make all parts again, whatever is there.
        report (Callable): Gets one line for each part. Converters tell it what else is worth
            knowing, and let ``track`` (:func:`mmposeaug.fileio.track`) follow what they go through.

    Raises:
        FileNotFoundError: If an input does not exist.
        FileExistsError: If a file is there that came from elsewhere, or from other inputs or
            options, and ``overwrite`` is False.
        ValueError: If an input is refused, or would be written over.
        OSError: If a file cannot be read or written.
    """
    manifest = Manifest(Path(out_dir) / MANIFEST, 'by this conversion')
    folder = manifest.folder
    _check_inputs(folder, parts)
    records = manifest.read() or {}
    if not records and manifest.path.exists():
        raise ValueError(
            f"The file '{manifest.path}' is not the record of a conversion; delete it, or name "
            'another folder.'
        )
    todo = [part for part in parts if overwrite or not _is_complete(part, manifest, records)]
    for part in parts:
        if part not in todo:
            report(f'{part.name}: complete, left as it is')
    for part in todo:
        contents = part.make()
        records.pop(part.name, None)
        # its files are ours from here on, complete or not
        records[part.name] = dict(part.origin(), outputs=dict.fromkeys(part.outputs))
        manifest.save(records)
        for name in part.outputs:
            _SAVERS[Path(name).suffix](folder / name, contents[name])
        sizes = {name: (folder / name).stat().st_size for name in part.outputs}
        records[part.name]['outputs'] = sizes
        manifest.save(records)
        report(f'{part.name}: {", ".join(str(folder / name) for name in part.outputs)}')
    return [folder / name for part in parts for name in part.outputs]


_SAVERS: dict[str, Callable[[Path, Any], None]] = {
    '.npz': save_npz,
    '.npy': save_npy,
    '.pkl': save_pickle,
    '.json': save_json,
}


def _check_inputs(folder: Path, parts: Sequence[Part]) -> None:
    """Refuse inputs that do not exist or would be written over."""
    outputs = {os.path.realpath(folder / name) for part in parts for name in part.outputs}
    for path in (path for part in parts for path in part.inputs):
        require_file(path, 'file')
        if os.path.realpath(path) in outputs:
            raise ValueError(f'{path!r} is read, but would be written over; name another folder.')


def _is_complete(part: Part, manifest: Manifest, records: Mapping[str, Any]) -> bool:
    record = records.get(part.name)
    marks = record.get('outputs', {}) if isinstance(record, dict) else {}
    ours = record if set(marks) == set(part.outputs) else None
    files = [manifest.folder / name for name in part.outputs]
    return manifest.owns(ours, part.origin(), files) and manifest.is_complete(marks)


CAMERA_FILES = ('cameras.pkl', 'cameras.json')
"""tuple[str, str]: The camera file that MMPose reads, and the same as JSON."""


def camera_contents(cameras: CameraDict, prefix: str = '') -> dict[str, Any]:
    """Return the content of the camera files."""
    contents = (dict(cameras), plain_cameras(cameras))
    return {f'{prefix}{file}': content for file, content in zip(CAMERA_FILES, contents)}


def join_rows(rows: Sequence[Mapping[str, np.ndarray]], what: str) -> dict[str, np.ndarray]:
    """Join annotation arrays, row after row."""
    if not any(len(each['imgname']) for each in rows):
        raise ValueError(f'No frame of {what} is left; check the options that leave frames out.')
    return {name: np.concatenate([each[name] for each in rows]) for name in rows[0]}
