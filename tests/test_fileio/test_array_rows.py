# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Arrays read in blocks of rows are those of numpy, and broken files are named."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from mmposeaug.fileio import array_rows
from mmposeaug.fileio.array_rows import open_npy_rows, open_npz_rows

NUMBERS = np.random.default_rng(0).normal(size=(50, 3, 4))
ARRAYS = {
    'plain': NUMBERS.astype(np.float32),
    'by_columns': np.asfortranarray(NUMBERS),
    'big_endian': NUMBERS.astype('>f8'),
    'text': np.array([f'name {i}' for i in range(50)]),
    'bytes': np.array([f'name {i}' for i in range(50)], 'S'),
    'wide': NUMBERS[:3].repeat(40, axis=1),
    'empty': NUMBERS[:0],
    'no_columns': NUMBERS[:, :0],
    'none': np.array(5.0),
}


@pytest.mark.parametrize('save', [np.savez, np.savez_compressed])
def test_blocks_are_the_rows_of_the_array(tmp_path, monkeypatch, save):
    monkeypatch.setattr(array_rows, 'BLOCK_BYTES', 500)
    save(tmp_path / 'a.npz', **ARRAYS)
    with open_npz_rows(str(tmp_path / 'a.npz'), [*ARRAYS, 'absent']) as found:
        assert list(found) == list(ARRAYS)
        for name, rows in found.items():
            assert (rows.shape, rows.dtype) == (ARRAYS[name].shape, ARRAYS[name].dtype)
        assert found.pop('none').read() == 5
        for name, rows in found.items():
            np.testing.assert_array_equal(rows.read(), ARRAYS[name])
            blocks = list(rows.blocks())
            assert sum(len(block) for _, block in blocks) == len(rows)
            for place, block in blocks:
                np.testing.assert_array_equal(block, ARRAYS[name][place])
                assert len(block) == 1 or block.nbytes <= 500
        assert found['text'].row(49) == 'name 49' and found['by_columns'].row(3).shape == (3, 4)
    for name, array in ARRAYS.items():
        np.save(tmp_path / 'a.npy', array)
        with open_npy_rows(str(tmp_path / 'a.npy')) as rows:
            np.testing.assert_array_equal(rows.read(), ARRAYS[name])


def test_broken_arrays_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(array_rows, 'BLOCK_BYTES', 500)
    path = tmp_path / 'a.npz'

    def refused(message):
        with pytest.raises(ValueError, match=message), open_npz_rows(str(path), ['a']) as found:
            for _ in found['a'].blocks():
                pass

    np.savez(path, a=NUMBERS)
    content = bytearray(path.read_bytes())
    content[-400] ^= 255  # a number of the last block
    path.write_bytes(content)
    refused("The array 'a' of .*a.npz' cannot be read .*CRC")
    np.savez(path, a=np.array([{}], dtype=object))
    refused("The array 'a' of .*a.npz' cannot be read .*plain numbers or fixed-width strings")
    np.save(tmp_path / 'a.npy', NUMBERS)
    whole = (tmp_path / 'a.npy').read_bytes()
    for content, message in (
        (whole[:-100], 'announces more'),
        (whole[:3], 'magic'),
        (b'', 'magic'),
    ):
        with zipfile.ZipFile(path, 'w') as file:
            file.writestr('a.npy', content)
        refused(f"'a' of .*a.npz' cannot be read .*{message}")
    path.write_bytes(whole)
    refused('holds one array')
    for content, message in ((whole[:-100], 'announces more'), (b'hello', 'cannot be read')):
        (tmp_path / 'a.npy').write_bytes(content)
        with pytest.raises(ValueError, match=message), open_npy_rows(str(tmp_path / 'a.npy')):
            pass
