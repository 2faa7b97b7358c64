# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The protocol configs build and evaluate their test sets from converted files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import DATASETS
from published_files import ROOT, write_h36m, write_mpi_test, write_pw3d, write_spin

from mmposeaug.converters import convert_h36m, convert_mpi_spin, convert_mpi_test, convert_pw3d
from mmposeaug.datasets import load_pose_bank
from mmposeaug.fileio import load_npz
from mmposeaug.structures import H36M_16, Skeleton

PROTOCOLS = ROOT / 'configs' / '_base_' / 'protocols'
LEAF = """
_base_ = [{protocol!r}]
model = dict(
    type='PoseLifter',
    backbone=dict(
        type='TCN', in_channels={inputs}, stem_channels=8, num_blocks=1, kernel_sizes=(1, 1)),
    head=dict(
        type='TemporalRegressionHead', in_channels=8, num_joints={joints},
        loss=dict(type='MPJPELoss'), decoder={{{{_base_.codec}}}}))
"""
LIMBS = [j for j, name in enumerate(H36M_16.joint_names) if H36M_16.sides[j]]
FOURTEEN = sorted([*LIMBS, H36M_16.index('head'), H36M_16.index('thorax')])


TRAINING = """
train_cfg = dict(_delete_=True, type='PoseAugTrainLoop', max_epochs=1, val_interval=1)
train_dataloader = dict(batch_size=64)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3))
"""


def run_test(folder: Path, name: str, data_root: Path, training: str = '') -> dict[str, float]:
    """Scores of a lifter that answers with all joints at the root."""
    config = folder / 'leaf.py'
    leaf = LEAF.format(protocol=str(PROTOCOLS / f'{name}.py'), inputs=32, joints=16)
    config.write_text(leaf + training)
    cfg = Config.fromfile(config)
    cfg.work_dir = str(folder / 'work')
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        if loader in cfg:
            cfg[loader].dataset.data_root = str(data_root)
    for options in cfg.test_cfg.sets.values():
        if 'data_root' in options:
            options.data_root = str(data_root)
    runner = Runner.from_cfg(cfg)
    if training:
        runner.train()
    for parameter in runner.model.parameters():
        torch.nn.init.zeros_(parameter)
    return runner.test()


def root_distance(path: Path, joints: list[int], rows: slice | np.ndarray = slice(None)) -> float:
    """Mean distance of joints from the root in millimetres: the error of that lifter."""
    pose = load_npz(str(path))['S'][rows].astype(float)
    distance = np.linalg.norm(pose[..., :3] - pose[:, :1, :3], axis=-1)[:, joints]
    return float(distance[pose[:, joints, 3] > 0].mean() * 1000)


@pytest.fixture
def scope():
    init_default_scope('mmpose')


def test_metainfo_of_sixteen_joints():
    path = ROOT / 'configs' / '_base_' / 'datasets' / 'h36m_16.py'
    metainfo = parse_pose_metainfo(dict(from_file=str(path)))
    skeleton = Skeleton.from_metainfo(metainfo)
    for what in ('joint_names', 'parents', 'joint_pairs'):
        assert getattr(skeleton, what) == getattr(H36M_16, what)


def test_h36m_16j_poseaug(tmp_path, scope):
    files = write_h36m(tmp_path / 'published')
    convert_h36m(files['positions'], files['cameras'], tmp_path / 'data', joints=16)
    scores = run_test(tmp_path, 'h36m_16j_poseaug', tmp_path / 'data', TRAINING)
    path = tmp_path / 'data/fps50/h36m_test.npz'
    error = root_distance(path, list(range(1, 16)))
    assert scores['h36m/MPJPE'] == pytest.approx(error, rel=1e-5)
    assert scores['h36m/MPJPE_with_root'] == pytest.approx(error * 15 / 16, rel=1e-5)
    actions = {key.split('/')[2] for key in scores if key.startswith('h36m/action/')}
    assert actions == {'Directions', 'WalkDog'}

    cfg = Config.fromfile(PROTOCOLS / 'h36m_16j_poseaug.py')
    subjects = set()
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.dataset.data_root = str(tmp_path / 'data')
        bank = load_pose_bank(loader.dataset)
        assert bank.skeleton.num_joints == 16
        subjects |= set(bank.subjects)
    assert subjects == {'S1', 'S5', 'S6', 'S7', 'S8'}


def test_mpi_inf_3dhp_2929(tmp_path, scope):
    write_spin(tmp_path)
    convert_mpi_spin(str(tmp_path / 'mpi_inf_3dhp_valid.npz'), tmp_path / 'data')
    scores = run_test(tmp_path, 'mpi_inf_3dhp_2929', tmp_path / 'data')
    path = tmp_path / 'data/mpi_inf_3dhp_2929.npz'
    everywhere = root_distance(path, list(range(1, 16)))
    assert scores['mpi_inf_3dhp/MPJPE'] == pytest.approx(everywhere, rel=1e-5)
    # the root is right for free: one of 16 joints
    assert scores['mpi_inf_3dhp/PCK_with_root'] == pytest.approx(
        (15 * scores['mpi_inf_3dhp/PCK'] + 100) / 16
    )
    outdoor = root_distance(path, list(range(1, 16)), slice(12, None))
    assert scores['mpi_inf_3dhp/scene/outdoor/MPJPE'] == pytest.approx(outdoor, rel=1e-5)


