# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Joint angles of a moving body and their published ranges of motion.

Source of the ranges: American Academy of Orthopaedic Surgeons, *Joint Motion: Method of Measuring
and Recording*, 1965, as tabulated in C. C. Norkin and D. J. White, *Measurement of Joint Motion: A
Guide to Goniometry*, appendix A. The shoulder girdle, which those leave out, is held to the smaller
part of what D. A. Neumann, *Kinesiology of the Musculoskeletal System*, gives for the
sternoclavicular joint.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mmposeaug.structures import FLEXION_LIMITS

SIDES = ('left', 'right')

_SIDED: dict[str, tuple[float, float]] = {
    'hip_flexion': FLEXION_LIMITS['hip'],
    'hip_abduction': (-30.0, 45.0),
    'hip_rotation': (-45.0, 45.0),  # positive inward
    'knee_flexion': FLEXION_LIMITS['knee'],
    'girdle_elevation': (-5.0, 30.0),
    'girdle_protraction': (-15.0, 15.0),
    'shoulder_flexion': (-60.0, 180.0),
    'shoulder_abduction': (-45.0, 180.0),
    'shoulder_rotation': (-90.0, 70.0),  # positive inward
    'elbow_flexion': FLEXION_LIMITS['elbow'],
}
_MIDDLE: dict[str, tuple[float, float]] = {
    'trunk_flexion': FLEXION_LIMITS['trunk'],
    'trunk_side_bend': (-35.0, 35.0),  # positive to the right
    'trunk_rotation': (-45.0, 45.0),  # positive to the left
    'neck_flexion': (-45.0, 45.0),
    'neck_side_bend': (-45.0, 45.0),
    'neck_rotation': (-60.0, 60.0),
}

JOINT_LIMITS: dict[str, tuple[float, float]] = {
    **_MIDDLE,
    **{f'{side}_{angle}': limits for side in SIDES for angle, limits in _SIDED.items()},
}
"""Lowest and highest value in degrees of every joint angle; 0 is standing, arms hanging."""

FREE_CURVES = ('heading', 'pelvis_tilt', 'pelvis_list', 'pelvis_turn', 'lift')
"""What moves the body in the world: angles in degrees, and the feet's height in metres."""

CURVE_NAMES: tuple[str, ...] = (*JOINT_LIMITS, *FREE_CURVES)
"""All curves that a motion may set."""


def limited(curves: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Hold every joint angle inside its range of motion; free curves pass unchanged."""
    result = {}
    for name, values in curves.items():
        if name in JOINT_LIMITS:
            result[name] = np.clip(values, *JOINT_LIMITS[name])
        elif name in FREE_CURVES:
            result[name] = values
        else:
            raise KeyError(f"No joint angle is called '{name}'; use one of {CURVE_NAMES}.")
    return result
