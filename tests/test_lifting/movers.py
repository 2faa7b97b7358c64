# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifted poses of people who move as they are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from mmposeaug.datasets.rigs import look_at
from mmposeaug.structures import H36M_17, LiftedPoses, Skeleton
from mmposeaug.synthetic.bodies import rest_offsets
from mmposeaug.synthetic.kinematics import place_on_ground, pose_body
from mmposeaug.synthetic.motions import Curves, rasterise, standing
from mmposeaug.synthetic.parts import PARTS, people_of
from mmposeaug.synthetic.source_motions import walk

FPS = 30.0


def lifted_of(
    pose_cam: np.ndarray,
    frames: np.ndarray | None = None,
    tracks: np.ndarray | None = None,
    skeleton: Skeleton = H36M_17,
    **fields: Any,
) -> LiftedPoses:
    """Lifted poses of camera-space joints (N, J, 3)."""
    count, joints = pose_cam.shape[:2]
    roots = pose_cam[:, skeleton.root]
    return LiftedPoses(
        skeleton=skeleton,
        frames=np.arange(count) if frames is None else np.asarray(frames),
        tracks=np.zeros(count, np.int64) if tracks is None else np.asarray(tracks),
        poses_rel=(pose_cam - roots[:, None]).astype(np.float32),
        keypoints_px=np.zeros((count, joints, 2), np.float32),
        scores=np.ones((count, joints), np.float32),
        interpolated=np.zeros((count, joints), bool),
        image_sizes=np.full((count, 2), 1000.0),
        roots_cam=roots.astype(np.float32),
        **{'fps': FPS, **fields},
    )


def film(
    motion: Callable[..., Curves], heading: float = 0.0, seconds: float = 3.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Camera-space joints (T, 17, 3) of somebody before a camera, and what is up there."""
    time = np.arange(int(seconds * FPS)) / FPS
    curves = motion(time, np.random.default_rng(seed))
    curves['heading'] = curves['heading'] + heading
    body = people_of(PARTS[-1], 0)[0][:1]
    angles = rasterise([curves])
    pose = pose_body(angles, torch.from_numpy(rest_offsets(body, H36M_17)), H36M_17)
    ankle = torch.tensor([body[0].ankle_height], dtype=torch.float64)
    world = place_on_ground(pose, angles['lift'], ankle, H36M_17).numpy()[0]
    place = np.array([0.0, 6.0, 1.5])
    rotation = look_at(place, np.array([0.0, 0.0, 0.9]), 0.0)
    return (world - place) @ rotation, rotation[2]


def walker(heading: float = 90.0) -> tuple[np.ndarray, np.ndarray]:
    """Somebody who walks."""
    return film(walk, heading)


def stander(heading: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Somebody who stands."""
    return film(standing, heading, seed=seed)
