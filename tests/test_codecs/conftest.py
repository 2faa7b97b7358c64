# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Poses, their projections and Human3.6M-shaped files, all from one seed."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

NUM_FRAMES = 64
CAMERAS = {
    'cam1': dict(w=1000, h=1002, f=(1145.0, 1143.5), c=(512.5, 515.4)),
    'cam2': dict(w=1280, h=720, f=(900.0, 912.0), c=(630.0, 371.0)),
}


def make_camera(w: int, h: int, f: tuple[float, float], c: tuple[float, float]) -> dict:
    """A camera as MMPose's `cameras.pkl` has it."""
    zeros = np.zeros((3, 1), dtype=np.float32)
    return dict(
        R=np.eye(3, dtype=np.float32),
        T=zeros,
        f=np.array(f, dtype=np.float32).reshape(2, 1),
        c=np.array(c, dtype=np.float32).reshape(2, 1),
        k=zeros,
        p=zeros[:2],
        w=w,
        h=h,
        name='cam',
        id='cam',
    )


@dataclass(frozen=True)
class Recording:
    """Files of two videos of one subject, a camera each."""

    root: Path

    def clip(self, sample: list[dict]) -> dict[str, Tensor]:
        """Tensors of what MMPose's data set gives for the same samples."""

        def stack(key: str) -> Tensor:
            return torch.stack([torch.from_numpy(item[key]) for item in sample])

        cameras = [item['camera_param'] for item in sample]
        rows = [np.concatenate([cam[k].ravel() for k in 'fckp']) for cam in cameras]
        return dict(
            keypoints_px=stack('keypoints'),
            scores=stack('keypoints_visible'),
            pose_cam=stack('lifting_target'),
            visible=stack('lifting_target_visible'),
            image_size=torch.tensor([[cam['w'], cam['h']] for cam in cameras]),
            intrinsics=torch.from_numpy(np.stack(rows)),
        )


@pytest.fixture(scope='session')
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Files of the layout of MMPose's Human3.6M, with hidden joints and detections' scores."""
    rng = np.random.default_rng(0)
    root = tmp_path_factory.mktemp('h36m')
    parts, poses, names, cameras = [], [], [], {}
    for name, settings in CAMERAS.items():
        camera = make_camera(**settings)
        cameras[('S1', name)] = camera
        pose = rng.normal(size=(NUM_FRAMES, 17, 3)) * 0.4 + [0.1, -0.2, 5.0]
        uv = pose[..., :2] / pose[..., 2:] * camera['f'].T + camera['c'].T
        score = rng.uniform(0.2, 1, size=(NUM_FRAMES, 17, 1))
        visible = rng.uniform(size=(NUM_FRAMES, 17, 1)) > 0.2
        parts.append(np.concatenate((uv, score), axis=-1))
        poses.append(np.concatenate((pose, visible), axis=-1))
        names += [f'S1_Walking.{name}_{i:06d}.jpg' for i in range(1, NUM_FRAMES + 1)]
    part = np.concatenate(parts).astype(np.float32)
    pose = np.concatenate(poses).astype(np.float32)
    np.savez(root / 'train.npz', imgname=np.array(names), part=part, S=pose)
    with open(root / 'cameras.pkl', 'wb') as file:
        pickle.dump(cameras, file)
    return Recording(root)
