# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Points in space from what several calibrated cameras see of them."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import torch
from torch import Tensor

from .camera import MIN_DEPTH, project
from .undistortion import in_lens, undistort

_SCALE = 0.375  # of the largest residual: at which a camera counts half, 15 of 40 px
_FEWEST = 2  # cameras that a point needs


class Triangulation(NamedTuple):
    """Triangulated points and how well the cameras agree on them.

    Args:
        points (Tensor): Points (*, 3) in the world; NaN where fewer than two cameras see one.
        residual_px (Tensor): Distance (*, C) of each camera's keypoint to the projection of the
            point, pixels; NaN where there is no keypoint or no point, infinite where the point is
            behind the camera.
        valid (Tensor): Booleans (*): enough cameras agree.
    """

    points: Tensor
    residual_px: Tensor
    valid: Tensor


def in_cameras(points: Tensor, world_to_camera: Tensor) -> Tensor:
    """World points in the axes of each camera.

    Args:
        points (Tensor): Points of shape (*, 3).
        world_to_camera (Tensor): Rotations and translations [R | T] of shape (C, 3, 4).

    Returns:
        Tensor: R x + T, of shape (*, C, 3).

    Example:
        >>> behind = torch.tensor([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 4]])
        >>> in_cameras(torch.tensor([1.0, 2.0, 3.0]), behind[None]).tolist()
        [[1.0, 2.0, 7.0]]
    """
    turned = torch.einsum('cij,...j->...ci', world_to_camera[..., :3], points)
    return turned + world_to_camera[..., 3]


def triangulate(rays: Tensor, world_to_camera: Tensor, weights: Tensor) -> Tensor:
    """Points that are seen along rays, by the weighted direct linear transform.

    Hartley and Sturm, Triangulation, 1997, section 5.1: the homogeneous point whose equations
    x (r3 p) = r1 p and y (r3 p) = r2 p hold best, each camera's times its weight.

    Args:
        rays (Tensor): x / z and y / z of shape (*, C, 2), see :func:`undistort`.
        world_to_camera (Tensor): Rotations and translations [R | T] of shape (C, 3, 4).
        weights (Tensor): Weights of the cameras, of shape (*, C); 0 leaves one out.

    Returns:
        Tensor: Points of shape (*, 3); NaN where fewer than two cameras have a weight.

    Raises:
        ValueError: If a shape is not one of the above.

    Example:
        >>> left = torch.tensor([[1.0, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]])
        >>> right = torch.tensor([[1.0, 0, 0, -1], [0, 1, 0, 0], [0, 0, 1, 0]])
        >>> rays = torch.tensor([[0.25, 0.5], [-0.25, 0.5]])
        >>> triangulate(rays, torch.stack((left, right)), torch.ones(2)).round(decimals=4).tolist()
        [-0.0, 2.0, 4.0]
    """
    count = len(world_to_camera)
    if world_to_camera.shape != (count, 3, 4) or rays.shape != (*weights.shape, 2):
        raise ValueError(
            f'Triangulation needs rays (*, C, 2), cameras (C, 3, 4) and weights (*, C), got '
            f'{tuple(rays.shape)}, {tuple(world_to_camera.shape)} and {tuple(weights.shape)}.'
        )
    if rays.shape[-2] != count:
        raise ValueError(f'There are rays of {rays.shape[-2]} cameras, but {count} cameras.')
    used = weights > 0
    rays = torch.where(used[..., None], rays, torch.zeros_like(rays))
    equations = rays[..., None] * world_to_camera[:, None, 2] - world_to_camera[:, :2]
    equations = (equations * weights[..., None, None]).flatten(-3, -2)
    point = torch.linalg.svd(equations, full_matrices=False).Vh[..., -1, :]
    enough = (used.sum(-1) >= _FEWEST)[..., None]
    return torch.where(enough, point[..., :3] / point[..., 3:], torch.nan)


