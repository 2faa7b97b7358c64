# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Broken and hostile files, many of each kind, and how what is said of them is judged."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import resource
import signal
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

NUMPY_WARNS = [
    pytest.mark.filterwarnings('ignore:overflow encountered'),
    pytest.mark.filterwarnings('ignore:Casting complex values'),
]
"""list: Marks of tests in which numpy warns of what is spoilt."""

BOUND = 1 << 30
"""int: Bytes by which no file may raise the peak of the process."""

POINTS = [100.0 + 7 * k for k in range(51)]
CAMERA = dict(f=[[1000.0], [1000.0]], c=[[500.0], [500.0]], w=1000, h=1000, R=np.eye(3).tolist())
CAMERA |= dict(T=[[0.0], [0.0], [5.0]], k=[[0.0]] * 3, p=[[0.0]] * 2)
JSONS: dict[str, Any] = {
    'coco': dict(
        images=[dict(id=1, file_name='a1.jpg', width=900, height=900)],
        annotations=[dict(id=1, image_id=1, category_id=1, bbox=[1, 2, 3, 4], keypoints=POINTS)],
        categories=[dict(id=1, name='person', keypoints=[f'k{k}' for k in range(17)])],
    ),
    'results': [dict(image_id=1, category_id=1, keypoints=POINTS, score=0.9)],
    'mmpose': [dict(frame_id=0, instances=[dict(keypoints=[[1.0, 2.0]] * 17)])],
    'alphapose': [dict(image_id='1.jpg', keypoints=POINTS, score=2.0, idx=1, box=[1, 2, 3, 4])],
    'poseflow': {'1.jpg': [dict(keypoints=POINTS, idx=1)]},
    'openpose': dict(people=[dict(person_id=[-1], pose_keypoints_2d=POINTS)]),
    'ultralytics': [dict(box=dict(x1=1, y1=2, x2=3, y2=4), keypoints=dict(x=[1.0], y=[2.0]))],
}
CAMERAS = {'S1/cam': CAMERA}
CALIBRATION = {'cam': dict(K=[[9.0, 0, 5], [0, 9.0, 5], [0, 0, 1]], dist=[0.0] * 5, w=10, h=10)}
CALIBRATION['cam'] |= dict(R=np.eye(3).tolist(), T=[0.0, 0, 5])
NASTY: list[Any] = [None, 'text', [], {}, [[]], {'a': [1]}, 1e308, float('nan'), -5, True, 2**70]
NASTY += [['é', None], [[1, [2]]], '\x00']


def places(content: Any, where: tuple = ()) -> Iterator[tuple]:
    """Every place in nested containers, of lists the first."""
    items = content.items() if isinstance(content, dict) else ()
    if isinstance(content, list) and content:
        items = [(0, content[0])]
    for key, value in items:
        yield (*where, key)
        yield from places(value, (*where, key))


