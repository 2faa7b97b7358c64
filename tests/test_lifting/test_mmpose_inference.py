# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""MMPose's own inference functions on our configs and checkpoints, against the adapter."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from mmpose.apis import (
    MMPoseInferencer,
    convert_keypoint_definition,
    extract_pose_sequence,
    inference_pose_lifter_model,
    init_model,
)
from mmpose.apis.inferencers import Pose3DInferencer
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmposeaug.apis import load_lifter
from mmposeaug.engine.checkpoint_files import to_plain
from mmposeaug.structures import H36M_17

SIZE = (1000, 800)
POSEAUG = 'poseaug_simplebaseline-256_1xb256-72e_mocap.py'
MMPOSE = 'mmpose::body_3d_keypoint/{0}/h36m/{1}_h36m.py'

POSE_2D = """
_base_ = ['mmpose::_base_/default_runtime.py']
data_mode = 'topdown'
codec = dict(type='MSRAHeatmap', input_size=(48, 64), heatmap_size=(12, 16), sigma=2)
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(type='PoseDataPreprocessor', mean=[114.] * 3, std=[58.] * 3),
    backbone=dict(type='ResNet', depth=18, stem_channels=8, base_channels=8),
    head=dict(
        type='HeatmapHead', in_channels=64, out_channels=17, deconv_out_channels=(8, 8, 8),
        deconv_kernel_sizes=(4, 4, 4), loss=dict(type='KeypointMSELoss'), decoder=codec))
dataset_type = 'CocoDataset'
test_dataloader = dict(dataset=dict(type=dataset_type, pipeline=[
    dict(type='LoadImage'), dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=codec['input_size']), dict(type='PackPoseInputs')]))
"""


def save_checkpoint(cfg: Config, path: Path, metainfo: str = 'h36m') -> str:
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpose'):
        model = MODELS.build(cfg.model)
        model.init_weights()
    meta = parse_pose_metainfo(dict(from_file=f'configs/_base_/datasets/{metainfo}.py'))
    torch.save(dict(state_dict=model.state_dict(), meta=dict(dataset_meta=to_plain(meta))), path)
    return str(path)


def person(keypoints: np.ndarray, track: int) -> PoseDataSample:
    sample = PoseDataSample()
    box = np.concatenate((keypoints.min(0), keypoints.max(0)))
    sample.pred_instances = InstanceData(keypoints=keypoints[None], bboxes=box[None])
    sample.gt_instances = InstanceData()
    sample.track_id = track
    return sample


def read(name: str, root: Path) -> Config:
    if name == 'mmpose-27':
        cfg = get_config(
            MMPOSE.format('video_pose_lift', 'video-pose-lift_tcn-27frm-supv_8xb128-160e')
        )
    else:
        cfg = Config.fromfile(root / 'configs' / 'poseaug' / name)
    cfg.model.backbone.stem_channels = cfg.model.head.in_channels = 32
    return cfg


@pytest.mark.parametrize(
    'name',
    [
        POSEAUG,
        'baseline_videopose-1frm-256_1xb256-72e_mocap.py',
        'poseaug-released_simplebaseline_1xb256-56e_mocap.py',
        'poseaug_image-pose-lift-tcn_8xb64-50e_h36m.py',
        'poseaug_video-pose-lift-tcn-1frm-cpn_8xb128-50e_h36m.py',
        'mmpose-27',
    ],
)
def test_inference_function_gives_the_adapters_poses(
    name: str, repo_root: Path, tmp_path: Path
) -> None:
    """Of two people in a video, in the frame 4 of 10, with the ends repeated."""
    cfg = read(name, repo_root)
    checkpoint = save_checkpoint(cfg, tmp_path / 'lifter.pth')
    lifter = load_lifter(cfg.copy(), checkpoint)
    rule = lifter.window
    rng = np.random.default_rng(0)
    video = rng.uniform(200, 700, (10, 2, 17, 2)).astype(np.float32)
    frames = [[person(pose, track) for track, pose in enumerate(people)] for people in video]
    window = extract_pose_sequence(frames, 4, rule.causal, rule.seq_len, rule.seq_step)
    results = inference_pose_lifter_model(
        init_model(cfg, checkpoint, device='cpu'), window, image_size=SIZE
    )
    found = np.concatenate([result.pred_instances.keypoints for result in results])

    half = rule.seq_len // 2
    numbers = np.clip(np.arange(4 - half, 4 + half + 1), 0, 9)
    pixels = torch.from_numpy(video[numbers]).transpose(0, 1)
    expected = lifter.adapter.predict(pixels, torch.tensor([SIZE, SIZE]))
    found = found.reshape(expected.shape)
    root = lifter.skeleton.root
    np.testing.assert_allclose(
        found - found[:, :, root : root + 1], expected.numpy(), rtol=0, atol=1e-4
    )
    assert np.abs(expected.numpy()).max() > 0.01


