# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""MATLAB files: version 5 to 7 through scipy, 7.3 and plain HDF5 through h5py, if installed."""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from mmposeaug.fileio import UnpackedError, check_unpacked, most_unpacked, require_file

_MAT73 = 'MATLAB 7.3 file'
_COMPRESSED = 15  # the type of such a part of a file
_ITEM_SIZES = dict(single=4, int8=1, uint8=1, logical=1, int16=2, uint16=2, int32=4, uint32=4)


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

    _check_mat5(path, keys)
    try:
        content = loadmat(path, variable_names=list(keys))
        complete = all(key in content for key in keys)
        present = keys if complete else [name for name, _, _ in whosmat(path)]
    except Exception as error:  # broken streams raise nearly anything
        raise _unreadable(path, error) from None
    _require(path, keys, present)
    return {key: np.asarray(content[key]).T for key in keys}


def _check_mat5(path: str, keys: Sequence[str]) -> None:
    """Refuse a file whose arrays, or compressed parts, unpack to far more than it holds."""
    from scipy.io import whosmat

    try:
        found = [entry for entry in whosmat(path) if entry[0] in keys]
        size = sum(math.prod(shape) * _ITEM_SIZES.get(kind, 8) for _, shape, kind in found)
        size = max(size, _unpacked_mat5(path))
    except Exception:  # what reads the file says what is wrong with it
        return
    check_unpacked(size, path, path)


def _unpacked_mat5(path: str) -> int:
    """Bytes to which the compressed parts of the file unpack."""
    total, most = 0, most_unpacked(path)  # more is refused anyway
    with open(path, 'rb') as file:
        order = 'little' if file.read(128)[126:] == b'IM' else 'big'
        while len(tag := file.read(8)) == 8:
            kind, left = (int.from_bytes(tag[n : n + 4], order) for n in (0, 4))  # type: ignore
            if kind != _COMPRESSED:
                file.seek(left, os.SEEK_CUR)
                continue
            unpacker = zlib.decompressobj()
            while left > 0 and total <= most and (packed := file.read(min(left, 1 << 16))):
                left -= len(packed)
                while packed and total <= most:
                    total += len(unpacker.decompress(packed, 1 << 20))
                    packed = unpacker.unconsumed_tail
    return total


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
    except UnpackedError:
        raise
    except Exception as error:  # h5py's errors have no common base
        raise _unreadable(path, error, what) from None
    _require(path, keys, present)
    return arrays


def _hdf5_array(file: Any, entry: Any) -> np.ndarray:
    """A data set; the cells of a cell array are references to others."""
    import h5py

    check_unpacked(entry.size * entry.dtype.itemsize, file.filename, file.filename)
    values = entry[()]
    if h5py.check_ref_dtype(entry.dtype) is None:
        return np.asarray(values)
    cells = np.empty(entry.shape, dtype=object)
    for place, reference in np.ndenumerate(values):
        cell = file[reference]
        check_unpacked(cell.size * cell.dtype.itemsize, file.filename, file.filename)
        cells[place] = cell[()].T
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
