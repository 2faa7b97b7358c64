# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""SemGCN, the semantic graph convolutional lifter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.structures import Skeleton, get_skeleton, tree_adjacency

from .layers import JointNorm, NonLocalBlock, split_keypoints


class SemanticAggregation(nn.Module):
    """Sums over a joint's neighbours whose weights are learnt for each edge (SemGCN, Eq. 2).

    The weights of a joint and its neighbours are the softmax of a value for each of them. The
    joint itself and the other neighbours are kept apart, since each has a linear map of its own.

    Args:
        adjacency (Tensor): Which joints are neighbours, each of itself too: bool (J, J).
    """

    edge_of: Tensor
    itself: Tensor

    def __init__(self, adjacency: Tensor) -> None:
        super().__init__()
        self.edge_logits = nn.Parameter(torch.ones(int(adjacency.sum())))
        # the number of each edge row by row, beyond the last for joints that are none's neighbour
        edge_of = torch.full(adjacency.shape, self.edge_logits.numel())
        edge_of[adjacency] = torch.arange(self.edge_logits.numel())
        self.register_buffer('edge_of', edge_of, persistent=False)
        self.register_buffer('itself', torch.eye(len(adjacency)), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Sum features (B, J, C) to (B, J, 2C): the weighted own ones, then the neighbours'."""
        none = self.edge_logits.new_full((1,), float('-inf'))
        weights = torch.cat((self.edge_logits, none))[self.edge_of].softmax(dim=-1)
        own = weights * self.itself
        both = torch.stack((own, weights - own), dim=1).flatten(0, 1)  # (2J, J)
        # bmm on purpose: matmul would fold the clips into one product, by copies
        return torch.bmm(both.expand(x.shape[0], -1, -1), x).view(*x.shape[:-1], -1)


class SemanticGraphConv(nn.Module):
    """Semantic graph convolution, normalised, with ReLU.

    Args:
        adjacency (Tensor): Neighbours, bool (J, J).
    """

    def __init__(
        self, adjacency: Tensor, in_channels: int, out_channels: int, dropout: float
    ) -> None:
        super().__init__()
        self.aggregation = SemanticAggregation(adjacency)
        self.linear = nn.Linear(2 * in_channels, out_channels)
        self.norm = JointNorm(out_channels)
        self.dropout = nn.Dropout(dropout)
        for weight in self.linear.weight.split(in_channels, dim=1):
            nn.init.xavier_uniform_(weight.data, gain=nn.init.calculate_gain('relu'))
        nn.init.zeros_(self.linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve features (B, J, C) to (B, J, C')."""
        return self.dropout(self.norm(self.linear(self.aggregation(x))).relu())


@MODELS.register_module()
class SemGCN(BaseModule):
    """Semantic graph convolutional network of Zhao et al., CVPR 2019, for single frames.

    Its last graph convolution is split: the sum over neighbours is here, the linear map is that of
    :class:`JointRegressionHead`, with ``in_channels = 2 * channels``.

    Args:
        skeleton (str | Mapping | Skeleton): Joints and bones, the graph; see
            :func:`mmposeaug.structures.get_skeleton`. Defaults to ``'h36m_17'``.
        channels (int): Features of a joint. Defaults to 128.
        num_blocks (int): Residual blocks of two graph convolutions. Defaults to 4.
        non_local (bool): A non-local block after the first layer and after each block. Defaults
            to False, as PoseAug trains it.
        dropout (float): After each layer. Defaults to 0.
        init_cfg (dict, optional): MMEngine's. Defaults to None.

    Example:
        >>> import torch
        >>> SemGCN('h36m_16')(torch.zeros(2, 32, 1))[-1].shape
        torch.Size([2, 256, 16])
    """

    def __init__(
        self,
        skeleton: str | Mapping[str, Any] | Skeleton = 'h36m_17',
        channels: int = 128,
        num_blocks: int = 4,
        non_local: bool = False,
        dropout: float = 0.0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.skeleton = get_skeleton(skeleton)
        adjacency = torch.from_numpy(tree_adjacency(self.skeleton))

        def conv(in_channels: int = channels) -> SemanticGraphConv:
            return SemanticGraphConv(adjacency, in_channels, channels, dropout)

        def view() -> nn.Module:
            return NonLocalBlock(channels) if non_local else nn.Identity()

        self.stem = nn.Sequential(conv(2), view())
        self.blocks = nn.ModuleList(nn.Sequential(conv(), conv()) for _ in range(num_blocks))
        self.views = nn.ModuleList(view() for _ in range(num_blocks))
        self.aggregation = SemanticAggregation(adjacency)

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """Features of the joints.

        Args:
            x (Tensor): Keypoints (B, 2J, 1) as MMPose's lifting codecs give them.

        Returns:
            tuple[Tensor]: Features (B, 2 * channels, J).

        Raises:
            ValueError: If the input is of another shape.
        """
        x = self.stem(split_keypoints(x, self.skeleton.num_joints, 'SemGCN'))
        for block, view in zip(self.blocks, self.views):
            x = view(x + block(x))
        return (self.aggregation(x).transpose(1, 2),)
