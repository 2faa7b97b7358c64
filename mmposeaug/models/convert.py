# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""State dicts of the released PoseAug under our names."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from mmposeaug.structures import H36M_16, Skeleton
from mmposeaug.structures.choices import require_choice

_MLP_NAMES = (
    (r'^w1(_[A-Z]+)?\.', 'input.'),
    (r'^batch_norm(1|_[A-Z]+)\.', 'norm.'),
    (r'^linear_stages(_[A-Z]+)?\.(\d+)\.w(\d)\.', r'blocks.\2.linear\3.'),
    (r'^linear_stages(_[A-Z]+)?\.(\d+)\.batch_norm(\d)\.', r'blocks.\2.norm\3.'),
    (r'^w2(_[A-Z]+)?\.', 'output.'),
)
_D2_NAMES = (
    (r'^pose_layer_(\d)\.', r'layer\1.'),
    (r'^layer_last\.', 'layer_last.'),
    (r'^layer_pred\.', 'layer_score.'),
)
_D3_NAMES = ((r'^kcs_layer_(\d)\.', r'layer\1.'), *_D2_NAMES[1:])
# the released code calls the person's right leg left and the other way round
_D3_PATHS = ('left_arm', 'right_arm', 'right_leg', 'left_leg', 'torso')


def _rename(name: str, rules: tuple[tuple[str, str], ...]) -> str:
    for pattern, replacement in rules:
        if re.match(pattern, name):
            return re.sub(pattern, replacement, name)
    raise ValueError(
        f'The entry {name!r} is not one of the released PoseAug; is this another network?'
    )


def convert_poseaug_state(
    network: str, state: Mapping[str, Tensor], skeleton: Skeleton = H36M_16
) -> dict[str, Tensor]:
    """Rename the weights of a network of the released PoseAug.

    Args:
        network (str): ``'angle'``, ``'length'`` or ``'rigid'`` for the parts of the augmentor,
            ``'discriminator_3d'`` or ``'discriminator_2d'``.
        state (Mapping[str, Tensor]): State dict with the original's names.
        skeleton (Skeleton): Tree of the poses. Defaults to the paper's 16 joints.

    Returns:
        dict[str, Tensor]: State dict of :class:`BoneAngleAugmentor`,
        :class:`BoneLengthAugmentor`, :class:`RigidAugmentor`,
        :class:`KinematicChainDiscriminator` or :class:`Keypoint2DDiscriminator`.

    Raises:
        ValueError: If the network or one of the names is unknown.
    """
    networks = ('angle', 'length', 'rigid', 'discriminator_3d', 'discriminator_2d')
    require_choice('network', network, networks)
    if network in ('angle', 'length'):
        return {f'network.{_rename(k, _MLP_NAMES)}': v for k, v in state.items()}
    if network == 'rigid':
        return {_convert_rigid_name(k): v for k, v in state.items()}
    if network == 'discriminator_2d':
        return {_rename(k, _D2_NAMES): v for k, v in state.items()}
    return dict(_convert_path(k, v, skeleton) for k, v in state.items())


def _convert_rigid_name(name: str) -> str:
    found = re.search(r'_(R|T)\.', name)
    if found is None:
        raise ValueError(f'The entry {name!r} is not one of the released rigid augmentor.')
    branch = {'R': 'rotation_network', 'T': 'translation_network'}[found.group(1)]
    return f'{branch}.{_rename(name, _MLP_NAMES)}'


def _convert_path(name: str, value: Tensor, skeleton: Skeleton) -> tuple[str, Tensor]:
    found = re.match(r'^kcs_path_(\d)\.(.+)$', name)
    if found is None or not 1 <= int(found.group(1)) <= len(_D3_PATHS):
        raise ValueError(f'The entry {name!r} is not one of the released 3D discriminator.')
    part = _D3_PATHS[int(found.group(1)) - 1]
    new_name = _rename(found.group(2), _D3_NAMES)
    if new_name == 'layer1.weight':
        bones = torch.as_tensor(skeleton.parts[part])
        columns = bones[:, None] * skeleton.num_bones + bones
        value = value[:, columns.flatten()]
    return f'paths.{part}.{new_name}', value
