# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Other bodies than people's: what the page on own skeletons says, and roots of any name."""

from __future__ import annotations

import copy
import dataclasses
import re
import runpy
import sys
import uuid
from pathlib import Path

import numpy as np
import pytest
import torch
from eval_runs import build_loop
from mmengine.config import Config
from mmpose.registry import DATASETS, METRICS, MODELS
from train_runs import LIFTER, dataset_cfg, make_runner

from mmposeaug.apis import LiftingInferencer, load_lifter
from mmposeaug.codecs import LifterAdapter, build_codec
from mmposeaug.codecs.lifter_fit import check_codec
from mmposeaug.datasets import load_pose_bank
from mmposeaug.datasets.checks import check_bank
from mmposeaug.datasets.keypoints_2d import keypoints_from_array
from mmposeaug.datasets.metainfo import skeleton_of_cfg, tell_tree
from mmposeaug.evaluation import joint_errors
from mmposeaug.experiments.augmentation.diversity import measure_diversity, real_poses
from mmposeaug.geometry import root_relative
from mmposeaug.lifting import package_lifter
from mmposeaug.lifting.keypoint_choice import choose_map
from mmposeaug.structures import H36M_17, Skeleton, get_skeleton

PAGE = Path(__file__).parents[2] / 'docs/own_skeleton.md'
CONFIG, ANIMAL, BODY_16, H3WB, SCRIPT = re.findall(r'```python\n(.*?)```', PAGE.read_text(), re.S)
REST = CONFIG[CONFIG.index('\n_base_ =') :]
TOPS = dict(hand=CONFIG.removesuffix(REST), animal=ANIMAL, body16=BODY_16, h3wb=H3WB)
SIZES = dict(hand=('0.03', '0.6'), animal=('0.25', '4'))
LEARNED = {
    'train_cfg.variant': 'learned',
    'train_cfg.warmup_epochs': 0,
    'train_cfg.augmentor': dict(
        angle=dict(hidden=16, noise_dim=8, num_blocks=1),
        draw=dict(type='AnatomicalPoseAugmentor'),
    ),
    'train_cfg.discriminator_3d': dict(channels=8, last_channels=8),
}


def page_config(body: str, folder: Path) -> Path:
    path = folder / f'{body}.py'
    path.write_text(TOPS[body] + REST)
    return path


@pytest.mark.parametrize('body', TOPS)
def test_every_config_of_the_page_agrees_with_its_tree(body, tmp_path):
    cfg = Config.fromfile(page_config(body, tmp_path))
    skeleton = skeleton_of_cfg(cfg.train_dataloader.dataset)
    assert (skeleton.num_joints, skeleton.root) == (cfg.joints, cfg.root)
    assert get_skeleton(cfg.metainfo) == skeleton
    check_codec(build_codec(cfg.codec), skeleton)
    # points of a face are no parts of their own, whose features would be hundreds of thousands
    assert len(skeleton.parts) <= 7
    graph = MODELS.build(dict(type='SemGCN', skeleton=cfg.metainfo, channels=4, num_blocks=1))
    assert graph.skeleton == skeleton


@pytest.mark.parametrize('body', SIZES)
def test_the_page_goes_from_metainfo_to_a_lifter(body, tmp_path, monkeypatch, capsys):
    """The script's data, a training with PoseAug, validation, packaging, lifting; all in order."""
    path = page_config(body, tmp_path)
    (tmp_path / 'make_data.py').write_text(SCRIPT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'argv', ['make_data.py', path.name, *SIZES[body]])
    runpy.run_path('make_data.py')
    cfg = Config.fromfile(path)
    assert f'2000 poses of {cfg.joints} joints' in capsys.readouterr().out
    cfg.merge_from_dict(
        dict(
            work_dir='work',
            experiment_name=uuid.uuid4().hex,
            log_level='WARNING',
            **{
                'model.backbone.stem_channels': 32,
                'model.head.in_channels': 32,
                'train_cfg.max_epochs': 2,
                'train_cfg.val_interval': 1,
                **(LEARNED if body == 'hand' else {}),
                'train_dataloader.dataset.frame_step': 2,
                'randomness': dict(seed=0),
                'test_cfg.flip_test': True,
            },
        )
    )
    runner = make_runner(cfg)
    runner.train()
    scores = runner.test()
    if body == 'hand':
        assert runner.test_loop.flips == [None], 'its mirror image is another hand'
    # validation leaves out the root of the metainfo, whatever its name
    bank = load_pose_bank(cfg.val_dataloader.dataset)
    skeleton = bank.skeleton
    root = skeleton.root
    assert skeleton.joint_names[root] == dict(hand='wrist', animal='Root of tail')[body]
    lifter = load_lifter(cfg, 'work/epoch_2.pth')
    batch = bank.gather(torch.arange(len(bank)))
    flip = None if body == 'hand' else skeleton.flip_indices
    pose = lifter.adapter.predict(batch.keypoints_px, batch.image_size, flip_indices=flip)[:, 0]
    truth = root_relative(batch.pose_cam[:, 0], root)
    errors = np.delete(joint_errors(pose.numpy(), truth.numpy()), root, axis=1)
    assert scores['MPJPE'] == pytest.approx(1000 * errors.mean(), rel=1e-3)
    # its packaged form needs neither the config nor a metainfo file
    path.unlink()
    files = package_lifter(cfg, 'work/epoch_2.pth', 'packed')
    monkeypatch.chdir('/')
    files = [tmp_path / each for each in files]
    assert load_lifter(*files).skeleton == skeleton
    inferencer = LiftingInferencer(*files)
    assert inferencer.flip_test is (body == 'animal')
    keypoints = batch.keypoints_px[:, 0].numpy()
    lifted = inferencer(keypoints, keypoint_set='lifter', image_size=(1000, 1000))
    assert lifted.poses_rel.shape == (len(bank), cfg.joints, 3)
    assert not lifted.poses_rel[:, root].any()
    row = measure_diversity(dict(Real=real_poses(bank, torch.arange(50))))['Real']
    assert row['pose_mm'] > 0 and 'elevation_low' not in row


