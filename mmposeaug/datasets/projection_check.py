# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Whether 2D keypoints are the projection of the 3D joints, and if not, why.

Augmentation projects new poses through the cameras. If the file's own 2D is made
differently, real and augmented pairs contradict each other, which no training error would show.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import torch
from mmengine.logging import print_log
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from mmposeaug.geometry import project

from .pose_bank import PoseBank

SAMPLE_SIZE = 2048
"""int: Frames that are looked at."""

EXACT = 3e-4
"""float: Mean error, as a part of the image's width, up to which 2D counts as the projection."""

TOLERANCE = {'gt': 3e-3, 'detection': 3e-2}
"""dict: Mean error, by 2D source, above which data without a known cause are refused too."""

_FEW = 128  # frames that joints are matched on


def check_projection(
    bank: PoseBank,
    detected: bool = False,
    source: str = 'the data',
    generator: torch.Generator | None = None,
) -> float:
    """Compare the 2D of a random sample of frames with the projection of their 3D.

    Returns:
        float: The mean error in pixels. One that rounding or calibration may explain is logged; one
        that is too large, or large and explained by a usual cause, is refused.
    """
    generator = generator or torch.Generator().manual_seed(0)
    frames = torch.randperm(len(bank.pose_cam), generator=generator)[:SAMPLE_SIZE].to(bank.device)
    sample = _Sample.of(bank, frames)
    error = sample.error()
    width = float(sample.size[..., 0].mean())
    tolerance = TOLERANCE['detection' if detected else 'gt'] * width
    if error <= (tolerance if detected else EXACT * width):
        return error
    message = (
        f'The 2D keypoints of {source} are {error:.2f} px on average from the projection of the '
        '3D through the cameras'
    )
    left, cause = min(_hypotheses(sample, bank))
    if left <= max(0.25 * error, EXACT * width):
        raise ValueError(f'{message}; likely cause: {cause} (which would leave {left:.2f} px).')
    if error > tolerance:
        raise ValueError(
            f'{message}, at most {tolerance:.1f} px are expected; no usual cause fits: check that '
            '2D, 3D and camera file belong together.'
        )
    print_log(f'{message}; rounding or calibration may explain it.', 'current', logging.WARNING)
    return error


