# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The lifter that comes with the package, of torch's layers alone.

MMPose's modules of the same layers take two to three seconds to import. A test holds both to the
same poses, to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor, nn

from mmposeaug.codecs import LifterAdapter, build_codec, find_train_codec
from mmposeaug.datasets.windows import WindowRule
from mmposeaug.structures import Skeleton
from mmposeaug.structures.metainfo_files import whole_metainfo

from .included_lifter import included_lifter
from .lifter_weights import load_weights, read_weights
from .lifters import LoadedLifter, to_device


def load_included(device: str | torch.device = 'cpu') -> LoadedLifter:
    """Load the lifter that comes with the package, as :func:`load_lifter` does by MMPose."""
    config, checkpoint = included_lifter()
    cfg = Config.fromfile(config)
    dataset = cfg.test_dataloader.dataset
    skeleton = Skeleton.from_metainfo(
        whole_metainfo(dict(from_file='configs/_base_/datasets/h36m.py'))
    )
    network = PlainLifter(cfg.model.backbone, skeleton.num_joints)
    content, sha256 = read_weights(checkpoint)
    load_weights(network, content, checkpoint)
    lifter = to_device(network.eval().requires_grad_(False), device)
    codec = build_codec(find_train_codec(dataset.pipeline))
    adapter = LifterAdapter(lifter, codec, root=skeleton.root)
    return LoadedLifter(adapter, skeleton, WindowRule(), cfg, checkpoint, sha256)


class PlainLifter(nn.Module):
    """A lifter of single frames: MMPose's ``TCN`` of kernels of 1, and its regression head.

    Args:
        backbone (Mapping): Options of the ``TCN``.
        num_joints (int): Joints that it predicts.
    """

    with_head = True
    with_traj = False

    def __init__(self, backbone: Mapping[str, Any], num_joints: int) -> None:
        super().__init__()
        self.backbone = _Backbone(**backbone)
        self.head = _Head(backbone['stem_channels'], num_joints)

    def forward(self, x: Tensor, data_samples: None = None, mode: str = 'tensor') -> Tensor:
        """Poses (B, J, 3) of inputs (B, C, 1); the other arguments are MMPose's."""
        assert data_samples is None and mode == 'tensor'
        return self.head(self.backbone(x))


class _Layer(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(in_channels, out_channels, 1, bias=False)
        self.bn = nn.BatchNorm1d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.bn(self.conv(x)))


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(_Layer(channels, channels))
        self.conv2 = nn.Sequential(_Layer(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(self.conv1(x)) + x


class _Backbone(nn.Module):
    """The layers without dropout, which is for training."""

    def __init__(
        self, in_channels: int, stem_channels: int, num_blocks: int, **options: Any
    ) -> None:
        super().__init__()
        assert set(options['kernel_sizes']) == {1}, options
        self.in_channels, self.stem_channels = in_channels, stem_channels
        self.kernel_sizes = options['kernel_sizes']
        self.expand_conv = _Layer(in_channels, stem_channels)
        self.tcn_blocks = nn.ModuleList(_Block(stem_channels) for _ in range(num_blocks))

    def forward(self, x: Tensor) -> Tensor:
        x = self.expand_conv(x)
        for block in self.tcn_blocks:
            x = block(x)
        return x


class _Head(nn.Module):
    def __init__(self, in_channels: int, num_joints: int) -> None:
        super().__init__()
        self.in_channels, self.num_joints = in_channels, num_joints
        self.conv = nn.Conv1d(in_channels, num_joints * 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).reshape(-1, self.num_joints, 3)
