# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The configs and experiment files of the repository: all parts can be built."""

from __future__ import annotations

import functools
import math
import re
from pathlib import Path

import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

from mmposeaug.apis import load_plan
from mmposeaug.engine import Adversary, AugmentationSettings, Detector
from mmposeaug.engine.augmentation import Augmentation
from mmposeaug.engine.set_configs import checked_dataset
from mmposeaug.engine.variants import get_settings
from mmposeaug.structures import H36M_17

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = sorted((ROOT / 'configs' / 'poseaug').rglob('*.py'))
PLANS = sorted((ROOT / 'configs' / 'poseaug' / 'experiments').glob('*.yml'))
LOOP_KEYS = ('type', 'max_epochs', 'val_interval', 'val_begin', 'variant', 'pretrain_epochs')
CLIPS = [path for path in CONFIGS if re.search(r'-(16|27|81|243)frm-\d+_.*_mocap', path.stem)]
PAPER = [path for path in CONFIGS if path.parent.name == 'h36m']
DETECTIONS = dict(gt=None, cpn='cpn_ft_h36m_dbb', det='detectron_ft_h36m', hr='hr')


@functools.cache
def read_config(path: Path) -> Config:
    return Config.fromfile(path)


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_augmentation_of_every_config_can_be_built(path):
    init_default_scope('mmpose')
    cfg = read_config(path)
    assert len(path.read_text().splitlines()) <= 20
    loop = dict(cfg.train_cfg)
    given = {key: value for key, value in loop.items() if key not in LOOP_KEYS}
    detector = given.pop('detector', None)
    share = loop.get('augmented_share', 0.5)
    Detector(AugmentationSettings(detector=detector), H36M_17, torch.device('cpu'), share)
    if loop['type'] == 'TensorTrainLoop':
        augmentor = given.pop('augmentor', None)
        target = {'target_2d', 'align_position'} if 'target_2d' in path.parts else set()
        assert set(given) == target | (set(given) & {'augmented_share'})
        if augmentor is not None:
            assert not list(MODELS.build(augmentor).parameters())
        return
    assert loop['type'] == 'PoseAugTrainLoop'
    settings = get_settings(loop.get('variant', 'default'), given)
    assert settings.learns == ('variant' in loop and loop['variant'] != 'default')
    if not settings.learns:
        assert settings.augmentor['type'] in ('BodyPoseAugmentor', 'AnatomicalPoseAugmentor')
        assert not list(MODELS.build(settings.augmentor).parameters())
        return
    adversary = Adversary(settings, Augmentation(H36M_17), torch.device('cpu'), loop['max_epochs'])
    assert adversary.augmentation.on_draw == (loop['variant'] == 'learned')
    # the parts are those of the variant, but for what the config's name says
    parts = {'angle', 'length', 'rigid'} if settings.schedule == 'passes' else {'angle'}
    if '-rigid-only_' in path.stem:
        parts = {'rigid'}
    for part in ('angle', 'length', 'rigid'):
        parts -= {part} if f'-no-{part}_' in path.stem else set()
        parts |= {part} if f'-with-{part}_' in path.stem else set()
    if settings.target_2d is not None and 'discriminator_2d' in adversary.networks:
        parts |= {'rigid'}  # whose result it judges
    built = adversary.augmentor.module
    assert parts == {p for p in ('angle', 'length', 'rigid') if getattr(built, p) is not None}
    assert settings.align_position == ('-align' in path.stem)
    assert (settings.target_2d is not None) == ('target_2d' in path.parts)
    assert (adversary.objective.feedback is None) == ('-no-feedback_' in path.stem)
    if '-no-discriminator-3d_' in path.stem:
        assert 'discriminator_3d' not in adversary.networks


