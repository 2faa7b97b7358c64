# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What detections that nobody has paired with 3D tell of their errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mmposeaug.geometry import person_size, project, shift_along_body
from mmposeaug.structures import Skeleton

STEP = 0.2
"""float: Offset by which the axes of a body are found in the image, in shares of the trunk."""
_DIFFERENCES = (-1.0, 3.0, -3.0, 1.0)  # of what moves evenly, or faster and faster, nothing is left
_ROUNDS = 10  # of weighted least squares
_MAD = 1.4826  # median of absolute values of a normal distribution to its standard deviation
_CHUNK = 64


@dataclass(frozen=True)
class Matches:
    """People and their likes among people whose 3D is known.

    Attributes:
        index (Tensor): Numbers of those who look like each of M people, (M, K).
        aligned (Tensor): The people turned, scaled and moved in the image so that they lie on
            each of their likes, (M, K, J, 2), pixels.
    """

    index: Tensor
    aligned: Tensor


def track_noise(tracks: Sequence[Tensor]) -> Tensor:
    """Standard deviation of what no movement explains in x and y of each joint.

    From the differences of four frames in a row, which are near 0 whatever moves steadily. Errors
    that last for several frames move steadily too and are not seen.

    Args:
        tracks (Sequence[Tensor]): Keypoints of one person each in frames that follow each other,
            of shape (T, J, 2), pixels.

    Returns:
        Tensor: Of shape (J,), in shares of the person's size.

    Raises:
        ValueError: If no track has four frames.
    """
    found = []
    for track in tracks:
        if len(track) >= len(_DIFFERENCES):
            size = person_size(track).median()
            windows = track.unfold(0, len(_DIFFERENCES), 1) @ track.new_tensor(_DIFFERENCES)
            found.append(windows / size)
    if not found:
        raise ValueError(
            'No person is seen in four frames in a row, so noise cannot be told from movement; '
            'give keypoints of a video, tracked, or set the noise by hand.'
        )
    spread = torch.cat(found).abs().transpose(1, 2).flatten(0, 1).median(0).values
    return _MAD * spread / sum(c * c for c in _DIFFERENCES) ** 0.5


def match_views(
    keypoints_px: Tensor, drawn_px: Tensor, joints: Sequence[int], count: int
) -> Matches:
    """Find for each of M people those of N others who look most like them.

    Turns, sizes and places in the image do not matter.

    Args:
        keypoints_px (Tensor): The people, (M, J, 2), pixels.
        drawn_px (Tensor): The others, (N, J, 2), pixels.
        joints (Sequence[int]): Joints to compare.
        count (int): How many K to find for each.

    Returns:
        Matches: Who is alike, the nearest first.
    """
    joints = list(joints)
    shapes, middles = zip(*(_centred(each, joints) for each in (keypoints_px, drawn_px)))
    people, others = (shape[:, joints] for shape in shapes)
    unit = others / torch.linalg.vector_norm(others, dim=1, keepdim=True).clamp(min=1e-9)
    parts = [(part.conj() @ unit.T).abs().topk(count, 1).indices for part in people.split(_CHUNK)]
    index = torch.cat(parts)
    turn = (people.conj().unsqueeze(1) * others[index]).sum(-1)
    # as large as the other: the scale of least squares would make whoever differs smaller
    size = torch.linalg.vector_norm(others, dim=1)[index]
    size = size / torch.linalg.vector_norm(people, dim=1, keepdim=True).clamp(min=1e-9)
    turn = turn / turn.abs().clamp(min=1e-9) * size
    placed = turn.unsqueeze(-1) * shapes[0].unsqueeze(1)
    return Matches(index, torch.view_as_real(placed) + middles[1][index])


