# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""tools/fit_detector.py learns from a file of detections what a training then uses."""

from __future__ import annotations

import importlib
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmposeaug.datasets.keypoints_2d import (
    UNTRACKED,
    Keypoints2D,
    build_keypoint_map,
    keypoint_names,
)
from mmposeaug.experiments.augmentation import load_augmentation
from mmposeaug.experiments.augmentation.detected_people import DetectedPeople, split_tracks
from mmposeaug.experiments.augmentation.detector import fit_detector
from mmposeaug.geometry import project, shift_along_body
from mmposeaug.models import DetectionModel
from mmposeaug.structures import H36M_17, Skeleton

HEAD, NOSE = (0.0, -0.2, 0.15), (0.0, 0.0, 0.25)
NOISE = 0.003


@pytest.fixture
def tool(repo_root, monkeypatch):
    """The tool's main function, in this process."""
    monkeypatch.syspath_prepend(str(repo_root / 'tools'))
    for name in ('fit_detector', 'common'):
        sys.modules.pop(name, None)
    yield lambda *args: importlib.import_module('fit_detector').main([str(arg) for arg in args])
    for name in ('fit_detector', 'common'):
        sys.modules.pop(name, None)


def coco_of(joints):
    """COCO's keypoints of Human3.6M's: the eyes are at its head, the nose at its neck."""
    own = dict(ankle='foot', nose='neck_base', left_eye='head', right_eye='head')
    own.update(left_ear='head', right_ear='head')
    names = keypoint_names('coco')
    wanted = [own.get(name, name.replace('ankle', 'foot')) for name in names]
    return names, joints[:, [H36M_17.index(name) for name in wanted]]


@pytest.fixture(scope='module')
def detections(small_run, tmp_path_factory):
    """A file of people whom a detector with known offsets and noise sees, five frames each."""
    bank = load_augmentation(Config.fromfile(small_run.random_config)).bank
    batch = bank.gather(torch.arange(0, len(bank), 3))
    offset = torch.zeros(17, 3)
    for name, each in dict(head=HEAD, neck_base=NOSE).items():
        offset[H36M_17.index(name)] = torch.tensor(each)
    moved = project(shift_along_body(batch.pose_cam[:, 0], offset, H36M_17), batch.intrinsics)
    model = DetectionModel(noise=NOISE)
    seen = model(moved.repeat_interleave(5, 0), generator=torch.Generator().manual_seed(0))[0]
    names, keypoints = coco_of(seen)
    path = tmp_path_factory.mktemp('detections') / 'people.json'
    write_coco(
        path, names, keypoints.numpy(), frames=np.arange(len(seen)) + np.arange(len(seen)) // 5
    )
    return path


def write_coco(path, names, keypoints, frames):
    images = [dict(id=int(f), file_name=f'a_{f:06d}.jpg', width=1000, height=1000) for f in frames]
    scored = np.concatenate((keypoints, np.ones_like(keypoints[..., :1])), -1)
    people = [
        dict(id=i, image_id=int(f), category_id=1, keypoints=row.flatten().tolist(), track_id=1)
        for i, (f, row) in enumerate(zip(frames, scored))
    ]
    category = dict(id=1, name='person', keypoints=list(names))
    path.write_text(json.dumps(dict(images=images, annotations=people, categories=[category])))


