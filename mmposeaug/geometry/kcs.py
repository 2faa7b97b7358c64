# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Kinematic chain space (Wandt et al. 2018)."""

from __future__ import annotations

from torch import Tensor


def kinematic_chain_matrix(bones: Tensor) -> Tensor:
    """Matrix B B^T of inner products between bone vectors.

    Args:
        bones (Tensor): Bone vectors of shape (*, B, 3); unit bones give cosines of angles.

    Returns:
        Tensor: Symmetric matrices of shape (*, B, B).

    Example:
        >>> import torch
        >>> kinematic_chain_matrix(torch.tensor([[1.0, 0, 0], [0.6, 0.8, 0]]))
        tensor([[1.0000, 0.6000],
                [0.6000, 1.0000]])
    """
    return bones @ bones.transpose(-1, -2)
