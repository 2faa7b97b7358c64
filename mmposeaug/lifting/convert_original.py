# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Checkpoints of the released PoseAug as checkpoints for our configs and networks."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from torch import Tensor

from mmposeaug.fileio import atomic_write
from mmposeaug.models import convert_poseaug_state
from mmposeaug.models.lifters import convert_lifter_state
from mmposeaug.structures import H36M_16

from .lifter_weights import load_weights, read_checkpoint
from .option_names import PARTS

LIFTER_KEYS = ('model_pos', 'state_dict')
"""tuple[str]: Entries that hold the lifter: after PoseAug, and of a baseline."""


@dataclass(frozen=True)
class ConversionReport:
    """What was converted.

    Attributes:
        out (Path): The file that was written.
        entry (str): Entry of the checkpoint that held the weights; empty for a plain state dict.
        model (str): What they are.
        num_weights (int): Number of parameters and buffers that were taken over.
        options (dict): Settings that differ from the config's, by dotted names, or those of the
            network.
    """

    out: Path
    entry: str
    model: str
    num_weights: int
    options: dict[str, Any]


def convert_lifter_checkpoint(
    checkpoint: str | os.PathLike,
    out: str | os.PathLike,
    lifter: str,
    config: str | os.PathLike,
    key: str | None = None,
) -> ConversionReport:
    """Write a lifter of the original as a checkpoint that ``load_lifter`` takes.

    Args:
        checkpoint (str | PathLike): The original's checkpoint, or a plain state dict.
        out (str | PathLike): The file to write.
        lifter (str): ``'mlp'``, ``'gcn'``, ``'videopose'`` or ``'stgcn'``.
        config (str | PathLike): Our config of that lifter; its widths may be others.
        key (str, optional): Entry that holds the weights. Defaults to None: ``model_pos``, else
            ``state_dict``, else the whole.

    Returns:
        ConversionReport: What was written, with the settings in which the config must be changed.

    Raises:
        FileNotFoundError: If checkpoint or config does not exist.
        ValueError: If the checkpoint is not of such a lifter; the entry is named.
        OSError: If the file cannot be written.
    """
    path = Path(checkpoint)
    _check_out(out, path)
    if not Path(config).is_file():
        raise FileNotFoundError(f"The config '{config}' does not exist; check the path.")
    cfg = Config.fromfile(config)
    state, entry, content = _read_state(path, LIFTER_KEYS if key is None else (key,), key)
    converted = convert_lifter_state(lifter, state)
    options = {
        f'model.{name}': value
        for name, value in converted.sizes.items()
        if _setting(cfg.model, name) != value
    }
    cfg.merge_from_dict(options)
    init_default_scope(cfg.get('default_scope') or 'mmpose')
    load_weights(MODELS.build(cfg.model), converted.state, path)
    names = dict(enumerate(H36M_16.joint_names))
    meta: dict[str, Any] = dict(
        dataset_meta=dict(dataset_name=H36M_16.name, keypoint_id2name=names),
        converted_from=f'PoseAug (CVPR 2021), {lifter}',
        cfg_options=options,
    )
    if isinstance(content.get('epoch'), int):
        meta['epoch'] = content['epoch']
    _save(out, meta, converted.state)
    return ConversionReport(Path(out), entry, lifter, len(converted.state), options)


