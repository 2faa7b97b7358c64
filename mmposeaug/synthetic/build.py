# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Writing the synthetic set as files that MMPose's ``Human36mDataset`` reads."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mmposeaug.datasets.camera_files import save_camera_files
from mmposeaug.datasets.rigs import Camera, rig_dicts
from mmposeaug.fileio import Manifest, load_npz, make_writable_folder, save_npz, sha256_of
from mmposeaug.structures import get_skeleton

from .parts import PARTS, WIDE_PARTS, Part, make_part

FORMAT_VERSION = 1
"""int: Raised whenever the same arguments give other files."""

MANIFEST = 'synthetic.json'
"""str: Name of the file that says how the others were made."""

FILES: dict[str, str] = {
    **{part.name: f'{part.name}.npz' for part in PARTS},
    'cameras': 'cameras.pkl',
    'cameras_json': 'cameras.json',
}
"""dict[str, str]: File names by what they hold."""


_NAMED = 8  # people that a table names


def make_synthetic_mocap(
    out_dir: str | os.PathLike,
    seed: int = 0,
    source_train: int = 12000,
    source_test: int = 2000,
    target_dev: int = 3000,
    overwrite: bool = False,
    report: Callable[[str], None] | None = None,
) -> dict[str, Path]:
    """Make the built-in synthetic motion set, or reuse it where it is complete.

    The same arguments give the same bytes.

    Args:
        out_dir (str | PathLike): Folder to write to; made if need be.
        seed (int): Seed of all random numbers, at least 0. Defaults to 0.
        source_train (int): Camera frames of the source for training. Defaults to 12000.
        source_test (int): Camera frames of the source for testing. Defaults to 2000.
        target_dev (int): Camera frames of the target. Defaults to 3000.
        overwrite (bool): Make the files again, whatever is there. Defaults to False.
        report (Callable, optional): Called with one line for each step. Defaults to None.

    Returns:
        dict[str, Path]: Paths of ``source_train``, ``source_test`` and ``target_dev`` (npz),
        ``cameras`` (pkl, as MMPose reads it) and ``cameras_json``.

    Raises:
        ValueError: If a number of frames is below 1 or the seed is negative.
        FileExistsError: If other files of these names are there and ``overwrite`` is False.
        OSError: If the folder cannot be written to.
    """
    frames = dict(source_train=source_train, source_test=source_test, target_dev=target_dev)
    return _make(out_dir, PARTS, seed, frames, overwrite, report)


def make_wide_mocap(
    out_dir: str | os.PathLike,
    seed: int = 0,
    source_train: int = 100000,
    source_test: int = 4000,
    overwrite: bool = False,
    report: Callable[[str], None] | None = None,
) -> dict[str, Path]:
    """Make the wide synthetic set: all motions, by many people, for lifters that are for anybody.

    60 people of 1.45 to 1.85 m whose neck, head, shoulders, trunk and hips are where data sets and
    detectors have them, before cameras of all heights. There is no target: nothing is held back
    but 12 of the people. See :func:`make_synthetic_mocap` for the arguments and errors.

    Returns:
        dict[str, Path]: Paths of ``source_train`` and ``source_test`` (npz), ``cameras`` and
        ``cameras_json``.
    """
    frames = dict(source_train=source_train, source_test=source_test)
    return _make(out_dir, WIDE_PARTS, seed, frames, overwrite, report, set='wide')


