# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Directions of bones in the frame of the bone before them, and how they vary in a training set."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import normalize

from mmposeaug.geometry import index_tensor, joints_to_bones, rotate, unit_bones
from mmposeaug.structures import Skeleton

ROUNDS = 5
"""int: Rounds in which the frame of the root is fitted to a training set."""
FLAT = 0.1
"""float: Sine of the angle between two bones that do not tell how a body is turned."""


@dataclass(frozen=True)
class LocalBones:
    """Frames along a tree of bones.

    The frame of the root is the one in which the bones next to it lie most as they do in all of the
    training set; that of any other bone is the frame of the bone before it, turned with the bone on
    the shortest way from its mean direction. It needs no twist, which directions do not show.

    Args:
        near (Tensor): Mean directions (K, 3) of the bones next to the root, in its frame.
        mean (Tensor): Mean direction (B, 3) of every bone in the frame of the bone before it.
        spread (Tensor): Covariances (B, 3, 3) of the turns from the mean to the direction, rad^2.
    """

    skeleton: Skeleton
    near: Tensor
    mean: Tensor
    spread: Tensor

    @classmethod
    def measure(cls, pose: Tensor, skeleton: Skeleton) -> LocalBones:
        """Measure poses (N, J, 3) of a training set."""
        directions, _ = unit_bones(joints_to_bones(pose.double().cpu(), skeleton))
        near = _near_directions(directions, skeleton)
        frames = {-1: _root_frame(directions, near, skeleton)}
        mean, spread = torch.zeros(skeleton.num_bones, 3).double(), []
        for bones, before in levels(skeleton):
            for bone, parent in zip(bones, before):
                local = to_frame(directions[:, bone], frames[parent])
                mean[bone] = _mean(local)
                frames[bone] = frames[parent] @ swing(mean[bone], local)
        for bone, parent in enumerate(parents(skeleton)):
            turn = _turn_from(mean[bone], to_frame(directions[:, bone], frames[parent]))
            spread.append(turn.T @ turn / len(turn))
        return cls(skeleton, near, mean, torch.stack(spread))

    def root_frame(self, directions: Tensor) -> Tensor:
        """Frames (*, 3, 3) of the root for bone directions (*, B, 3)."""
        return _root_frame(directions, self.near, self.skeleton)


def parents(skeleton: Skeleton) -> tuple[int, ...]:
    """For each bone the bone before it, -1 on the root."""
    return tuple(
        -1 if parent == skeleton.root else skeleton.bone_of(parent) for _, parent in skeleton.bones
    )


@cache
def levels(skeleton: Skeleton) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
    """Bones by their distance from the root, and for each the bone before it."""
    before = parents(skeleton)
    found: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    ends = {-1}
    while True:
        bones = tuple(bone for bone, parent in enumerate(before) if parent in ends)
        if not bones:
            return tuple(found)
        found.append((bones, tuple(before[bone] for bone in bones)))
        ends = set(bones)


def to_frame(vectors: Tensor, frame: Tensor) -> Tensor:
    """Vectors (*, 3) in the axes of frames (*, 3, 3), whose columns are the axes."""
    return (frame * vectors.unsqueeze(-1)).sum(-2)


def swing(start: Tensor, end: Tensor) -> Tensor:
    """Shortest rotations (*, 3, 3) from unit vectors (*, 3) to others.

    Two half turns, about the start and about the middle between both; with ends of length zero it
    is none.
    """
    middle = start + end
    across = torch.linalg.cross(start, start.roll(1, -1) + 0.5)  # where they are opposite
    middle = torch.where(middle.norm(dim=-1, keepdim=True) > 1e-4, middle, across)
    middle = normalize(middle, dim=-1)
    eye = torch.eye(3, dtype=end.dtype, device=end.device)

    def half_turn(axis: Tensor) -> Tensor:
        return 2 * axis.unsqueeze(-1) * axis.unsqueeze(-2) - eye

    return half_turn(middle) @ half_turn(start)


def _root_frame(directions: Tensor, near: Tensor, skeleton: Skeleton) -> Tensor:
    chosen = directions.index_select(-2, index_tensor(_near(skeleton, len(near)), near.device))
    left, _, right = torch.linalg.svd(chosen.transpose(-1, -2) @ near)
    sign = torch.linalg.det(left @ right)
    left = torch.cat((left[..., :2], left[..., 2:] * sign[..., None, None]), dim=-1)
    return left @ right


def _near(skeleton: Skeleton, count: int) -> tuple[int, ...]:
    """Numbers of the bones next to the root."""
    return tuple(bone for bones, _ in levels(skeleton) for bone in bones)[:count]


def _near_directions(directions: Tensor, skeleton: Skeleton) -> Tensor:
    """Mean directions of the bones next to the root, of so many that they tell how it is turned."""
    count = 0
    for bones, _ in levels(skeleton):
        count += len(bones)
        chosen = directions[:, list(_near(skeleton, count))]
        off = torch.linalg.cross(chosen, chosen[:, :1].expand_as(chosen)).norm(dim=-1)
        if off.mean(0).max() > FLAT:
            break
    near = chosen[0]
    for _ in range(ROUNDS):
        frame = _root_frame(directions, near, skeleton)
        near = normalize(rotate(chosen, frame.transpose(-1, -2)).mean(0), dim=-1)
    return near


def _mean(local: Tensor) -> Tensor:
    total = local.mean(0)
    return normalize(total if total.norm() > 1e-3 else local[0], dim=-1)


def _turn_from(start: Tensor, end: Tensor) -> Tensor:
    """Axis-angle vectors (N, 3) of the shortest turns."""
    axis = torch.linalg.cross(start.expand_as(end), end)
    angle = torch.atan2(axis.norm(dim=-1), (start * end).sum(-1))
    return normalize(axis, dim=-1) * angle.unsqueeze(-1)
