# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Bodies whose bones follow published anthropometric ratios.

The ratios are those of :mod:`mmposeaug.structures.anthropometry`, which names their source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mmposeaug.structures import ANKLE_HEIGHT, SEGMENT_RATIOS, Skeleton

# Joint (without its side) -> its segment and the direction of that segment, standing, as
# (outward from the midline, forward, up).
_REST: dict[str, tuple[str, tuple[float, float, float]]] = {
    'hip': ('half_hips', (1.0, 0.0, 0.0)),
    'knee': ('thigh', (0.0, 0.0, -1.0)),
    'foot': ('shank', (0.0, 0.0, -1.0)),
    'spine': ('lower_trunk', (0.0, 0.0, 1.0)),
    'thorax': ('upper_trunk', (0.0, 0.0, 1.0)),
    'neck_base': ('neck', (0.0, 0.5, 0.866)),
    'head': ('head', (0.0, -0.2, 0.98)),
    'shoulder': ('half_shoulders', (1.0, 0.0, -0.12)),
    'elbow': ('upper_arm', (0.0, 0.0, -1.0)),
    'wrist': ('forearm', (0.0, 0.0, -1.0)),
}

# Where data sets and detectors put these joints differs from each other: ranges of the direction,
# standing, as above. Human3.6M's neck is ahead of the trunk, that of motion capture is not.
_VARIED: dict[str, tuple[tuple[float, float], ...]] = {
    'hip': ((1.0, 1.0), (-0.1, 0.1), (-0.2, 0.1)),
    'spine': ((0.0, 0.0), (-0.15, 0.1), (1.0, 1.0)),
    'thorax': ((0.0, 0.0), (-0.1, 0.15), (1.0, 1.0)),
    'neck_base': ((0.0, 0.0), (-0.1, 0.6), (0.9, 0.9)),
    'head': ((0.0, 0.0), (-0.25, 0.25), (1.0, 1.0)),
    'shoulder': ((1.0, 1.0), (-0.25, 0.1), (-0.35, 0.05)),
}


@dataclass(frozen=True)
class Body:
    """A person's measures: height and :data:`SEGMENT_RATIOS` segments in metres."""

    subject: str
    stature: float
    segments: dict[str, float]
    rest: dict[str, tuple[float, float, float]] = field(default_factory=dict)

    @property
    def ankle_height(self) -> float:
        """Height of the ankle above the ground in metres."""
        return ANKLE_HEIGHT * self.stature


def split_side(name: str) -> tuple[str, str]:
    """Split a joint name into its side (or ``''``) and the rest.

    Example:
        >>> split_side('left_knee'), split_side('neck_base')
        (('left', 'knee'), ('', 'neck_base'))
    """
    for side in ('left', 'right'):
        if name.startswith(side + '_'):
            return side, name[len(side) + 1 :]
    return '', name


def random_body(
    subject: str,
    stature: tuple[float, float],
    spread: float,
    width_spread: float,
    rng: np.random.Generator,
    varied: bool = False,
) -> Body:
    """Draw a person around the published ratios; ``stature`` is the range of heights, metres."""
    height = float(rng.uniform(*stature))
    segments = {}
    for name, ratio in SEGMENT_RATIOS.items():
        sigma = width_spread if name.startswith('half_') else spread
        segments[name] = height * ratio * float(1 + sigma * np.clip(rng.normal(), -2, 2))
    rest = {}
    if varied:
        for name, ranges in _VARIED.items():
            outward, forward, up = (float(rng.uniform(*range_)) for range_ in ranges)
            rest[name] = (outward, forward, up)
    return Body(subject, height, segments, rest)


def rest_offsets(bodies: Sequence[Body], skeleton: Skeleton) -> np.ndarray:
    """Return joints from their parents (N, J, 3), standing: x right, y forward, z up, metres."""
    offsets = np.zeros((len(bodies), skeleton.num_joints, 3))
    for joint, name in enumerate(skeleton.joint_names):
        if joint == skeleton.root:
            continue
        side, part = split_side(name)
        if part not in _REST:
            raise KeyError(
                f"The synthetic bodies have no joint '{name}'; use a skeleton whose joints are "
                f"named as in MMPose's Human3.6M metainfo."
            )
        segment, direction = _REST[part]
        units = np.array([body.rest.get(part, direction) for body in bodies])
        units /= np.linalg.norm(units, axis=1, keepdims=True)
        units[:, 0] *= -1.0 if side == 'left' else 1.0
        lengths = np.array([body.segments[segment] for body in bodies])
        offsets[:, joint] = lengths[:, None] * units
    return offsets
