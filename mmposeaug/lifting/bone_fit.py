# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Poses with given bone lengths, near to a prediction and to what a camera saw."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from mmposeaug.geometry import bones_to_joints, joints_to_bones, unit_bones
from mmposeaug.structures import Skeleton

NEAREST = 0.05
"""float: Depth in metres that no joint comes below."""
ROOT_STD = 1.0
"""float: Metres; so weakly is the root held at its first place, where too little is seen."""
HUBER = 1.5
"""float: Standard deviations from which an error in the image counts linearly, not squared."""
_STEPS = 40
_CONVERGED = 1e-6  # decrease of the cost, as a share of it, at which a pose is done
_ROWS = 256  # poses at a time, which bounds the memory


class _Problem(NamedTuple):
    """What the poses must be close to; tensors of N rows."""

    bones: Tensor  # (N, B, 3), of the right lengths
    lengths: Tensor  # (N, B, 1)
    rays: Tensor  # (N, J, 2)
    weights: Tensor  # (N, J)
    depths: Tensor  # (N, 1, 1): turns rays into metres at the person's distance
    roots: Tensor  # (N, 3)


class _State(NamedTuple):
    """Directions (N, B, 3) of bones, places (N, 3) of roots, errors in deviations, cost (N,)."""

    directions: Tensor
    roots: Tensor
    joints: Tensor
    bone_errors: Tensor
    ray_errors: Tensor
    huber: Tensor
    root_errors: Tensor
    cost: Tensor


def fit_bones(
    poses_rel: Tensor,
    roots_cam: Tensor,
    rays: Tensor,
    weights: Tensor,
    lengths: Tensor,
    skeleton: Skeleton,
    bone_std: float,
    keypoint_std: float,
) -> tuple[Tensor, Tensor]:
    """Turn the bones and move the root, so that the pose fits what was predicted and seen.

    The lengths hold exactly: what is fitted are directions and the root's place. Levenberg and
    Marquardt's method on all poses at once; each on its own.

    Args:
        poses_rel (Tensor): Predicted poses (N, J, 3), metres, root at the origin.
        roots_cam (Tensor): First places of the roots (N, 3) in camera space, metres.
        rays (Tensor): Undistorted x / z and y / z (N, J, 2) of the detections.
        weights (Tensor): How much each of them counts, 0 to 1: (N, J).
        lengths (Tensor): Wanted bone lengths (N, J - 1), metres.

    Returns:
        tuple[Tensor, Tensor]: Poses (N, J, 3), root at the origin, and roots (N, 3), metres.
    """
    directions, found = unit_bones(joints_to_bones(poses_rel, skeleton))
    down = directions.new_tensor([0.0, -1.0, 0.0])  # where the prediction tells no direction
    directions = torch.where(found > 0, directions, down)
    lengths = lengths.unsqueeze(-1)
    depths = roots_cam[:, 2, None, None].clamp_min(NEAREST)
    problem = _Problem(directions * lengths, lengths, rays, weights, depths, roots_cam)
    noise = (bone_std, keypoint_std)
    done = [
        _fit(directions[first : first + _ROWS], _take(problem, first), skeleton, noise)
        for first in range(0, len(poses_rel), _ROWS)
    ]
    directions, roots = (torch.cat(parts) for parts in zip(*done))
    return bones_to_joints(directions * lengths, skeleton), roots


def _take(problem: _Problem, first: int) -> _Problem:
    return _Problem(*(part[first : first + _ROWS] for part in problem))


def _fit(
    directions: Tensor, problem: _Problem, skeleton: Skeleton, noise: tuple[float, float]
) -> tuple[Tensor, Tensor]:
    """Directions (N, B, 3) and roots (N, 3) of the least cost."""
    directions, roots = directions.clone(), problem.roots.clone()
    damping = torch.full_like(roots[:, 0], 1e-3)
    rows = torch.arange(len(roots))
    for _ in range(_STEPS):
        part = _Problem(*(each[rows] for each in problem))
        state = _state(directions[rows], roots[rows], part, skeleton, noise)
        turns, moves = _step(state, part, damping[rows], skeleton, noise)
        turned = state.directions + turns
        turned = turned / torch.linalg.vector_norm(turned, dim=-1, keepdim=True)
        new = _state(turned, state.roots + moves, part, skeleton, noise)
        better = (new.cost < state.cost) & (new.joints[..., 2] > NEAREST).all(-1)
        taken = rows[better]
        directions[taken], roots[taken] = new.directions[better], new.roots[better]
        gain = (state.cost - new.cost) / state.cost.clamp_min(1e-12)
        damping[rows] *= torch.where(better, 0.3, 6.0).to(damping)
        rows = rows[torch.where(better, gain > _CONVERGED, damping[rows] < 1e6)]
        if not len(rows):
            break
    return directions, roots