# ----------------------------------------------------------------- inferencers
@pytest.fixture(scope='module')
def files(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Files by the names that the docs use: our config, random weights, a small 2D model."""
    folder = tmp_path_factory.mktemp('inference')
    config = str(repo_root / 'configs' / 'poseaug' / POSEAUG)
    pose_2d = folder / 'pose2d.py'
    pose_2d.write_text(POSE_2D)
    image = np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8)
    cv2.imwrite(str(folder / 'image.png'), image)
    return {
        f'configs/poseaug/{POSEAUG}': config,
        'lifter.pth': save_checkpoint(Config.fromfile(config), folder / 'lifter.pth'),
        'pose2d.py': str(pose_2d),
        'pose2d.pth': save_checkpoint(Config.fromfile(pose_2d), folder / 'pose2d.pth', 'coco'),
        'image.png': str(folder / 'image.png'),
    }


def camera_space(keypoints: np.ndarray) -> np.ndarray:
    """Root-relative camera-space poses of what an inferencer gives."""
    x, z, y = np.moveaxis(keypoints, -1, 0)
    pose = np.stack((-x, -y, z), axis=-1)
    return pose - pose[..., H36M_17.root : H36M_17.root + 1, :]


def test_3d_inferencer_gives_the_adapters_poses(files: dict[str, str]) -> None:
    config, checkpoint = files[f'configs/poseaug/{POSEAUG}'], files['lifter.pth']
    inferencer = Pose3DInferencer(
        config,
        checkpoint,
        pose2d_model=files['pose2d.py'],
        pose2d_weights=files['pose2d.pth'],
        det_model='whole_image',
        device='cpu',
    )
    image = cv2.imread(files['image.png'])
    detected = next(inferencer.pose2d_model(image, return_datasamples=True))['predictions'][0]
    pixels = convert_keypoint_definition(detected.pred_instances.keypoints, 'coco', 'h36m')
    height, width = image.shape[:2]
    expected = load_lifter(config, checkpoint).adapter.predict(
        torch.from_numpy(pixels).float()[:, None], torch.tensor([[width, height]])
    )

    def lift(**options: Any) -> np.ndarray:
        result = next(inferencer(image, return_datasamples=True, **options))
        return camera_space(result['predictions'][0].pred_instances.keypoints)

    found = lift(disable_norm_pose_2d=True)
    np.testing.assert_allclose(found, expected[:, 0].numpy(), rtol=0, atol=1e-4)
    moved = lift()  # to the mean box of Human3.6M, which these lifters do not expect
    assert np.abs(moved - found).max() > 0.01


def test_inferencer_draws(files: dict[str, str]) -> None:
    """With MMPose's 3D visualizer."""
    cfg = Config.fromfile(files[f'configs/poseaug/{POSEAUG}'])
    cfg.visualizer.type = 'Pose3dLocalVisualizer'
    inferencer = MMPoseInferencer(
        pose3d=cfg,
        pose3d_weights=files['lifter.pth'],
        pose2d=files['pose2d.py'],
        pose2d_weights=files['pose2d.pth'],
        det_model='whole_image',
        device='cpu',
    )
    options = dict(disable_norm_pose_2d=True, return_vis=True)
    (result,) = inferencer(files['image.png'], **options)
    assert result['visualization'][0].shape == (400, 800, 3)
    (pose,) = result['predictions'][0]
    assert np.shape(pose['keypoints']) == (17, 3)


# ------------------------------------------------------------------------ docs
def examples(repo_root: Path) -> list[str]:
    page = (repo_root / 'docs' / 'mmpose_inference.md').read_text()
    return re.findall(r'```python\n(.*?)```', page, re.DOTALL)


@pytest.mark.parametrize('number', range(3))
def test_examples_of_the_docs_run(
    number: int,
    repo_root: Path,
    files: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = examples(repo_root)[number]
    for name, path in files.items():
        code = code.replace(f"'{name}'", repr(path))
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {}
    exec(code, found)
    if number == 0:
        lifter = load_lifter(found['config'], files['lifter.pth'])
        pixels = torch.from_numpy(found['video'][4])[:, None]
        expected = lifter.adapter.predict(pixels, torch.tensor([SIZE, SIZE]))
        np.testing.assert_allclose(
            found['pose_rel'].reshape(expected.shape), expected.numpy(), rtol=0, atol=1e-4
        )
    elif number == 1:
        assert [r.pred_instances.keypoints.shape for r in found['results']] == [(1, 17, 3)] * 2
    else:
        assert sorted(os.listdir('out')) == ['predictions', 'visualizations']
        assert len(found['people']) == 1
    assert len(examples(repo_root)) == 3