def triangulate_robustly(
    keypoints_px: Tensor,
    scores: Tensor,
    intrinsics: Tensor,
    world_to_camera: Tensor,
    max_residual_px: float = 40.0,
    min_cameras: int = 3,
) -> Triangulation:
    """Triangulate the keypoints of a detector, which may be wrong in some cameras.

    Cameras count by the square of their score, and the less the farther their keypoint is from the
    point that all have found (the weights of Cauchy's function, half at 0.375 times
    ``max_residual_px``). Where not all agree within ``max_residual_px``, the point is made anew of
    the largest group that does: of those that agree with the point of any two cameras.

    Args:
        keypoints_px (Tensor): Keypoints of shape (*, C, 2), pixels.
        scores (Tensor): Confidence of shape (*, C), 0 where a keypoint was not found.
        intrinsics (Tensor): Cameras of shape (C, 9), see :func:`project`.
        world_to_camera (Tensor): Rotations and translations [R | T] of shape (C, 3, 4).
        max_residual_px (float): Largest distance in pixels of a keypoint that agrees. Defaults to
            40, for people of about 700 pixels.
        min_cameras (int): Cameras that must agree. Defaults to 3; two agree by chance.

    Returns:
        Triangulation: Points (*, 3), residuals (*, C), and which points are valid (*).

    Raises:
        ValueError: If ``max_residual_px`` is not positive or ``min_cameras`` is below 2.
    """
    if not max_residual_px > 0:
        raise ValueError(f'max_residual_px is {max_residual_px}; give pixels, above 0.')
    if min_cameras < _FEWEST:
        raise ValueError(f'min_cameras is {min_cameras}; a point needs at least {_FEWEST}.')
    shape = scores.shape
    pixels, scores = keypoints_px.reshape(-1, shape[-1], 2), scores.reshape(-1, shape[-1])
    found = scores > 0
    pixels = torch.where(found[..., None], pixels, intrinsics[:, 2:4])
    rays = undistort(pixels.unsqueeze(-2), intrinsics).squeeze(-2)
    found = found & in_lens(pixels.unsqueeze(-2), intrinsics, rays.unsqueeze(-2)).squeeze(-1)
    scene = _Scene(pixels, rays, intrinsics, world_to_camera)
    weights = torch.where(found, scores, torch.zeros_like(scores)).square()
    points = _solve(scene, weights, max_residual_px)
    residual = torch.where(found, _residuals(scene, points), torch.nan)
    odd = (~(residual < max_residual_px) & found).any(-1).nonzero()[:, 0]
    if len(odd):
        scene = scene._replace(pixels=pixels[odd], rays=rays[odd])
        best = _largest_group(scene, weights[odd], max_residual_px)
        enough = (best.sum(-1) >= min_cameras)[:, None]
        kept = torch.where(enough & ~best, torch.zeros_like(weights[odd]), weights[odd])
        points = points.index_copy(0, odd, _solve(scene, kept, max_residual_px))
        again = torch.where(found[odd], _residuals(scene, points[odd]), torch.nan)
        residual = residual.index_copy(0, odd, again)
    valid = (residual < max_residual_px).sum(-1) >= min_cameras
    return Triangulation(
        points.reshape(*shape[:-1], 3), residual.reshape(shape), valid.reshape(shape[:-1])
    )


class _Scene(NamedTuple):
    """Keypoints (N, C, 2), their rays, intrinsics (C, 9) and [R | T] (C, 3, 4)."""

    pixels: Tensor
    rays: Tensor
    intrinsics: Tensor
    world_to_camera: Tensor


def _solve(scene: _Scene, weights: Tensor, max_residual_px: float) -> Tensor:
    """Points (N, 3) of weighted cameras (N, C), those that are off weighing less."""
    points = triangulate(scene.rays, scene.world_to_camera, weights)
    off = _residuals(scene, points).nan_to_num(0.0) / (_SCALE * max_residual_px)
    return triangulate(scene.rays, scene.world_to_camera, weights / (1 + off.square()))


def _largest_group(scene: _Scene, weights: Tensor, max_residual_px: float) -> Tensor:
    """Cameras (N, C) that agree with the point of two, for the pair with which most do.

    Of groups of one size that with the smallest residuals is taken.
    """
    found = weights > 0
    best = torch.zeros_like(found)
    best_score = torch.full_like(weights[:, 0], -1.0)
    for pair in combinations(range(weights.shape[-1]), 2):
        chosen = torch.zeros_like(found)
        chosen[:, pair] = found[:, pair]
        points = triangulate(scene.rays, scene.world_to_camera, chosen.to(weights))
        share = _residuals(scene, points) / max_residual_px
        agree = (share < 1) & found
        # below 1 for each camera that agrees, so that their number counts first
        score = torch.where(agree, 1 - share.square() / weights.shape[-1], 0).sum(-1)
        better = score > best_score
        best = torch.where(better[:, None], agree, best)
        best_score = torch.where(better, score, best_score)
    return best


def _residuals(scene: _Scene, points: Tensor) -> Tensor:
    """Pixels (N, C) between keypoints and the projections of points (N, 3)."""
    seen = in_cameras(points, scene.world_to_camera)
    offset = project(seen.unsqueeze(-2), scene.intrinsics).squeeze(-2) - scene.pixels
    behind = seen[..., 2] <= MIN_DEPTH  # NaN is not
    return torch.where(behind, torch.inf, torch.linalg.vector_norm(offset, dim=-1))
