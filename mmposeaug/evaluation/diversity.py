# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How varied poses, views and places are, and how near they come to those of another set."""

from __future__ import annotations

import math

import torch
from torch import Tensor

VIEW_BINS = (24, 12)
"""tuple[int, int]: Bins of azimuth and of the sine of elevation; all have the same area."""
IMAGE_BINS = (16, 16)
"""tuple[int, int]: Bins across and down an image."""
CHUNKS = (512, 8192)
"""tuple[int, int]: Rows of target and source whose distances are in memory at once."""


def pose_spread(poses: Tensor, root: int, generator: torch.Generator) -> float:
    """Mean distance of two random poses of (N, J, 3) with a common origin, N at least 2."""
    order = torch.randperm(len(poses), generator=generator, device=generator.device)
    first = poses[order.to(poses.device)]
    distance = torch.linalg.vector_norm(first - first.roll(1, 0), dim=-1)
    others = [joint for joint in range(poses.shape[1]) if joint != root]
    return float(distance[:, others].mean())


def view_spread(angles_deg: Tensor) -> float:
    """How far directions are apart: 0 if all are the same, 1 if they have no mean.

    Args:
        angles_deg (Tensor): Azimuth and elevation of shape (N, 2), in degrees.

    Example:
        >>> round(view_spread(torch.tensor([[0.0, 0.0], [180.0, 0.0]])), 6)
        1.0
    """
    azimuth, elevation = torch.deg2rad(angles_deg.double()).unbind(-1)
    level = elevation.cos()
    unit = torch.stack((level * azimuth.cos(), level * azimuth.sin(), elevation.sin()), dim=-1)
    return 1 - float(torch.linalg.vector_norm(unit.mean(0)))


def view_coverage(angles_deg: Tensor, bins: tuple[int, int] = VIEW_BINS) -> float:
    """Share of the sphere's bins with a direction (N, 2) in degrees; it grows with their number."""
    azimuth, elevation = angles_deg.unbind(-1)
    place = torch.stack((azimuth / 360 + 0.5, torch.sin(torch.deg2rad(elevation)) / 2 + 0.5), -1)
    return grid_coverage(place, bins)


def grid_coverage(place: Tensor, bins: tuple[int, int] = IMAGE_BINS) -> float:
    """Share of a grid's cells in which there is a point.

    Args:
        place (Tensor): Points of shape (N, 2); the grid spans [0, 1], others are left out.

    Example:
        >>> grid_coverage(torch.tensor([[0.1, 0.1], [0.2, 0.2], [0.9, 0.1]]), (2, 2))
        0.5
    """
    inside = place[((place >= 0) & (place <= 1)).all(-1)]
    across, down = bins
    cell = (inside[:, 0] * across).long().clamp_max(across - 1) * down
    cell = cell + (inside[:, 1] * down).long().clamp_max(down - 1)
    return len(cell.unique()) / (across * down)


def nearest_distances(target: Tensor, source: Tensor, chunks: tuple[int, int] = CHUNKS) -> Tensor:
    """Distance of each target to the nearest source, the root mean square over the points.

    Memory is that of one chunk of distances, whatever the sizes.

    Args:
        target (Tensor): M sets of K points, of shape (M, K, D).
        source (Tensor): N sets of K points, of shape (N, K, D), N at least 1.

    Returns:
        Tensor: Distances of shape (M,), in the unit of the points.

    Example:
        >>> points = torch.tensor([[[0.0, 0.0]], [[3.0, 4.0]]])
        >>> nearest_distances(points, points[:1]).tolist()
        [0.0, 5.0]
    """
    scale = math.sqrt(target.shape[1])
    flat = source.flatten(1)
    found = []
    for part in target.flatten(1).split(chunks[0]):
        nearest = part.new_full((len(part),), math.inf)
        for other in flat.split(chunks[1]):
            # the faster way by matrix products is off by a millimetre for near neighbours
            distance = torch.cdist(part, other, compute_mode='donot_use_mm_for_euclid_dist')
            nearest = torch.minimum(nearest, distance.min(1).values)
        found.append(nearest)
    return torch.cat(found) / scale if found else target.new_zeros(0)
