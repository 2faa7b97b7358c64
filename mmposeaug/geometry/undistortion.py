# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""From pixels to rays: the inverse of :func:`mmposeaug.geometry.project`.

A ray is x / z and y / z of a direction in camera space (Ray3D, Zhan et al., CVPR 2022), as an
ideal camera of focal length 1 would see it.
"""

from __future__ import annotations

import torch
from torch import Tensor

STEPS = 5
"""int: Newton steps before the one that carries gradients; each doubles the number of digits."""
MAX_RAY = 10.0
"""float: Largest x / z and y / z, 84 degrees from the optical axis."""
_MIN_DET = 1e-2
_CHECKED_SHARES = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)
_TOLERANCE = 1e-4
_LAST_STEP = 1e-5
_Parts = tuple[Tensor, ...]


def undistort(keypoints_px: Tensor, intrinsics: Tensor) -> Tensor:
    """Rays that the pixels of a distorting camera show, with gradients.

    Newton's method from the distorted ray; gradients are exact, those of the implicit function.

    Args:
        keypoints_px (Tensor): Keypoints of shape (*, J, 2), in the unit of the focal length.
        intrinsics (Tensor): Cameras of shape (*, 9), or (9,) for all, of MMPose's distortion model.

    Returns:
        Tensor: Rays of shape (*, J, 2), finite. Where the lens shows nothing, beyond the point at
        which its distortion folds over, they mean nothing: ask :func:`in_lens`.

    Raises:
        ValueError: If a shape is not one of the above.

    Example:
        >>> camera = torch.tensor([1000.0, 1000, 500, 500, 0, 0, 0, 0, 0])
        >>> undistort(torch.tensor([[600.0, 500.0]]), camera)
        tensor([[0.1000, 0.0000]])
    """
    seen, lens = _distorted_rays(keypoints_px, intrinsics)
    with torch.no_grad():
        fixed_seen, fixed_lens = _detach(seen), _detach(lens)
        rays = fixed_seen
        # asking a GPU whether it is done would take longer than a step
        may_stop = keypoints_px.device.type == 'cpu' and not torch.compiler.is_compiling()
        for _ in range(STEPS):
            before, rays = rays, _newton(rays, fixed_seen, fixed_lens)
            if may_stop and all(_close(*pair) for pair in zip(before, rays)):
                break
    # at the solution the step is zero, and its derivative that of the inverse
    return torch.stack(_newton(rays, seen, lens), dim=-1)


@torch.no_grad()
def in_lens(keypoints_px: Tensor, intrinsics: Tensor, rays: Tensor | None = None) -> Tensor:
    """Whether :func:`undistort` finds the ray of a pixel.

    The polynomials of a distortion model grow up to some angle and fall beyond it: they fold the
    picture over, and are right on the near side only. Pixels farther out than the fold show no ray.

    Args:
        keypoints_px (Tensor): Keypoints of shape (*, J, 2), in the unit of the focal length.
        intrinsics (Tensor): Cameras of shape (*, 9), or (9,) for all.
        rays (Tensor, optional): What :func:`undistort` gave for them.

    Returns:
        Tensor: Booleans of shape (*, J).

    Example:
        >>> fold = torch.tensor([1000.0, 1000, 500, 500, -0.5, 0, 0, 0, 0])
        >>> in_lens(torch.tensor([[900.0, 500.0], [1300.0, 500.0]]), fold)
        tensor([ True, False])
    """
    seen, lens = _distorted_rays(keypoints_px, intrinsics)
    if rays is None:
        rays = undistort(keypoints_px, intrinsics)
    x, y = rays.unbind(-1)
    distorted, _ = _distort((x, y), lens)
    inside = torch.ones_like(x, dtype=torch.bool)
    for found, wanted in zip(distorted, seen):
        inside &= (found - wanted).abs() < _TOLERANCE * (1 + wanted.abs())
    # the picture must grow all the way from the centre
    shares = rays.new_tensor(_CHECKED_SHARES)
    along = (x.unsqueeze(-1) * shares, y.unsqueeze(-1) * shares)
    _, (a, b, c) = _distort(along, tuple(each.unsqueeze(-1) for each in lens))
    return inside & ((a > 0) & (a * c > b * b)).all(-1)


def _distorted_rays(keypoints_px: Tensor, intrinsics: Tensor) -> tuple[_Parts, _Parts]:
    """Distorted x and y (*, J) of pixels, and k1, k2, k3, p1, p2 (*, 1) of the distortion."""
    if keypoints_px.shape[-1] != 2 or intrinsics.shape[-1] != 9:
        raise ValueError(
            f'Undistortion needs keypoints (*, J, 2) and intrinsics (*, 9), got '
            f'{tuple(keypoints_px.shape)} and {tuple(intrinsics.shape)}.'
        )
    focal_x, focal_y, centre_x, centre_y, *lens = intrinsics.unsqueeze(-2).unbind(-1)
    u, v = keypoints_px.unbind(-1)
    return ((u - centre_x) / focal_x, (v - centre_y) / focal_y), tuple(lens)


def _distort(rays: _Parts, lens: _Parts) -> tuple[_Parts, _Parts]:
    """Distorted x and y, and the derivatives of x by x, x by y (or y by x) and y by y."""
    (x, y), (k1, k2, k3, p1, p2) = rays, lens
    r2 = torch.addcmul(x * x, y, y)
    radial = torch.addcmul(k1, r2, torch.addcmul(k2, r2, k3))
    factor = torch.addcmul(torch.addcmul(2 * p2 * x, 2 * p1, y), r2, radial) + 1
    # the derivative of the radial factor by x is x times this
    slope = torch.addcmul(2 * k1, r2, torch.addcmul(4 * k2, r2, 6 * k3))
    by_x, by_y = torch.addcmul(2 * p2, x, slope), torch.addcmul(2 * p1, y, slope)
    derivatives = (
        torch.addcmul(factor, x, by_x + 2 * p2),
        torch.addcmul(2 * p1 * x, y, by_x),
        torch.addcmul(factor, y, by_y + 2 * p1),
    )
    return (torch.addcmul(x * factor, p2, r2), torch.addcmul(y * factor, p1, r2)), derivatives


def _newton(rays: _Parts, seen: _Parts, lens: _Parts) -> _Parts:
    """Rays after one step of Newton's method, gradients by ``seen`` and ``lens`` alone."""
    (found_x, found_y), derivatives = _distort(rays, lens)
    a, b, c = _detach(derivatives)
    det = torch.addcmul(a * c, b, b, value=-1).clamp(min=_MIN_DET)
    error_x, error_y = found_x - seen[0], found_y - seen[1]
    x = rays[0] - torch.addcmul(c * error_x, b, error_y, value=-1) / det
    y = rays[1] - torch.addcmul(a * error_y, b, error_x, value=-1) / det
    return x.clamp(-MAX_RAY, MAX_RAY), y.clamp(-MAX_RAY, MAX_RAY)


def _close(before: Tensor, after: Tensor) -> bool:
    """Whether another step would change nothing, its error being the square of this one's."""
    return bool(((before - after).abs() < _LAST_STEP).all())


def _detach(parts: _Parts) -> _Parts:
    return tuple(part.detach() for part in parts)
