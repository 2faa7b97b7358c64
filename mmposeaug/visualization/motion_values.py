# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How fast the people of clips move, measured once for pictures and numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from mmposeaug.geometry import bone_turns, root_relative
from mmposeaug.structures import AugmentedSamples, Skeleton

STANDING = 1e-5
"""float: Metres; what moves less from frame to frame stands, but for rounding."""


class MotionQuantity(NamedTuple):
    """What is measured of clips: its title in pictures and its unit."""

    title: str
    unit: str


_SPEED, _CHANGE = 'mm a frame', 'mm a frame²'
MOTION: dict[str, MotionQuantity] = dict(
    speed=MotionQuantity('Speed of joints', _SPEED),
    body_speed=MotionQuantity('Speed relative to the root', _SPEED),
    root_speed=MotionQuantity('Speed of the root', _SPEED),
    turn=MotionQuantity('Turn of bones', 'degrees a frame'),
    acceleration=MotionQuantity('Acceleration of joints', _CHANGE),
    body_acceleration=MotionQuantity('Acceleration relative to the root', _CHANGE),
    root_acceleration=MotionQuantity('Acceleration of the root', _CHANGE),
)
"""dict[str, MotionQuantity]: Quantities of :func:`measure_motion`."""


def measure_motion(clips: np.ndarray, skeleton: Skeleton) -> dict[str, np.ndarray]:
    """Speeds and accelerations of all joints, and turns of all bones, from frame to frame.

    Frames that are repeated to fill up a clip are no motion: left out are steps in which nothing
    moves, and those in which the root stands exactly still while it moves elsewhere in the clip,
    for turns of joints go on at an end that is repeated.

    Args:
        clips (np.ndarray): Camera-space joints of shape (N, T, J, 3), in metres, T at least 2.
        skeleton (Skeleton): The J joints.

    Returns:
        dict[str, np.ndarray]: Values, of shape (K,), by the names of :data:`MOTION`.
    """
    pose = torch.as_tensor(clips, dtype=torch.float64)
    relative = root_relative(pose, skeleton.root)
    others = [joint for joint in range(skeleton.num_joints) if joint != skeleton.root]
    parts = {'': pose, 'body_': relative[:, :, others], 'root_': pose[:, :, [skeleton.root]]}
    moving = moving_steps(clips, skeleton)
    both = moving[:, 1:] & moving[:, :-1]
    found = {}
    for name, points in parts.items():
        speed = points.diff(dim=1)
        found[f'{name}speed'] = 1000 * speed.norm(dim=-1)[moving]
        found[f'{name}acceleration'] = 1000 * speed.diff(dim=1).norm(dim=-1)[both]
    found['turn'] = torch.rad2deg(bone_turns(pose, skeleton))[moving]
    return {name: found[name].flatten().numpy() for name in MOTION}


def moving_steps(clips: np.ndarray, skeleton: Skeleton) -> torch.Tensor:
    """Which steps (N, T - 1) from frame to frame are motion, see :func:`measure_motion`."""
    steps = torch.as_tensor(clips).diff(dim=1).norm(dim=-1) > STANDING
    root = steps[..., skeleton.root]
    return torch.where(root.any(1, keepdim=True), root, steps.any(-1))


def motion_of(samples: AugmentedSamples) -> dict[str, dict[str, np.ndarray]]:
    """What :func:`measure_motion` finds in the clips of each kind that are in view."""
    return {
        kind: measure_motion(clips[samples.in_view[samples.kinds[kind]]], samples.skeleton)
        for kind, clips in samples.clips.items()
    }
