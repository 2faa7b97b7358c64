# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Broken and hostile files in the place of published ones end in one sentence, without output."""

from __future__ import annotations

import copy
import io
import pickle
import shutil
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile_files import NASTY, NUMPY_WARNS, Judge, broken_arrays, npz, places, run_command, spoil
from published_files import (
    load_tool,
    write_h36m,
    write_h36m_archive,
    write_mpi_test,
    write_mpi_train,
    write_pw3d,
    write_spin,
)
from scipy.io import loadmat, savemat

from mmposeaug.converters.matlab import load_mat

pytestmark = NUMPY_WARNS


def write_all(folder: Path) -> dict[str, tuple[str, list[str], list[str]]]:
    """For each command: the tool, its arguments without the output, and the files to spoil."""
    made = write_h36m(folder / 'h36m', 3)
    two_d = made['keypoints'][0]
    cameras = made['cameras']
    commands = {
        'h36m': ('h36m', [made['positions'], cameras], [made['positions'], cameras]),
        'h36m 2D': (
            'h36m',
            [made['positions'], cameras, '{out}', '--keypoints', two_d],
            [two_d],
        ),
    }
    for kind in ('h5', 'cdf.mat', 'cdf.mat of MATLAB 7.3'):
        archive = write_h36m_archive(folder / kind, kind, made['content'][0])
        first = min(path for path in archive.rglob('*') if path.is_file())
        commands[kind] = ('h36m', [str(archive), cameras], [str(first)])
    for hdf5 in (False, True):
        place = folder / f'mpi_{hdf5}'
        write_mpi_test(place, hdf5=hdf5)
        file = str(place / 'TS1' / 'annot_data.mat')
        commands[f'mpi test {hdf5}'] = ('mpi_inf_3dhp', ['test', str(place)], [file])
    write_spin(folder / 'spin')
    file = str(folder / 'spin' / 'mpi_inf_3dhp_valid.npz')
    commands['mpi spin'] = ('mpi_inf_3dhp', ['spin', file], [file])
    write_mpi_train(folder / 'train')
    place = folder / 'train' / 'S1' / 'Seq1'
    files = [str(place / 'annot.mat'), str(place / 'camera.calibration')]
    commands['mpi train'] = ('mpi_inf_3dhp', ['train', str(folder / 'train')], files)
    write_pw3d(folder / 'pw3d')
    place = folder / 'pw3d' / 'sequenceFiles'
    file = str(place / 'test' / 'downtown_walking_00.pkl')
    commands['pw3d'] = ('pw3d', [str(place)], [file])
    return commands


