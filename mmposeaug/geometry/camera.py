# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The distorting camera of Human3.6M.

Intrinsics are tensors (*, 9): focal length fx, fy, centre cx, cy, radial k1, k2, k3 and
tangential p1, p2 distortion. Focal length and centre are in pixels, or in any unit the keypoints
shall have.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mmposeaug.structures.choices import require_choice

MIN_DEPTH = 1e-3
"""float: Depths (metres) between -1e-3 and 1e-3 count as 1e-3 in the division."""

VIEW_MARGIN = 0.03
"""float: Share of an image's width and height that clips keep away from each border."""


def project(
    points_cam: Tensor,
    intrinsics: Tensor,
    clamp: float | Tensor | None = None,
    tangential: str = 'mmpose',
) -> Tensor:
    """Project camera-space points onto the image, with distortion.

    Args:
        points_cam (Tensor): Points of shape (*, J, 3) in metres: x right, y down, z forward.
        intrinsics (Tensor): Camera of each pose, of shape (*, 9), or (9,) for all.
        clamp (float | Tensor, optional): Bound of the size of x / z and y / z before distortion,
            one for both or of a shape that broadcasts to (*, J, 2). The released PoseAug clamps
            at 1. Defaults to None, no bound.
        tangential (str): ``'mmpose'`` for the model that MMPose and Human3.6M use
            (``2 p2 x + 2 p1 y`` and ``p2 r2, p1 r2``), ``'poseaug'`` for the one in the released
            PoseAug and VideoPose3D (``p1 x + p2 y`` and ``p1 r2, p2 r2``); on Human3.6M they
            differ by less than a pixel. Defaults to ``'mmpose'``.

    Returns:
        Tensor: Keypoints of shape (*, J, 2), in the unit of focal length and centre.

    Raises:
        ValueError: If a shape or ``tangential`` is not one of the above.

    Example:
        >>> camera = torch.tensor([1000.0, 1000, 500, 500, 0, 0, 0, 0, 0])
        >>> project(torch.tensor([[0.5, 0.0, 5.0]]), camera)
        tensor([[600., 500.]])
    """
    if points_cam.shape[-1] != 3 or intrinsics.shape[-1] != 9:
        raise ValueError(
            f'Projection needs points (*, J, 3) and intrinsics (*, 9), got '
            f'{tuple(points_cam.shape)} and {tuple(intrinsics.shape)}.'
        )
    intrinsics = intrinsics.unsqueeze(-2)
    focal, centre, radial, p = intrinsics.split((2, 2, 3, 2), dim=-1)
    require_choice('tangential', tangential, ('mmpose', 'poseaug'))
    p_linear = p
    if tangential == 'mmpose':
        p = p.flip(-1)
        p_linear = 2 * p
    depth = points_cam[..., 2:]
    depth = torch.where(depth.abs() < MIN_DEPTH, torch.full_like(depth, MIN_DEPTH), depth)
    xy = points_cam[..., :2] / depth
    if clamp is not None:
        bound: Any = clamp  # torch takes either, its annotations want one kind
        xy = xy.clamp(-bound, bound)
    r2 = (xy * xy).sum(-1, keepdim=True)
    k1, k2, k3 = radial.split(1, dim=-1)
    factor = 1 + r2 * (k1 + r2 * (k2 + r2 * k3)) + (p_linear * xy).sum(-1, keepdim=True)
    return focal * (xy * factor + p * r2) + centre


def view_borders(
    intrinsics: Tensor, image_size: Tensor, margin: float = VIEW_MARGIN
) -> tuple[Tensor, Tensor]:
    """Values of x / z and y / z at the borders of images, a margin inside of them.

    Where distortion moves points of the borders outwards, the borders are drawn in by as much.

    Args:
        intrinsics (Tensor): Cameras of shape (N, 9), in pixels.
        image_size (Tensor): Width and height of shape (N, 2), in pixels.
        margin (float): Share of the image's width and height that is left on each side. Defaults
            to 0.03.

    Returns:
        tuple[Tensor, Tensor]: The left and upper, and the right and lower border, of shape (N, 2).
    """
    focal, centre = intrinsics[:, :2], intrinsics[:, 2:4]
    share = image_size.new_tensor([[0, 0], [0.5, 0], [1, 0], [0, 0.5], [1, 0.5], [0, 1], [0.5, 1]])
    share = torch.cat((share, share.new_ones(1, 2)))
    share = margin + (1 - 2 * margin) * share
    border = (share * image_size.unsqueeze(1) - centre.unsqueeze(1)) / focal.unsqueeze(1)
    points = torch.cat((border, torch.ones_like(border[..., :1])), dim=-1)
    seen = (project(points, intrinsics) - centre.unsqueeze(1)) / focal.unsqueeze(1)
    length = torch.linalg.vector_norm
    factor = length(seen, dim=-1) / length(border, dim=-1).clamp_min(1e-9)
    outwards = factor.amax(1, keepdim=True).clamp_min(1.0)
    low, high = border[:, 0] / outwards, border[:, -1] / outwards
    return low, high


def in_view(keypoints_px: Tensor, depth: Tensor, image_size: Tensor) -> Tensor:
    """Whether the whole person is in the image and before the camera.

    Args:
        keypoints_px (Tensor): Keypoints of shape (*, J, 2) in pixels.
        depth (Tensor): Depth of the joints, of shape (*, J), in metres.
        image_size (Tensor): Width and height of shape (*, 2) in pixels.

    Returns:
        Tensor: Booleans of shape (*).

    Example:
        >>> size = torch.tensor([100.0, 100.0])
        >>> in_view(torch.tensor([[10.0, 99.0]]), torch.tensor([3.0]), size)
        tensor(True)
        >>> in_view(torch.tensor([[-1.0, 50.0]]), torch.tensor([3.0]), size)
        tensor(False)
    """
    inside = (keypoints_px >= 0) & (keypoints_px <= image_size.unsqueeze(-2))
    return inside.flatten(-2).all(-1) & (depth > MIN_DEPTH).all(-1)


def normalize_keypoints(keypoints_px: Tensor, image_size: Tensor) -> Tensor:
    """Pixels to coordinates in which the image's width spans [-1, 1].

    Args:
        keypoints_px (Tensor): Keypoints of shape (*, J, 2) in pixels.
        image_size (Tensor): Width and height of shape (*, 2) in pixels.

    Returns:
        Tensor: Normalised keypoints of shape (*, J, 2).

    Example:
        >>> normalize_keypoints(torch.tensor([[0.0, 50.0]]), torch.tensor([200.0, 100.0]))
        tensor([[-1.,  0.]])
    """
    size = image_size.unsqueeze(-2)
    return (2 * keypoints_px - size) / size[..., :1]


def normalize_intrinsics(intrinsics: Tensor, image_size: Tensor) -> Tensor:
    """Intrinsics whose projection is already normalised as by :func:`normalize_keypoints`.

    Args:
        intrinsics (Tensor): Cameras of shape (*, 9) in pixels.
        image_size (Tensor): Width and height of shape (*, 2) in pixels.

    Returns:
        Tensor: Cameras of shape (*, 9).

    Example:
        >>> camera = torch.tensor([1000.0, 1000, 500, 500, 0, 0, 0, 0, 0])
        >>> normalize_intrinsics(camera, torch.tensor([1000.0, 1000.0]))[:4]
        tensor([2., 2., 0., 0.])
    """
    focal, centre, distortion = intrinsics.split((2, 2, 5), dim=-1)
    width = image_size[..., :1]
    return torch.cat((2 * focal / width, (2 * centre - image_size) / width, distortion), dim=-1)
