# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Broken and hostile files end each command line in one sentence, with nothing written."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile_files import (
    BVH,
    CALIBRATION,
    CAMERAS,
    JSONS,
    NUMPY_WARNS,
    Judge,
    npz,
    people,
    run_command,
    spoil,
)
from scripts import load_script, random_lifter

pytestmark = NUMPY_WARNS

CONFIG = 'configs/poseaug/poseaug_simplebaseline-256_1xb256-96e_synthetic.py'
PLAN = 'configs/poseaug/experiments/four_ways_mocap.yml'

# The file that is spoilt is {bad}; what it was like before stands in front. {out} is never written.
COMMANDS = (
    ('config', 'tools/train.py {bad} --work-dir {out}'),
    ('checkpoint', 'tools/train.py {config} --work-dir {out} --resume {bad}'),
    ('checkpoint', 'tools/train.py {config} --work-dir {out} --cfg-options load_from={bad}'),
    ('config', 'tools/test.py {bad} {checkpoint} --work-dir {out}'),
    ('checkpoint', 'tools/test.py {config} {bad} --work-dir {out}'),
    ('config', 'tools/browse_augmentation.py {bad} --out-dir {out}'),
    ('checkpoint', 'tools/browse_augmentation.py {config} {bad} --out-dir {out}'),
    ('config', 'tools/export_augmented.py {bad} {out}/a.npz'),
    ('checkpoint', 'tools/export_augmented.py {config} {bad} {out}/a.npz'),
    ('config', 'tools/measure_diversity.py {bad} --out {out}/a'),
    ('checkpoint', 'tools/measure_diversity.py {config} {bad} --out {out}/a'),
    ('config', 'tools/measure_diversity.py {config} --random {bad} --out {out}/a'),
    ('config', 'tools/fit_detector.py {bad} --target-2d {coco} --out {out}/a.py'),
    ('config', 'tools/export_onnx.py {bad} {checkpoint} {out}/a.onnx'),
    ('checkpoint', 'tools/export_onnx.py {config} {bad} {out}/a.onnx'),
    ('cameras', 'tools/export_onnx.py {config} {checkpoint} {out}/a.onnx --camera-file {bad}'),
    ('config', 'tools/package_lifter.py {bad} {checkpoint} {out}'),
    ('checkpoint', 'tools/package_lifter.py {config} {bad} {out}'),
    ('plan', 'tools/run_experiments.py {bad} --work-dir {out} --list'),
    ('summary', 'tools/run_experiments.py {plan} --work-dir {out} --list --results {bad}'),
    ('plan', 'tools/summarize_results.py {bad} --out {out}/a --work-dir {out}'),
    ('summary', 'tools/summarize_results.py {plan} --out {out}/a --results {bad}'),
    ('lifted', 'tools/draw_exported_bvh.py {bad} {out}/a.png'),
    ('checkpoint', 'tools/model_converters/poseaug2mmpose.py {bad} {out}/a.pth --lifter mlp'),
    ('checkpoint', 'tools/model_converters/poseaug2mmpose.py {bad} {out}/a.pth --part angle'),
    ('map', 'tools/dataset_converters/mocap.py {out} {bvh} --joint-map {bad}'),
    ('bvh', 'tools/dataset_converters/mocap.py {out} {bad} --joint-map {map}'),
    ('amc', 'tools/dataset_converters/mocap.py {out} {bad} --joint-map {map} --asf {asf}'),
    ('asf', 'tools/dataset_converters/mocap.py {out} {amc} --joint-map {map} --asf {bad}'),
    ('annotations', 'tools/dataset_converters/keypoints.py {bad} {cameras} {out}/a.json'),
    ('cameras', 'tools/dataset_converters/keypoints.py {annotations} {bad} {out}/a.json'),
    ('calibration', 'tools/dataset_converters/triangulate.py {bad} {out}/a.npz'),
    (
        'coco',
        'tools/dataset_converters/triangulate.py {calibration} {out}/a.npz --detections {bad}'
        '{{camera}}',
    ),
    ('coco', 'demo/lift_keypoints_demo.py {bad} --out-dir {out}'),
    ('annotations', 'demo/lift_keypoints_demo.py {bad} --out-dir {out}'),
    ('coco', 'demo/lift_keypoints_demo.py {coco} --annotations {bad} --out-dir {out}'),
    ('config', 'demo/lift_keypoints_demo.py {coco} --config {bad} --checkpoint {checkpoint}'),
    ('checkpoint', 'demo/lift_keypoints_demo.py {coco} --config {config} --checkpoint {bad}'),
    ('cameras', 'demo/lift_keypoints_demo.py {coco} --camera-file {bad} --out-dir {out}'),
    ('set', 'demo/lift_keypoints_demo.py {coco} --keypoint-set {bad} --out-dir {out}'),
    ('video', 'demo/lift_keypoints_demo.py {coco} --images {bad} --out-dir {out}'),
    ('coco', 'demo/live_demo.py {bad}'),
    ('cameras', 'demo/live_demo.py {coco} --camera-file {bad}'),
    ('video', 'demo/live_demo.py {bad}'),
)
ENDINGS = dict(
    config='.py', checkpoint='.pth', plan='.yml', map='.yml', bvh='.bvh', amc='.amc', asf='.asf',
    annotations='.npz', lifted='.npz', video='.mp4',
)  # fmt: skip


