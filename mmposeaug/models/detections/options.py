# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Checks of the options of models of detectors, and what is known of detectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from mmposeaug.models.option_checks import check_number
from mmposeaug.structures import Skeleton
from mmposeaug.structures.choices import require_choice, require_known

OWNER = 'DetectionModel'
"""str: Whose options are checked."""
SWAPS = ('body', 'legs', 'arms')
"""tuple[str]: What a detector can take for its mirror image."""
GROUPS = ('trunk', 'near', 'middle', 'far', 'head')
"""tuple[str]: Groups of joints that have a noise of their own, see ``Skeleton.joint_groups``;
``trunk`` are the joints in none."""
BIASES: dict[str, dict[str, tuple[float, float, float]]] = dict(
    coco={
        'spine': (0.0, -0.05, 0.0),
        'thorax': (0.0, -0.08, -0.05),
        'neck_base': (0.0, 0.03, 0.26),
        'head': (0.0, -0.17, 0.2),
    }
)
"""dict: Biases by name. ``'coco'``: what stands for Human3.6M's midline in COCO's keypoints, which
have no joints there: the eyes for the top of the head, the nose for the neck, middles of hips and
shoulders for spine and thorax (``benchmarks/detector_errors.py``)."""


def noise_factors(factors: Mapping[str, float] | None, skeleton: Skeleton) -> Tensor:
    """Factor (J,) of the noise of each joint."""
    out = torch.ones(skeleton.num_joints)
    groups: dict[str, Sequence[int]] = dict(skeleton.joint_groups)
    grouped = {joint for joints in groups.values() for joint in joints}
    groups['trunk'] = [joint for joint in range(skeleton.num_joints) if joint not in grouped]
    names = dict.fromkeys((*GROUPS, *named_joints(skeleton)))
    given = _mapping('factors', factors or {}, tuple(names))
    # joints of that name count before groups, sides before both of them
    for known in (groups, named_joints(skeleton)):
        for name, joints in known.items():
            if name in given:
                out[list(joints)] = check_number(OWNER, f'factors[{name!r}]', given[name], 0)
    return out


def offset_spread(spread: float | Mapping[str, float], skeleton: Skeleton) -> Tensor | None:
    """Standard deviation of offsets of all joints, or of each, (J, 1); None where it is 0."""
    if not isinstance(spread, Mapping):
        value = check_number(OWNER, 'bias_spread', spread, 0, 1)
        return torch.full((skeleton.num_joints, 1), value) if value else None
    known, out = named_joints(skeleton), torch.zeros(skeleton.num_joints, 1)
    given = _mapping('bias_spread', spread, tuple(known))
    for name, joints in known.items():
        if name in given:
            out[list(joints)] = check_number(OWNER, f'bias_spread[{name!r}]', given[name], 0, 1)
    return out if out.any() else None


def named_joints(skeleton: Skeleton) -> dict[str, list[int]]:
    """Joints by their names without a side, for both, and then by their own."""
    known = {name: _joints_of(name, skeleton) for name in _sideless(skeleton)}
    known.update({name: [joint] for joint, name in enumerate(skeleton.joint_names)})
    return known


def swap_options(swap: float | Mapping[str, float], skeleton: Skeleton) -> dict[str, float]:
    """Probabilities of swaps by the names of :data:`SWAPS`."""
    given = swap if isinstance(swap, Mapping) else dict(body=swap)
    found = {}
    for name, value in _mapping('swap', given, SWAPS).items():
        label = f'swap[{name!r}]' if isinstance(swap, Mapping) else 'swap'
        if check_number(OWNER, label, value, 0, 1) > 0:
            found[name] = float(value)
            if not swapped_joints(name, skeleton):
                raise ValueError(
                    f'DetectionModel: swap of {name!r} is {value}, but the skeleton '
                    f'{skeleton.name!r} has none with a left and a right side; leave it out.'
                )
    return found


def swapped_joints(name: str, skeleton: Skeleton) -> list[int]:
    """Joints that a swap exchanges."""
    if name == 'body':
        return [j for j, other in enumerate(skeleton.flip_indices) if other != j]
    names = [f'{side}_{name[:-1]}' for side in ('left', 'right')]
    return [joint for limb in names for joint in skeleton.limbs.get(limb, ())]


def bias_offsets(bias: str | Mapping[str, Any] | None, skeleton: Skeleton) -> Tensor | None:
    """Offsets (J, 3) of joints along the axes of the body; None where nothing is off."""
    if bias is None:
        return None
    if isinstance(bias, str):
        require_choice('DetectionModel: bias', bias, BIASES, 'or offsets by the names of joints')
        names = skeleton.joint_names
        bias = {joint: offset for joint, offset in BIASES[bias].items() if joint in names}
    if skeleton.pelvis is None:
        raise ValueError(
            f'DetectionModel: bias needs a body with hips and a trunk, which the skeleton '
            f'{skeleton.name!r} has not; leave it out.'
        )
    known = named_joints(skeleton)
    out = torch.zeros(skeleton.num_joints, 3)
    for name, offset in _mapping('bias', bias, tuple(known)).items():
        if not isinstance(offset, Sequence) or isinstance(offset, str) or len(offset) != 3:
            raise ValueError(
                f'DetectionModel: bias[{name!r}] is {offset!r}; give three numbers: outwards, up '
                "and forward, in shares of the trunk's length."
            )
        for joint in known[name]:
            out[joint] = torch.tensor(
                [check_number(OWNER, f'bias[{name!r}]', v, -1, 1) for v in offset]
            )
    return out if out.any() else None


def _sideless(skeleton: Skeleton) -> list[str]:
    pairs = [skeleton.joint_names[left] for left, _ in skeleton.joint_pairs]
    return [name.removeprefix('left_') for name in pairs if name.startswith('left_')]


def _joints_of(name: str, skeleton: Skeleton) -> list[int]:
    sides = (f'left_{name}', f'right_{name}')
    return [skeleton.index(each) for each in sides if each in skeleton.joint_names]


def _mapping(option: str, given: Any, names: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise ValueError(
            f'DetectionModel: {option} is {given!r}; give values by the names {", ".join(names)}.'
        )
    require_known(f'DetectionModel: {option}', given, names)
    return given
