# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""State dicts of the released PoseAug's four lifters under our names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Union

import torch
from torch import Tensor

from mmposeaug.structures import H36M_16, H36M_17, PARTITIONS, tree_adjacency
from mmposeaug.structures.choices import require_choice

from .names import LIFTERS

State = dict[str, Tensor]
Rules = tuple[tuple[str, Union[str, Callable[[re.Match], str]]], ...]


@dataclass(frozen=True)
class ConvertedLifter:
    """A lifter of the original under our names.

    Attributes:
        lifter (str): One of :data:`LIFTERS`.
        state (dict[str, Tensor]): State dict of a ``PoseLifter``.
        sizes (dict): Settings of the model that the weights tell, by dotted names such as
            ``backbone.channels``.
    """

    lifter: str
    state: State
    sizes: dict[str, Any]


def convert_lifter_state(lifter: str, state: Mapping[str, Tensor]) -> ConvertedLifter:
    """Rename and reshape the weights of a lifter of the released PoseAug, of any width.

    Args:
        lifter (str): ``'mlp'`` (SimpleBaseline), ``'gcn'`` (SemGCN without non-local blocks),
            ``'videopose'`` (one frame), or ``'stgcn'`` (one frame).
        state (Mapping[str, Tensor]): State dict with the original's names.

    Returns:
        ConvertedLifter: Weights and sizes.

    Raises:
        ValueError: If the lifter or one of the names is unknown, or the weights are of other
            joints or of several frames.
    """
    require_choice('lifter', lifter, LIFTERS)
    plain = {name.removeprefix('module.').removeprefix('stgcn.'): v for name, v in state.items()}
    unknown = [name for name in plain if _rename(lifter, name) is None]
    if unknown:
        raise ValueError(_unknown(lifter, unknown[0], plain))
    for name, fits in _INPUTS[lifter].items():
        _check_input(lifter, plain, name, fits)
    renamed = {str(_rename(lifter, name)): value for name, value in plain.items()}
    try:
        return ConvertedLifter(lifter, *_FINISH[lifter](renamed))
    except KeyError as error:
        raise ValueError(
            f'The weights of the {lifter} lack what becomes {error.args[0]!r}; is the checkpoint '
            'complete?'
        ) from None


# ----------------------------------------------------------------------- names
_TAILS = 'weight|bias|running_mean|running_var|num_batches_tracked'

_MLP: Rules = (
    (r'w1\.', 'backbone.expand_conv.conv.'),
    (r'batch_norm1\.', 'backbone.expand_conv.bn.'),
    (r'linear_stages\.(\d+)\.w([12])\.', r'backbone.tcn_blocks.\1.conv\2.0.conv.'),
    (r'linear_stages\.(\d+)\.batch_norm([12])\.', r'backbone.tcn_blocks.\1.conv\2.0.bn.'),
    (r'w2\.', 'head.conv.'),
)


def _videopose_layer(found: re.Match) -> str:
    """The original numbers its layers through, two for each block."""
    block, layer = divmod(int(found[2]), 2)
    return f'backbone.tcn_blocks.{block}.conv{layer + 1}.0.{found[1]}.'


_VIDEOPOSE: Rules = (
    (r'expand_(conv|bn)\.', r'backbone.expand_conv.\1.'),
    (r'layers_(conv|bn)\.(\d+)\.', _videopose_layer),
    (r'shrink\.', 'head.conv.'),
)


def _gcn_layer(found: re.Match) -> str:
    return f'backbone.blocks.{found[1]}.{int(found[2]) - 1}.{_GCN_PART[found[3]]}'


_GCN_PART = {'gconv': '', 'bn': 'norm.'}
_GCN: Rules = (
    (r'gconv_input\.0\.(gconv|bn)\.', lambda found: f'backbone.stem.0.{_GCN_PART[found[1]]}'),
    (r'gconv_layers\.(\d+)\.gconv([12])\.(gconv|bn)\.', _gcn_layer),
    (r'gconv_output\.', 'output.'),
)


def _stgcn_block(found: re.Match) -> str:
    place = {'networks': 'blocks', 'pool': 'context.blocks'}[found[1]]
    part = {'gcn': 'conv', 'tcn': 'layers', 'residual': 'shortcut'}[found[3]]
    layer = 'linear' if found[4] == 'conv' else found[4]
    return f'backbone.{place}.{found[2]}.{part}.{layer}.'


_STGCN: Rules = (
    (r'data_bn\.', 'backbone.norm.'),
    (r'st_gcn_(networks|pool)\.(\d+)\.(gcn)\.(conv)\.', _stgcn_block),
    (r'st_gcn_(networks|pool)\.(\d+)\.(tcn)\.([034])\.', _stgcn_block),
    (r'st_gcn_(networks|pool)\.(\d+)\.(residual)\.([01])\.', _stgcn_block),
    (r'conv4\.([01])\.', r'backbone.context.body.\1.'),
    (r'conv2\.([01])\.', r'backbone.context.merge.\1.'),
    (r'non_local\.(theta|phi|g)\.', r'\1.'),
    (r'non_local\.W\.0\.', 'backbone.non_local.output.'),
    (r'non_local\.W\.1\.', 'backbone.non_local.norm.'),
    (r'fcn\.1\.', 'head.conv.'),
)
_RULES = dict(mlp=_MLP, gcn=_GCN, videopose=_VIDEOPOSE, stgcn=_STGCN)