@pytest.mark.parametrize('path', CLIPS, ids=lambda path: path.stem)
def test_clips_have_one_length_and_the_rate_of_the_training_data(path):
    """Real video is at 60 frames a second, the rest at 10."""
    cfg = read_config(path)
    sets = {
        name: checked_dataset(name, cfg.test_dataloader, options)
        for name, options in cfg.test_cfg.sets.items()
    }
    sets.update(train=cfg.train_dataloader.dataset, val=cfg.val_dataloader.dataset)
    frames = int(re.search(r'-(\d+)frm', path.stem)[1])
    for name, dataset in sets.items():
        assert frames == (dataset.get('multiple_target') or dataset.get('seq_len'))
        rate = dataset.get('seq_step', 1) * dataset.get('frame_step', 1)
        assert rate == (6 if name == 'real_video' else 1)
    backbone = cfg.model.backbone
    assert math.prod(backbone.get('kernel_sizes', [frames])) == frames
    assert backbone.get('seq_len', frames) >= frames and cfg.test_cfg.flip_test
    drawn = 'augmentor' in cfg.train_cfg or cfg.train_cfg.type == 'PoseAugTrainLoop'
    assert drawn != path.stem.startswith('baseline_')


@pytest.mark.parametrize('path', PLANS, ids=lambda path: path.stem)
def test_experiment_files_can_be_read(path):
    plan = load_plan(path, ROOT)
    assert len(plan.runs()) >= len(plan.experiments) >= 2


def test_every_ablation_is_in_the_experiment_file():
    plan = load_plan(ROOT / 'configs/poseaug/experiments/ablations_mocap.yml', ROOT)
    named = {experiment.config for experiment in plan.experiments}
    assert {path for path in CONFIGS if path.parent.name == 'ablations'} <= named


def test_the_papers_experiments_are_complete():
    lifters = ('mlp', 'semgcn', 'stgcn', 'videopose-1frm')
    epochs = {('baseline', 'semgcn'): 100}
    names = {
        f'{method}_{lifter}-{source}_1xb1024-{epochs.get((method, lifter), 50)}e_h36m'
        for method in ('baseline', 'poseaug')
        for lifter in lifters
        for source in DETECTIONS
    }
    assert len(names) == 32 and {path.stem for path in PAPER} == names


@pytest.mark.parametrize('path', PAPER, ids=lambda path: path.stem)
def test_names_of_the_papers_experiments_say_what_they_are(path):
    cfg = read_config(path)
    pattern = r'(baseline|poseaug)_(.+)-(gt|cpn|det|hr)_1xb(\d+)-(\d+)e_h36m'
    method, lifter, source, batch, epochs = re.fullmatch(pattern, path.stem).groups()
    graph = lifter in ('semgcn', 'stgcn')
    assert cfg.train_cfg.get('variant') == (None if method == 'baseline' else 'released')
    assert cfg.train_cfg.max_epochs == int(epochs)
    assert cfg.train_dataloader.batch_size == int(batch)
    rates = dict(baseline=(1e-3, 2e-2), poseaug=(1e-4, 1e-3))[method]
    assert cfg.optim_wrapper.optimizer.lr == rates[lifter == 'semgcn']
    assert cfg.optim_wrapper.clip_grad == dict(max_norm=1.0)
    for part, split in (('train', 'train'), ('val', 'train'), ('test', 'test')):
        dataset = cfg[f'{part}_dataloader'].dataset
        stem = DETECTIONS[source]
        file = stem and f'fps50/joint_2d_det_files/{stem}_{split}.npy'
        assert dataset.get('keypoint_2d_det_file') == file
        assert dataset.get('keypoint_2d_src', 'gt') == ('detection' if stem else 'gt')
        assert [step.type for step in dataset.pipeline] == ['GenerateTarget', 'PackPoseInputs']
        assert dataset.pipeline[0].encoder == cfg.model.head.decoder
        assert dataset.pipeline[0].encoder.remove_root == (not graph)
    assert cfg.test_cfg.sets.mpi_inf_3dhp.keypoint_2d_src == 'gt'
    head, backbone = cfg.model.head, cfg.model.backbone
    assert head.loss.type == 'MSELoss' and head.num_joints == (16 if graph else 15)
    assert backbone.type == dict(semgcn='SemGCN', stgcn='STGCN').get(lifter, 'TCN')
    if backbone.type == 'TCN':
        assert (backbone.stem_channels, backbone.dropout) == (1024, 0.25)
        assert backbone.num_blocks == (2 if lifter == 'mlp' else 4)
    elif backbone.type == 'SemGCN':
        assert (backbone.channels, backbone.num_blocks) == (128, 4)
    else:
        assert (backbone.dropout == 0) == (method == 'poseaug')