@pytest.fixture(scope='module')
def published(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return write_all(tmp_path_factory.mktemp('published'))


def test_spoilt_files(published, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    judge = Judge()
    out = tmp_path / 'out'
    for name, (tool, args, files) in published.items():
        main = load_tool(tool)
        words = [each.format(out=out) for each in args]
        words += [] if '{out}' in args else [str(out)]
        for file in files:
            path = Path(file)
            for how in spoil(path, path.read_bytes()):
                label = f'{name}: {path.name} {how}'
                refused = run_command(judge, label, lambda w=words, m=main: m(w), capsys)
                if out.exists():
                    if refused and any(each.is_file() for each in out.rglob('*')):
                        judge.faults.append(f'{label}: {sorted(out.rglob("*"))} was written')
                    shutil.rmtree(out)
    judge.decide(least=200, read_well=0.1)


def test_other_content(published, tmp_path, monkeypatch, capsys):
    """Files of the right kind whose arrays are not those of the data set."""
    monkeypatch.chdir(tmp_path)
    judge = Judge()

    def run(name: str, label: str) -> None:
        tool, args, _ = published[name]
        run_command(judge, f'{name}: {label}', lambda: load_tool(tool)([*args, 'out']), capsys)
        shutil.rmtree('out', ignore_errors=True)

    for number, (name, (_, _, (file, *_))) in enumerate(published.items()):
        path = Path(file)
        good = path.read_bytes()
        # of the many of MATLAB and SPIN a third, other ones of each file
        step = 5 if name.startswith('mpi') else 2
        for label, content in islice(variants(path), number % step, None, step):
            path.write_bytes(content)
            run(name, label)
        path.write_bytes(good)
    judge.decide(least=150, read_well=0.5)


def test_files_that_unpack_to_far_more_than_they_hold(tmp_path):
    import h5py

    cell = np.empty((1, 1), object)
    cell[0, 0] = np.zeros((3000, 3000))
    savemat(tmp_path / 'array.mat', dict(data=cell[0, 0]), do_compression=True)
    savemat(tmp_path / 'cell.mat', dict(data=cell), do_compression=True)
    with h5py.File(tmp_path / 'new.mat', 'w', userblock_size=512) as file:
        file.create_dataset('data', (10**6, 10**4), 'f8', chunks=(10, 10))
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(ValueError, match='would unpack to .* GiB, 200 times its size or more'):
            load_mat(str(path), ['data'])


def variants(path: Path) -> Iterator[tuple[str, bytes]]:
    """One array or entry of the file with another type, shape or value, others as they are."""
    if path.suffix == '.npz' and path.stem.startswith('data_'):
        content = {k: v[()] for k, v in np.load(path, allow_pickle=True).items()}
        for n, spot in enumerate(places(content)):
            for value in NASTY[n % 7 :: 7]:
                with suppress(ValueError):  # what numpy does not save
                    yield f'{spot} {value!r:.40}', npz(**exchanged(content, spot, value))
    elif path.suffix == '.npz':
        content = dict(np.load(path))
        for name, array in content.items():
            for n, other in enumerate(broken_arrays(array)):
                arrays = {k: v for k, v in {**content, name: other}.items() if v is not None}
                yield f'{name} {n}', npz(**arrays)
    elif path.suffix == '.pkl':
        content = pickle.loads(path.read_bytes())
        for n, spot in enumerate(places(content)):
            for value in [*NASTY, *some_arrays()][n % 2 :: 2]:
                yield f'{spot} {value!r:.40}', pickle.dumps(exchanged(content, spot, value))
    elif b'HDF' in path.read_bytes()[:520]:
        yield from hdf5_variants(path)
    elif path.suffix == '.mat':
        content = {k: v for k, v in loadmat(path).items() if not k.startswith('__')}
        for name in content:
            for n, other in enumerate((*matlab_values(), *broken_arrays(np.ones((4, 51))))):
                if other is not None and other.dtype.kind != 'M':
                    file = io.BytesIO()
                    savemat(file, {**content, name: other})
                    yield f'{name} {n}', file.getvalue()
        file = io.BytesIO()
        savemat(file, {**content, name: np.zeros((4000, 4000))}, do_compression=True)
        yield f'{name} bomb', file.getvalue()


def exchanged(content: Any, spot: tuple, value: Any) -> Any:
    content = copy.deepcopy(content)
    inner = content
    for key in spot[:-1]:
        inner = inner[key]
    inner[spot[-1]] = value
    return content


def some_arrays() -> list[Any]:
    return [np.ones(3), np.array('x'), np.full((5, 72), np.nan), np.ones((5, 72), object)]


def matlab_values() -> Iterator[np.ndarray]:
    cells, inner = np.empty((14, 1), object), np.empty((1, 1), object)
    inner[0, 0] = np.ones(2)
    for value in (np.ones((4, 56)), np.array('text'), np.full((4, 84), np.nan), inner):
        cells[:, 0] = [value] * 14
        yield cells.copy()
    yield np.array([('a', 1.0)], [('name', 'O'), ('value', 'f8')])
    yield np.zeros((0, 0))


def hdf5_variants(path: Path) -> Iterator[tuple[str, bytes]]:
    import h5py

    with h5py.File(path, 'r') as file:
        names = [name for name in file if not name.startswith('#')]
    good = path.read_bytes()
    for name in names:
        for n, other in enumerate([*broken_arrays(np.ones((4, 51))), 'group', 'huge', 'missing']):
            path.write_bytes(good)
            with h5py.File(path, 'r+') as file:
                del file[name]
                if isinstance(other, str):
                    if other == 'group':
                        file.create_group(name)
                    elif other == 'huge':  # of zeros, which the file does not hold
                        file.create_dataset(name, (10**6, 10**4), 'f8', chunks=(10, 10))
                    else:
                        file[name] = h5py.ExternalLink('/etc/passwd', '/x')
                elif other is not None and other.dtype.kind not in 'UMOV':
                    file[name] = other
            yield f'{name} {n}', path.read_bytes()
