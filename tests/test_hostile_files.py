# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Broken and hostile files are refused in one sentence, in bounded memory, and run no code."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import resource
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mmposeaug.apis import load_plan
from mmposeaug.converters.mocap.bvh import read_bvh
from mmposeaug.converters.mocap.joint_map import load_joint_map
from mmposeaug.datasets.calibration import load_calibration
from mmposeaug.datasets.camera_files import load_camera_dicts
from mmposeaug.datasets.keypoints_2d import build_keypoint_map, load_keypoints
from mmposeaug.fileio import load_npy, load_npz, load_pickle_restricted
from mmposeaug.lifting.lifter_weights import read_checkpoint
from mmposeaug.structures import H36M_17, Skeleton

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


def broken_npz() -> Iterator[bytes]:
    good = npz(keypoints=np.random.default_rng(0).uniform(0, 99, (3, 17, 2)))
    yield from (good[: len(good) * k // 5] for k in range(5))
    for place in (40, 80, 120, len(good) - 60, len(good) - 10):
        yield good[:place] + b'\xaa\xbb\xcc' + good[place + 3 :]
    yield zip_of('keypoints.npy', b'hello')
    yield zip_of('keypoints.npy', huge_npy())
    yield zip_of('keypoints.npy', b'\x93NUMPY\x01\x00\xff\xff' + b'x' * 10)
    yield zip_of('keypoints.npy', b'\x93NUMPY\x09\x00\x10\x00' + b'x' * 20)
    bomb = io.BytesIO()
    np.save(bomb, np.zeros((4_000_000, 17, 2), np.float32))
    yield zip_of('keypoints.npy', bomb.getvalue())
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
    yield b'a: ' + b'[' * 20_000
    yield b'a: !!python/object/apply:os.system ["touch hacked"]'
    yield b'joints: {root: 5}'
    yield b'experiments: {a: {config: 5}}'
    yield b'title: 2020-01-01\nexperiments: {}'


def cases() -> Iterator[tuple[str, str, Callable, bytes]]:
    def numbered(kind: str, name: str, read: Callable, contents: Iterator[bytes]) -> Iterator:
        for n, content in enumerate(contents):
            yield f'{kind}-{n}', name, read, content

    for kind, content in JSONS.items():
        yield from numbered(kind, 'k.json', load_keypoints, broken_texts(content))
    yield from numbered('cameras', 'c.json', load_camera_dicts, broken_texts(CAMERAS))
    yield from numbered('calibration', 'c.json', load_calibration, broken_texts(CALIBRATION))
    own = dict(keypoints=['a', 'b'], joints={'root': 'a'})
    read_map = lambda path: build_keypoint_map(path, H36M_17)  # noqa: E731
    yield from numbered('map', 'm.json', read_map, broken_texts(own))
    yield from numbered('npz', 'k.npz', load_keypoints, broken_npz())
    yield from numbered('arrays', 'a.npz', load_npz, list(broken_npz())[:9])
    yield from numbered('npy', 'k.npy', load_npy, iter([huge_npy(), b'', b'hello', b'\x93NUMPY']))
    yield from numbered('pickle', 'c.pkl', load_camera_dicts, broken_pickles())
    yield from numbered('restricted', 'c.pkl', load_pickle_restricted, list(broken_pickles())[:13])
    yield from numbered(
        'checkpoint', 'c.pth', lambda p: read_checkpoint(Path(p)), broken_checkpoints()
    )
    yield from numbered('bvh', 'a.bvh', read_bvh, broken_bvh())
    yield from numbered('joints', 'j.yml', load_joint_map, broken_yaml())
    yield from numbered('plan', 'p.yml', lambda p: load_plan(p, '.'), broken_yaml())


def test_broken_files_are_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    faults, count, read_well = [], 0, 0
    for label, name, read, content in cases():
        count += 1
        Path(name).write_bytes(content)
        try:
            read(str(tmp_path / name))
            read_well += 1  # a value that does no harm
        except (ValueError, OSError, KeyError) as error:
            sentence = str(error)
            if not sentence.strip('\'"'):
                faults.append(f'{label}: {type(error).__name__} says nothing')
            if len(sentence) > 2000 or sentence.count('\n'):
                faults.append(f'{label}: not one sentence: {sentence[:200]!r}')
        except Exception as error:
            faults.append(f'{label}: {type(error).__name__}: {str(error)[:150]}')
    assert count >= 400
    assert not faults, '\n'.join([f'{len(faults)} of {count}', *faults[:60]])
    assert read_well < count / 4
    assert not Path('hacked').exists()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (peak - before) * 1024 < BOUND


@pytest.mark.parametrize(
    'read',
    [load_keypoints, load_camera_dicts, load_npz, load_npy, load_pickle_restricted, read_bvh],
)
def test_what_is_not_a_regular_file_is_refused(read, tmp_path):
    os.mkfifo(tmp_path / 'pipe.json')
    (tmp_path / 'loop.json').symlink_to(tmp_path / 'loop.json')
    (tmp_path / 'folder.json').mkdir()
    for name in ('pipe', 'loop', 'folder'):
        with pytest.raises((ValueError, OSError)) as caught:
            read(str(tmp_path / f'{name}.json'))
        assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    ('name', 'content', 'read'),
    [
        ('c.json', json.dumps(CAMERAS), load_camera_dicts),
        ('c.json', json.dumps(CALIBRATION), load_calibration),
        ('m.json', json.dumps(dict(keypoints=['a'], joints={})), build_keypoint_map),
        ('k.json', json.dumps(JSONS['results']), load_keypoints),
    ],
)
def test_a_byte_order_mark_changes_nothing(name, content, read, tmp_path):
    def result(encoding: str) -> Any:
        (tmp_path / name).write_text(content, encoding=encoding)
        arguments = (Skeleton('one', ('a',), (-1,)),) if read is build_keypoint_map else ()
        return repr(read(str(tmp_path / name), *arguments))

    assert result('utf-8-sig') == result('utf-8')
