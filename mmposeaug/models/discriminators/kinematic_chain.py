# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""3D discriminator on part-aware kinematic chains (paper, Sec. 3.4)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.geometry import joints_to_bones, kinematic_chain_matrix, unit_bones
from mmposeaug.structures import Skeleton, get_skeleton
from mmposeaug.structures.choices import require_choice

LEAK = 0.01
"""float: Slope of LeakyReLU below zero (the released PoseAug's)."""


class _ChainMLP(nn.Module):
    """Weights of one part: four linear layers with a skip over the middle, then the score."""

    def __init__(
        self, in_features: int, channels: int, last_channels: int, joined: int | None = None
    ) -> None:
        super().__init__()
        self.layer1 = nn.Linear(in_features, channels)
        self.layer2 = nn.Linear(channels, channels)
        self.layer3 = nn.Linear(channels, channels)
        self.layer_last = nn.Linear(joined or channels, last_channels)
        self.layer_score = nn.Linear(last_channels, 1)


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

    entries: Tensor
    values_per_entry = 1
    """int: Values that the first layers get of each entry of the matrix."""
    times_joined = 1
    """int: How many times as wide as the hidden layers the input of the last layer is."""

    def __init__(
        self,
        skeleton: str | Skeleton = 'h36m_17',
        parts: str = 'part_aware',
        channels: int = 256,
        last_channels: int = 100,
    ) -> None:
        super().__init__()
        self.skeleton = get_skeleton(skeleton)
        require_choice('parts', parts, ('part_aware', 'whole_body'))
        self.parts = dict(self.skeleton.parts)
        if parts == 'whole_body':
            self.parts = dict(whole_body=tuple(range(self.skeleton.num_bones)))
        self.paths = nn.ModuleDict(
            {
                name: _ChainMLP(
                    self.values_per_entry * len(bones) ** 2,
                    channels,
                    last_channels,
                    self.times_joined * channels,
                )
                for name, bones in self.parts.items()
            }
        )
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.kaiming_normal_(module.weight)
        self.register_buffer('entries', self._part_entries(), persistent=False)

    def _part_entries(self) -> Tensor:
        """(P, F) places of every part's entries in the flattened chain matrix of all bones.

        Parts with fewer entries are filled up; their weights for these are zero.
        """
        rows = []
        for bones in self.parts.values():
            index = torch.tensor(bones)
            rows.append((index[:, None] * self.skeleton.num_bones + index).flatten())
        most = max(len(row) for row in rows)
        return torch.stack([F.pad(row, (0, most - len(row))) for row in rows])

    def forward(self, pose: Tensor) -> Tensor:
        """Scores (N, P) of poses (N, J, 3), in the order of ``parts``; high for real.

        Of clips (N, T, J, 3) the frames are scored one by one, (N * T, P). Any unit, any root.
        """
        features = self._chains(pose).reshape(-1, self.skeleton.num_bones**2)[:, self.entries]
        return self._score(self._join(features.transpose(0, 1)))

    def _chains(self, pose: Tensor) -> Tensor:
        """Kinematic chain matrices (*, B * B) of the unit bones of poses (*, J, 3)."""
        directions, _ = unit_bones(joints_to_bones(pose, self.skeleton))
        return kinematic_chain_matrix(directions).flatten(-2)

    def _join(self, features: Tensor) -> Tensor:
        """The layers with the skip: (P, N, F) features in, (P, N, C) out."""
        first = self._layer('layer1', features)
        second = self._layer('layer2', first)
        return self._layer('layer3', second, activated=False) + first

    def _score(self, joined: Tensor) -> Tensor:
        """The layers after these: scores (N, P)."""
        last = self._layer('layer_last', joined)
        return self._layer('layer_score', last, activated=False).squeeze(-1).transpose(0, 1)

    def _layer(self, name: str, features: Tensor, activated: bool = True) -> Tensor:
        """One layer of all parts at once: (P, N, C) features in, (P, N, C') out.

        Five small layers one after the other would take several times as long.
        """
        layers = [getattr(path, name) for path in self.paths.values()]
        width = features.shape[-1]
        weights = [
            F.pad(m.weight, (0, width - m.in_features)) if m.in_features < width else m.weight
            for m in layers
        ]
        bias = torch.stack([m.bias for m in layers]).unsqueeze(1)
        output = torch.baddbmm(bias, features, torch.stack(weights).transpose(1, 2))
        return F.leaky_relu(output, LEAK) if activated else output
