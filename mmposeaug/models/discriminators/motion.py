# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Discriminator of how people move: changes of the kinematic chains over a clip."""

from __future__ import annotations

import torch
from mmpose.registry import MODELS
from torch import Tensor

from .kinematic_chain import KinematicChainDiscriminator

LEAST_FRAMES = 3
"""int: Frames of a clip that has a speed and a change of speed."""
STILL = 1e-5
"""float: Cosines between bones that change by less show a frame that repeats the one before."""


@MODELS.register_module()
class MotionDiscriminator(KinematicChainDiscriminator):
    """Scores every part of a clip by how the angles between its bones change over time.

    Like :class:`KinematicChainDiscriminator` it sees each part's entries of the kinematic chain
    matrix of unit bones, so that neither proportions nor the view play a role. Of every three
    neighbouring frames the first layers get the speed and the acceleration of the entries, not the
    entries themselves: poses are another discriminator's. What they make of it is scored by its
    mean and its maximum over the clip, without the frames that repeat their neighbour: padding at
    the ends of videos is no motion. Speeds are changes over the length of the clip, of similar size
    at any frame rate; acceleration is how they change from one frame to the next.

    Args:
        skeleton (str | Skeleton): Tree of the poses. Defaults to ``'h36m_17'``.
        parts (str): ``'part_aware'`` for the five parts of the paper, ``'whole_body'`` for one
            part with all bones. Defaults to ``'part_aware'``.
        channels (int): Width of the hidden layers. Defaults to 256.
        last_channels (int): Width before the score. Defaults to 100.

    Raises:
        ValueError: If ``parts`` is none of the above, or poses are not clips of three frames or
            more.
    """

    values_per_entry = 2
    times_joined = 2

    def forward(self, pose: Tensor) -> Tensor:
        """Scores (N, P) of clips (N, T, J, 3), in the order of ``parts``; high for real.

        Any unit, any view, any root.
        """
        if pose.ndim != 4 or pose.shape[1] < LEAST_FRAMES:
            raise ValueError(
                f'MotionDiscriminator scores clips (N, T, J, 3) of {LEAST_FRAMES} frames or more, '
                f'got {tuple(pose.shape)}.'
            )
        steps = self._chains(pose).diff(dim=1)
        counts = self._moves(steps)
        steps = steps * (pose.shape[1] - 1)
        speed, acceleration = (steps[:, 1:] + steps[:, :-1]) / 2, steps.diff(dim=1)
        values = torch.stack((speed, acceleration), dim=-1)
        features = values[:, :, self.entries].flatten(-2).permute(2, 0, 1, 3)
        clips, times = features.shape[1:3]
        joined = self._join(features.flatten(1, 2)).unflatten(1, (clips, times))
        mean = torch.where(counts, joined, 0.0).sum(2) / counts.sum(1)
        most = torch.where(counts, joined, -torch.inf).amax(2)
        return self._score(torch.cat((mean, most), dim=-1))

    @staticmethod
    def _moves(steps: Tensor) -> Tensor:
        """Which frames (N, T - 2, 1) move before and after; all of a clip in which none does."""
        moved = steps.detach().abs().amax(-1, keepdim=True) > STILL
        both = moved[:, 1:] & moved[:, :-1]
        return both | ~both.any(1, keepdim=True)
