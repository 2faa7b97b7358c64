# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Reading and writing data files: nothing read here can run code, nothing written is half done."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any

import numpy as np
from mmengine.fileio import exists, get_local_path
from mmengine.utils import is_abs

from .npy_headers import check_npy, unreadable_array
from .restricted_pickle import RefusedError, unpickle_restricted


def require_file(path: str, what: str, option: str = '') -> str:
    """Check that a file is there.

    Args:
        path (str): Path, or an address that ``mmengine.fileio`` can open.
        what (str): What the file is, for the message: ``'annotation file'``.
        option (str): The option that names it, for the message. Defaults to none.

    Returns:
        str: The path.

    Raises:
        FileNotFoundError: If it does not exist.
        ValueError: If it is a folder, a pipe or a device.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        kind = 'a folder' if os.path.isdir(path) else 'a pipe or a device'
        raise ValueError(f'The {what} {path!r} is {kind}; give a regular file.')
    if not exists(path):
        remedy = f'set {option} (and data_root) to where it is' if option else 'check the path'
        raise FileNotFoundError(f'The {what} {path!r} does not exist; {remedy}.')
    return path


def join_root(path: str, data_root: str | None) -> str:
    """Put a relative ``path`` under the folder ``data_root``, if any, as MMPose's datasets do."""
    return path if is_abs(path) or not data_root else os.path.join(data_root, path)


def sha256_of(source: str | os.PathLike | bytes) -> str:
    """Return the SHA-256, in hexadecimal digits, of a ``source``: a file or its content."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    digest = hashlib.sha256()
    with open(source, 'rb') as file:
        for block in iter(lambda: file.read(1 << 20), b''):
            digest.update(block)
    return digest.hexdigest()


def load_json(path: str | os.PathLike, what: str) -> Any:
    """Read the JSON file ``path``, or an address that ``mmengine.fileio`` can open.

    A ValueError calls it ``what`` ('camera file') if it is not valid JSON.
    """
    require_file(os.fspath(path), what)
    with get_local_path(path) as local_path, open(local_path, encoding='utf-8-sig') as file:
        try:
            return json.load(file)
        except (ValueError, RecursionError) as error:
            raise ValueError(
                f"The {what} '{path}' is not valid JSON ({error}); check that it is complete."
            ) from None


def read_record(path: str | os.PathLike) -> dict[str, Any] | None:
    """Return the mapping in the JSON file ``path``; None where there is none that can be read."""
    if not os.path.isfile(path):  # a pipe would be waited for
        return None
    try:
        with open(path, encoding='utf-8') as file:
            content = json.load(file)
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def load_pickle_restricted(path: str, encoding: str = 'latin1') -> Any:
    """Read a pickle that holds nothing but numpy data and builtin containers.

    An ordinary pickle can run any code when it is read; this reader admits arrays, numpy
    scalars, numbers, strings, tuples, lists, sets and dictionaries, and refuses the rest.

    Args:
        path (str): The pickle.
        encoding (str): How the byte strings of Python 2 pickles are read. Defaults to
            ``'latin1'``, which numpy arrays need.

    Returns:
        Any: The content.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it holds anything else, or is not a pickle.
    """
    require_file(path, 'pickle')
    with get_local_path(path) as local_path, open(local_path, 'rb') as file:
        try:
            return unpickle_restricted(file, encoding)
        except RefusedError as error:
            raise ValueError(
                f'The pickle {path!r} is refused, since {error}, and only numpy data in builtin '
                'containers may be read; store the data as arrays or as JSON.'
            ) from None
        except Exception as error:  # a broken stream raises nearly anything
            raise ValueError(
                f'The file {path!r} cannot be read as a pickle of numpy data ({error}); check that '
                'it is complete.'
            ) from error


def load_npz(path: str, keys: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Read arrays of an npz file into memory; pickled objects are refused.

    Args:
        path (str): The file.
        keys (Sequence[str], optional): Arrays to read, those that the file lacks are left out.
            Defaults to None, all.

    Returns:
        dict[str, np.ndarray]: The arrays.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it is not an npz file, or an array holds Python objects.
    """
    with open_npz(path) as file:
        arrays = {}
        for key in file.files if keys is None else [k for k in keys if k in file.files]:
            try:
                arrays[key] = file[key]
            except Exception as error:  # zlib, zipfile and EOF errors have no common base
                raise unreadable_array(key, path, error) from None
    return arrays


@contextmanager
def open_npz(path: str) -> Iterator[Any]:
    """Open the npz file ``path`` with numpy; errors are those of :func:`load_npz`."""
    require_file(path, 'npz file')
    with get_local_path(path) as local_path, _open_numpy(local_path, path) as file:
        if not hasattr(file, 'files'):
            raise ValueError(f'The file {path!r} holds one array, not the named arrays of an npz.')
        yield file


