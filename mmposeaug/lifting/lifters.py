# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A trained lifter, ready for use: network, codec, joints and the frames that it takes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import nn

from mmposeaug.codecs import LifterAdapter, build_codec, find_train_codec
from mmposeaug.codecs.lifter_fit import check_codec, check_frames, first_call
from mmposeaug.codecs.trained_codec import codec_misfit
from mmposeaug.datasets.metainfo import skeleton_of_cfg
from mmposeaug.datasets.samples import inner_dataset
from mmposeaug.datasets.windows import WindowRule, window_rule
from mmposeaug.structures import Skeleton

from .lifter_files import require_config
from .lifter_weights import check_joints, first_line, load_weights, read_checkpoint


@dataclass(frozen=True)
class LoadedLifter:
    """A trained lifter and what is needed to use it.

    Attributes:
        adapter (LifterAdapter): The lifter as a function of keypoints; in eval mode, on its
            device, no parameter asks for gradients.
        skeleton (Skeleton): The joints, those of the config's data set.
        window (WindowRule): How frames form the lifter's input, from the config's test set.
        cfg (Config): The config.
        checkpoint (Path): The checkpoint's path.
        sha256 (str): Of the checkpoint's bytes.
    """

    adapter: LifterAdapter
    skeleton: Skeleton
    window: WindowRule
    cfg: Config
    checkpoint: Path
    sha256: str

    @property
    def num_frames(self) -> int:
        """int: Frames of one input, T; the most a lifter of all frames takes."""
        return self.window.multiple_target or self.window.seq_len

    @property
    def device(self) -> torch.device:
        """torch.device: Where the lifter is."""
        return next(self.adapter.module.parameters()).device


def load_lifter(
    config: str | os.PathLike | Config,
    checkpoint: str | os.PathLike,
    device: str | torch.device = 'cpu',
) -> LoadedLifter:
    """Build the lifter of a config and give it the weights of a checkpoint.

    Args:
        config (str | PathLike | Config): The config that it was trained with.
        checkpoint (str | PathLike): A checkpoint of the lifter alone (``best_*.pth``), or one to
            resume a training from.
        device (str | torch.device): Where to put it. Defaults to ``'cpu'``.

    Returns:
        LoadedLifter: The lifter.

    Raises:
        FileNotFoundError: If config or checkpoint does not exist.
        ValueError: If one of them cannot be read, the config is of no lifter or contradicts
            itself, the checkpoint does not fit, or there is no such device.

    Example:
        >>> lifter = load_lifter('configs/my.py', 'best.pth')  # doctest: +SKIP
        >>> lifter.adapter.predict(keypoints_px, image_size)  # doctest: +SKIP
    """
    from mmengine.registry import init_default_scope

    cfg = config if isinstance(config, Config) else _read_config(Path(config))
    path = Path(checkpoint)
    init_default_scope(cfg.get('default_scope') or 'mmpose')
    datasets = dict(_datasets(cfg))
    skeleton = skeleton_of_cfg(next(iter(datasets.values())))
    window = window_rule(next(iter(datasets.values())))
    codec = build_codec(_codec_of(datasets))
    check_codec(codec, skeleton)
    model = _build(cfg)
    content, sha256 = read_checkpoint(path)
    load_weights(model, content, path)
    check_joints(content, skeleton, path)
    misfit = codec_misfit(content, cfg)
    if misfit:
        raise ValueError(
            f"The checkpoint '{path}' {misfit}; give the config that it was trained with."
        )
    model = to_device(model.eval().requires_grad_(False), device)
    adapter = LifterAdapter(model, codec, root=skeleton.root)
    lifter = LoadedLifter(adapter, skeleton, window, cfg, path, sha256)
    _check_window(lifter)
    return lifter


# --------------------------------------------------------------------- config
def _read_config(path: Path) -> Config:
    require_config(path)
    try:
        return Config.fromfile(path)
    except Exception as error:  # a config is Python, and may fail in any way
        raise ValueError(
            f"The config '{path}' cannot be read ({first_line(error)}); check it with "
            "MMEngine's Config.fromfile."
        ) from error


def _datasets(cfg: Config) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Data sets of the config by the part that uses them, that of the test first."""
    from mmpose.registry import DATASETS

    found = False
    for part in ('test', 'val', 'train'):
        loader = cfg.get(f'{part}_dataloader')
        if isinstance(loader, Mapping) and isinstance(loader.get('dataset'), Mapping):
            found = True
            dataset = inner_dataset(loader['dataset'])
            kind = dataset.get('type')
            if kind is None or (isinstance(kind, str) and DATASETS.get(kind) is None):
                raise ValueError(
                    f'The data set type {kind!r} of {part}_dataloader is not registered; name the '
                    'module that defines it in custom_imports.'
                )
            yield part, dataset
    if not found:
        raise ValueError(
            'The config has no test_dataloader with a dataset, which tells the joints and frames '
            'of a lifter; add it.'
        )


def _codec_of(datasets: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The codec that the lifter learnt in; that of the test where the config does not train."""
    part = 'train' if 'train' in datasets else next(iter(datasets))
    return find_train_codec(datasets[part].get('pipeline') or ())


def _build(cfg: Config) -> nn.Module:
    from mmpose.registry import MODELS

    model = cfg.get('model')
    kind = model.get('type') if isinstance(model, Mapping) else None
    if kind is None or MODELS.get(kind) is not MODELS.get('PoseLifter'):
        raise ValueError(
            f'The model of the config is {kind!r}, not a PoseLifter; give the config of a lifter.'
        )
    model = dict(model)
    # without it, as it is for training; it would be announced as left out
    model.pop('semi_loss', None)
    if 'preprocess_cfg' in cfg:
        model.setdefault('data_preprocessor', cfg.preprocess_cfg)
    try:
        return MODELS.build(model)
    except Exception as error:  # whatever its layers raise
        raise ValueError(
            f'The model of the config cannot be built ({first_line(error)}); check its parts, and '
            'that custom_imports names the modules of those that are your own.'
        ) from error


# --------------------------------------------------------------------- checks
def to_device(model: nn.Module, device: str | torch.device) -> nn.Module:
    """Move a lifter to a device, or say that there is none."""
    try:
        return model.to(torch.device(device))
    except (RuntimeError, AssertionError) as error:  # torch raises either for what it lacks
        raise ValueError(
            f"The device {str(device)!r} cannot be used ({first_line(error)}); give 'cpu', or "
            "'cuda' where torch sees a GPU."
        ) from None


def _check_window(lifter: LoadedLifter) -> None:
    """Refuse frames or joints that the network cannot take, by calling it once."""
    adapter, frames, joints = lifter.adapter, lifter.num_frames, lifter.skeleton.num_joints
    targets = lifter.window.target_frames
    check_frames(adapter, frames, targets)
    like = torch.zeros(1, device=lifter.device)
    camera = like.new_tensor([[1000, 1000, 500, 500, 0, 0, 0, 0, 0]])
    with first_call(frames, joints):
        adapter.predict(
            like.new_full((1, frames, joints, 2), 500),
            like.new_full((1, 2), 1000),
            intrinsics=camera,
            root_depth=like.new_full((1, len(targets)), 5),
        )