@pytest.fixture(scope='module')
def good(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file of each kind that is as it should be, or nearly."""
    folder = tmp_path_factory.mktemp('good')
    contents = dict(
        config=b"_base_ = ['" + str(repo_root / CONFIG).encode() + b"']\n",
        cameras=json.dumps(CAMERAS).encode(),
        calibration=json.dumps(CALIBRATION).encode(),
        coco=json.dumps(JSONS['coco']).encode(),
        set=json.dumps(dict(keypoints=['a', 'b'], joints={'root': 'a'})).encode(),
        summary=b'{}',
        plan=(repo_root / PLAN).read_bytes(),
        map=(repo_root / 'configs/joint_maps/cmu_bvh.yml').read_bytes(),
        annotations=npz(**people()),
        lifted=npz(**people()),
        bvh=BVH.encode(),
        amc=b'#!OML:ASF\n:FULLY-SPECIFIED\n:DEGREES\n1\nroot 0 0 0 0 0 0\n',
        asf=b':version 1.10\n:name a\n:units\n mass 1\n length 0.45\n angle deg\n',
        video=b'\x00\x00\x00\x20ftypisom' + b'\x00' * 200,
    )
    paths = {'checkpoint': Path(random_lifter(repo_root, folder)[3])}
    for kind, content in contents.items():
        paths[kind] = folder / f'{kind}{ENDINGS.get(kind, ".json")}'
        paths[kind].write_bytes(content)
    return paths


@pytest.fixture
def mains(repo_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """The main functions of command lines, in this process."""
    monkeypatch.syspath_prepend(str(repo_root / 'tools'))
    monkeypatch.setenv('LOCAL_RANK', '0')
    before = set(sys.modules)
    loaded: dict[str, Any] = {}

    def find(path: str) -> Any:
        if path not in loaded:
            loaded[path] = load_script(repo_root / path).main
        return loaded[path]

    yield find
    for name in ('common', *(Path(path).stem for path in loaded)):
        if name not in before:
            sys.modules.pop(name, None)


def test_spoilt_files(good, mains, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    judge = Judge()
    for number, (kind, command) in enumerate(COMMANDS):
        bad = tmp_path / f'bad{ENDINGS.get(kind, ".json")}'
        paths = {**good, 'bad': bad.name, 'out': 'out'}
        tool, *words = [word.format(**paths) for word in command.split()]
        bad.write_bytes(good[kind].read_bytes())
        # reading a config takes a while
        step = 13 if '{config}' in command else 5
        for how in spoil(bad, bad.read_bytes(), number % step, step):
            label = f'{command} {how}'
            refused = run_command(judge, label, lambda t=tool, w=words: mains(t)(w), capsys)
            written = [path for path in tmp_path.iterdir() if path != bad]
            if refused and written:
                judge.faults.append(f'{label}: {written} was written')
            for path in written:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        bad.unlink()
    judge.decide(least=150, read_well=0.1)
