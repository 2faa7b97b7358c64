# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Learned change of bone angles (paper, Sec. 3.3)."""

from __future__ import annotations

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.structures import Skeleton, get_skeleton

from .clip_features import motion_size, path_weights, pooled_motion
from .networks import NoiseConditionedMLP, is_clip
from .operations import turn_bones


@MODELS.register_module()
class BoneAngleAugmentor(nn.Module):
    """Predicts a vector for every bone that is added to its direction.

    The bones of the trunk are left as they are: otherwise the whole body could turn without any
    local change.

    With several ``keys`` the change moves over a clip: the network gives that of the reference
    frame, as for a single frame, and how it differs at evenly spread times of the clip, the ends
    included, by at most 1 in each component before the limit; a natural cubic spline goes through
    them, the same for all bones. Frames that repeat the one before, as padding does, stay still.

    Args:
        skeleton (str | Skeleton): Tree of the poses. Defaults to ``'h36m_17'``.
        hidden (int): Width of the network. Defaults to 256.
        noise_dim (int): Number of noise values. Defaults to 48.
        num_blocks (int): Number of two-layer blocks. Defaults to 2.
        limit (float, optional): Bound of every component of the vector, as limit * tanh(output).
            Defaults to None, no bound, as in the paper.
        zero_output (bool): Start by turning nothing. Defaults to False.
        keys (int): Times of a clip at which the change is given. Defaults to 1, one change for
            all frames.
        sees (str): ``'frame'``, the reference frame alone, or ``'clip'``, of clips also how the
            other frames differ from it. Defaults to ``'frame'``.

    Raises:
        ValueError: If an option is out of its range.
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
        keys: int = 1,
        sees: str = 'frame',
    ) -> None:
        super().__init__()
        self.skeleton = get_skeleton(skeleton)
        self.limit = limit
        self.target_frame = 'centre'
        if not (isinstance(keys, int) and not isinstance(keys, bool) and keys >= 1):
            raise ValueError(
                f'BoneAngleAugmentor: keys is {keys!r}; give a whole number of 1 (one change for '
                'all frames of a clip) or more.'
            )
        self.keys = keys
        self.sees = sees
        self.network = NoiseConditionedMLP(
            3 * self.skeleton.num_joints,
            3 * self.skeleton.num_bones,
            hidden,
            noise_dim,
            num_blocks,
            zero_output,
            motion_size(self.skeleton, sees, keys),
        )
        if keys > 1:
            self.key_output = nn.Linear(hidden, 3 * self.skeleton.num_bones * keys)
            if zero_output:
                nn.init.zeros_(self.key_output.weight)
            else:
                nn.init.kaiming_normal_(self.key_output.weight)
            nn.init.zeros_(self.key_output.bias)
        free = torch.ones(self.skeleton.num_bones, 1)
        free[list(self.skeleton.trunk_bones)] = 0
        self.register_buffer('free_bones', free, persistent=False)

    def forward(
        self,
        pose: Tensor,
        features: Tensor,
        noise: Tensor | None = None,
        generator: torch.Generator | None = None,
        motion: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Turn the bones of poses (N, J, 3) or clips (N, T, J, 3).

        Args:
            features (Tensor): Original root-relative poses of shape (N, J, 3), in metres.
            noise (Tensor, optional): Noise of shape (N, noise_dim). Defaults to a fresh draw.
            motion (Tensor, optional): How clips differ from their reference frame, of shape
                (N, T, J + 1, 3), in metres; looked at with ``sees='clip'``.

        Returns:
            tuple[Tensor, Tensor]: Poses and 1 - cos of every bone's turn, of shape (N, J - 1), the
            mean over the frames of a clip.
        """
        seen = pooled_motion(motion, self.keys)
        hidden = self.network.embed(features.flatten(1), noise, generator, seen)
        change = self.network.output(hidden)
        if self.keys > 1 and is_clip(pose):
            # both bounds keep a path slow: of the keys here, and below of the change
            at_keys = torch.tanh(self.key_output(hidden)).unflatten(1, (self.keys, -1))
            weights = path_weights(pose, self.keys, self.target_frame)
            change = change.unsqueeze(1) + weights @ at_keys
        if self.limit is not None:
            change = self.limit * torch.tanh(change)
        change = change.unflatten(-1, (-1, 3)) * self.free_bones
        return turn_bones(pose, change, self.skeleton)
