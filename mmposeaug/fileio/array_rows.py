# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Arrays of npz and npy files in blocks of rows, so that no large one is held as a whole."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO

import numpy as np
from mmengine.fileio import get_local_path

from .io import load_npy, open_npz, require_file
from .npy_headers import check_npy, read_header, unreadable_array

BLOCK_BYTES = 1 << 21
"""int: Bytes of a block; it has one row at least."""


class ArrayRows:
    """An array in a file, of which the header is read, and rows when they are asked for.

    Args:
        open_file (Callable): Opens the npy file, or its place in an npz file.
        size (int): Its bytes.
        refuse (Callable): Makes the error for the user of one that came up in reading.
    """

    def __init__(
        self,
        open_file: Callable[[], IO[bytes]],
        size: int,
        refuse: Callable[[Exception], ValueError],
    ) -> None:
        self._open_file, self._refuse = open_file, refuse
        self._whole: np.ndarray | None = None
        with self._reading() as file:
            header = read_header(file, size)
            self._first_byte = file.tell()
        if header is None:  # columns first, or objects: numpy reads or refuses it
            with self._reading() as file:
                self._whole = np.lib.format.read_array(file, allow_pickle=False)
            header = self._whole.shape, self._whole.dtype
        self.shape, self.dtype = header
        self.ndim = len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield the rows from the first to the last: which they are, and the rows."""
        row_bytes = math.prod(self.shape[1:]) * self.dtype.itemsize
        count = max(BLOCK_BYTES // max(row_bytes, 1), 1)
        places = [slice(i, min(i + count, len(self))) for i in range(0, len(self), count)]
        if self._whole is not None:
            for rows in places:
                yield rows, self._whole[rows]
            return
        with self._reading() as file:
            file.read(self._first_byte)
            for rows in places:
                shape = (rows.stop - rows.start, *self.shape[1:])
                content = file.read(shape[0] * row_bytes)
                if len(content) < shape[0] * row_bytes:
                    raise EOFError('it breaks off')
                yield rows, np.frombuffer(content, self.dtype).reshape(shape)

    def row(self, number: int) -> np.ndarray:
        """Return one row."""
        for rows, block in self.blocks():
            if number < rows.stop:
                return block[number - rows.start]
        raise IndexError(number)

    def read(self) -> np.ndarray:
        """Return the whole array."""
        if self._whole is not None:
            return self._whole
        array = np.empty(self.shape, self.dtype)
        for rows, block in self.blocks():
            array[rows] = block
        return array

    @contextmanager
    def _reading(self) -> Iterator[IO[bytes]]:
        try:
            with self._open_file() as file:
                yield file
        except Exception as error:  # zlib, zipfile and EOF errors have no common base
            raise self._refuse(error) from None


@contextmanager
def open_npz_rows(path: str, keys: Sequence[str]) -> Iterator[dict[str, ArrayRows]]:
    """Open arrays of the npz file ``path`` to read them in blocks.

    Errors and what is refused are those of :func:`~mmposeaug.fileio.load_npz`; an array that
    breaks off is found where its rows are read.
    """
    with open_npz(path) as file:
        entries = {name.removesuffix('.npy'): name for name in file.zip.namelist()}

        def rows_of(key: str) -> ArrayRows:
            name = entries[key]
            return ArrayRows(
                lambda: file.zip.open(name),
                file.zip.getinfo(name).file_size,
                lambda error: unreadable_array(key, path, error),
            )

        yield {key: rows_of(key) for key in keys if key in file.files}


@contextmanager
def open_npy_rows(path: str) -> Iterator[ArrayRows]:
    """Open the npy file ``path`` to read it in blocks; errors are those of ``load_npy``."""
    require_file(path, 'npy file')
    with get_local_path(path) as local_path:
        check_npy(local_path, path)

        def refuse(error: Exception) -> ValueError:
            load_npy(path)  # which says what is wrong
            return ValueError(f'The file {path!r} cannot be read ({error}).')

        def open_file() -> IO[bytes]:
            return open(local_path, 'rb')

        yield ArrayRows(open_file, os.path.getsize(local_path), refuse)
