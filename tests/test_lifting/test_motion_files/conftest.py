# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifted people to write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mmposeaug.structures import H36M_17, LiftedPoses, Skeleton

Make = Callable[..., LiftedPoses]


def moving(frames: int, skeleton: Skeleton, seed: int = 0) -> np.ndarray:
    """Poses (frames, J, 3) of bones that turn smoothly and keep their lengths."""
    rng = np.random.default_rng(seed)
    shape = (skeleton.num_joints, 3)
    start, speed = rng.uniform(-1, 1, shape), rng.uniform(-0.06, 0.06, shape)
    ways = start + np.arange(frames)[:, None, None] * speed
    ways *= rng.uniform(0.1, 0.5, (len(start), 1)) / np.linalg.norm(ways, axis=-1, keepdims=True)
    poses = np.zeros((frames, *shape))
    for joint in sorted(range(len(start)), key=lambda j: len(skeleton.path_to_root(j))):
        if joint != skeleton.root:
            poses[:, joint] = poses[:, skeleton.parents[joint]] + ways[:, joint]
    return poses


@pytest.fixture
def make() -> Make:
    """People who are all there in each of some frames."""

    def make_lifted(
        people: int = 1, frames: int = 20, skeleton: Skeleton = H36M_17, **changes: object
    ) -> LiftedPoses:
        rows, joints = people * frames, skeleton.num_joints
        poses = np.stack([moving(frames, skeleton, seed) for seed in range(people)], axis=1)
        rng = np.random.default_rng(9)
        roots = np.linspace((-1, 0, 4), (1, 0.2, 6), frames)[:, None] + np.zeros((1, people, 1))
        lifted = LiftedPoses(
            skeleton=skeleton,
            frames=np.repeat(np.arange(frames), people),
            tracks=np.tile(np.arange(people), frames),
            poses_rel=poses.reshape(rows, joints, 3),
            keypoints_px=rng.uniform(0, 700, (rows, joints, 2)).astype(np.float32),
            scores=np.ones((rows, joints), np.float32),
            interpolated=np.zeros((rows, joints), bool),
            image_sizes=np.full((rows, 2), (1280.0, 720.0)),
            roots_cam=roots.reshape(rows, 3),
            fps=25.0,
            intrinsics=np.tile([1000.0, 1000, 640, 360, 0, 0, 0, 0, 0], (rows, 1)),
        )
        return replace(lifted, **changes)

    return make_lifted


@pytest.fixture
def without() -> Callable[[LiftedPoses, np.ndarray], LiftedPoses]:
    """Lifted poses without some of the rows."""
    names = ('frames', 'tracks', 'poses_rel', 'keypoints_px', 'scores', 'interpolated')
    names += ('image_sizes', 'roots_cam', 'intrinsics')

    def leave_out(lifted: LiftedPoses, rows: np.ndarray) -> LiftedPoses:
        return replace(lifted, **{name: getattr(lifted, name)[~rows] for name in names})

    return leave_out
