# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Files that cannot run code, and files that are never half written."""

from __future__ import annotations

import collections
import datetime
import os
import pickle
import stat

import numpy as np
import pytest

from mmposeaug.fileio import atomic_write, load_npy, load_npz, load_pickle_restricted, save_npz

CONTENT = {
    ('S1', 'a'): dict(R=np.eye(3), f=np.float32(3), names=['x', b'y'], flags={True, None}),
    'order': collections.OrderedDict(k=np.arange(4, dtype='>i2')[::2]),
    'strings': np.array(['one', 'three']),
}


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
def test_numpy_data_of_every_protocol_is_read(tmp_path, protocol):
    path = tmp_path / 'data.pkl'
    path.write_bytes(pickle.dumps(CONTENT, protocol=protocol))
    read = load_pickle_restricted(str(path))
    np.testing.assert_array_equal(read[('S1', 'a')].pop('R'), np.eye(3))
    np.testing.assert_array_equal(read['order']['k'], [0, 2])
    assert read['strings'].tolist() == ['one', 'three']
    assert read[('S1', 'a')] == dict(f=3.0, names=['x', b'y'], flags={True, None})


@pytest.mark.parametrize('names', [('numpy.core', 'numpy._core'), ('numpy._core', 'numpy.core')])
def test_module_names_of_both_numpy_versions_are_admitted(tmp_path, names):
    path = tmp_path / 'data.pkl'
    text = pickle.dumps(np.arange(3.0), protocol=0)
    path.write_bytes(text.replace(names[0].encode(), names[1].encode()))
    np.testing.assert_array_equal(load_pickle_restricted(str(path)), [0, 1, 2])


def test_pickle_of_python_2_is_read(tmp_path):
    # {'f': np.array([1., 2.])} as Python 2 wrote it: byte strings, module names of the time
    raw = np.array([1.0, 2.0]).tobytes()
    path = tmp_path / 'data.pkl'
    path.write_bytes(
        b'\x80\x02}U\x01fcnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R'
        b'(K\x01K\x02\x85cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xff'
        b'J\xff\xff\xff\xffK\x00tb\x89U\x10' + raw + b'tbs.'
    )
    np.testing.assert_array_equal(load_pickle_restricted(str(path))['f'], [1.0, 2.0])


class Attack:
    """What a hostile pickle does."""

    def __reduce__(self):
        return os.system, ('touch attacked',)


@pytest.mark.parametrize('protocol', [0, 2, 4])
def test_code_in_a_pickle_is_refused_by_name(tmp_path, monkeypatch, protocol):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'bad.pkl').write_bytes(pickle.dumps({'R': Attack()}, protocol=protocol))
    with pytest.raises(ValueError, match=r'bad\.pkl.*(posix|nt)\.system'):
        load_pickle_restricted('bad.pkl')
    assert not (tmp_path / 'attacked').exists()


@pytest.mark.parametrize(
    'content',
    [
        datetime.date(2020, 1, 1),
        getattr,
        eval,
        np.load,
        np.lib.format.read_array,
        np.array([datetime.date(2020, 1, 1)], dtype=object),
        np.random.default_rng(0),
    ],
    ids=['date', 'getattr', 'eval', 'load', 'read_array', 'objects', 'generator'],
)
def test_anything_but_numpy_data_is_refused(tmp_path, content):
    path = tmp_path / 'data.pkl'
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match='is refused, since it names the object'):
        load_pickle_restricted(str(path))


def test_other_encodings_in_a_pickle_are_refused(tmp_path):
    path = tmp_path / 'data.pkl'
    path.write_bytes(b'c_codecs\nencode\n(Vabc\nVrot13\ntR.')
    with pytest.raises(ValueError, match='rot13'):
        load_pickle_restricted(str(path))


def test_broken_files_are_named(tmp_path):
    path = tmp_path / 'broken'
    path.write_bytes(pickle.dumps(CONTENT)[:-20])
    with pytest.raises(ValueError, match='broken.*complete'):
        load_pickle_restricted(str(path))
    for load in (load_npz, load_npy):
        with pytest.raises(ValueError, match='broken.*complete'):
            load(str(path))
    for load in (load_npz, load_npy, load_pickle_restricted):
        with pytest.raises(FileNotFoundError, match='absent'):
            load(str(tmp_path / 'absent'))


