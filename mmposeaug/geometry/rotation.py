# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Rotations of poses."""

from __future__ import annotations

import torch
from torch import Tensor

_TINY = 1e-9


def rotation_matrix(rotvec: Tensor) -> Tensor:
    """Rotation matrices of axis-angle vectors.

    Args:
        rotvec (Tensor): Axis times angle, of shape (*, 3), in radians.

    Returns:
        Tensor: Matrices of shape (*, 3, 3).

    Example:
        >>> rotation_matrix(torch.tensor([0.0, 0.0, torch.pi / 2])).round(decimals=4)[:, 0]
        tensor([0., 1., 0.])
    """
    from roma import rotvec_to_rotmat  # a second of imports, which few need

    return rotvec_to_rotmat(rotvec)


def euler_to_matrix(yaw: Tensor, pitch: Tensor, roll: Tensor) -> Tensor:
    """Rotation of the view in camera space: roll about z after pitch about x after yaw about y.

    Args:
        yaw (Tensor): Turn about the vertical (y) axis, of shape (*), in radians.
        pitch (Tensor): Turn about the horizontal (x) axis, of shape (*), in radians.
        roll (Tensor): Turn about the viewing (z) axis, of shape (*), in radians.

    Returns:
        Tensor: Matrices of shape (*, 3, 3).

    Example:
        >>> zero = torch.zeros(2)
        >>> bool(torch.equal(euler_to_matrix(zero, zero, zero)[0], torch.eye(3)))
        True
    """
    angles = torch.stack((yaw, pitch, roll))
    # written out, a tenth of the operations that a product of quaternions takes
    (sy, sp, sr), (cy, cp, cr) = angles.sin(), angles.cos()
    across, along = cr * sp, sr * sp
    # fmt: off
    entries = (
        cr * cy - along * sy, -sr * cp, cr * sy + along * cy,
        sr * cy + across * sy, cr * cp, sr * sy - across * cy,
        -cp * sy, sp, cp * cy,
    )
    # fmt: on
    return torch.stack(entries, dim=-1).unflatten(-1, (3, 3))


def rotate(points: Tensor, rotation: Tensor) -> Tensor:
    """Rotate points about the origin.

    Args:
        points (Tensor): Points of shape (*, J, 3).
        rotation (Tensor): Matrices of shape (*, 3, 3).

    Returns:
        Tensor: Points of shape (*, J, 3).

    Example:
        >>> turn = rotation_matrix(torch.tensor([0.0, 0.0, torch.pi]))
        >>> rotate(torch.tensor([[2.0, 0.0, 5.0]]), turn)[0, 2]
        tensor(5.)
    """
    return points @ rotation.transpose(-1, -2)


def shortest_rotation(start: Tensor, end: Tensor) -> Tensor:
    """Rotations that turn directions into others on the shortest way.

    Args:
        start (Tensor): Unit vectors of shape (*, 3).
        end (Tensor): Unit vectors of shape (*, 3).

    Returns:
        Tensor: Matrices of shape (*, 3, 3); between opposite directions about any axis across
        them.

    Example:
        >>> x, y, _ = torch.eye(3)
        >>> (shortest_rotation(x, y) @ x).round(decimals=4).abs()
        tensor([0., 1., 0.])
    """
    start, end = torch.broadcast_tensors(start, end)
    axis = torch.linalg.cross(start, end)
    sine = torch.linalg.vector_norm(axis, dim=-1, keepdim=True)
    angle = torch.atan2(sine, (start * end).sum(-1, keepdim=True))
    least = start.abs().argmin(-1, keepdim=True)
    across = torch.linalg.cross(start, torch.zeros_like(start).scatter(-1, least, 1.0))
    axis = torch.where(sine > _TINY, axis, across)
    axis = axis / torch.linalg.vector_norm(axis, dim=-1, keepdim=True)
    return rotation_matrix(axis * angle)