def load_npy(path: str) -> np.ndarray:
    """Read the one array of the npy file ``path``.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it is not an npy file or holds Python objects.
    """
    require_file(path, 'npy file')
    with get_local_path(path) as local_path, _open_numpy(local_path, path) as array:
        if not isinstance(array, np.ndarray):
            raise ValueError(f'The file {path!r} is an npz of several arrays; an npy is expected.')
        return array


MAX_RATIO = 200
"""int: Numpy files may unpack to this many times their size, or to 64 MiB."""


class UnpackedError(ValueError):
    """A file unpacks to far more than it holds."""


def most_unpacked(local_path: str) -> int:
    """Return how many bytes the file ``local_path`` may unpack to."""
    return max(MAX_RATIO * os.path.getsize(local_path), 1 << 26)


def check_unpacked(size: int, path: str, local_path: str) -> None:
    """Refuse a file that unpacks to far more than it holds, before anything is unpacked.

    Args:
        size (int): Bytes that it unpacks to.
        path (str): The file, as messages call it.
        local_path (str): The file itself.

    Raises:
        UnpackedError: If it is more than :data:`MAX_RATIO` times the file, and than 64 MiB.
    """
    if size > most_unpacked(local_path):
        raise UnpackedError(
            f'The file {path!r} would unpack to {size / 2**30:.1f} GiB, {MAX_RATIO} times its size '
            'or more; check where it comes from, or save its arrays uncompressed.'
        )


@contextmanager
def _open_numpy(local_path: str, path: str) -> Iterator[Any]:
    check_npy(local_path, path)
    try:
        loaded = np.load(local_path, allow_pickle=False)
    except Exception as error:  # zipfile, EOF and format errors have no common base
        raise ValueError(
            f'The file {path!r} cannot be read as numpy data without Python objects ({error}); '
            'check that it is complete and holds plain arrays.'
        ) from None
    try:
        if hasattr(loaded, 'zip'):
            check_unpacked(sum(m.file_size for m in loaded.zip.infolist()), path, local_path)
        yield loaded
    finally:
        if hasattr(loaded, 'close'):
            loaded.close()


@contextmanager
def atomic_write(path: str | os.PathLike, mode: str = 'wb') -> Iterator[IO]:
    """Open a file for writing that takes its name only when it is complete.

    Args:
        path (str | PathLike): The file; its folder is made if need be.
        mode (str): ``'wb'`` or ``'w'`` (UTF-8). Defaults to ``'wb'``.

    Yields:
        IO: The open temporary file beside it, removed if writing fails.

    Example:
        >>> import pathlib, tempfile
        >>> target = pathlib.Path(tempfile.mkdtemp()) / 'note.txt'
        >>> with atomic_write(target, 'w') as file:
        ...     print(file.write('done'), target.exists())
        4 False
        >>> target.read_text()
        'done'
    """
    path = os.path.abspath(os.fspath(path))
    folder, name = os.path.split(path)
    os.makedirs(folder, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f'.{name}.', suffix='.tmp', dir=folder)
    try:
        with os.fdopen(handle, mode, encoding=None if 'b' in mode else 'utf-8') as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # mkstemp's own mode is for the owner alone
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def make_writable_folder(folder: str | os.PathLike) -> None:
    """Make a ``folder``, and learn at once, by an OSError, if it cannot be written to."""
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryFile(dir=os.fspath(folder)):
        pass


def save_npz(path: str | os.PathLike, arrays: Mapping[str, np.ndarray]) -> None:
    """Write ``arrays`` by name to the compressed npz file ``path``, atomically."""
    with atomic_write(path) as file:
        np.savez_compressed(file, **arrays)


def save_npy(path: str | os.PathLike, array: np.ndarray) -> None:
    """Write an ``array`` to the npy file ``path``, atomically."""
    with atomic_write(path) as file:
        np.save(file, array, allow_pickle=False)


def save_pickle(path: str | os.PathLike, content: Any) -> None:
    """Write ``content`` to the pickle ``path``, atomically, in protocol 4, as MMPose does.

    :func:`load_pickle_restricted` reads it if it is numpy data in builtin containers.
    """
    with atomic_write(path) as file:
        pickle.dump(content, file, protocol=4)


def save_json(path: str | os.PathLike, content: Any) -> None:
    """Write ``content``, plain values, to the JSON file ``path``, atomically."""
    with atomic_write(path, 'w') as file:
        json.dump(content, file, indent=1)
        file.write('\n')
