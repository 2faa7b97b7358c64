# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How a trained lifter is made into files like those that come with the package."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from mmposeaug.datasets.samples import inner_dataset
from mmposeaug.fileio import atomic_write, make_writable_folder, save_json
from mmposeaug.structures.metainfo_files import whole_metainfo
from mmposeaug.version import __version__

from .lifter_weights import read_checkpoint
from .lifters import load_lifter

_OF_DATASET = ('type', 'metainfo', 'pipeline', 'seq_len', 'seq_step', 'causal', 'multiple_target')


def package_lifter(
    config: str | os.PathLike | Config, checkpoint: str | os.PathLike, folder: str | os.PathLike
) -> tuple[Path, Path]:
    """Reduce a trained lifter to what using it needs.

    The checkpoint keeps the weights and the names of the joints, the config the network, the codec
    and the data set's metainfo; neither names a path.

    Args:
        config (str | PathLike | Config): The config that it was trained with.
        checkpoint (str | PathLike): Its checkpoint.
        folder (str | PathLike): Where to write ``lifter.json`` and ``lifter.pth``.

    Returns:
        tuple[Path, Path]: What was written, config and checkpoint.

    Raises:
        FileNotFoundError: If config or checkpoint does not exist.
        ValueError: If they do not fit each other, see :func:`mmposeaug.apis.load_lifter`.
        OSError: If the folder cannot be written to.
    """
    lifter = load_lifter(config, checkpoint)
    content, _ = read_checkpoint(Path(checkpoint))
    small = _config_of_use(lifter.cfg)
    folder = Path(folder)
    make_writable_folder(folder)
    paths = folder / 'lifter.json', folder / 'lifter.pth'
    save_json(paths[0], small)
    meta = dict(
        cfg=Config(small).pretty_text,
        dataset_meta=dict(keypoint_id2name=dict(enumerate(lifter.skeleton.joint_names))),
        mmposeaug_version=__version__,
    )
    weights: Mapping[str, torch.Tensor] = content.get('state_dict', content)
    state = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    with atomic_write(paths[1], 'wb') as file:
        torch.save(dict(meta=meta, state_dict=state), file)
    load_lifter(*paths)
    return paths


def _config_of_use(cfg: Config) -> dict[str, Any]:
    """What loading a lifter asks a config for, as plain values."""
    plain = cfg.to_dict()
    part = next(p for p in ('test', 'val', 'train') if plain.get(f'{p}_dataloader'))
    dataset = inner_dataset(plain[f'{part}_dataloader']['dataset'])
    kept = {name: dataset[name] for name in _OF_DATASET if name in dataset}
    return dict(
        default_scope=plain.get('default_scope') or 'mmpose',
        model=_without_files(plain['model']),
        test_dataloader=dict(dataset=_without_files(kept)),
    )


def _without_files(value: Any) -> Any:
    """The same with the content of metainfo in the place of its file's name."""
    if isinstance(value, Mapping):
        if 'from_file' in value:
            return whole_metainfo(value)
        return {key: _without_files(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_files(each) for each in value]
    return value
