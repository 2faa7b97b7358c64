# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Files and a runner for tests of evaluation."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from eval_runs import CAMERAS, SUBJECTS, make_cfg
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from train_runs import LOOPS, NUM_TRAIN, Run, train, train_cfg

from mmposeaug.synthetic import make_synthetic_mocap


@pytest.fixture(scope='session')
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two annotation files in MMPose's format, of 22 and 9 frames, with their cameras."""
    root = tmp_path_factory.mktemp('data')
    cameras = {
        (subject, camera): dict(
            f=np.full((2, 1), 1100.0), c=np.array([[w / 2 + 5], [h / 2 - 3]]), w=w, h=h
        )
        for subject, (w, h) in SUBJECTS.items()
        for camera in CAMERAS
    }
    (root / 'cameras.pkl').write_bytes(pickle.dumps(cameras))
    rng = np.random.default_rng(0)
    for name, subject, frames in (('source', 'S1', 22), ('target', 'S2', 9)):
        pose = rng.normal(scale=0.3, size=(frames, 17, 3)) + [0.0, 0.0, 5.0]
        ones = np.ones((frames, 17, 1))
        camera = cameras[subject, CAMERAS[0]]
        pixels = pose[..., :2] / pose[..., 2:] * camera['f'][:, 0] + camera['c'][:, 0]
        np.savez(
            root / f'{name}.npz',
            imgname=[f'{subject}_Walk_{i % 2}.{CAMERAS[i % 2]}_{i:06d}.jpg' for i in range(frames)],
            S=np.concatenate((pose, ones), axis=-1).astype(np.float32),
            part=np.concatenate((pixels, ones), axis=-1).astype(np.float32),
            center=np.zeros((frames, 2), np.float32),
            scale=np.ones(frames, np.float32),
        )
    return root


@pytest.fixture(scope='module')
def runner(data_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A runner to build loops of."""
    init_default_scope('mmpose')
    runner = Runner.from_cfg(make_cfg(data_root, tmp_path_factory.mktemp('run')))
    runner.call_hook('before_run')
    return runner


@pytest.fixture(scope='session')
def mocap_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small synthetic set in MMPose's format."""
    root = tmp_path_factory.mktemp('mocap')
    make_synthetic_mocap(root, source_train=NUM_TRAIN, source_test=40, target_dev=20)
    return root


@pytest.fixture(scope='session')
def trained(mocap_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """Finished runs by the names of their loops; each is made once."""
    runs: dict[str, Run] = {}

    def get(name: str) -> Run:
        if name not in runs:
            runs[name] = train(train_cfg(mocap_root, tmp_path_factory.mktemp(name), LOOPS[name]))
        return runs[name]

    return get
