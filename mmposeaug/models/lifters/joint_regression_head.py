# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Head of lifters on graphs: one linear map that all joints share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch.nn.functional as F
from mmpose.models.heads import TemporalRegressionHead
from mmpose.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class JointRegressionHead(TemporalRegressionHead):
    """MMPose's head of lifters for features of each joint rather than of the whole body.

    Losses, decoding and everything else are those of ``TemporalRegressionHead``.

    Args:
        in_channels (int): Features C of each joint.
        num_joints (int): Number of joints J.
        decoder (Mapping, optional): Codec config. It may not remove the root: a graph has all
            joints.
        **kwargs: Other options of ``TemporalRegressionHead``.

    Raises:
        ValueError: If the codec removes the root.
    """

    def __init__(
        self,
        in_channels: int,
        num_joints: int,
        decoder: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        # for its one joint the parent makes the map that all joints share here
        super().__init__(in_channels, 1, decoder=decoder, **kwargs)
        self.num_joints = num_joints
        if getattr(self.decoder, 'remove_root', False):
            raise ValueError(
                'The decoder of JointRegressionHead has remove_root=True, but a graph of joints '
                'predicts the root too; set remove_root=False in the codec.'
            )

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Coordinates of all joints.

        Args:
            feats (Sequence[Tensor]): The last is (B, C, J).

        Returns:
            Tensor: Coordinates (B, J, 3).

        Raises:
            ValueError: If the number of joints is another one.
        """
        x = feats[-1]
        if x.shape[-1] != self.num_joints:
            raise ValueError(
                f'The backbone gives features of {x.shape[-1]} joints, the head has '
                f'num_joints={self.num_joints}; make them agree.'
            )
        return F.linear(x.transpose(1, 2), self.conv.weight.squeeze(-1), self.conv.bias)
