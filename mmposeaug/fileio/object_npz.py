# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Npz files whose arrays hold Python objects, read without running any of their code.

VideoPose3D's files keep a dictionary of arrays in an object array, which numpy stores as a pickle.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from typing import IO, Any

import numpy as np
from mmengine.fileio import get_local_path

from .io import check_unpacked, require_file
from .restricted_pickle import RefusedError, unpickle_restricted


def npz_entries(path: str) -> list[str]:
    """Return the names of the entries of the npz file ``path``; none if it is not one."""
    with get_local_path(path) as local_path:
        try:
            with zipfile.ZipFile(local_path) as archive:
                return [name[: -len('.npy')] for name in archive.namelist()]
        except (zipfile.BadZipFile, OSError):
            return []  # what reads it says so


def load_object_npz(path: str, keys: Sequence[str]) -> dict[str, Any]:
    """Read named entries of an npz file that may be pickled objects.

    Objects are admitted as by :func:`~mmposeaug.fileio.io.load_pickle_restricted`: numpy data in
    builtin containers, nothing else.

    Args:
        path (str): The file.
        keys (Sequence[str]): Entries to read, all of which must be there.

    Returns:
        dict[str, Any]: The entries: arrays, or, of an object array without dimensions, the object.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it is not a complete npz file, lacks an entry, or an entry holds anything
            else; the sentence names the entry.
    """
    require_file(path, 'npz file')
    with get_local_path(path) as local_path:
        try:
            archive = zipfile.ZipFile(local_path)
        except (zipfile.BadZipFile, OSError) as error:
            raise ValueError(
                f'The file {path!r} cannot be read as an npz file ({error}); check that it is '
                'complete.'
            ) from None
        with archive:
            found = [name[: -len('.npy')] for name in archive.namelist() if name.endswith('.npy')]
            for key in keys:
                if key not in found:
                    raise ValueError(
                        f'The file {path!r} has no entry {key!r}, only {", ".join(found) or "none"}'
                        '; give the file that holds it.'
                    )
            check_unpacked(
                sum(archive.getinfo(f'{key}.npy').file_size for key in keys), path, local_path
            )
            return {key: _read_entry(archive, key, path) for key in keys}


def _read_entry(archive: zipfile.ZipFile, key: str, path: str) -> Any:
    try:
        with archive.open(f'{key}.npy') as file:
            array = _read_array(file, archive.getinfo(f'{key}.npy').file_size)
    except RefusedError as error:
        raise ValueError(
            f'The entry {key!r} of {path!r} is refused, since {error}, and only numpy data in '
            'builtin containers may be read.'
        ) from None
    except Exception as error:  # zipfile, zlib, EOF and pickle errors have no common base
        raise ValueError(
            f'The entry {key!r} of {path!r} cannot be read ({error}); check that the file is '
            'complete.'
        ) from error
    return array.item() if array.dtype.hasobject and array.ndim == 0 else array


def _read_array(file: IO[bytes], archive_size: int) -> np.ndarray:
    version = np.lib.format.read_magic(file)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise ValueError(f'its npy version {version} is not 1.0 or 2.0')
    shape, fortran_order, dtype = read_header(file)
    if dtype.hasobject:
        array = np.asarray(unpickle_restricted(file), dtype=object)
        return array.reshape(shape)
    count = int(np.prod(shape, dtype=np.int64))
    if count * dtype.itemsize > archive_size:
        raise ValueError('its header announces more numbers than it holds')
    content = file.read(count * dtype.itemsize)
    return np.frombuffer(content, dtype, count).reshape(shape, order='F' if fortran_order else 'C')
