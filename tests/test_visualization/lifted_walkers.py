# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifted poses of people who walk, made by the synthetic motions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from mmposeaug.datasets.rigs import world_to_camera
from mmposeaug.geometry import project
from mmposeaug.structures import H36M_17, H36M_17_TO_16, LiftedPoses, get_skeleton
from mmposeaug.synthetic.parts import PARTS, people_of, perform


def make_lifted(
    people: int = 1,
    frames: int = 6,
    skeleton: str = 'h36m_17',
    absent: Sequence[tuple[int, int]] = (),
    **changes: Any,
) -> LiftedPoses:
    """People side by side before one camera; (frame, track) in ``absent`` are left out."""
    part = PARTS[0]
    bodies, cameras = people_of(part, 0)
    motions = perform(part, bodies, 0, people, 0, H36M_17).joints[:, :frames]
    camera = cameras[0][0]
    shifts = camera.rotation[:, 0] * 1.2 * (np.arange(people) - (people - 1) / 2)[:, None]
    cam = world_to_camera(motions + shifts[:, None, None], [camera])[0].swapaxes(0, 1)
    keypoints = project(torch.from_numpy(cam), torch.from_numpy(camera.intrinsics)).numpy()
    row_frames, row_tracks = np.divmod(np.arange(frames * people), people)
    kept = [
        i
        for i, row in enumerate(zip(row_frames.tolist(), (row_tracks + 1).tolist()))
        if row not in absent
    ]
    joints = list(H36M_17_TO_16 if skeleton == 'h36m_16' else range(17))
    poses, points = (x.reshape(-1, 17, x.shape[-1])[kept][:, joints] for x in (cam, keypoints))
    hollow = np.zeros(poses.shape[:2], bool)
    hollow[:, 3] = row_frames[kept] % 2 == 1
    values = dict(
        frames=row_frames[kept],
        tracks=row_tracks[kept] + 1,
        poses_rel=(poses - poses[:, :1]).astype(np.float32),
        roots_cam=poses[:, 0].astype(np.float32),
        keypoints_px=points.astype(np.float32),
        scores=np.where(hollow, 0, 0.9).astype(np.float32),
        interpolated=hollow,
        image_sizes=np.tile(camera.image_size, (len(kept), 1)),
        fps=10.0,
        info=dict(checkpoint='best.pth', config='lifter.py'),
    )
    return LiftedPoses(get_skeleton(skeleton), **{**values, **changes})
