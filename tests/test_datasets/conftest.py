# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A small Human3.6M-shaped sample: random poses, two cameras a subject, files as MMPose's."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger

from mmposeaug.datasets import CameraSet, PoseBank, make_pose_bank
from mmposeaug.fileio import save_npz, save_pickle
from mmposeaug.geometry import bones_to_joints, project
from mmposeaug.structures import H36M_17

SUBJECTS = ('S1', 'S5', 'S11')
ACTIONS = ('Directions', 'Directions_1', 'Walking_2', 'Eating')
CAMERAS = ('54138969', '60457274')


@dataclass
class Sample:
    """Files of the sample and what is in them."""

    folder: Path
    arrays: dict[str, np.ndarray]
    cameras: dict[tuple[str, str], dict[str, Any]]

    def cfg(self, **options: Any) -> dict[str, Any]:
        """Dataset config of the sample."""
        return dict(
            dict(
                type='Human36mDataset',
                data_root=str(self.folder),
                ann_file='train.npz',
                camera_param_file='cameras.pkl',
            ),
            **options,
        )

    def write(self, name: str = 'train.npz', **changes: Any) -> str:
        """Writes the annotation file with some arrays exchanged, or left out if None."""
        arrays = {k: v for k, v in {**self.arrays, **changes}.items() if v is not None}
        save_npz(self.folder / name, arrays)
        return name


def make_cameras() -> dict[tuple[str, str], dict[str, Any]]:
    """Cameras with clearly different lenses, in MMPose's shapes."""
    rng = np.random.default_rng(1)
    cameras = {}
    for subject in SUBJECTS:
        for i, camera in enumerate(CAMERAS):
            turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
            cameras[(subject, camera)] = dict(
                R=turn * np.linalg.det(turn),
                T=rng.normal(0, 3, (3, 1)),
                f=1145 + rng.uniform(-30, 30, (2, 1)),
                c=500 + rng.uniform(-20, 20, (2, 1)),
                k=np.array([[-0.2], [0.24], [-0.002]]) * rng.uniform(0.9, 1.1, (3, 1)),
                p=np.array([[-0.0009], [-0.0014]]),
                w=1000 + 2 * i,
                h=1002,
                name=f'camera{i}',
                id=camera,
            )
    return cameras


def make_poses(count: int, seed: int = 0) -> torch.Tensor:
    """Bodies of random bone directions, 3 to 6 m before the camera."""
    generator = torch.Generator().manual_seed(seed)
    bones = torch.randn(count, H36M_17.num_bones, 3, generator=generator)
    bones = 0.3 * bones / bones.norm(dim=-1, keepdim=True)
    root = torch.rand(count, 3, generator=generator) * torch.tensor([1.0, 1.0, 3.0])
    return bones_to_joints(bones, H36M_17, root + torch.tensor([-0.5, -0.5, 3.5]))


def bank_arrays(count: int = 20, subjects: tuple[str, ...] = ('S1', 'S5')) -> dict[str, Any]:
    """Arguments of ``make_pose_bank``: random poses, windows of three frames."""
    cameras = CameraSet.from_dicts(make_cameras())
    generator = torch.Generator().manual_seed(count)
    camera_index = torch.randint(len(cameras), (count,), generator=generator)
    pose = make_poses(count, seed=count)
    return dict(
        keypoints_px=project(pose, cameras.intrinsics[camera_index]),
        pose_cam=pose,
        cameras=cameras,
        skeleton=H36M_17,
        camera_index=camera_index,
        subject_index=torch.arange(count) % len(subjects),
        subjects=subjects,
        windows=torch.arange(count - 2)[:, None] + torch.arange(3),
        target_frames=(1,),
    )


@pytest.fixture
def make_bank() -> Callable[..., PoseBank]:
    """Builds a bank of random poses, some of its arrays exchanged."""

    def make(count: int = 20, subjects: tuple[str, ...] = ('S1', 'S5'), **changes: Any) -> PoseBank:
        return make_pose_bank(**{**bank_arrays(count, subjects), **changes})

    return make


@pytest.fixture
def log_lines() -> Iterator[list[str]]:
    """Lines of the current logger."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    """The sample, written to a folder of the test's own."""
    names = []
    rng = np.random.default_rng(0)
    videos = [(s, a, c) for s in SUBJECTS for a in ACTIONS for c in CAMERAS]
    for subject, action, camera in (videos[i] for i in rng.permutation(len(videos))):
        frames = 7 + len(action) % 5
        names += [f'{subject}_{action}.{camera}_{i + 1:06d}.jpg' for i in range(frames)]
    cameras = make_cameras()
    keys = [(n.split('_')[0], n.split('.')[1].split('_')[0]) for n in names]
    camera_set = CameraSet.from_dicts(cameras)
    pose = make_poses(len(names)).double()
    keypoints = project(pose, camera_set.intrinsics[camera_set.lookup(keys)].double())
    ones = np.ones((*pose.shape[:2], 1))
    arrays = dict(
        imgname=np.array(names),
        S=np.concatenate([pose.numpy(), ones], axis=-1).astype(np.float32),
        part=np.concatenate([keypoints.numpy(), ones], axis=-1).astype(np.float32),
        center=keypoints.mean(1).numpy().astype(np.float32),
        scale=np.arange(len(names), dtype=np.float32),
    )
    made = Sample(tmp_path, arrays, cameras)
    made.write()
    save_pickle(tmp_path / 'cameras.pkl', cameras)
    return made
