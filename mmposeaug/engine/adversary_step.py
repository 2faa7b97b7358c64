# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What a step of the adversary gives out, and what is looked at in it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from mmengine.dist import all_reduce
from torch import Tensor

from mmposeaug.datasets import PoseBatch
from mmposeaug.geometry import root_relative


@dataclass
class AdversaryStep:
    """Result of one step: the augmented samples and what to log.

    Attributes:
        valid (Tensor): Which of them are in view, of shape (B,).
    """

    batch: PoseBatch
    valid: Tensor
    logs: dict[str, Tensor]
    finite: bool = True


def finite_everywhere(values: Tensor) -> bool:
    """Whether all values are finite, in all processes: they take a step together or not."""
    finite = torch.isfinite(values).all().float()
    all_reduce(finite, op='min')
    return bool(finite)


def spread(pose_cam: Tensor, root: int) -> Tensor:
    """Mean standard deviation of root-relative joints over a batch, in metres."""
    relative = root_relative(pose_cam.detach(), root).flatten(1)
    return relative.std(dim=0, correction=0).mean()