@dataclass(frozen=True)
class _Sample:
    """The frames that are looked at, in float64, and the error under a hypothesis."""

    keypoints: Tensor
    pose: Tensor
    weight: Tensor
    camera: Tensor
    intrinsics: Tensor
    size: Tensor

    @classmethod
    def of(cls, bank: PoseBank, frames: Tensor) -> _Sample:
        """The given frames of a bank."""
        camera = bank.camera_index[frames]
        seen = (bank.keypoint_scores[frames] > 0) & (bank.pose_visible[frames] > 0)
        return cls(
            keypoints=bank.keypoints_px[frames].double(),
            pose=bank.pose_cam[frames].double(),
            # where nothing is known of visibility, every joint counts
            weight=(seen if seen.any() else torch.ones_like(seen)).double(),
            camera=camera,
            intrinsics=bank.cameras.intrinsics[camera].double(),
            size=bank.cameras.image_size[camera].double()[:, None],
        )

    def take(self, rows: Tensor) -> _Sample:
        """Some of the frames."""
        return _Sample(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def error(self, **changes: Tensor) -> float:
        """Mean distance in pixels over all seen joints, with some tensors exchanged."""
        changed = replace(self, **changes)
        distance = (project(changed.pose, changed.intrinsics) - changed.keypoints).norm(dim=-1)
        return float((distance * self.weight).sum() / self.weight.sum().clamp(min=1))


def _hypotheses(sample: _Sample, bank: PoseBank) -> Iterator[tuple[float, str]]:
    """What may be wrong, and the error that would be left if it were repaired."""
    keypoints, size = sample.keypoints, sample.size
    width = size[..., :1]
    pinhole = sample.intrinsics.clone()
    pinhole[:, 4:] = 0
    yield (
        sample.error(intrinsics=pinhole),
        'the 2D is undistorted (pinhole): distort it, or set k and p of the cameras to 0',
    )
    yield (
        sample.error(keypoints=(keypoints * width + size) / 2),
        'the 2D is normalised to [-1, 1] by the width: give pixels',
    )
    yield (
        sample.error(keypoints=keypoints * size),
        'the 2D is normalised to [0, 1]: give pixels',
    )
    focal, centre = sample.intrinsics[:, None, :2], sample.intrinsics[:, None, 2:4]
    yield (
        sample.error(keypoints=keypoints * focal + centre),
        'the 2D is in camera units (without focal length and centre): give pixels',
    )
    mirrored = torch.cat((width - keypoints[..., :1], keypoints[..., 1:]), dim=-1)
    yield sample.error(keypoints=mirrored), 'the 2D is mirrored: mirror it or the 3D'
    # the least-squares factor towards the projection
    target, weight = project(sample.pose, sample.intrinsics), sample.weight[..., None]
    square = (weight * keypoints**2).sum().clamp(min=1e-12)
    factor = float((weight * keypoints * target).sum() / square)
    yield (
        sample.error(keypoints=keypoints * factor),
        f'the image was resized: multiply the 2D by {factor:.4g}, or adapt the cameras',
    )
    if bank.cameras.rotation is not None and bank.cameras.position is not None:
        rotation = bank.cameras.rotation[sample.camera].double()
        position = bank.cameras.position[sample.camera].double()
        yield (
            sample.error(pose=(sample.pose - position[:, None]) @ rotation),
            'the 3D is in world space: turn it into camera space',
        )
    yield from _other_joints(sample, bank)
    yield from _other_cameras(sample, bank)


def _other_joints(sample: _Sample, bank: PoseBank) -> Iterator[tuple[float, str]]:
    """For each 3D joint the 2D keypoint that lies nearest to its projection."""
    few = sample.take(torch.arange(min(len(sample.pose), _FEW), device=bank.device))
    projected = project(few.pose, few.intrinsics)
    far = float(few.size.max())
    distance = torch.cdist(projected, few.keypoints).nan_to_num(far).clamp(max=far)
    order = linear_sum_assignment(distance.mean(0).cpu().numpy())[1]
    names = bank.skeleton.joint_names
    moved = [joint for joint, place in enumerate(order) if joint != place]
    if moved:
        more = f' and {len(moved) - 1} more' if len(moved) > 1 else ''
        yield (
            sample.error(keypoints=sample.keypoints[:, torch.from_numpy(order).to(bank.device)]),
            f'the joints of the 2D stand in another order than those of the 3D (the 2D has '
            f'{names[order[moved[0]]]!r} where {names[moved[0]]!r} is projected to{more}): '
            'reorder one of them by the names of the joints',
        )


def _other_cameras(sample: _Sample, bank: PoseBank) -> Iterator[tuple[float, str]]:
    """For the frames of each camera, the one of the set that fits best."""
    repaired = sample.intrinsics.clone()
    names: list[str] = []
    keys = ['/'.join(key) for key in bank.cameras.keys]
    cameras = bank.cameras.intrinsics.double()
    for named in sample.camera.unique().tolist():
        rows = sample.camera == named
        part = sample.take(rows)
        errors = [part.error(intrinsics=c.expand_as(part.intrinsics)) for c in cameras]
        best = min(range(len(errors)), key=errors.__getitem__)
        if errors[best] < 0.5 * errors[named]:
            repaired[rows] = cameras[best]
            names.append(f'{keys[named]} (that of {keys[best]} fits)')
    if names:
        more = f' and {len(names) - 2} more' if len(names) > 2 else ''
        yield (
            sample.error(intrinsics=repaired),
            f'the wrong camera is given for {", ".join(names[:2])}{more}',
        )