def test_npz_is_read_in_part_and_objects_are_refused(tmp_path):
    path = str(tmp_path / 'data.npz')
    np.savez(path, a=np.arange(3), b=np.array(['x', None], dtype=object))
    assert list(load_npz(path, ['a', 'c'])) == ['a']
    with pytest.raises(ValueError, match="'b' of .*data.npz"):
        load_npz(path)


def test_npz_and_npy_are_not_mistaken_for_each_other(tmp_path):
    np.save(tmp_path / 'one.npy', np.arange(3))
    np.savez(tmp_path / 'many.npz', a=np.arange(3))
    with pytest.raises(ValueError, match='one.npy'):
        load_npz(str(tmp_path / 'one.npy'))
    with pytest.raises(ValueError, match='many.npz'):
        load_npy(str(tmp_path / 'many.npz'))
    np.testing.assert_array_equal(load_npy(str(tmp_path / 'one.npy')), [0, 1, 2])


def test_failed_write_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / 'new' / 'data.npz'
    save_npz(path, dict(a=np.arange(2)))
    with pytest.raises(RuntimeError), atomic_write(path) as file:
        file.write(b'half')
        raise RuntimeError
    assert [p.name for p in path.parent.iterdir()] == ['data.npz']
    np.testing.assert_array_equal(load_npz(str(path))['a'], [0, 1])


@pytest.mark.skipif(os.name == 'nt', reason='file modes are those of POSIX')
def test_written_files_have_the_usual_mode(tmp_path):
    plain = tmp_path / 'plain'
    plain.touch()
    with atomic_write(tmp_path / 'atomic', 'w') as file:
        file.write('x')
    modes = [stat.S_IMODE(p.stat().st_mode) for p in (plain, tmp_path / 'atomic')]
    assert modes[0] == modes[1]


class Crafted:
    """Pickles as the call that it is given."""

    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


OBJECTS_AS_BYTES = Crafted(np.dtype, ('O8', False, True), (3, '|', None, None, None, -1, -1, 0))
FLOATS_AS_OBJECTS = Crafted(np.dtype, ('f8', False, True), (3, '<', None, None, None, -1, -1, 63))
RECONSTRUCT, SCALAR = np.zeros(1).__reduce__()[0], np.float64(0).__reduce__()[0]
EMPTY = (RECONSTRUCT, (np.ndarray, (0,), b'b'))


@pytest.mark.parametrize(
    'content',
    [
        Crafted(SCALAR, (OBJECTS_AS_BYTES, b'A' * 8)),
        Crafted(
            RECONSTRUCT, (np.ndarray, (0,), b'b'), (1, (1,), OBJECTS_AS_BYTES, False, b'A' * 8)
        ),
        Crafted(*EMPTY, (1, (1,), FLOATS_AS_OBJECTS, False, b'A' * 8)),
        Crafted(np.dtype, ({'names': ['a'], 'formats': ['O'], 'offsets': [0]},)),
        Crafted(np.ndarray, ((1,), 'O', b'A' * 8)),
        Crafted(RECONSTRUCT, (bytearray, (0,), b'b')),
    ],
    ids=['scalar', 'array', 'floats', 'fields', 'call', 'type'],
)
def test_bytes_cannot_pass_for_objects(tmp_path, content):
    """Each of these would let a file choose the addresses that numpy follows."""
    path = tmp_path / 'crafted.pkl'
    path.write_bytes(pickle.dumps(content, protocol=2))
    with pytest.raises(ValueError, match='refused|cannot be read'):
        load_pickle_restricted(str(path))


@pytest.mark.parametrize('protocol', range(6))
def test_arrays_of_all_kinds_come_back(tmp_path, protocol):
    ragged = np.empty(2, object)
    ragged[:] = [np.zeros(2), 'text']
    arrays = [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype='>i4').reshape(2, 3)),
        np.array(['ab', 'c']),
        np.array([b'ab', b'c']),
        np.array([True, False]),
        np.float32(3),
        np.zeros((0, 3), np.float16),
    ]
    path = tmp_path / 'arrays.pkl'
    path.write_bytes(pickle.dumps(dict(arrays=arrays, ragged=ragged), protocol=protocol))
    loaded = load_pickle_restricted(str(path))
    for array, found in zip(pickle.loads(path.read_bytes())['arrays'], loaded['arrays']):
        assert found.dtype == array.dtype and type(found) is type(array)
        np.testing.assert_array_equal(found, array)
    assert loaded['ragged'][1] == 'text' and loaded['ragged'].dtype == object
