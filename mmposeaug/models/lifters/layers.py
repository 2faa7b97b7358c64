# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Layers on features of joints, (B, J, C)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class JointNorm(nn.BatchNorm1d):
    """Batch normalisation of each channel over clips and joints."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalise features (B, J, C)."""
        return super().forward(input.flatten(0, 1)).view_as(input)


class NonLocalBlock(nn.Module):
    """Each joint sees all joints (Wang et al., CVPR 2018; embedded Gaussian).

    It starts as the identity.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        if channels < 2:
            raise ValueError(f'A non-local block compares half of its channels, got {channels}.')
        self.inner = channels // 2
        self.embed = nn.Linear(channels, 3 * self.inner)
        self.output = nn.Linear(self.inner, channels)
        self.norm = JointNorm(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Add to features (B, J, C) what a joint sees."""
        query, key, value = self.embed(x).split(self.inner, dim=-1)
        attention = torch.matmul(query, key.transpose(1, 2)).softmax(dim=-1)
        return x + self.norm(self.output(torch.matmul(attention, value)))


def split_keypoints(x: Tensor, num_joints: int, name: str) -> Tensor:
    """Keypoints (B, J, 2) of the one frame of an input (B, 2J, 1) of an MMPose lifter."""
    if x.ndim != 3 or x.shape[1:] != (2 * num_joints, 1):
        raise ValueError(
            f'{name} lifts single frames of {num_joints} joints and takes (clips, '
            f'{2 * num_joints}, 1), got {tuple(x.shape)}; make the skeleton, the codec and seq_len '
            'agree.'
        )
    return x.reshape(-1, num_joints, 2)
