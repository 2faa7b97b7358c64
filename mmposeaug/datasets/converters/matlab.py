# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""MATLAB files: version 5 to 7 through scipy, 7.3 (HDF5) through h5py where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..io import require_file


def load_mat(path: str, keys: Sequence[str]) -> dict[str, np.ndarray]:
    """Reads arrays of a MATLAB file of any version.

    Args:
        path (str): The file.
        keys (Sequence[str]): Arrays that must be there.

    Returns:
        dict[str, np.ndarray]: The arrays with MATLAB's axes reversed (the last one first), as HDF5
        stores them; cell arrays are object arrays.

    Raises:
        FileNotFoundError: If the file does not exist.
        ImportError: If it is of version 7.3 and h5py is not installed.
        ValueError: If it cannot be read or lacks an array; the sentence names it.
    """
    require_file(path, 'MATLAB file', 'its path')
    with open(path, 'rb') as file:
        begin = file.read(512 + 8)
    # an HDF5 file of MATLAB has its signature behind a user block of 512 bytes
    is_hdf5 = b'\x89HDF\r\n\x1a\n' in (begin[:8], begin[512:520])
    return _load_hdf5(path, keys) if is_hdf5 else _load_mat5(path, keys)


def _load_mat5(path: str, keys: Sequence[str]) -> dict[str, np.ndarray]:
    from scipy.io import loadmat

    try:
        content = loadmat(path, variable_names=list(keys))
        present = [name for name in content if not name.startswith('__')]
    except Exception as error:  # broken streams raise nearly anything
        raise _unreadable(path, error) from None
    _require(path, keys, present)
    return {key: np.asarray(content[key]).T for key in keys}


def _load_hdf5(path: str, keys: Sequence[str]) -> dict[str, np.ndarray]:
    try:
        import h5py
    except ImportError:
        raise ImportError(
            f'The file {path!r} is a MATLAB 7.3 file, which h5py reads: install it (pip install '
            'h5py), or save the file with -v7 in MATLAB.'
        ) from None
    try:
        with h5py.File(path, 'r') as file:
            present = list(file)
            arrays: dict[str, Any] = {key: file[key][()] for key in keys if key in file}
    except Exception as error:
        raise _unreadable(path, error) from None
    _require(path, keys, present)
    return arrays


def _unreadable(path: str, error: Exception) -> ValueError:
    return ValueError(
        f'The file {path!r} cannot be read as a MATLAB file ({error}); check that it is complete.'
    )


def _require(path: str, keys: Sequence[str], present: Sequence[str]) -> None:
    for key in keys:
        if key not in present:
            raise ValueError(
                f'The file {path!r} has no array {key!r}, only '
                f'{", ".join(name for name in present if not name.startswith("#")) or "none"}.'
            )
