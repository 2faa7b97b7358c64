# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
from __future__ import annotations

import os

import numpy as np
import pytest

from mmposeaug.fileio import load_object_npz


class Spy:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_dictionaries_and_arrays_are_read(tmp_path):
    path = tmp_path / 'data.npz'
    content = dict(S1=dict(walk=[np.arange(6.0).reshape(2, 3), np.float32(2)]), note='h36m')
    ragged = np.empty(2, object)
    ragged[:] = [np.zeros(2), np.ones(3)]
    np.savez_compressed(path, content=content, plain=np.arange(3), ragged=ragged)
    loaded = load_object_npz(str(path), ['content', 'plain', 'ragged'])
    np.testing.assert_array_equal(loaded['content']['S1']['walk'][0], [[0, 1, 2], [3, 4, 5]])
    assert loaded['content']['note'] == 'h36m' and loaded['plain'].tolist() == [0, 1, 2]
    assert loaded['ragged'].shape == (2,) and loaded['ragged'][1].tolist() == [1, 1, 1]


def test_code_is_refused_and_not_run(tmp_path):
    path, trace = tmp_path / 'data.npz', tmp_path / 'trace'
    np.savez(path, content=dict(S1=dict(walk=Spy(trace))))
    with pytest.raises(ValueError, match="'content'.*refused.*mkdir"):
        load_object_npz(str(path), ['content'])
    assert not trace.exists()


def test_broken_and_other_files(tmp_path):
    path = tmp_path / 'data.npz'
    np.savez(path, content=dict(a=np.random.default_rng(0).normal(size=5000)))
    with pytest.raises(ValueError, match="no entry 'positions_3d', only content"):
        load_object_npz(str(path), ['positions_3d'])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match='complete'):
        load_object_npz(str(path), ['content'])
    broken = bytearray(whole)
    broken[len(whole) // 2] ^= 255
    path.write_bytes(bytes(broken))
    with pytest.raises(ValueError, match='cannot be read.*complete'):
        load_object_npz(str(path), ['content'])
    with pytest.raises(FileNotFoundError, match='nowhere'):
        load_object_npz(str(tmp_path / 'nowhere.npz'), ['content'])
