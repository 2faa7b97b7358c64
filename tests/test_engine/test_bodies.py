# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Train loops show the draw for people what bodies the training data have."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
from train_runs import build, poseaug, train_cfg

from mmposeaug.experiments.augmentation import load_augmentation
from mmposeaug.geometry import replace_bone_lengths
from mmposeaug.structures import H36M_17

DOG = dict(hip=0.08, knee=0.25, foot=0.3, spine=0.3, thorax=0.3, base=0.1, head=0.1)
DOG |= dict(shoulder=0.1, elbow=0.2, wrist=0.25)
RANDOM = dict(type='TensorTrainLoop', max_epochs=1, augmentor=dict(type='AnatomicalPoseAugmentor'))
PERSON = dict(from_file='configs/_base_/datasets/h36m.py', human=True)


@pytest.fixture(scope='module')
def dog_root(mocap_root, tmp_path_factory):
    """The small synthetic set with the bones of a dog under the names of Human3.6M."""
    root = tmp_path_factory.mktemp('dog')
    shutil.copytree(mocap_root, root, dirs_exist_ok=True)
    lengths = torch.tensor([DOG[name.split('_')[-1]] for name in H36M_17.bone_names])
    for name in ('source_train', 'source_test'):
        arrays = dict(np.load(root / f'{name}.npz'))
        pose = torch.as_tensor(arrays['S'][..., :3], dtype=torch.float32)
        arrays['S'][..., :3] = replace_bone_lengths(pose, lengths.expand(len(pose), -1), H36M_17)
        np.savez(root / f'{name}.npz', **arrays)
    return root


def loop_of(root, tmp_path, settings, **changes):
    # the keypoints are still the person's
    return build(root, tmp_path, dict(settings, check_data=False), **changes)._train_loop


def draw_of(augmentor):
    return getattr(augmentor, 'draw', augmentor)


@pytest.mark.parametrize('settings', [RANDOM, poseaug()], ids=['random', 'learned'])
def test_dogs_under_the_names_of_people(dog_root, mocap_root, tmp_path, settings):
    def built(root, **changes):
        loop = loop_of(root, tmp_path / f'{len(list(tmp_path.iterdir()))}', settings, **changes)
        return loop, draw_of(loop.augmentation.augmentor)

    loop, draw = built(dog_root)
    assert draw.articulation is None and not draw.published.any()
    assert 'in the data' in draw.verdict.reason and draw.verdict.human is False
    assert not loop.probe.upright, 'its trunk is level'
    told, draw = built(dog_root, **{'train_dataloader.dataset.metainfo': PERSON})
    assert told.skeleton.human and draw.articulation is not None and draw.published.all()
    loop, draw = built(mocap_root)
    assert draw.articulation is not None and draw.published.all() and loop.probe.upright


def test_the_log_says_so_and_tools_augment_alike(dog_root, tmp_path):
    cfg = train_cfg(dog_root, tmp_path, RANDOM)
    loaded = load_augmentation(cfg, check=False)
    assert draw_of(loaded.augmentation.augmentor).articulation is None
    loop_of(dog_root, tmp_path / 'run', RANDOM)
    (log,) = (tmp_path / 'run').glob('*/*.log')
    text = log.read_text()
    assert text.count('no human body') == 1
    assert "the skeleton 'h36m' is no human body, for its" in text and 'set human=True' in text
