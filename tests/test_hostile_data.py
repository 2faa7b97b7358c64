# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Broken annotation, camera and bone length files are refused by what reads training data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import mmpose
import numpy as np
from hostile_files import (
    CAMERAS,
    NUMPY_WARNS,
    Judge,
    broken_arrays,
    broken_npz,
    broken_pickles,
    broken_texts,
    huge_npy,
    npy,
    npz,
    people,
)
from mmengine.config import Config
from mmpose.registry import DATASETS

from mmposeaug.datasets import build_bone_length_bank, load_pose_bank
from mmposeaug.structures import H36M_16

pytestmark = NUMPY_WARNS

METAINFO = '.mim/configs/_base_/datasets/h36m.py'


def cases() -> Iterator[tuple[str, tuple[str, str], bytes]]:
    """Label, option with the ending, and content of its file; all other files are good."""
    good = people()
    for name in ('imgname', 'S', 'part', 'center', 'scale'):
        for n, array in enumerate(broken_arrays(good[name])):
            arrays = {**good, name: array}
            content = npz(**{k: v for k, v in arrays.items() if v is not None})
            yield f'{name}-{n}', ('ann_file', '.npz'), content
    for n, content in enumerate(broken_npz()):
        yield f'npz-{n}', ('ann_file', '.npz'), content
    for n, array in enumerate(broken_arrays(good['part'])):
        if array is not None:
            yield f'detections-{n}', ('keypoint_2d_det_file', '.npy'), npy(array)
    yield 'detections-huge', ('keypoint_2d_det_file', '.npy'), huge_npy()
    for n, content in enumerate(broken_pickles()):
        yield f'pickle-{n}', ('camera_param_file', '.pkl'), content
    for n, content in enumerate(broken_texts(CAMERAS)):
        yield f'cameras-{n}', ('camera_param_file', '.json'), content


def test_training_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path('good.npz').write_bytes(npz(**people()))
    Path('good.json').write_text(json.dumps(CAMERAS))
    # the metainfo itself, since reading its file would take most of the time
    metainfo = Config.fromfile(Path(mmpose.__file__).parent / METAINFO).dataset_info
    good = dict(ann_file='good.npz', camera_param_file='good.json', metainfo=metainfo)
    load_pose_bank(dict(good, type='Human36mDataset'))
    DATASETS.build(dict(good, type='MocapDataset', pipeline=[]))
    judge = Judge()
    for label, option, content in cases():
        name = 'broken' + option[1]
        Path(name).write_bytes(content)
        cfg = {**good, option[0]: name}
        if option[0] == 'keypoint_2d_det_file':
            cfg['keypoint_2d_src'] = 'detection'
        kinds = ('Human36mDataset', 'MocapDataset')
        for kind in kinds[: 1 if name.endswith('json') else 2]:
            judge.count += 1
            try:
                if kind == 'MocapDataset':  # as it validates, sample by sample
                    DATASETS.build(dict(cfg, type=kind, pipeline=[], serialize_data=False))
                else:
                    load_pose_bank(dict(cfg, type=kind))
                judge.read_well += 1
            except Exception as error:
                judge.refused(f'{kind} {label}', error)
    judge.decide(least=300, read_well=0.5)


def test_bone_lengths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lengths = np.full((3, 15), 0.3)
    build_bone_length_bank(lengths, skeleton=H36M_16)
    judge = Judge()
    for n, array in enumerate(broken_arrays(lengths)):
        if array is not None:
            judge.count += 3
            Path('b.npz').write_bytes(npz(lengths=array))
            names = dict(bone_names=np.array(H36M_16.bone_names), subjects=array)
            Path('n.npz').write_bytes(npz(lengths=lengths, **names))
            np.save('b.npy', array)
            for source in ('b.npz', 'n.npz', 'b.npy'):
                try:
                    build_bone_length_bank(source, skeleton=H36M_16)
                    judge.read_well += 1
                except Exception as error:
                    judge.refused(f'{source} {n}', error)
    judge.decide(least=60, read_well=0.5)
