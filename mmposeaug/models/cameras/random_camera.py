# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Other cameras in the place of those of the training set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.geometry import in_lens
from mmposeaug.models.option_checks import check_number, check_range

MARGIN = 1.15
"""float: So much more distortion would not fold over either: rays near a fold are ill-defined."""
SHARES = (1.0, 0.75, 0.5, 0.25, 0.125)
"""tuple[float]: Shares of a drawn distortion that are tried until it does not fold over."""
BORDER = [
    point
    for share in (0.0, 0.5)
    for point in ((share, 0.0), (1.0, share), (1.0 - share, 1.0), (0.0, 1.0 - share))
]
"""list: Points of an image of size 1 at which it is looked whether its lens folds over."""
QUADRATIC, TANGENTIAL = 0.5, 0.05
"""float: Largest part of k2 and of the tangential distortion, in that of k1."""
_DRAWS = ('focal', 'aspect', 'size', 'portrait', 'centre_x', 'centre_y', 'k1', 'k2', 'p1', 'p2')


@MODELS.register_module()
class RandomCamera(nn.Module):
    """Changes cameras at random: focal length, image and lens.

    Each sample or clip gets another camera, made from the one that it has: in this order the
    image is turned by a quarter (``portrait``), cropped (``aspect``) and scaled (``size``),
    the focal length changed, the centre moved, and the lens changed. What is None is left as it is.

    Where a lens would fold the picture over within its image, its distortion is reduced until it
    does not. The camera's own distortion keeps its look: if the focal length changes, the image's
    border is displaced by as much as before.

    Args:
        focal (tuple[float, float], optional): Range of the factor of the focal length, drawn
            evenly in its logarithm. Defaults to (0.7, 1.4).
        centre (float, optional): The centre is moved by up to this share of the image's width and
            height. Defaults to None.
        distortion (float, optional): Lenses that displace the farthest corner by up to about this
            share of its distance from the centre, outwards or inwards, in the place of the
            camera's own: k1 up to that, k2 up to half of it, p1 and p2 up to a twentieth; 0 for
            lenses without distortion. Defaults to None.
        portrait (float, optional): Share of the images that are higher than wide; the others are
            wider than high. The camera is turned by a quarter where its own are not so; people
            stay upright. Defaults to None.
        aspect (tuple[float, float], optional): Range of the image's longer side over the shorter
            one, which is cropped or widened on both sides. Images are wider than high unless
            ``portrait`` is given. Defaults to None.
        size (tuple[float, float], optional): Range of the factor of the image's size in pixels,
            drawn evenly in its logarithm; what is seen in it stays. Defaults to None.

    Raises:
        ValueError: If an option is out of its range, or all are None.

    Example:
        >>> model = RandomCamera(focal=(2, 2))
        >>> camera = torch.tensor([[1000.0, 1000, 500, 500, 0, 0, 0, 0, 0]])
        >>> camera, size = model(camera, torch.tensor([[1000.0, 1000]]))
        >>> camera[0, :4].round()
        tensor([2000., 2000.,  500.,  500.])
    """

    def __init__(
        self,
        focal: Sequence[float] | None = (0.7, 1.4),
        centre: float | None = None,
        distortion: float | None = None,
        portrait: float | None = None,
        aspect: Sequence[float] | None = None,
        size: Sequence[float] | None = None,
    ) -> None:
        super().__init__()

        def limits(name: str, value: Any, low: float, high: float, hint: str) -> Any:
            check = check_range if name in ('focal', 'aspect', 'size') else check_number
            return None if value is None else check('RandomCamera', name, value, low, high, hint)

        self.focal = limits(
            'focal', focal, 0.2, 5, ": factors of the camera's own focal length, (0.7, 1.4) say"
        )
        self.centre = limits('centre', centre, 0, 0.3, ", a share of the image's size")
        self.distortion = limits(
            'distortion', distortion, 0, 0.5, ", the largest displacement at the image's corner"
        )
        self.portrait = limits('portrait', portrait, 0, 1, ', a share of the images')
        self.aspect = limits(
            'aspect', aspect, 1, 4, ': the longer side over the shorter one, (1, 1.8) say'
        )
        self.size = limits('size', size, 0.1, 10, ": factors of the image's own size, (0.5, 2) say")
        options = (focal, centre, distortion, portrait, aspect, size)
        if all(option is None for option in options):
            raise ValueError(
                'RandomCamera draws nothing, since all of its options are None; give one, such as '
                'focal=(0.7, 1.4), or set train_cfg.camera to None.'
            )
        if self.portrait is None and self.aspect is not None:
            self.portrait = 0.0

    @torch.no_grad()
    def forward(
        self, intrinsics: Tensor, image_size: Tensor, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Draw other cameras.

        Args:
            intrinsics (Tensor): Cameras of shape (N, 9), in pixels.
            image_size (Tensor): Width and height of shape (N, 2), in pixels.
            generator (torch.Generator, optional): Source of all draws.

        Returns:
            tuple[Tensor, Tensor]: The drawn cameras (N, 9) and the sizes (N, 2) of their images.

        Raises:
            ValueError: If a shape is wrong.
        """
        count = len(intrinsics)
        if intrinsics.shape != (count, 9) or image_size.shape != (count, 2):
            raise ValueError(
                f'RandomCamera: intrinsics must be of shape (N, 9) and image_size (N, 2), got '
                f'{tuple(intrinsics.shape)} and {tuple(image_size.shape)}.'
            )
        # all of them whatever the options are, so that one option leaves the others as they were
        numbers = torch.rand(
            len(_DRAWS),
            count,
            generator=generator,
            device=intrinsics.device,
            dtype=image_size.dtype,
        )
        draw = dict(zip(_DRAWS, numbers.unsqueeze(-1)))
        if self.portrait is not None:
            wanted = draw['portrait'] < self.portrait
            turned = wanted != (image_size[:, 1:] > image_size[:, :1])
            intrinsics, image_size = _turn(intrinsics, image_size, turned)
            if self.aspect is not None:
                intrinsics, image_size = self._crop(intrinsics, image_size, wanted, draw['aspect'])
        focal, centre, radial, tangential = intrinsics.split((2, 2, 3, 2), dim=-1)
        if self.size is not None:
            factor = _between(self.size, draw['size'], logarithmic=True)
            whole = (image_size * factor).round().clamp_min(1)
            focal, centre = focal * factor, centre * factor + (whole - image_size * factor) / 2
            image_size = whole
        if self.focal is not None:
            factor = _between(self.focal, draw['focal'], logarithmic=True)
            powers = factor.new_tensor([2.0, 4.0, 6.0])
            focal, radial, tangential = focal * factor, radial * factor**powers, tangential * factor
        if self.centre is not None:
            shift = 2 * torch.cat((draw['centre_x'], draw['centre_y']), dim=-1) - 1
            centre = centre + self.centre * shift * image_size
        if self.distortion is not None:
            radial, tangential = self._lens(focal, centre, image_size, draw)
        cameras = torch.cat((focal, centre, radial, tangential), dim=-1)
        return _unfold(cameras, image_size), image_size

    def _crop(
        self, intrinsics: Tensor, image_size: Tensor, portrait: Tensor, draw: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Another shorter side; what is in the middle of the image stays there."""
        assert self.aspect is not None
        longer = image_size.amax(-1, keepdim=True)
        shorter = (longer / _between(self.aspect, draw)).round()
        size = torch.where(
            portrait, torch.cat((shorter, longer), -1), torch.cat((longer, shorter), -1)
        )
        centre = intrinsics[:, 2:4] + (size - image_size) / 2
        return torch.cat((intrinsics[:, :2], centre, intrinsics[:, 4:]), dim=-1), size

    def _lens(
        self, focal: Tensor, centre: Tensor, image_size: Tensor, draw: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Radial (N, 3) and tangential (N, 2) coefficients by what they do at the corner."""
        assert self.distortion is not None
        farthest = torch.maximum(centre, image_size - centre) / focal
        radius = torch.linalg.vector_norm(farthest, dim=-1, keepdim=True)
        k1, k2, p1, p2 = (
            self.distortion * share * (2 * draw[name] - 1) / radius**power
            for name, share, power in (
                ('k1', 1.0, 2),
                ('k2', QUADRATIC, 4),
                ('p1', TANGENTIAL, 1),
                ('p2', TANGENTIAL, 1),
            )
        )
        return torch.cat((k1, k2, torch.zeros_like(k1)), -1), torch.cat((p1, p2), -1)


def _turn(intrinsics: Tensor, image_size: Tensor, turned: Tensor) -> tuple[Tensor, Tensor]:
    """Cameras that are turned by a quarter, clockwise, where it is asked for (N, 1)."""
    fx, fy, cx, cy, k1, k2, k3, p1, p2 = intrinsics.unbind(-1)
    cameras = torch.stack((fy, fx, image_size[:, 1] - cy, cx, k1, k2, k3, p2, -p1), dim=-1)
    return (
        torch.where(turned, cameras, intrinsics),
        torch.where(turned, image_size.flip(-1), image_size),
    )


def _unfold(cameras: Tensor, image_size: Tensor) -> Tensor:
    """Cameras with as much of their distortion as does not fold over within the image."""
    border = cameras.new_tensor(BORDER) * image_size.unsqueeze(1)
    found = torch.cat((cameras[:, :4], torch.zeros_like(cameras[:, 4:])), dim=-1)
    folds = torch.ones_like(cameras[:, :1], dtype=torch.bool)
    for share in SHARES:
        tried = torch.cat((cameras[:, :4], share * cameras[:, 4:]), dim=-1)
        more = torch.cat((cameras[:, :4], MARGIN * share * cameras[:, 4:]), dim=-1)
        fits = in_lens(border, more).all(-1, keepdim=True)
        found = torch.where(folds & fits, tried, found)
        folds = folds & ~fits
        if not folds.any():
            break
    return found


def _between(limits: tuple[float, float], draw: Tensor, logarithmic: bool = False) -> Tensor:
    """Numbers of a range from draws in [0, 1)."""
    low, high = limits
    if logarithmic:
        return low * torch.exp(math.log(high / low) * draw)
    return low + (high - low) * draw