def _state(
    directions: Tensor,
    roots: Tensor,
    problem: _Problem,
    skeleton: Skeleton,
    noise: tuple[float, float],
) -> _State:
    bone_std, keypoint_std = noise
    bones = directions * problem.lengths
    joints = bones_to_joints(bones, skeleton, roots)
    seen = joints[..., :2] / joints[..., 2:].clamp_min(NEAREST)
    ray_errors = (seen - problem.rays) * problem.depths / keypoint_std
    size = torch.linalg.vector_norm(ray_errors, dim=-1)
    huber = problem.weights * HUBER / size.clamp_min(HUBER)
    bone_errors = (bones - problem.bones) / bone_std
    root_errors = (roots - problem.roots) / ROOT_STD
    linear = HUBER * (2 * size - HUBER)
    cost = (problem.weights * torch.where(size < HUBER, size**2, linear)).sum(-1)
    cost = cost + (bone_errors**2).sum((-1, -2)) + (root_errors**2).sum(-1)
    return _State(directions, roots, joints, bone_errors, ray_errors, huber, root_errors, cost)


def _step(
    state: _State,
    problem: _Problem,
    damping: Tensor,
    skeleton: Skeleton,
    noise: tuple[float, float],
) -> tuple[Tensor, Tensor]:
    """Changes of the directions (N, B, 3) and of the roots (N, 3)."""
    bone_std, keypoint_std = noise
    count, bones, _ = state.directions.shape
    tangents = _tangents(state.directions)
    moved = tangents * problem.lengths.unsqueeze(-1)  # of a bone's end, (N, B, 3, 2)
    identity = torch.eye(bones, dtype=moved.dtype)
    paths = bones_to_joints(identity, skeleton)  # (J, B): which bones carry a joint
    turned = torch.einsum('jb,nbxk->njxbk', paths, moved).flatten(-2)
    shifted = torch.eye(3, dtype=moved.dtype).expand(*turned.shape[:2], 3, 3)
    by_all = torch.cat((turned, shifted), dim=-1)  # a joint's place by 2B angles and the root
    x, y, z = state.joints.unbind(-1)
    depth, zero = z.clamp_min(NEAREST), torch.zeros_like(z)
    seen = torch.stack((1 / depth, zero, -x / depth**2, zero, 1 / depth, -y / depth**2), -1)
    seen = seen.unflatten(-1, (2, 3)) * problem.depths.unsqueeze(-1) / keypoint_std
    by_ray = seen @ by_all
    weighted = (by_ray * state.huber[..., None, None]).flatten(1, 2).mT
    normal = weighted @ by_ray.flatten(1, 2)
    slope = weighted @ state.ray_errors.flatten(1, 2).unsqueeze(-1)
    # those of the bones do not depend on each other, their tangents are orthonormal
    own = (problem.lengths**2 / bone_std**2).expand(-1, -1, 2).flatten(1)
    roots = torch.full_like(state.roots, ROOT_STD**-2)
    normal.diagonal(dim1=1, dim2=2).add_(torch.cat((own, roots), dim=-1))
    bone_slope = (moved.mT @ state.bone_errors.unsqueeze(-1)).flatten(1) / bone_std
    slope = slope.squeeze(-1) + torch.cat((bone_slope, state.root_errors / ROOT_STD), dim=-1)
    diagonal = normal.diagonal(dim1=1, dim2=2)
    diagonal += damping.unsqueeze(-1) * diagonal + 1e-9
    step = -torch.cholesky_solve(slope.unsqueeze(-1), torch.linalg.cholesky(normal)).squeeze(-1)
    angles = step[:, : 2 * bones].reshape(count, bones, 2, 1)
    return (tangents @ angles).squeeze(-1), step[:, 2 * bones :]


def _tangents(directions: Tensor) -> Tensor:
    """Two directions that are perpendicular to each and to each other, (N, B, 3, 2)."""
    least = directions.abs().argmin(-1, keepdim=True)
    axis = torch.zeros_like(directions).scatter_(-1, least, 1.0)
    first = torch.linalg.cross(directions, axis)
    first = first / torch.linalg.vector_norm(first, dim=-1, keepdim=True)
    return torch.stack((first, torch.linalg.cross(directions, first)), dim=-1)