@pytest.mark.parametrize('variant', ['released', 'submitted', 'default'])
def test_fragments_choose_the_variant(variant):
    loop = dict(read_config(ROOT / f'configs/_base_/poseaug/{variant}.py').train_cfg)
    assert loop['variant'] == variant and loop['max_epochs'] == 50
    assert loop['bone_lengths'] == (None if variant == 'default' else 'poseaug_h36m')
    get_settings(variant, {k: v for k, v in loop.items() if k not in LOOP_KEYS})


def test_the_papers_plan_is_complete_and_starts_from_its_baselines():
    plan = load_plan(ROOT / 'configs/poseaug/experiments/paper_h36m.yml', ROOT)
    assert {experiment.config for experiment in plan.experiments} == set(PAPER)
    assert len(plan.experiments) == 48 and len(plan.references) == 16
    baselines = {plan.references[section] for section in plan.sections}
    for experiment in plan.experiments:
        cfg = read_config(experiment.config).copy()
        cfg.merge_from_dict(dict(experiment.options))
        assert set(plan.sets) == set(cfg.test_cfg.sets)
        method, _, rest = experiment.name.partition('_')
        assert (experiment.name in baselines) == (method == 'baseline')
        assert experiment.start_from == ('' if method == 'baseline' else f'baseline_{rest}')
        assert set(experiment.published) == (
            set() if method == 'default' else {'h36m', 'mpi_inf_3dhp'}
        )
        assert cfg.train_cfg.get('variant') == dict(poseaug='released').get(
            method, None if method == 'baseline' else 'default'
        )


def test_metafiles_list_every_config_on_human36m_with_the_published_figures():
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())
    models = {
        model['Config']: model
        for path in index['Import']
        for model in yaml.safe_load((ROOT / path).read_text())['Models']
    }
    assert all((ROOT / path).is_file() for path in models)
    h36m = (path.relative_to(ROOT).as_posix() for path in CONFIGS if path.stem.endswith('_h36m'))
    assert set(h36m) <= set(models)
    plan = load_plan(ROOT / 'configs/poseaug/experiments/paper_h36m.yml', ROOT)
    for experiment in plan.experiments:
        if not experiment.published:
            continue
        model = models[experiment.config.relative_to(ROOT).as_posix()]
        assert model['Name'] == experiment.config.stem
        published = [figures['MPJPE_with_root'] for figures in experiment.published.values()]
        found = [result['Metrics']['MPJPE (published)'] for result in model['Results']]
        assert found == published


@pytest.mark.parametrize(
    ('original', 'lifter'),
    [('mlp', 'mlp'), ('gcn', 'semgcn'), ('stgcn', 'stgcn'), ('videopose', 'videopose-1frm')],
)
def test_weights_of_the_originals_lifters_fit(original, lifter):
    init_default_scope('mmpose')
    (path,) = (ROOT / 'configs/poseaug/h36m').glob(f'poseaug_{lifter}-gt_*.py')
    states = [
        MODELS.build(read_config(each).model).state_dict()
        for each in (ROOT / f'configs/original/{original}_h36m-16j.py', path)
    ]
    ours, theirs = ({name: value.shape for name, value in state.items()} for state in states)
    assert ours == theirs
