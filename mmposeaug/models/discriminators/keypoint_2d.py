# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""2D discriminator on normalised keypoints (paper, Sec. 3.4)."""

from __future__ import annotations

from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.structures import Skeleton, get_skeleton


@MODELS.register_module()
class Keypoint2DDiscriminator(nn.Module):
    """Scores views and positions by the normalised 2D keypoints.

    Args:
        skeleton (str | Skeleton): Tree of the poses, for the number of joints. Defaults to
            ``'h36m_17'``.
        channels (int): Width of the hidden layers. Defaults to 100.
    """

    def __init__(self, skeleton: str | Skeleton = 'h36m_17', channels: int = 100) -> None:
        super().__init__()
        self.skeleton = get_skeleton(skeleton)
        self.layer1 = nn.Linear(2 * self.skeleton.num_joints, channels)
        self.layer2 = nn.Linear(channels, channels)
        self.layer3 = nn.Linear(channels, channels)
        self.layer4 = nn.Linear(channels, channels)
        self.layer_last = nn.Linear(channels, channels)
        self.layer_score = nn.Linear(channels, 1)
        self.activation = nn.LeakyReLU(0.01)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, keypoints_norm: Tensor) -> Tensor:
        """Scores (N, 1) of keypoints (N, J, 2) whose width spans [-1, 1]; high for real.

        Of clips (N, T, J, 2) the frames are scored one by one, (N * T, 1).
        """
        features = keypoints_norm.reshape(-1, self.layer1.in_features)
        first = self.activation(self.layer1(features))
        hidden = self.activation(self.layer2(first))
        hidden = self.activation(self.layer3(hidden) + first)
        hidden = self.layer4(hidden)
        return self.layer_score(self.activation(self.layer_last(hidden)))