def convert_part_checkpoint(
    checkpoint: str | os.PathLike, out: str | os.PathLike, part: str, key: str | None = None
) -> ConversionReport:
    """Write a part of the original's augmentor, or a discriminator, under our names.

    Args:
        checkpoint (str | PathLike): A plain state dict, or a checkpoint with ``key``.
        out (str | PathLike): The file to write. Its ``state_dict`` fits ``MODELS.build`` of
            ``meta['network']``.
        part (str): One of :data:`PARTS`.
        key (str, optional): Entry that holds the weights. Defaults to None: ``state_dict`` if
            there is one, else the whole.

    Returns:
        ConversionReport: What was written; its options are the network's.

    Raises:
        FileNotFoundError: If the checkpoint does not exist.
        ValueError: If the checkpoint is not of such a network; the entry is named.
        OSError: If the file cannot be written.
    """
    path = Path(checkpoint)
    _check_out(out, path)
    if part not in PARTS:
        raise ValueError(f'Unknown part {part!r}; use one of {", ".join(PARTS)}.')
    state, entry, _ = _read_state(path, ('state_dict',) if key is None else (key,), key)
    try:
        converted = convert_poseaug_state(part, state)
        network = dict(type=PARTS[part], skeleton=H36M_16.name, **_part_sizes(part, converted))
    except (IndexError, KeyError) as error:
        raise ValueError(
            f"The weights of '{path}' are not those of a {part} of 16 joints ({error})."
        ) from None
    init_default_scope('mmpose')
    load_weights(MODELS.build(dict(network)), converted, path)
    _save(out, dict(converted_from=f'PoseAug (CVPR 2021), {part}', network=network), converted)
    return ConversionReport(Path(out), entry, part, len(converted), network)


# -------------------------------------------------------------------- reading
def _read_state(
    path: Path, keys: tuple[str, ...], key: str | None
) -> tuple[dict[str, Tensor], str, dict[str, Any]]:
    """State dict of a checkpoint, the entry that held it, and the whole content."""
    content, _ = read_checkpoint(path)
    entry = next((name for name in keys if name in content), '')
    if key is not None and not entry:
        raise ValueError(
            f"The checkpoint '{path}' has no entry {key!r}; it has {', '.join(map(str, content))}."
        )
    state = content[entry] if entry else content
    if not isinstance(state, Mapping) or not state:
        raise ValueError(
            f"The entry {entry!r} of '{path}' is no state dict; name another by --key."
        )
    wrong = [name for name, value in state.items() if not isinstance(value, Tensor)]
    if wrong:
        raise ValueError(
            f"'{path}' has no state dict under {' or '.join(keys)}, and is none: its {wrong[0]!r} "
            f'is not a tensor ({type(state[wrong[0]]).__name__}); name the entry that holds the '
            'weights by --key.'
        )
    return dict(state), entry, content


def _setting(model: Mapping[str, Any], name: str) -> Any:
    """A setting by its dotted name, lists as tuples; None if it is left to the default."""
    value: Any = model
    for part in name.split('.'):
        value = value.get(part)
    return tuple(value) if isinstance(value, list) else value


def _part_sizes(part: str, state: Mapping[str, Tensor]) -> dict[str, int]:
    """Widths that the weights tell."""
    if part == 'discriminator_2d':
        return dict(channels=len(state['layer1.bias']))
    if part == 'discriminator_3d':
        first = 'paths.torso.'
        return dict(
            channels=len(state[f'{first}layer1.bias']),
            last_channels=len(state[f'{first}layer_last.bias']),
        )
    name = 'rotation_network' if part == 'rigid' else 'network'
    hidden, inputs = state[f'{name}.input.weight'].shape
    features = 3 * H36M_16.num_joints + (H36M_16.num_bones if part == 'length' else 0)
    if inputs <= features:
        raise ValueError(
            f'The first layer of the {part} takes {inputs} values, but {features} of the pose and '
            'noise are expected; is this another network?'
        )
    blocks = {m[1] for key in state if (m := re.match(rf'{name}\.blocks\.(\d+)\.', key))}
    return dict(hidden=hidden, noise_dim=inputs - features, num_blocks=len(blocks))


def _check_out(out: str | os.PathLike, checkpoint: Path) -> None:
    """Refuse, before any work, a file that cannot be meant."""
    path = Path(out)
    if path.is_dir():
        raise ValueError(f"'{path}' is a folder; name a file to write.")
    if path.exists() and checkpoint.exists() and path.samefile(checkpoint):
        raise ValueError(f"'{path}' is the checkpoint itself; name another file to write.")


def _save(out: str | os.PathLike, meta: Mapping[str, Any], state: Mapping[str, Tensor]) -> None:
    try:
        with atomic_write(out) as file:
            torch.save(dict(meta=dict(meta), state_dict=dict(state)), file)
    except OSError as error:
        raise OSError(
            f"The file '{out}' cannot be written ({error.strerror}); name one in another folder."
        ) from None
