# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Learned change of bone lengths (paper, Sec. 3.3)."""

from __future__ import annotations

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.geometry import bone_lengths
from mmposeaug.structures import Skeleton, get_skeleton

from .clip_features import motion_size, pooled_motion
from .networks import NoiseConditionedMLP
from .operations import scale_bones


@MODELS.register_module()
class BoneLengthAugmentor(nn.Module):
    """Predicts one length ratio for every left/right pair of bones or single bone.

    The last bone of the trunk (spine to thorax) keeps its length: a taller person farther away
    must not look the same.

    Args:
        skeleton (str | Skeleton): Tree of the poses. Defaults to ``'h36m_17'``.
        limit (float): Largest ratio; ratio = limit * tanh(output). Defaults to 0.2.
        hidden (int): Width of the network. Defaults to 256.
        noise_dim (int): Number of noise values. Defaults to 48.
        num_blocks (int): Number of two-layer blocks. Defaults to 2.
        zero_output (bool): Start by changing nothing. Defaults to False.
        sees (str): ``'frame'``, the reference frame alone, or ``'clip'``, of clips also how the
            other frames differ from it. Defaults to ``'frame'``.
    """

    free_groups: Tensor

    def __init__(
        self,
        skeleton: str | Skeleton = 'h36m_17',
        limit: float = 0.2,
        hidden: int = 256,
        noise_dim: int = 48,
        num_blocks: int = 2,
        zero_output: bool = False,
        sees: str = 'frame',
    ) -> None:
        super().__init__()
        self.skeleton = get_skeleton(skeleton)
        self.limit = limit
        self.target_frame = 'centre'
        self.sees = sees
        groups = self.skeleton.length_groups
        self.network = NoiseConditionedMLP(
            3 * self.skeleton.num_joints + self.skeleton.num_bones,
            len(groups),
            hidden,
            noise_dim,
            num_blocks,
            zero_output,
            motion_size(self.skeleton, sees),
        )
        held = self.skeleton.trunk_bones[-1:]
        free = torch.tensor([0.0 if set(group) & set(held) else 1.0 for group in groups])
        self.register_buffer('free_groups', free, persistent=False)

    def forward(
        self,
        pose: Tensor,
        features: Tensor,
        noise: Tensor | None = None,
        generator: torch.Generator | None = None,
        motion: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Change the proportions of poses (N, J, 3) or clips (N, T, J, 3).

        Args:
            features (Tensor): Original root-relative poses of shape (N, J, 3), in metres.
            noise (Tensor, optional): Noise of shape (N, noise_dim). Defaults to a fresh draw.
            motion (Tensor, optional): How clips differ from their reference frame, of shape
                (N, T, J + 1, 3), in metres; looked at with ``sees='clip'``.

        Returns:
            tuple[Tensor, Tensor]: Poses and the ratios, of shape (N, G).
        """
        inputs = torch.cat((features.flatten(1), bone_lengths(features, self.skeleton)), dim=1)
        output = self.network(inputs, noise, generator, pooled_motion(motion))
        ratio = self.limit * torch.tanh(output) * self.free_groups
        return scale_bones(pose, ratio, self.skeleton, self.target_frame), ratio