def test_mpi_inf_3dhp_official(tmp_path, scope):
    write_mpi_test(tmp_path)
    convert_mpi_test(tmp_path, tmp_path / 'data', joints=16)
    scores = run_test(tmp_path, 'mpi_inf_3dhp_official', tmp_path / 'data')
    path = tmp_path / 'data/mpi_inf_3dhp_test_official.npz'
    assert len(FOURTEEN) == 14
    error = root_distance(path, FOURTEEN)
    assert scores['mpi_inf_3dhp/MPJPE'] == pytest.approx(error, rel=1e-5)
    scenes = {key.split('/')[2] for key in scores if '/scene/' in key}
    assert scenes == {'GS', 'noGS', 'outdoor'}
    assert 'mpi_inf_3dhp/action/Activity3/AUC' in scores


def test_3dpw(tmp_path, scope):
    write_pw3d(tmp_path)
    convert_pw3d(tmp_path / 'sequenceFiles', tmp_path / 'data', joints=16)
    scores = run_test(tmp_path, '3dpw_test', tmp_path / 'data')
    path = tmp_path / 'data/3dpw_test.npz'
    thirteen = [joint for joint in FOURTEEN if joint != H36M_16.index('head')]
    error = root_distance(path, thirteen)
    assert scores['pw3d/MPJPE'] == pytest.approx(error, rel=1e-5)
    assert root_distance(path, FOURTEEN) == error  # the head is invisible
    # a point without size is moved to the middle of the joints
    pose = load_npz(str(path))['S'][:, thirteen, :3].astype(float)
    spread = np.linalg.norm(pose - pose.mean(1, keepdims=True), axis=-1).mean() * 1000
    assert scores['pw3d/P-MPJPE'] == pytest.approx(spread, rel=1e-5)


def test_3dpw_lifts_what_was_detected_in_square_images(tmp_path, scope):
    content = write_pw3d(tmp_path)
    content['poses2d'][0][1] = 0  # nobody is found in a frame
    write_pw3d(tmp_path, poses2d=content['poses2d'])
    convert_pw3d(tmp_path / 'sequenceFiles', tmp_path / 'data', joints=16)
    protocol = Config.fromfile(PROTOCOLS / '3dpw_test.py')
    cfg = protocol.test_dataloader.dataset
    of_set = protocol.test_cfg.sets.pw3d
    cfg.update(
        dict(
            {key: value for key, value in of_set.items() if key != 'evaluator'},
            data_root=str(tmp_path / 'data'),
            keypoint_2d_src='detection',
            keypoint_2d_det_file='joint_2d_det_files/openpose_test.npy',
        )
    )
    dataset = DATASETS.build(cfg)
    assert len(dataset) == 7  # of 2 x 4 valid frames
    inputs = torch.stack([sample['inputs'] for sample in dataset])
    assert inputs.abs().max() <= 1
    # as wide as high, 1920 px: x is within the 1080 px in the middle
    assert 0.5 < inputs[:, 0::2].abs().max() <= 1080 / 1920
    assert inputs[:, 1::2].abs().max() > 0.9 * 1000 / 1920


SEVENTEEN = """
codec = dict(
    type='VideoPoseLifting', num_keypoints=17, zero_center=True, root_index=0, remove_root=False)
test_dataloader = dict(
    dataset=dict(
        metainfo=dict(from_file='configs/_base_/datasets/h36m.py'),
        pipeline=[
            dict(type='GenerateTarget', encoder=codec),
            dict(type='PackPoseInputs', meta_keys=(
                'id', 'category_id', 'target_img_path', 'flip_indices', 'target_root')),
        ],
    )
)
model['head']['decoder'] = codec
"""


def test_seventeen_joints_as_the_docs_say(tmp_path, scope):
    write_spin(tmp_path)
    convert_mpi_spin(str(tmp_path / 'mpi_inf_3dhp_valid.npz'), tmp_path / 'data', joints=17)
    protocol = str(PROTOCOLS / 'mpi_inf_3dhp_2929.py')
    config = tmp_path / 'leaf.py'
    config.write_text(LEAF.format(protocol=protocol, inputs=34, joints=17) + SEVENTEEN)
    cfg = Config.fromfile(config)
    cfg.work_dir = str(tmp_path / 'work')
    cfg.test_cfg.sets.mpi_inf_3dhp.data_root = str(tmp_path / 'data')
    scores = Runner.from_cfg(cfg).test()
    assert np.isfinite(scores['mpi_inf_3dhp/PCK'])
