# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The configs and experiment files of the repository: all parts can be built."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

from mmposeaug.apis import load_plan
from mmposeaug.engine import Adversary
from mmposeaug.engine.variants import get_settings
from mmposeaug.structures import H36M_17

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = sorted((ROOT / 'configs' / 'poseaug').rglob('*.py'))
PLANS = sorted((ROOT / 'configs' / 'poseaug' / 'experiments').glob('*.yml'))
LOOP_KEYS = ('type', 'max_epochs', 'val_interval', 'val_begin', 'variant', 'pretrain_epochs')


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_augmentation_of_every_config_can_be_built(path):
    init_default_scope('mmpose')
    cfg = Config.fromfile(path)
    assert len(path.read_text().splitlines()) < 20
    loop = dict(cfg.train_cfg)
    given = {key: value for key, value in loop.items() if key not in LOOP_KEYS}
    if loop['type'] == 'TensorTrainLoop':
        augmentor = given.pop('augmentor', None)
        target = {'target_2d', 'align_position'} if 'target_2d' in path.parts else set()
        assert set(given) == target | (set(given) & {'augmented_share'})
        if augmentor is not None:
            assert not list(MODELS.build(augmentor).parameters())
        return
    assert loop['type'] == 'PoseAugTrainLoop'
    settings = get_settings(loop.get('variant', 'default'), given)
    adversary = Adversary(
        H36M_17, torch.device('cpu'), loop['max_epochs'], **settings.adversary_options()
    )
    assert adversary.on_draw == (loop.get('variant', 'default') == 'default')
    # the parts are those of the variant, but for what the config's name says
    parts = {'angle', 'length', 'rigid'} if settings.schedule == 'passes' else {'angle'}
    if '-rigid-only_' in path.stem:
        parts = {'rigid'}
    for part in ('angle', 'length', 'rigid'):
        parts -= {part} if f'-no-{part}_' in path.stem else set()
        parts |= {part} if f'-with-{part}_' in path.stem else set()
    if settings.target_2d is not None and adversary.discriminator_2d is not None:
        parts |= {'rigid'}  # whose result it judges
    built = adversary.augmentor.module
    assert parts == {p for p in ('angle', 'length', 'rigid') if getattr(built, p) is not None}
    assert settings.align_position == ('-align' in path.stem)
    assert (settings.target_2d is not None) == ('target_2d' in path.parts)
    assert (adversary.objective.feedback is None) == ('-no-feedback_' in path.stem)
    if '-no-discriminator-3d_' in path.stem:
        assert adversary.discriminator_3d is None


@pytest.mark.parametrize('path', PLANS, ids=lambda path: path.stem)
def test_experiment_files_can_be_read(path):
    plan = load_plan(path, ROOT)
    assert len(plan.runs()) >= len(plan.experiments) >= 4


def test_every_ablation_is_in_the_experiment_file():
    plan = load_plan(ROOT / 'configs/poseaug/experiments/ablations_mocap.yml', ROOT)
    named = {experiment.config for experiment in plan.experiments}
    assert {path for path in CONFIGS if path.parent.name == 'ablations'} <= named
