# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What an npy file says of the array that it holds, and what is said of one that is broken."""

from __future__ import annotations

import math
from typing import IO

import numpy as np

_READ_HEADER = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def check_npy(local_path: str, path: str) -> None:
    """Refuse an npy file whose header announces more than it holds.

    Args:
        local_path (str): The file itself.
        path (str): The file, as messages call it.
    """
    try:
        np.lib.format.open_memmap(local_path, mode='r')
    except Exception as error:  # what loads the file says what else is wrong
        if 'mmap length' in str(error):
            raise ValueError(
                f'The file {path!r} announces more numbers than it holds; check that it is '
                'complete.'
            ) from None


def read_header(file: IO[bytes], size: int) -> tuple[tuple[int, ...], np.dtype] | None:
    """Read shape and type of an array whose rows lie in the file one after the other.

    Args:
        file (IO): The npy file, at its beginning; afterwards at the first row.
        size (int): Its bytes.

    Returns:
        tuple[tuple[int, ...], np.dtype] | None: None for an array of another layout or kind.

    Raises:
        ValueError: If it is no npy file, or announces more than it holds.
    """
    read = _READ_HEADER.get(np.lib.format.read_magic(file))
    if read is None:
        return None
    shape, by_columns, dtype = read(file)
    if dtype.hasobject or not shape or min(shape) < 0:
        return None
    if math.prod(shape) * dtype.itemsize > size - file.tell():
        raise ValueError('its header announces more numbers than it holds')
    return None if by_columns else (shape, dtype)


def unreadable_array(key: str, path: str, error: Exception) -> ValueError:
    """Return the error that says that the array ``key`` of ``path`` cannot be read."""
    return ValueError(
        f'The array {key!r} of {path!r} cannot be read ({error}); save it as plain numbers or '
        'fixed-width strings.'
    )