def _rename(lifter: str, name: str) -> str | None:
    tails = f'{_TAILS}|W|e' if lifter == 'gcn' else _TAILS
    for pattern, replacement in _RULES[lifter]:
        if re.fullmatch(f'{pattern}(?:{tails})', name):
            return re.sub(f'^{pattern}', replacement, name)
    return None


def _unknown(lifter: str, name: str, state: Mapping[str, Tensor]) -> str:
    sentence = f'The entry {name!r} is not one of the original {lifter} lifter'
    for other in LIFTERS:
        if state and all(_rename(other, each) is not None for each in state):
            return f'{sentence}; the weights are those of its {other}.'
    return f'{sentence}; nothing is guessed of weights that are not known.'


# ---------------------------------------------------------------------- inputs
_INPUTS: dict[str, dict[str, Callable[[Tensor], bool]]] = {
    'mlp': {'w1.weight': lambda v: v.shape[1:] == (2 * H36M_16.num_joints,)},
    'videopose': {'expand_conv.weight': lambda v: v.shape[1:] == (2 * H36M_16.num_joints, 1)},
    'gcn': {'gconv_output.e': lambda v: v.numel() == int(tree_adjacency(H36M_16).sum())},
    'stgcn': {'data_bn.weight': lambda v: v.numel() == 2 * H36M_17.num_joints},
}
"""dict: A weight of each lifter that tells joints and frames, and whether it is right."""


def _check_input(
    lifter: str, state: Mapping[str, Tensor], name: str, fits: Callable[[Tensor], bool]
) -> None:
    if name not in state:
        raise ValueError(f'The weights have no {name!r}; is this a {lifter} of the original?')
    if not fits(state[name]):
        raise ValueError(
            f'{name!r} is of size {tuple(state[name].shape)}: the {lifter} is not of single frames '
            f"of the original's {H36M_16.num_joints} joints; only these are converted."
        )


# --------------------------------------------------------------------- weights
def _finish_mlp(state: State) -> tuple[State, dict[str, Any]]:
    for name in [name for name in state if name.endswith('.conv.weight')]:
        state[name.replace('.weight', '.bias')]  # its layers have one, unlike VideoPose's
    return _finish_tcn(state)


def _finish_tcn(state: State) -> tuple[State, dict[str, Any]]:
    """MLP and VideoPose as MMPose's TCN."""
    done = {}
    for name, value in state.items():
        if name.endswith('.conv.bias') and name != 'head.conv.bias':
            continue
        if name.endswith('.running_mean'):
            # MMPose's layers have no bias before a norm; it moves the mean alone
            bias = state.get(name.replace('.bn.running_mean', '.conv.bias'))
            value = value if bias is None else value - bias
        if name.endswith('.conv.weight') and value.ndim == 2:
            value = value.unsqueeze(-1)
        done[name] = value
    channels = len(done['backbone.expand_conv.conv.weight'])
    blocks = _count(done, r'backbone\.tcn_blocks\.(\d+)\.')
    return done, {
        'backbone.stem_channels': channels,
        'backbone.num_blocks': blocks,
        'backbone.kernel_sizes': (1,) * (blocks + 1),
        'head.in_channels': channels,
    }


def _finish_gcn(state: State) -> tuple[State, dict[str, Any]]:
    done = {}
    for name, value in state.items():
        layer, _, tail = name.rpartition('.')
        if tail == 'W':  # (2, C, C'): own features, then those of the neighbours
            done[f'{layer}.linear.weight'] = torch.cat(value.unbind(), dim=0).T.contiguous()
        elif tail == 'e':
            done[f'{layer}.aggregation.edge_logits'] = value.flatten()
        elif tail == 'bias' and not layer.endswith('.norm'):
            done[f'{layer}.linear.bias'] = value
        else:
            done[name] = value
    done['head.conv.weight'] = done.pop('output.linear.weight').unsqueeze(-1)
    done['head.conv.bias'] = done.pop('output.linear.bias')
    done['backbone.aggregation.edge_logits'] = done.pop('output.aggregation.edge_logits')
    channels = len(done['backbone.stem.0.linear.weight'])
    return done, {
        'backbone.channels': channels,
        'backbone.num_blocks': _count(done, r'backbone\.blocks\.(\d+)\.'),
        'head.in_channels': 2 * channels,
    }


def _finish_stgcn(state: State) -> tuple[State, dict[str, Any]]:
    done = {k: v.flatten(1) if v.ndim == 4 else v for k, v in state.items()}
    for tail in ('weight', 'bias'):
        parts = [done.pop(f'{name}.{tail}') for name in ('theta', 'phi', 'g')]
        done[f'backbone.non_local.embed.{tail}'] = torch.cat(parts)
    done['head.conv.weight'] = done['head.conv.weight'].unsqueeze(-1)
    blocks = _count(done, r'backbone\.blocks\.(\d+)\.')
    channels = tuple(
        len(done[f'backbone.blocks.{block}.conv.linear.weight']) // len(PARTITIONS)
        for block in range(blocks)
    )
    return done, {
        'backbone.channels': channels,
        'backbone.part_channels': len(done['backbone.context.body.0.weight']),
        'head.in_channels': 2 * channels[-1] if channels else 0,
    }


def _count(state: State, pattern: str) -> int:
    """Number of different blocks in the names of a state dict."""
    return len({found[1] for name in state if (found := re.match(pattern, name))})


_FINISH: dict[str, Callable[[State], tuple[State, dict[str, Any]]]] = dict(
    mlp=_finish_mlp, gcn=_finish_gcn, videopose=_finish_tcn, stgcn=_finish_stgcn
)