def _make(
    out_dir: str | os.PathLike,
    parts: tuple[Part, ...],
    seed: int,
    frames: dict[str, int],
    overwrite: bool,
    report: Callable[[str], None] | None,
    **names: str,
) -> dict[str, Path]:
    """Write the parts of a set and its cameras, or reuse them."""
    arguments: dict[str, Any] = {'seed': whole_number('seed', seed, 0), **names}
    arguments |= {name: whole_number(name, count, 1) for name, count in frames.items()}

    def write(paths: dict[str, Path], tell: Callable[[str], None]) -> None:
        cameras: list[Camera] = []
        for part in parts:
            arrays, rig = make_part(
                part, arguments[part.name], arguments['seed'], get_skeleton('h36m_17')
            )
            save_npz(paths[part.name], arrays)
            cameras += rig
            tell(f'{paths[part.name]}: {len(arrays["imgname"])} camera frames')
        save_camera_files(paths['cameras'], paths['cameras_json'], rig_dicts(cameras))
        tell(f'{paths["cameras"]}: {len(cameras)} cameras')

    files = {name: FILES[name] for name in frames}
    return made_files(out_dir, files, arguments, overwrite, report, write)


def made_files(
    out_dir: str | os.PathLike,
    files: dict[str, str],
    arguments: dict[str, Any],
    overwrite: bool,
    report: Callable[[str], None] | None,
    write: Callable[[dict[str, Path], Callable[[str], None]], None],
) -> dict[str, Path]:
    """Paths of files by what they hold, and of their cameras; ``write`` makes what is missing.

    Args:
        arguments (dict[str, Any]): What the files depend on, kept in the manifest.
    """
    tell = report or (lambda line: None)
    folder = _writable_folder(out_dir)
    files = {**files, **{what: name for what, name in FILES.items() if 'cameras' in what}}
    every = sorted({*FILES.values(), *files.values()})
    paths = {what: folder / name for what, name in files.items()}
    manifest = Manifest(folder / MANIFEST, 'as part of the synthetic set')
    record: dict[str, Any] = dict(version=FORMAT_VERSION, arguments=arguments)
    if not overwrite and _is_complete(manifest, record, files, every):
        tell(f'{folder} already holds this set.')
        return paths

    manifest.save(dict(record, sha256={}))  # marks what follows as ours until it is complete
    for name in set(every) - set(files.values()):
        (folder / name).unlink(missing_ok=True)  # of another set, whose cameras go now
    write(paths, tell)
    manifest.save(dict(record, sha256={what: sha256_of(path) for what, path in paths.items()}))
    return paths


def _is_complete(
    manifest: Manifest, identity: dict[str, Any], files: dict[str, str], every: list[str]
) -> bool:
    made = manifest.read()
    if not manifest.owns(made, identity, [manifest.folder / name for name in every]):
        return False
    hashes = (made or {}).get('sha256') or {}
    return manifest.is_complete({name: hashes.get(what) for what, name in files.items()})


def summarise(paths: dict[str, Path]) -> list[dict[str, Any]]:
    """Count what the parts hold that :func:`make_synthetic_mocap` returned as ``paths``.

    Returns:
        list[dict]: For each part ``part``, ``frames`` (camera frames), ``sequences``, ``motions``
        and ``subjects`` (names, joined by blanks, or their number where they are many).
    """
    rows = []
    for part in PARTS if 'target_dev' in paths else WIDE_PARTS:
        names = load_npz(str(paths[part.name]), ['imgname'])['imgname']
        stems = sorted({name.split('.')[0] for name in names})
        subjects = {stem.split('_')[0] for stem in stems}
        rows.append(
            dict(
                part=part.name,
                frames=len(names),
                sequences=len(stems),
                motions=len({stem.split('_')[1] for stem in stems}),
                subjects=' '.join(name for name in part.statures if name in subjects)
                if len(subjects) <= _NAMED
                else str(len(subjects)),
            )
        )
    return rows


def whole_number(name: str, value: int, lowest: int) -> int:
    """Refuse a number of frames or a seed that cannot be one."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < lowest:
        raise ValueError(
            f'{name} of the synthetic set must be a whole number of at least {lowest}, '
            f'got {value!r}.'
        )
    return int(value)


def _writable_folder(out_dir: str | os.PathLike) -> Path:
    folder = Path(out_dir)
    try:
        make_writable_folder(folder)
    except OSError as error:
        raise OSError(
            f"The folder '{folder}' for the synthetic set cannot be written to "
            f'({error.strerror}); name another one.'
        ) from None
    return folder
