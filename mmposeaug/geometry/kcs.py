# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Kinematic chain space (Wandt et al. 2018), whole body and part by part."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor


def kinematic_chain_matrix(bones: Tensor, kept: Sequence[int] | None = None) -> Tensor:
    """Matrix B B^T of inner products between bone vectors.

    Args:
        bones (Tensor): Bone vectors of shape (*, B, 3); unit bones give cosines of angles.
        kept (Sequence[int], optional): Bones that count, the others' entries are zero (the
            part-aware form of PoseAug, Sec. 3.4). Defaults to None, all.

    Returns:
        Tensor: Symmetric matrices of shape (*, B, B).

    Example:
        >>> import torch
        >>> kinematic_chain_matrix(torch.tensor([[1.0, 0, 0], [0.6, 0.8, 0]]))
        tensor([[1.0000, 0.6000],
                [0.6000, 1.0000]])
    """
    if kept is not None:
        mask = bones.new_zeros(bones.shape[-2], 1)
        mask[list(kept)] = 1
        bones = bones * mask
    return bones @ bones.transpose(-1, -2)
