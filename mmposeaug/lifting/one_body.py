# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""One person, one body: poses of which the bones keep their lengths."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from mmposeaug.evaluation.motion import tracks_of
from mmposeaug.geometry import (
    bone_lengths,
    in_lens,
    joints_to_bones,
    place_roots,
    replace_bone_lengths,
    undistort,
    unit_bones,
)
from mmposeaug.structures import LiftedPoses, Skeleton

from .bone_fit import NEAREST, fit_bones
from .scale import known_share
from .smoothing import SINGLE_PICTURES

BONE_STD = 0.05
"""float: Metres by which lifters are off at a bone's lower end, as seen from its upper end."""
KEYPOINT_STD = 0.02
"""float: Metres by which detectors are off at the person's distance, about 1.2 % of a height."""
MOST_TOLD = 20
"""int: People up to which ``info`` has their bone lengths."""
_BARELY = 1e-6  # weight of what counts only where there is nothing else


def hold_bones(
    lifted: LiftedPoses,
    *,
    symmetric: bool = True,
    bone_std: float = BONE_STD,
    keypoint_std: float = KEYPOINT_STD,
    stature: float | None = None,
) -> LiftedPoses:
    """Give each person one set of bone lengths and fit the poses to it.

    A bone's length is the weighted median over a person's frames of the distance between its
    detections at the predicted depths. A frame counts by the detections' scores and by the
    squared sine of the angle between the bone and the line of sight: nothing tells the length of
    a bone that points at the camera. Where a joint was never detected, the predicted lengths count.
    Then bones are turned, and roots moved, in each frame, to be near to the predicted bones and,
    by scores, to the detections (Huber's loss).

    Args:
        lifted (LiftedPoses): Poses of people who are followed over the frames.
        symmetric (bool): Whether the left and the right bones of a person are equally long.
            Defaults to True.
        bone_std (float): Standard deviation of the predicted bones in metres. Defaults to 0.05.
        keypoint_std (float): Standard deviation of the detections in metres at the person's
            distance; infinite, the bones keep their predicted directions. Defaults to 0.02.
        stature (float, optional): Height of the people in metres, where it is assumed: lengths are
            scaled to it. Defaults to None, as measured.

    Returns:
        LiftedPoses: The same people with other ``poses_rel`` and ``roots_cam``; ``info`` says
        what was done.

    Raises:
        ValueError: If there are no cameras, a standard deviation is not above 0, or a pose is not
            finite.
    """
    _check(lifted, bone_std, keypoint_std)
    if not len(lifted):
        return lifted
    pixels, rays, scores = _detections(lifted)
    lengths, by_track = _lengths_of_people(lifted, rays, scores, symmetric, stature)
    skeleton = lifted.skeleton
    poses = torch.from_numpy(np.array(lifted.poses_rel, np.float64))
    rigid = replace_bone_lengths(poses, lengths, skeleton)
    assert lifted.intrinsics is not None
    placed = place_roots(rigid.numpy(), pixels.numpy(), scores.numpy(), lifted.intrinsics)
    roots = torch.from_numpy(placed).double()
    if math.isinf(keypoint_std):
        poses = rigid
    else:
        poses, roots = fit_bones(
            poses, roots, rays, scores, lengths, skeleton, bone_std, keypoint_std
        )
    info = dict(
        lifted.info,
        bones=f'held constant: {"left and right equal" if symmetric else "each side its own"}',
        bone_std=bone_std,
        keypoint_std=None if math.isinf(keypoint_std) else keypoint_std,  # JSON knows no infinity
    )
    if len(by_track) <= MOST_TOLD:
        info['bone_lengths'] = {
            str(track): dict(zip(skeleton.bone_names, (round(each, 4) for each in person)))
            for track, person in by_track.items()
        }
    return replace(
        lifted,
        poses_rel=poses.numpy().astype(np.float32),
        roots_cam=roots.numpy().astype(np.float32),
        info=info,
    )


def restore_bones(changed: LiftedPoses, held: LiftedPoses) -> LiftedPoses:
    """Give poses that were changed the bone lengths of the same people before, root unmoved."""
    before, after = (
        torch.from_numpy(np.array(each.poses_rel, np.float64)) for each in (held, changed)
    )
    lengths = bone_lengths(before, held.skeleton)
    poses = replace_bone_lengths(after, lengths, held.skeleton)
    info = dict(changed.info)
    for name in ('bones', 'bone_lengths'):
        if name in held.info:
            info[name] = held.info[name]
    return replace(changed, poses_rel=poses.numpy().astype(np.float32), info=info)


