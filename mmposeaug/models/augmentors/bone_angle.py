# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Learned change of bone angles (paper, Sec. 3.3)."""

from __future__ import annotations

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.structures import Skeleton, get_skeleton

from .networks import NoiseConditionedMLP
from .operations import turn_bones


@MODELS.register_module()
class BoneAngleAugmentor(nn.Module):
    """Predicts a vector for every bone that is added to its direction.

    The bones of the trunk are left as they are: otherwise the whole body could turn without any
    local change.

    Args:
        skeleton (str | Skeleton): Tree of the poses. Defaults to ``'h36m_17'``.
        hidden (int): Width of the network. Defaults to 256.
        noise_dim (int): Number of noise values. Defaults to 48.
        num_blocks (int): Number of two-layer blocks. Defaults to 2.
        limit (float, optional): Bound of every component of the vector, as limit * tanh(output).
            Defaults to None, no bound, as in the paper.
        zero_output (bool): Start by turning nothing. Defaults to False.
    """

    free_bones: Tensor

    def __init__(
        self,
        skeleton: str | Skeleton = 'h36m_17',
        hidden: int = 256,
        noise_dim: int = 48,
        num_blocks: int = 2,
        limit: float | None = None,
        zero_output: bool = False,
    ) -> None:
        super().__init__()
        self.skeleton = get_skeleton(skeleton)
        self.limit = limit
        self.network = NoiseConditionedMLP(
            3 * self.skeleton.num_joints,
            3 * self.skeleton.num_bones,
            hidden,
            noise_dim,
            num_blocks,
            zero_output,
        )
        free = torch.ones(self.skeleton.num_bones, 1)
        free[list(self.skeleton.trunk_bones)] = 0
        self.register_buffer('free_bones', free, persistent=False)

    def forward(
        self,
        pose: Tensor,
        features: Tensor,
        noise: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Turn the bones of poses (N, J, 3) or clips (N, T, J, 3).

        Args:
            features (Tensor): Original root-relative poses of shape (N, J, 3), in metres.
            noise (Tensor, optional): Noise of shape (N, noise_dim). Defaults to a fresh draw.

        Returns:
            tuple[Tensor, Tensor]: Poses and 1 - cos of every bone's turn, of shape (N, J - 1).
        """
        change = self.network(features.flatten(1), noise, generator)
        if self.limit is not None:
            change = self.limit * torch.tanh(change)
        change = change.unflatten(1, (-1, 3)) * self.free_bones
        return turn_bones(pose, change, self.skeleton)
