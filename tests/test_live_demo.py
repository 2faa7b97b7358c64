# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The live demo with a lifter of random weights: keypoints that are replayed, and a video."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
from scripts import load_script, random_lifter


@pytest.fixture(scope='module')
def demo(repo_root: Path) -> ModuleType:
    return load_script(repo_root / 'demo' / 'live_demo.py')


@pytest.fixture(scope='module')
def lifter(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return random_lifter(repo_root, tmp_path_factory.mktemp('lifter'))


def test_key_points_are_replayed(
    demo: ModuleType, lifter: list[str], repo_root: Path, capsys: Any
) -> None:
    sample = str(repo_root / 'demo' / 'resources' / 'two_people_coco.json')
    size = ['--image-size', '1280', '720']
    assert demo.main([sample, *lifter, *size, '--max-frames', '9']) == 0
    assert 'lifting' in capsys.readouterr().out
    assert demo.main([sample, *lifter]) == 1
    assert '--image-size' in capsys.readouterr().err


def test_each_stage_of_a_video_is_timed(
    demo: ModuleType,
    lifter: list[str],
    tmp_path: Path,
    capsys: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / 'video.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 25, (320, 240))
    for _ in range(5):
        writer.write(np.zeros((240, 320, 3), np.uint8))
    writer.release()
    points = np.random.default_rng(0).uniform(50, 200, (1, 17, 2))
    # the models of a real detector are not at hand
    monkeypatch.setattr(demo, 'build_chosen', lambda *_: lambda _: (points, np.ones((1, 17))))
    assert demo.main([str(path), *lifter]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[-3:]]
    assert [(row[0], row[-1]) for row in rows] == [
        ('picture', '6'),
        ('detection', '5'),
        ('lifting', '5'),
    ]
    assert demo.main([str(tmp_path / 'none.avi'), *lifter]) == 1
    assert 'does not exist' in capsys.readouterr().err
    path.write_text('no video')
    assert demo.main([str(path), *lifter]) == 1
    assert 'cannot be opened' in capsys.readouterr().err