def _check(lifted: LiftedPoses, bone_std: float, keypoint_std: float) -> None:
    if lifted.info.get('frames_from') == SINGLE_PICTURES:
        raise ValueError(
            'The poses are of single pictures, whose people are not followed, so their bones '
            'cannot be held; lift a video.'
        )
    if lifted.intrinsics is None:
        raise ValueError(
            'Bones cannot be held constant in poses without cameras (intrinsics), as files of '
            'older versions are; lift the keypoints again.'
        )
    if not 0 < bone_std < math.inf:
        raise ValueError(f'bone_std is {bone_std}; give metres above 0, such as {BONE_STD}.')
    if not keypoint_std > 0:
        raise ValueError(
            f'keypoint_std is {keypoint_std}; give metres above 0, such as {KEYPOINT_STD}.'
        )
    bad = ~np.isfinite(lifted.poses_rel).all((1, 2)) | ~np.isfinite(lifted.roots_cam).all(1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f'The pose of track {lifted.tracks[row]} in frame {lifted.frames[row]} is not finite; '
            'leave it out before bones are held constant.'
        )


def _detections(lifted: LiftedPoses) -> tuple[Tensor, Tensor, Tensor]:
    """Pixels (N, J, 2), their rays (N, J, 2), and scores (N, J) that are 0 where there is none."""
    pixels, cameras, scores = (
        torch.from_numpy(np.array(each, np.float64))
        for each in (lifted.keypoints_px, lifted.intrinsics, lifted.scores)
    )
    # what was interpolated was not seen
    known = torch.isfinite(pixels).all(-1) & torch.from_numpy(~lifted.interpolated)
    pixels = torch.where(torch.isfinite(pixels), pixels, cameras[:, None, 2:4])
    rays = undistort(pixels, cameras)
    return pixels, rays, scores.nan_to_num(0).clamp(0, 1) * (known & in_lens(pixels, cameras, rays))


def _lengths_of_people(
    lifted: LiftedPoses, rays: Tensor, scores: Tensor, symmetric: bool, stature: float | None
) -> tuple[Tensor, dict[int, list[float]]]:
    """Bone lengths of each row (N, B), and of each track."""
    skeleton = lifted.skeleton
    poses = torch.from_numpy(np.array(lifted.poses_cam, np.float64))
    values, weights = (each.numpy() for each in _measured(poses, rays, scores, skeleton))
    if symmetric:
        groups = skeleton.length_groups
    else:
        groups = tuple((bone,) for bone in range(skeleton.num_bones))
    lengths = np.empty_like(values)
    by_track = {}
    for rows in tracks_of(lifted.tracks):
        for group in groups:
            sample = np.ix_(rows, np.array(group))
            lengths[sample] = _median(values[sample].ravel(), weights[sample].ravel())
        if stature is not None:
            known, share = known_share(skeleton)
            found = float(lengths[rows[0], known].sum())
            lengths[rows] *= stature * share / max(found, 1e-6)
        by_track[int(lifted.tracks[rows[0]])] = lengths[rows[0]].tolist()
    return torch.from_numpy(lengths), by_track


def _measured(
    poses_cam: Tensor, rays: Tensor, seen: Tensor, skeleton: Skeleton
) -> tuple[Tensor, Tensor]:
    """How long each bone (N, B) is in each frame, and how well that is known."""
    depth = poses_cam[..., 2:].clamp_min(NEAREST)
    lines = torch.cat((rays, torch.ones_like(depth)), dim=-1)
    children, parents = (list(ends) for ends in zip(*skeleton.bones))
    trust = torch.minimum(seen[:, children], seen[:, parents])
    directions, predicted = unit_bones(joints_to_bones(poses_cam, skeleton))
    sights = lines[:, children]
    sights = sights / torch.linalg.vector_norm(sights, dim=-1, keepdim=True)
    across = (1 - (directions * sights).sum(-1) ** 2).clamp(0, 1)  # sine squared
    values = torch.where(trust > 0, bone_lengths(lines * depth, skeleton), predicted.squeeze(-1))
    return values, trust * across + _BARELY


def _median(values: np.ndarray, weights: np.ndarray) -> float:
    """Weighted median, between the two values around half of the weight."""
    order = np.argsort(values, kind='stable')
    values, weights = values[order], weights[order]
    share = (np.cumsum(weights) - weights / 2) / weights.sum()
    return float(np.interp(0.5, share, values))
