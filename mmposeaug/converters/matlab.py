# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""MATLAB files: version 5 to 7 through scipy, 7.3 and plain HDF5 through h5py, if installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mmposeaug.fileio import require_file

_MAT73 = 'MATLAB 7.3 file'


def load_mat(path: str, keys: Sequence[str]) -> dict[str, np.ndarray]:
    """Read arrays of a MATLAB file of any version."""
    require_file(path, 'MATLAB file')
    with open(path, 'rb') as file:
        begin = file.read(512 + 8)
    # an HDF5 file of MATLAB has its signature after a user block of 512 bytes
    is_hdf5 = b'\x89HDF\r\n\x1a\n' in (begin[:8], begin[512:520])
    return load_hdf5(path, keys, _MAT73) if is_hdf5 else _load_mat5(path, keys)


def _load_mat5(path: str, keys: Sequence[str]) -> dict[str, np.ndarray]:
    from scipy.io import loadmat, whosmat

    try:
        content = loadmat(path, variable_names=list(keys))
        complete = all(key in content for key in keys)
        present = keys if complete else [name for name, _, _ in whosmat(path)]
    except Exception as error:  # broken streams raise nearly anything
        raise _unreadable(path, error) from None
    _require(path, keys, present)
    return {key: np.asarray(content[key]).T for key in keys}


def load_hdf5(path: str, keys: Sequence[str], what: str = 'HDF5 file') -> dict[str, np.ndarray]:
    """Read data sets of an HDF5 file."""
    require_file(path, what)
    try:
        import h5py
    except ImportError:
        other = ', or save the file with -v7 in MATLAB' if what == _MAT73 else ''
        raise ImportError(
            f'The file {path!r} is a {what}, which h5py reads: install it (pip install '
            f'h5py){other}.'
        ) from None
    try:
        with h5py.File(path, 'r') as file:
            present = list(file)
            arrays = {key: _hdf5_array(file, file[key]) for key in keys if key in file}
    except Exception as error:  # h5py's errors have no common base
        raise _unreadable(path, error, what) from None
    _require(path, keys, present)
    return arrays


def _hdf5_array(file: Any, entry: Any) -> np.ndarray:
    """A data set; the cells of a cell array are references to others."""
    import h5py

    values = entry[()]
    if h5py.check_ref_dtype(entry.dtype) is None:
        return np.asarray(values)
    cells = np.empty(entry.shape, dtype=object)
    for place, reference in np.ndenumerate(values):
        cells[place] = file[reference][()].T
    return cells


def _unreadable(path: str, error: Exception, what: str = 'MATLAB file') -> ValueError:
    return ValueError(
        f'The file {path!r} cannot be read as a {what} ({error}); check that it is complete.'
    )


def _require(path: str, keys: Sequence[str], present: Sequence[str]) -> None:
    for key in keys:
        if key not in present:
            raise ValueError(
                f'The file {path!r} has no array {key!r}, only '
                f'{", ".join(name for name in present if not name.startswith("#")) or "none"}.'
            )
