# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""3D discriminator on part-aware kinematic chains (paper, Sec. 3.4)."""

from __future__ import annotations

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.geometry import joints_to_bones, part_chain_features, unit_bones
from mmposeaug.structures import Skeleton, get_skeleton


class _ChainMLP(nn.Module):
    """Score of one part: four linear layers with a skip over the middle, then the score."""

    def __init__(self, in_features: int, channels: int, last_channels: int) -> None:
        super().__init__()
        self.layer1 = nn.Linear(in_features, channels)
        self.layer2 = nn.Linear(channels, channels)
        self.layer3 = nn.Linear(channels, channels)
        self.layer_last = nn.Linear(channels, last_channels)
        self.layer_score = nn.Linear(last_channels, 1)
        self.activation = nn.LeakyReLU(0.01)

    def forward(self, features: Tensor) -> Tensor:
        first = self.activation(self.layer1(features))
        second = self.activation(self.layer2(first))
        joined = self.layer3(second) + first
        return self.layer_score(self.activation(self.layer_last(joined)))


@MODELS.register_module()
class KinematicChainDiscriminator(nn.Module):
    """Scores every part of a pose by the angles between its bones.

    Every bone is scaled to unit length, so that body proportions play no role. Each part sees
    only its own entries of the kinematic chain matrix; the zeros of the paper's masked matrix
    carry nothing and are skipped.

    Args:
        skeleton (str | Skeleton): Tree of the poses. Defaults to ``'h36m_17'``.
        parts (str): ``'part_aware'`` for the five parts of the paper, ``'whole_body'`` for one
            part with all bones. Defaults to ``'part_aware'``.
        channels (int): Width of the hidden layers. Defaults to 256.
        last_channels (int): Width before the score. Defaults to 100.

    Raises:
        ValueError: If ``parts`` is none of the above.
    """

    def __init__(
        self,
        skeleton: str | Skeleton = 'h36m_17',
        parts: str = 'part_aware',
        channels: int = 256,
        last_channels: int = 100,
    ) -> None:
        super().__init__()
        self.skeleton = get_skeleton(skeleton)
        if parts == 'part_aware':
            self.parts = dict(self.skeleton.parts)
        elif parts == 'whole_body':
            self.parts = dict(whole_body=tuple(range(self.skeleton.num_bones)))
        else:
            raise ValueError(f"parts must be 'part_aware' or 'whole_body', got {parts!r}.")
        self.paths = nn.ModuleDict(
            {
                name: _ChainMLP(len(bones) ** 2, channels, last_channels)
                for name, bones in self.parts.items()
            }
        )
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.kaiming_normal_(module.weight)

    @property
    def num_scores(self) -> int:
        """int: Number of scores P for each pose."""
        return len(self.parts)

    def forward(self, pose: Tensor) -> Tensor:
        """Scores of poses, in the order of ``parts``.

        Args:
            pose (Tensor): Poses of shape (N, J, 3), or clips of shape (N, T, J, 3) whose frames
                are scored one by one; any unit, any root.

        Returns:
            Tensor: Scores of shape (N, P), or (N * T, P); high for real.
        """
        directions, _ = unit_bones(joints_to_bones(pose, self.skeleton))
        directions = directions.reshape(-1, *directions.shape[-2:])
        scores = [
            path(part_chain_features(directions, self.parts[name]))
            for name, path in self.paths.items()
        ]
        return torch.cat(scores, dim=1)