def body_offsets(
    difference_px: Tensor,
    pose_cam: Tensor,
    intrinsics: Tensor,
    skeleton: Skeleton,
) -> tuple[Tensor, Tensor]:
    """Offsets along the axes of the body that explain differences in the image.

    Robust least squares: differences far larger than most count less. Both joints of a pair have
    the same, and those on the midline none to the side.

    Args:
        difference_px (Tensor): How far joints are off in the image, (P, J, 2), pixels.
        pose_cam (Tensor): The poses, (P, J, 3), metres.
        intrinsics (Tensor): Their cameras, (P, 9), pixels.
        skeleton (Skeleton): With hips and a trunk.

    Returns:
        tuple[Tensor, Tensor]: Offsets (J, 3): outwards, up and forward, and the standard deviation
        (J,) of those of single people, both in shares of the trunk's length.

    Raises:
        ValueError: If the skeleton has no pelvis.
    """
    here = project(pose_cam, intrinsics)
    steps = torch.eye(3).to(pose_cam) * STEP
    moved = [project(shift_along_body(pose_cam, step, skeleton), intrinsics) for step in steps]
    size = person_size(here)[:, None, None]
    axes = torch.stack([(each - here) / STEP / size for each in moved], -1)  # (P, J, 2, 3)
    wanted = difference_px / size
    usable = (axes.isfinite().all(-1) & wanted.isfinite()).flatten(1).all(1)
    axes, wanted = axes[usable].double(), wanted[usable].double()
    offsets, spread = axes.new_zeros(skeleton.num_joints, 3), axes.new_zeros(skeleton.num_joints)
    for joint, other in enumerate(skeleton.flip_indices):
        if other < joint:  # found with the first of the pair
            offsets[joint], spread[joint] = offsets[other], spread[other]
            continue
        pair = sorted({joint, other})
        first = 0 if len(pair) == 2 else 1
        part, rest = axes[:, pair, :, first:].flatten(0, 2), wanted[:, pair].flatten()
        offsets[joint, first:], left = _robust_least_squares(part, rest)
        spread[joint] = left / part.square().sum(1).mean().sqrt().clamp(min=1e-9)
    return offsets.to(pose_cam), spread.to(pose_cam)


def fit_offsets(
    keypoints_px: Tensor,
    pose_cam: Tensor,
    intrinsics: Tensor,
    skeleton: Skeleton,
    joints: Sequence[int],
    neighbours: int = 10,
    rounds: int = 8,
) -> tuple[Tensor, Tensor]:
    """How far joints of detections are from where they would be on the bodies of other people.

    In turn, those who look like the detected people are found (:func:`match_views`, with the
    offsets found so far), and what is left between them is explained by further offsets
    (:func:`body_offsets`). Only some joints are free: a constant offset of all is no other than
    another body.

    Args:
        keypoints_px (Tensor): Detections of M people, (M, J, 2), pixels.
        pose_cam (Tensor): Poses of N people that nobody has paired with them, such as the
            augmented ones of a training, (N, J, 3), metres.
        intrinsics (Tensor): Their cameras, (N, 9), pixels.
        skeleton (Skeleton): With hips and a trunk.
        joints (Sequence[int]): The joints that are free.
        neighbours (int): With how many each is compared. Defaults to 10.
        rounds (int): How often. Defaults to 8.

    Returns:
        tuple[Tensor, Tensor]: Offsets (J, 3), outwards, up and forward, and the standard deviation
        (J,) of what they leave, both in shares of the trunk's length and 0 for joints that are
        not free. What is left includes how much the nearest people differ.

    Raises:
        ValueError: If the skeleton has no pelvis.
    """
    free = torch.zeros(skeleton.num_joints, 1, dtype=pose_cam.dtype)
    free[list(joints)] = 1
    offsets = torch.zeros(skeleton.num_joints, 3, dtype=pose_cam.dtype)
    everyone = range(skeleton.num_joints)
    spread = offsets[:, 0]
    for _ in range(rounds):
        drawn = project(shift_along_body(pose_cam, offsets, skeleton), intrinsics)
        found = match_views(keypoints_px, drawn, everyone, min(neighbours, len(drawn)))
        rows = found.index.flatten()
        left = found.aligned.flatten(0, 1) - drawn[rows]
        more, spread = body_offsets(left, pose_cam[rows], intrinsics[rows], skeleton)
        offsets = (offsets + more * free).clamp(-1, 1)
    return offsets, spread * free[:, 0]


def _centred(keypoints_px: Tensor, joints: list[int]) -> tuple[Tensor, Tensor]:
    """Keypoints as complex numbers (M, J) around the middle (M, 1, 2) of some, and the middle."""
    middle = keypoints_px[:, joints].mean(1, keepdim=True)
    return torch.view_as_complex((keypoints_px - middle).contiguous()), middle


def _robust_least_squares(matrix: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Solution, and robust standard deviation of what is left."""
    weights = torch.ones_like(wanted)
    for _ in range(_ROUNDS):
        rows = weights.sqrt()
        normal = (matrix * rows.unsqueeze(1)).T @ (matrix * rows.unsqueeze(1))
        right = (matrix * weights.unsqueeze(1)).T @ wanted
        solution = torch.linalg.lstsq(normal, right.unsqueeze(1)).solution[:, 0]
        left = (wanted - matrix @ solution).abs()
        scale = _MAD * left.median()
        weights = (1.5 * scale / left.clamp(min=1e-12)).clamp(max=1)
    return solution, scale