def broken_texts(content: Any) -> Iterator[bytes]:
    """JSON that is truncated, of another encoding, or has something else in one place."""
    text = json.dumps(content).encode()
    yield from (text[: len(text) * k // 4] for k in range(4))
    yield from (b'\xff\xfe' + text, text.decode().encode('utf-16'), b'\x00' * 100, b'hello', b'"a"')
    yield b'[' * 100_000
    yield b'{"a":' * 50_000 + b'1' + b'}' * 50_000
    yield b'7'
    spots = list(places(content))
    for n, spot in enumerate(spots):
        for value in NASTY[n % 2 :: 2]:
            changed = copy.deepcopy(content)
            inner = changed
            for key in spot[:-1]:
                inner = inner[key]
            inner[spot[-1]] = value
            yield json.dumps(changed).encode()


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def huge_npy() -> bytes:
    file = io.BytesIO()
    header = dict(descr='<f8', fortran_order=False, shape=(10**10, 17, 3))
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + b'\x00' * 100


def zip_of(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


@cache
def bomb_npz() -> bytes:
    """130 MiB of zeros in 130 KiB, which is more than an npz file may unpack to."""
    return zip_of('keypoints.npy', npy(np.zeros((1_000_000, 17, 2), np.float32)))


def broken_npz() -> Iterator[bytes]:
    good = npz(keypoints=np.random.default_rng(0).uniform(0, 99, (3, 17, 2)))
    yield from (good[: len(good) * k // 5] for k in range(5))
    for place in (40, 80, 120, len(good) - 60, len(good) - 10):
        yield good[:place] + b'\xaa\xbb\xcc' + good[place + 3 :]
    yield zip_of('keypoints.npy', b'hello')
    yield zip_of('keypoints.npy', huge_npy())
    yield zip_of('keypoints.npy', b'\x93NUMPY\x01\x00\xff\xff' + b'x' * 10)
    yield zip_of('keypoints.npy', b'\x93NUMPY\x09\x00\x10\x00' + b'x' * 20)
    yield bomb_npz()
    yield npz(keypoints=np.array(['a', 'b']))
    yield npz(keypoints=np.array([{}], dtype=object))
    yield npz(keypoints=np.zeros((2, 17, 2), complex))
    yield npz(keypoints=np.ones((2, 17, 2)), frames=np.array(['x', 'y']))
    yield npz(keypoints=np.ones((2, 17, 2)), image_size=np.array(['x', 'y']))
    yield npz(keypoints=np.ones((2, 17, 2)), fps=np.array('fast'))
    yield npz(positions_2d=np.array(5), metadata=np.array(6))


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ('touch hacked',)


def broken_pickles() -> Iterator[bytes]:
    good = pickle.dumps({('S1', 'cam'): CAMERA})
    yield from (good[: len(good) * k // 5] for k in range(5))
    yield pickle.dumps(Evil())
    yield b'c__builtin__\nbytearray\n(I9000000000\ntR.'
    yield b'cbuiltins\nbytes\n(cbuiltins\nbytearray\n(I9000000000\ntRtR.'
    # a key of tuples that are nested a hundred thousand deep, whose hash ends the process
    yield b'}(' + b'N' + b'\x85' * 100_000 + b'Nu.'
    yield b'}' + b'N' + b'\x85' * 100_000 + b'Ns.'
    yield b'(' + b'N' + b'\x85' * 100_000 + b'Nd.'
    yield b'\x8f(' + b'N' + b'\x85' * 100_000 + b'\x90.'
    yield b'cbuiltins\nset\n((' + b'N' + b'\x85' * 100_000 + b'ltR.'
    yield pickle.dumps({('S1', 'cam'): 'text'})
    yield pickle.dumps({'S1': CAMERA})
    yield pickle.dumps([1, 2])
    yield pickle.dumps({('S1', 'cam'): {**CAMERA, 'f': [['a'], [None]]}})


def broken_checkpoints() -> Iterator[bytes]:
    file = io.BytesIO()
    torch.save(dict(state_dict={'a': torch.zeros(3)}), file)
    good = file.getvalue()
    yield from (good[: len(good) * k // 4] for k in range(4))
    yield from (b'hello', pickle.dumps(Evil()), pickle.dumps([1]), b'\x80\x02')
    for content in ([1, 2], 'text', dict(state_dict=5), dict(state_dict={'a': 'b'}), {}):
        file = io.BytesIO()
        torch.save(content, file)
        yield file.getvalue()


BVH = (
    'HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n'
    'End Site\n{\nOFFSET 0 1 0\n}\n}\nMOTION\nFrames: 1\nFrame Time: 0.1\n90 0 0\n'
)


def broken_bvh() -> Iterator[bytes]:
    for k in range(1, 6):
        yield BVH[: len(BVH) * k // 6].encode()
    for old, new in (
        ('CHANNELS 3', 'CHANNELS 99999999999'),
        ('CHANNELS 3', 'CHANNELS nan'),
        ('CHANNELS 3', 'CHANNELS -1'),
        ('Frames: 1', 'Frames: 999999999999'),
        ('Frames: 1', 'Frames: -1'),
        ('0.1', 'inf'),
        ('90', 'nan'),
        ('OFFSET 0 0 0', 'OFFSET 0 nan 0'),
        ('{', ''),
        ('Zrotation', 'Wrotation'),
        ('HIERARCHY', ''),
    ):
        yield BVH.replace(old, new, 1).encode()
    yield b'\xff' * 50
    yield b'HIERARCHY\nROOT a\n' + b'{JOINT a\n' * 100


def broken_yaml() -> Iterator[bytes]:
    yield from (b'', b'a: [', b'\xff\xfe\x00', b'- 1', b'5', b'a: &a [*a]', b'? [1, 2]\n: 3')
    yield b'a: ' + b'[' * 3_000
    yield b'a: !!python/object/apply:os.system ["touch hacked"]'
    yield b'joints: {root: 5}'
    bomb = 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n'  # ten to the eighth strings, if written out
    for k in range(1, 8):
        bomb += f'a{k}: &a{k} [{", ".join([f"*a{k - 1}"] * 10)}]\n'
    yield bomb.encode()
    yield bomb.encode() + b'joints: *a7'
    yield bomb.encode() + b'joints: {root: *a7}\nmetres_per_unit: *a7'
    yield bomb.encode() + b'experiments: {a: {config: *a7}}'
    yield bomb.encode() + b'experiments: {a: {config: a.py, options: {b: *a7}}}\ntitle: *a7'
    yield b'experiments: {a: {config: 5}}'
    yield b'title: 2020-01-01\nexperiments: {}'


class Judge:
    """Counts inputs and collects what is wrong with how they were refused."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.count = self.read_well = 0
        self.before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def refused(self, label: str, error: Exception) -> None:
        """Judge an exception of a reader."""
        if not isinstance(error, (ValueError, OSError, KeyError)):
            self.faults.append(f'{label}: {type(error).__name__}: {str(error)[:150]}')
        else:
            self.said(label, str(error).strip('\'"'))

    def said(self, label: str, sentence: str) -> None:
        """Judge a sentence."""
        if not sentence.strip() or len(sentence) > 2000 or sentence.count('\n'):
            self.faults.append(f'{label}: not one sentence: {sentence[:200]!r}')

    def decide(self, least: int, read_well: float = 0.25) -> None:
        """Fail if anything is wrong, or the process grew too large."""
        assert self.count >= least
        assert not self.faults, '\n'.join(
            [f'{len(self.faults)} of {self.count}', *self.faults[:60]]
        )
        assert self.read_well < self.count * read_well
        assert not Path('hacked').exists()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert (peak - self.before) * 1024 < BOUND


def people(count: int = 12) -> dict[str, np.ndarray]:
    """A good annotation file for the camera ``S1/cam``."""
    pose = np.random.default_rng(0).normal(scale=0.3, size=(count, 17, 3)) + [0, 0, 5]
    ones = np.ones((count, 17, 1))
    return dict(
        imgname=np.array([f'S1_Walk.cam_{frame:06d}.jpg' for frame in range(count)]),
        S=np.concatenate((pose, ones), -1),
        part=np.concatenate((pose[..., :2] / pose[..., 2:] * 1000 + 500, ones), -1),
        center=np.full((count, 2), 500.0),
        scale=np.full(count, 5.0),
    )


def broken_arrays(good: np.ndarray) -> Iterator[np.ndarray | None]:
    """The array with another type, shape or value; None where it is left out."""
    yield from (None, np.array(5.0), np.array('text'), good[:0], good[:-1], good[None], good[0])
    yield from (good.astype(str), good.astype(object), good[..., None], good.astype('S'))
    yield np.zeros(len(good), [('a', '<f4'), ('b', '<i4')])
    yield np.zeros(len(good), 'M8[s]')
    if good.dtype.kind != 'f':
        yield np.array(['é\x00/..'] * len(good))
        yield np.array(['x' * 4000] * len(good))
        yield np.array([''] * len(good))
        yield np.arange(len(good))
        return
    yield from (good.astype(complex), good[..., :2], good.astype(bool), good.astype(np.int8))
    yield from (good * 0, good * 1e300, -good, good + 1e9)
    if good.ndim == 3:
        yield good[:, :5]
        yield np.repeat(good, 2, 1)
    for value in (np.nan, np.inf, 1e300, -1.0):
        spoilt = good.copy()
        spoilt.reshape(-1)[7] = value
        yield spoilt


def spoil(path: Path, good: bytes, first: int = 0, step: int = 1) -> Iterator[str]:
    """Spoil a file on the disk in each way that any file can be, and say how; it is put back.

    Of the contents every ``step``-th from the ``first`` on.
    """
    contents = dict(
        empty=b'',
        half=good[: len(good) // 2],
        short=good[:-3],
        bytes_in_front=good[:40] + b'\xaa\xbb\xcc\xdd' + good[44:],
        bytes_behind=good[:-60] + b'\xaa\xbb\xcc\xdd' + good[-56:],
        text=b'hello\n',
        zeros=b'\x00' * 200,
        binary=b'\xff\xfe\xe9' * 50,
        pickle=pickle.dumps(Evil()),
        numbers=pickle.dumps([1, 2]),
        npz=npz(other=np.ones(3)),
        npy=huge_npy(),
        bomb=bomb_npz(),
        json=b'[' * 100_000,
        brackets=b'a = ' + b'(' * 5_000,
    )
    for label in list(contents)[first::step]:
        path.write_bytes(contents[label])
        yield label
    path.unlink()
    yield 'absent'
    path.mkdir()
    yield 'folder'
    path.rmdir()
    os.mkfifo(path)
    yield 'pipe'
    path.unlink()
    path.symlink_to(path)
    yield 'loop'
    path.unlink()
    path.write_bytes(good)


class Hung(BaseException):
    """A command took too long."""


def _hang(*_: Any) -> None:
    raise Hung


def run_command(judge: Judge, label: str, run: Callable[[], Any], capsys: Any) -> bool:
    """Run a command line, and judge how it ends; return whether with a refusal."""
    judge.count += 1
    capsys.readouterr()
    before = signal.signal(signal.SIGALRM, _hang)
    signal.alarm(20)
    try:
        code = run()
    except Hung:
        judge.faults.append(f'{label}: it hangs')
        return True
    except SystemExit as end:
        code = end.code
    except Exception as error:
        judge.faults.append(f'{label}: {type(error).__name__}: {str(error)[:150]}')
        return True
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    lines = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    if not code:
        judge.read_well += 1
        return False
    said = [line for line in lines if 'error: ' in line]
    if code not in (1, 2) or len(said) != 1 or said[0] != lines[-1]:
        judge.faults.append(f'{label}: exit status {code}, {lines[-3:]}')
    else:
        judge.said(label, said[0])
    return True