def test_what_was_learned_is_a_config_of_the_detector(
    tool, small_run, detections, tmp_path, capsys
):
    out = tmp_path / 'new' / 'detector.py'
    options = ('--cfg-options', 'train_cfg.augmentor.yaw=180', 'train_cfg.augmentor.pitch_std=10')
    tool(
        small_run.random_config,
        '--target-2d',
        detections,
        '--samples',
        1500,
        '--out',
        out,
        *options,
    )
    said = capsys.readouterr().out
    assert 'whole people' in said and '| neck_base |' in said and f'wrote {out}' in said
    learned = Config.fromfile(out)
    options = learned.detector
    assert abs(learned.hip_height) < 0.15 and 'thigh lengths' in said
    model = DetectionModel(**{k: v for k, v in options.items() if k != 'type'})
    std = model.noise * model.factors
    sided = [joint for joint, side in enumerate(H36M_17.sides) if side]
    torch.testing.assert_close(std[sided], torch.full((12,), NOISE), rtol=0.25, atol=0)
    wanted = torch.tensor([HEAD, NOSE])
    torch.testing.assert_close(
        model.bias[[H36M_17.index('head'), H36M_17.index('neck_base')]], wanted, rtol=0, atol=0.08
    )
    free = [H36M_17.index(name) for name in ('spine', 'thorax', 'neck_base', 'head')]
    assert not model.bias[[j for j in range(17) if j not in free]].any()
    assert model.bias_share == (1, 1)
    cfg = Config.fromfile(small_run.random_config)
    cfg.train_cfg.detector = options  # which the loops take as it is
    assert load_augmentation(cfg).augmentation is not None


@pytest.mark.parametrize(
    ('args', 'sentence'),
    [
        (['--target-2d', 'no.json'], "The file of 2D keypoints 'no.json' does not exist"),
        (['--target-2d', '{people}', '--min-score', '0'], 'The smallest score is 0.0; give one'),
        (['--target-2d', '{people}', '--joints', 'tail'], "There is no joint 'tail'; joints are"),
        (['--target-2d', '{people}', '--noise', '3'], 'noise is 3.0; give a number between 0'),
        (['--target-2d', '{people}', '--samples', '0'], 'The number of samples is 0; give'),
        (['--target-2d', '{few}'], 'in four frames in a row, so noise cannot be told from'),
        (['--target-2d', '{few}', '--noise', '0.01'], 'There are 3 whole people, too few to learn'),
        (['--target-2d', '{people}', '--keypoint-set', 'halpe26'], 'the keypoint set '),
        (['--target-2d', '{people}', '--out', '{people}/x.py'], 'nothing can be written to'),
    ],
)
def test_bad_input_is_one_sentence(
    tool, small_run, detections, tmp_path, monkeypatch, capsys, args, sentence
):
    monkeypatch.chdir(tmp_path)
    few = detections.parent / 'few.json'
    names, keypoints = coco_of(torch.rand(3, 17, 2) * 500)
    write_coco(few, names, keypoints.numpy(), np.arange(3) * 9)
    args = [arg.format(people=detections, few=few) for arg in args]
    with pytest.raises(SystemExit) as caught:
        tool(small_run.random_config, *args)
    assert caught.value.code in (1, 2)
    error = capsys.readouterr().err
    assert sentence in error.strip().splitlines()[-1] and 'Traceback' not in error
    assert not list(tmp_path.iterdir())


def test_a_tree_without_hips_and_untracked_people(detections):
    hand = Skeleton('hand', ('wrist', 'thumb', 'finger'), (-1, 0, 0), ())
    steps = torch.arange(50.0)[:, None, None] * torch.ones(3, 2)
    place = 100 * torch.rand(3, 2, generator=torch.Generator().manual_seed(0)) + steps
    frames = np.arange(50)
    for tracks, count in ((np.zeros(50, int), 1), (np.full(50, UNTRACKED), 50)):
        if tracks[0] == UNTRACKED:  # two people in a frame
            frames = frames // 2
        people = Keypoints2D(frames, tracks, place.numpy(), np.ones((50, 3)), hand.joint_names)
        assert len(split_tracks(people, place.numpy(), np.ones(50, bool))) == count
    rule = build_keypoint_map('lifter', hand)
    found = fit_detector(
        SimpleNamespace(bank=SimpleNamespace(skeleton=hand)), DetectedPeople(place, [place], rule)
    )
    assert set(found.options) <= {'type', 'noise', 'factors'} and found.options['noise'] < 1e-4
    assert found.hip_height is None
    with pytest.raises(ValueError, match="the skeleton 'hand' has not; give no joints"):
        fit_detector(
            SimpleNamespace(bank=SimpleNamespace(skeleton=hand)),
            DetectedPeople(place, [place], rule),
            ['thumb'],
        )
