# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A virtual camera that is turned to a person: pan, then tilt, no roll.

It stands where the real one does and looks at the person, as in Perspective Crop Layers (Yu et al.,
CVPR 2021): what it sees depends neither on the real camera's lens nor on the place in its image.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .undistortion import MAX_RAY

_MIN_DEPTH = 1 / MAX_RAY


def turn_to(ray: Tensor) -> Tensor:
    """Rotation of a virtual camera that looks along a ray.

    It pans about the real camera's vertical (y) axis and tilts about its own horizontal (x) axis:
    what is level in the real camera stays level.

    Args:
        ray (Tensor): x / z and y / z of the direction to look at, of shape (*, 2).

    Returns:
        Tensor: Rotations (*, 3, 3) from the real camera's axes to the virtual camera's.

    Example:
        >>> bool(torch.equal(turn_to(torch.zeros(2)), torch.eye(3)))
        True
        >>> turned = turn_to(torch.tensor([1.0, 0.0])) @ torch.tensor([1.0, 0.0, 1.0])
        >>> (turned / 2**0.5).round(decimals=4).abs()
        tensor([0., 0., 1.])
    """
    x, y = ray.unbind(-1)
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    across = torch.rsqrt(1 + x * x)
    along = torch.rsqrt(1 + x * x + y * y)
    right = torch.stack((one, zero, -x), dim=-1) * across.unsqueeze(-1)
    down = torch.stack((-x * y, 1 + x * x, -y), dim=-1) * (across * along).unsqueeze(-1)
    forward = torch.stack((x, y, one), dim=-1) * along.unsqueeze(-1)
    return torch.stack((right, down, forward), dim=-2)


def turn_points(points: Tensor, rotation: Tensor) -> Tensor:
    """Points in the virtual camera's axes.

    Without a matrix product, which mixed precision would round.

    Args:
        points (Tensor): Points (*, J, 3) in the real camera's axes.
        rotation (Tensor): What :func:`turn_to` gave, (*, 3, 3).

    Returns:
        Tensor: Points (*, J, 3). The inverse is ``turn_points(points, rotation.mT)``.
    """
    return (points.unsqueeze(-2) * rotation.unsqueeze(-3)).sum(-1)


def turn_rays(rays: Tensor, rotation: Tensor) -> Tensor:
    """Rays in the virtual camera's axes.

    Args:
        rays (Tensor): x / z and y / z (*, J, 2) in the real camera's axes.
        rotation (Tensor): What :func:`turn_to` gave, (*, 3, 3).

    Returns:
        Tensor: Rays (*, J, 2). Those beyond 84 degrees from the virtual camera's optical axis,
        which no picture of a person has, count as there.
    """
    directions = torch.cat((rays, torch.ones_like(rays[..., :1])), dim=-1)
    xy, z = turn_points(directions, rotation).split((2, 1), dim=-1)
    return xy / torch.maximum(z, _MIN_DEPTH * torch.linalg.vector_norm(xy, dim=-1, keepdim=True))


def flip_rotation(rotation: Tensor) -> Tensor:
    """Rotation of the virtual camera in the mirrored image.

    Args:
        rotation (Tensor): That in the image, (*, 3, 3).

    Returns:
        Tensor: Rotations (*, 3, 3).

    Example:
        >>> turned = turn_to(torch.tensor([0.3, 0.2]))
        >>> torch.allclose(flip_rotation(turned), turn_to(torch.tensor([-0.3, 0.2])))
        True
    """
    mirror = rotation.new_ones(3)
    mirror[0] = -1
    return mirror.unsqueeze(-1) * rotation * mirror
