# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The network that every learned operation uses."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LEAK = 0.01
"""float: Slope of LeakyReLU below zero (the released PoseAug's)."""


class _Block(nn.Module):
    """Two times Linear, BatchNorm, LeakyReLU, without a skip."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(width, width)
        self.norm1 = nn.BatchNorm1d(width)
        self.linear2 = nn.Linear(width, width)
        self.norm2 = nn.BatchNorm1d(width)
        self.activation = nn.LeakyReLU(LEAK, inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        features = self.activation(self.norm1(self.linear1(features)))
        return self.activation(self.norm2(self.linear2(features)))


class NoiseConditionedMLP(nn.Module):
    """MLP on features joined with normal noise (paper, Sec. 3.3).

    Args:
        in_features (int): Number of features besides the noise.
        out_features (int): Number of outputs.
        hidden (int): Width of the hidden layers. Defaults to 256.
        noise_dim (int): Number of noise values. Defaults to 48.
        num_blocks (int): Number of two-layer blocks. Defaults to 2.
        zero_output (bool): Start with outputs of zero. Defaults to False, Kaiming normal.
        motion_features (int): Number of values that tell of a clip's motion, which are all 0
            without motion. Defaults to 0: the network sees none.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        hidden: int = 256,
        noise_dim: int = 48,
        num_blocks: int = 2,
        zero_output: bool = False,
        motion_features: int = 0,
    ) -> None:
        super().__init__()
        self.noise_dim = noise_dim
        self.input = nn.Linear(in_features + noise_dim, hidden)
        self.norm = nn.BatchNorm1d(hidden)
        self.activation = nn.LeakyReLU(LEAK, inplace=True)
        self.blocks = nn.ModuleList(_Block(hidden) for _ in range(num_blocks))
        self.output = nn.Linear(hidden, out_features)
        if motion_features:
            # without a bias: what does not move, and single frames, are as without this layer
            self.motion = nn.Linear(motion_features, hidden, bias=False)
        self.zero_output = zero_output
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Kaiming normal weights, zero output layer if asked for."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.kaiming_normal_(module.weight)
        if self.zero_output:
            nn.init.zeros_(self.output.weight)
            nn.init.zeros_(self.output.bias)

    def draw_noise(self, like: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Draw normal noise (N, noise_dim) for features (N, *)."""
        return torch.randn(
            len(like), self.noise_dim, generator=generator, device=like.device, dtype=like.dtype
        )

    def forward(
        self,
        features: Tensor,
        noise: Tensor | None = None,
        generator: torch.Generator | None = None,
        motion: Tensor | None = None,
    ) -> Tensor:
        """Map features (N, in_features) and noise (N, noise_dim) to (N, out_features).

        Args:
            motion (Tensor, optional): What tells of motion, (N, motion_features). Defaults to
                None, as without motion.
        """
        return self.output(self.embed(features, noise, generator, motion))

    def embed(
        self,
        features: Tensor,
        noise: Tensor | None = None,
        generator: torch.Generator | None = None,
        motion: Tensor | None = None,
    ) -> Tensor:
        """The hidden values (N, hidden) from which the output is made."""
        if noise is None:
            noise = self.draw_noise(features, generator)
        hidden = self.input(torch.cat((features, noise), dim=1))
        if motion is not None:
            hidden = hidden + self.motion(motion)
        hidden = self.activation(self.norm(hidden))
        for block in self.blocks:
            hidden = block(hidden)
        return hidden


def reference_index(num_frames: int, target_frame: str = 'centre') -> int:
    """Which frame of a clip the networks look at: the one that the lifter predicts."""
    return num_frames - 1 if target_frame == 'last' else num_frames // 2


def reference_frame(pose: Tensor, target_frame: str = 'centre') -> Tensor:
    """The frame (N, J, 3) of a clip that the networks look at; a single pose is its own."""
    if pose.ndim not in (3, 4):
        raise ValueError(
            f'Augmentors take poses (N, J, 3) or clips (N, T, J, 3), got {tuple(pose.shape)}.'
        )
    return pose if pose.ndim == 3 else pose[:, reference_index(pose.shape[1], target_frame)]


def is_clip(pose: Tensor) -> bool:
    """Whether poses (N, J, 3) or clips (N, T, J, 3) have more than one frame."""
    return pose.ndim == 4 and pose.shape[1] > 1


def per_frame(parameter: Tensor, pose: Tensor) -> Tensor:
    """Give values (N, *) of each clip a frame dimension, so that all frames share them."""
    return parameter if pose.ndim == 3 else parameter.unsqueeze(1)
