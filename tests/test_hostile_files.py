# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Broken and hostile files are refused in one sentence, in bounded memory, and run no code."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile_files import (
    CALIBRATION,
    CAMERAS,
    JSONS,
    NUMPY_WARNS,
    Judge,
    broken_bvh,
    broken_checkpoints,
    broken_npz,
    broken_pickles,
    broken_texts,
    broken_yaml,
    huge_npy,
)

from mmposeaug.apis import load_plan
from mmposeaug.converters.mocap.bvh import read_bvh
from mmposeaug.converters.mocap.joint_map import load_joint_map
from mmposeaug.datasets.calibration import load_calibration
from mmposeaug.datasets.camera_files import load_camera_dicts
from mmposeaug.datasets.keypoints_2d import build_keypoint_map, load_keypoints
from mmposeaug.fileio import load_npy, load_npz, load_pickle_restricted
from mmposeaug.lifting.lifter_weights import read_checkpoint
from mmposeaug.structures import H36M_17, Skeleton

pytestmark = NUMPY_WARNS


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
    judge = Judge()
    for label, name, read, content in cases():
        judge.count += 1
        Path(name).write_bytes(content)
        try:
            read(str(tmp_path / name))
            judge.read_well += 1  # a value that does no harm
        except Exception as error:
            judge.refused(label, error)
    judge.decide(least=400)


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