def test_keypoints_that_count_like_the_lifters_joints_are_taken_for_them():
    hand = get_skeleton(dict(from_file='configs/_base_/datasets/onehand10k.py', root='wrist'))
    people = keypoints_from_array(np.random.default_rng(0).uniform(300, 700, (3, 21, 3)))
    np.testing.assert_array_equal(choose_map(people, 'auto', hand).weights, np.eye(21))
    with pytest.raises(ValueError, match='has 21 keypoints.*lifter for the 17 joints'):
        choose_map(people, 'auto', H36M_17)


@pytest.mark.parametrize('name', ['fly', 'h36m_17'])
def test_insects_are_small_and_people_are_not(name, mocap_root):
    """Bones of a millimetre are a wrong unit for a person, and not for a fly."""
    bank = load_pose_bank(dataset_cfg(mocap_root))
    skeleton = bank.skeleton
    if name == 'fly':
        skeleton = dataclasses.replace(skeleton, human=False)
    small = dataclasses.replace(bank, pose_cam=bank.pose_cam * 0.004, skeleton=skeleton)
    if name == 'fly':
        check_bank(small)
    else:
        with pytest.raises(ValueError, match='seems to be normalised.*human=False'):
            check_bank(small)


# ------------------------------------------------------------------------ root
def test_the_root_of_another_name_reaches_the_metric_of_any_data_set(runner):
    """MMPose's classes drop ``root`` of metainfo; the loops for several sets give it back."""
    metainfo = dict(from_file='configs/_base_/datasets/h36m.py', root='thorax')
    by_option = build_loop(runner, evaluator=[dict(type='LiftingMetrics', root='thorax')]).run()
    for sets in (None, dict(only=dict())):
        loop = build_loop(
            runner, dict(metainfo=metainfo), evaluator=[dict(type='LiftingMetrics')], sets=sets
        )
        assert loop.evaluator.dataset_meta['root'] == 'thorax'
        found = {name.split('/')[-1]: value for name, value in loop.run().items()}
        assert found == by_option
    assert by_option != build_loop(runner, evaluator=[dict(type='LiftingMetrics')]).run()


def test_a_joined_data_set_is_told_too(data_root):
    plain = dict(
        type='Human36mDataset',
        ann_file='source.npz',
        data_root=str(data_root),
        metainfo=dict(from_file='configs/_base_/datasets/h36m.py', root='thorax'),
    )
    repeated = dict(type='RepeatDataset', dataset=plain, times=2)
    built = DATASETS.build(copy.deepcopy(repeated))
    assert 'root' not in built.metainfo
    tell_tree(built, repeated)
    assert Skeleton.from_metainfo(built.metainfo).root == 8


def test_a_metric_without_a_root_is_refused_when_it_gets_its_data_set():
    """That is when a validation loop is built, before the training."""
    hand = DATASETS.get('MocapDataset')._load_metainfo(
        dict(from_file='configs/_base_/datasets/onehand10k.py')
    )
    metric = METRICS.build(dict(type='LiftingMetrics'))
    with pytest.raises(ValueError, match="'onehand10k' has no joints called root.*root='wrist'"):
        metric.dataset_meta = hand
    metric.dataset_meta = dict(hand, root='wrist')
    METRICS.build(dict(type='LiftingMetrics', root='thumb1')).dataset_meta = hand


def test_a_codec_of_another_root_is_refused():
    codec = build_codec(dict(type='VideoPoseLifting', num_keypoints=17, root_index=3))
    with pytest.raises(ValueError, match="root_index=3, 'right_foot'.*is 'root'; set root_index=0"):
        check_codec(codec, H36M_17)


def test_the_middle_of_several_roots_is_moved_to_the_root_of_the_tree():
    """Predictions are relative to the skeleton's root, whatever the codec's are."""
    cfg = dict(type='VideoPoseLifting', num_keypoints=17, root_index=[11, 14])
    codec = build_codec(cfg)
    check_codec(codec, H36M_17)
    lifter = MODELS.build(copy.deepcopy(LIFTER)).eval()
    pixels = torch.rand(4, 1, 17, 2) * 1000
    size = torch.tensor([[1000.0, 1000.0]]).expand(4, 2)
    middle = LifterAdapter(lifter, codec).predict(pixels, size)
    moved = LifterAdapter(lifter, codec, root=0).predict(pixels, size)
    torch.testing.assert_close(middle[..., [11, 14], :].mean(-2), torch.zeros(4, 1, 3))
    torch.testing.assert_close(moved, middle - middle[..., :1, :])
