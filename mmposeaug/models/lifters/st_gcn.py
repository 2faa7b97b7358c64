# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""ST-GCN in its single-frame form, a local-to-global graph convolutional lifter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.structures import (
    Skeleton,
    body_parts,
    get_skeleton,
    joint_resampling,
    spatial_partitions,
)

from .layers import JointNorm, NonLocalBlock, split_keypoints

_INPUT_EPS = 0.1
"""float: Added to the variance of the keypoints, as the original does; weights depend on it."""

_PLACES = ('blocks', 'body', 'merge', 'head')
"""tuple[str]: Where features are dropped."""


class PartitionedGraphConv(nn.Module):
    """A linear map for each kind of neighbour, then the weighted sum over neighbours.

    Args:
        partitions (np.ndarray): Weights (P, J, J) of neighbours (rows), by kind.
    """

    weights: Tensor

    def __init__(self, partitions: np.ndarray, in_channels: int, out_channels: int) -> None:
        super().__init__()
        kinds, nodes, _ = partitions.shape
        self.out_channels = out_channels
        self.linear = nn.Linear(in_channels, kinds * out_channels)
        weights = torch.from_numpy(partitions).float().permute(2, 1, 0).reshape(nodes, -1)
        self.register_buffer('weights', weights, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve features (B, J, C) to (B, J, C')."""
        # all kinds of all neighbours in one matrix product: (J, J P) with (B, J P, C')
        sources = self.linear(x).reshape(-1, self.weights.shape[1], self.out_channels)
        return torch.matmul(self.weights, sources)


class GraphBlock(nn.Module):
    """Graph convolution and a linear layer, with a residual connection.

    Args:
        partitions (np.ndarray): Weights (P, J, J) of neighbours, by kind.
    """

    def __init__(
        self,
        partitions: np.ndarray,
        in_channels: int,
        out_channels: int,
        dropout: float,
        residual: bool = True,
    ) -> None:
        super().__init__()
        self.conv = PartitionedGraphConv(partitions, in_channels, out_channels)
        self.layers = nn.Sequential(
            JointNorm(out_channels),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(out_channels, out_channels),
            JointNorm(out_channels),
            nn.Dropout(dropout),
        )
        self.residual = residual
        self.shortcut: nn.Module = nn.Identity()
        if residual and in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Linear(in_channels, out_channels), JointNorm(out_channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Convolve features (B, J, C) to (B, J, C')."""
        out = self.layers(self.conv(x))
        return (out + self.shortcut(x) if self.residual else out).relu()


class PartContext(nn.Module):
    """What each joint learns from the body's parts and from the whole body (Sec. 3.3).

    Features of joints are pooled to parts and those to the body; both go back to the joints.
    """

    joints_of_part: Tensor
    part_of_joint: Tensor

    def __init__(
        self,
        skeleton: Skeleton,
        in_channels: int,
        part_channels: int,
        out_channels: int,
        dropout: Mapping[str, float],
    ) -> None:
        super().__init__()
        tree, parts = body_parts(skeleton)
        partitions = spatial_partitions(tree)
        self.blocks = nn.Sequential(
            GraphBlock(partitions, in_channels, part_channels, dropout['blocks']),
            GraphBlock(partitions, part_channels, part_channels, dropout['blocks']),
        )
        self.body = _mixing(part_channels, part_channels, dropout['body'])
        self.merge = _mixing(2 * part_channels, out_channels, dropout['merge'])
        # small parts name their first joint several times, which changes no maximum
        most = max(len(joints) for joints in parts)
        padded = [(*joints, *joints[:1] * (most - len(joints))) for joints in parts]
        self.register_buffer('joints_of_part', torch.tensor(padded), persistent=False)
        part_of_joint = torch.zeros(skeleton.num_joints, dtype=torch.long)
        for part, joints in enumerate(parts):
            part_of_joint[list(joints)] = part
        self.register_buffer('part_of_joint', part_of_joint, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Context (B, J, C') of features (B, J, C)."""
        parts = self.blocks(x[:, self.joints_of_part].amax(dim=2))
        body = self.body(parts.amax(dim=1, keepdim=True))
        merged = self.merge(torch.cat((body.expand_as(parts), parts), dim=-1))
        return merged[:, self.part_of_joint]


def _mixing(in_channels: int, out_channels: int, dropout: float) -> nn.Sequential:
    """Linear layer, normalised, with ReLU."""
    return nn.Sequential(
        nn.Linear(in_channels, out_channels),
        JointNorm(out_channels),
        nn.ReLU(),
        nn.Dropout(dropout),
    )


def _dropout_by_place(dropout: float | Mapping[str, float]) -> dict[str, float]:
    """Dropout of each of :data:`_PLACES`."""
    if not isinstance(dropout, Mapping):
        return dict.fromkeys(_PLACES, dropout)
    if set(dropout) != set(_PLACES):
        raise ValueError(
            f'The dropout of STGCN is given for {sorted(dropout)}; give one number, or one for '
            f'each of {", ".join(_PLACES)}.'
        )
    return dict(dropout)


@MODELS.register_module()
class STGCN(BaseModule):
    """Spatial-temporal graph convolutional network of Cai et al., ICCV 2019, for single frames.

    Neighbours are joints farther from the centre, nearer to it, and mirror partners
    (:func:`mmposeaug.structures.spatial_partitions`); a pooled graph of body parts gives context;
    a non-local block ends it. Its head is a :class:`JointRegressionHead` with ``in_channels``
    twice the last of ``channels``.

    Args:
        skeleton (str | Mapping | Skeleton): Joints that are lifted, see
            :func:`mmposeaug.structures.get_skeleton`. Defaults to ``'h36m_17'``.
        graph_skeleton (str | Mapping | Skeleton, optional): Joints of the graph, if it has others:
            one that is not lifted is put midway between its neighbours, see
            :func:`mmposeaug.structures.joint_resampling`. PoseAug's 16 joints are lifted on a
            graph of 17. Defaults to None, ``skeleton``.
        channels (Sequence[int]): Features of a joint after each block. Defaults to
            (128, 128, 256).
        part_channels (int): Features of a part of the body. Defaults to 512.
        dropout (float | Mapping[str, float]): Share of features that is dropped in training, or
            one for each of ``'blocks'`` (of joints and parts), ``'body'``, ``'merge'`` (what the
            parts give back) and ``'head'`` (before it). Defaults to 0.1.
        init_cfg (dict, optional): MMEngine's. Defaults to None.

    Raises:
        ValueError: If ``dropout`` does not name each place.

    Example:
        >>> import torch
        >>> STGCN('h36m_16', 'h36m_17')(torch.zeros(2, 32, 1))[-1].shape
        torch.Size([2, 512, 16])
    """

    resampling: Tensor
    lifted: Tensor

    def __init__(
        self,
        skeleton: str | Mapping[str, Any] | Skeleton = 'h36m_17',
        graph_skeleton: str | Mapping[str, Any] | Skeleton | None = None,
        channels: Sequence[int] = (128, 128, 256),
        part_channels: int = 512,
        dropout: float | Mapping[str, float] = 0.1,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.skeleton = get_skeleton(skeleton)
        graph = self.skeleton if graph_skeleton is None else get_skeleton(graph_skeleton)
        resampling = torch.from_numpy(joint_resampling(self.skeleton, graph)).float()
        lifted = torch.tensor([graph.index(name) for name in self.skeleton.joint_names])
        self.register_buffer('resampling', resampling, persistent=False)
        self.register_buffer('lifted', lifted, persistent=False)
        share = _dropout_by_place(dropout)
        self.norm = nn.BatchNorm1d(2 * graph.num_joints, eps=_INPUT_EPS)
        partitions = spatial_partitions(graph)
        widths = list(zip((2, *channels), channels))
        self.blocks = nn.Sequential(
            *(
                GraphBlock(partitions, *width, share['blocks'], residual=number > 0)
                for number, width in enumerate(widths)
            )
        )
        self.context = PartContext(graph, channels[-1], part_channels, channels[-1], share)
        self.non_local = NonLocalBlock(2 * channels[-1])
        self.dropout = nn.Dropout(share['head'])

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """Features of the joints.

        Args:
            x (Tensor): Keypoints (B, 2J, 1) as MMPose's lifting codecs give them.

        Returns:
            tuple[Tensor]: Features (B, 2 * channels[-1], J).

        Raises:
            ValueError: If the input is of another shape.
        """
        x = split_keypoints(x, self.skeleton.num_joints, 'STGCN')
        x = torch.matmul(self.resampling, x)
        x = self.blocks(self.norm(x.flatten(1)).view_as(x))
        x = self.non_local(torch.cat((x, self.context(x)), dim=-1))
        return (self.dropout(x[:, self.lifted]).transpose(1, 2),)
