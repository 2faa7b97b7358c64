# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Random augmentation without anything learned: the baseline every augmentor has to beat."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from mmpose.registry import MODELS
from torch import Tensor

from mmposeaug.geometry import euler_to_matrix
from mmposeaug.geometry.camera import MIN_DEPTH
from mmposeaug.models.option_checks import check_number, check_range
from mmposeaug.structures import Skeleton, get_skeleton

from .augmented_poses import AugmentedPoses
from .camera_height import has_legs, hip_height, pitch_of_height
from .clip_motion import ClipMotion
from .moving_draw import MovingDraw
from .networks import is_clip, reference_frame
from .operations import keep_in_view, move_rigidly, scale_bones, turn_bones

DISTANCE = 5.0
"""float: Median depth of the people of Human3.6M, in metres, rounded."""
DEPTH = (2.2, 7.2)
"""tuple[float, float]: Range of depths in metres that is drawn from for people so far away."""


@MODELS.register_module()
class RandomPoseAugmentor(MovingDraw):
    """Draws bone turns, body proportions, view and place at random.

    People stand anywhere in the middle of the field of view of the camera of their sample, at
    any depth in a range; the caller leaves out those who still reach out of the image
    (:func:`mmposeaug.geometry.in_view`). Clips are moved until their whole path is in view
    (:func:`mmposeaug.geometry.shift_into_view`), so that walkers are used as often as people who
    stand.

    Args:
        skeleton (str | Skeleton): Tree of the poses. Defaults to ``'h36m_17'``.
        angle_noise (float): Standard deviation of the normal noise that is added to every
            component of a unit bone vector. Defaults to 0.2.
        length_limit (float): Length ratios are uniform in +- this, one per left/right pair or
            single bone. Defaults to 0.15.
        scale_limit (float): The ratio of the whole body is uniform in +- this. Defaults to 0.15.
        yaw (float): Turns about the vertical are uniform in +- this many degrees. Defaults to
            180.
        pitch_std (float): Standard deviation of the camera's pitch in degrees. Defaults to 20.
        roll_std (float): Standard deviation of the camera's roll in degrees. Defaults to 9.
        depth (tuple[float, float], optional): Range of the root's depth in metres. Defaults to
            None: that of the training set, from 0.44 to 1.44 times its median (2.2 to 7.2 m at
            5 m), which :meth:`fit_distance` tells; without that 2.2 to 7.2 m.
        place (float): The root is uniform over this middle share of the image's width and
            height. Defaults to 0.5.
        height (tuple[float, float], optional): Range of the camera's height above the ground in
            metres. The view is pitched as a camera at that height sees a person who stands with
            the root at the drawn place, and by ``pitch_std`` on top of it. Up is that of the
            camera that the pose comes from (-y), so that its own tilt is in it. Defaults to None,
            ``pitch_std`` alone.
        motion (Mapping, optional): How clips move, options of :class:`ClipMotion`; single frames
            do not. Defaults to None, its own defaults.

    Attributes:
        target_frame (str): Which frame of a clip the lifter predicts and so is put at the drawn
            place: ``'last'`` or ``'centre'``. Train loops set it.
        strength (float): Factor of all turns of joints and bones. Train loops set it.

    Raises:
        ValueError: If a range is empty or negative, or ``height`` is given for a body without legs.
    """

    def __init__(
        self,
        skeleton: str | Skeleton = 'h36m_17',
        angle_noise: float = 0.2,
        length_limit: float = 0.15,
        scale_limit: float = 0.15,
        yaw: float = 180.0,
        pitch_std: float = 20.0,
        roll_std: float = 9.0,
        depth: tuple[float, float] | None = None,
        place: float = 0.5,
        height: tuple[float, float] | None = None,
        motion: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.skeleton = get_skeleton(skeleton)
        owner = type(self).__name__
        options = dict(
            angle_noise=angle_noise, yaw=yaw, pitch_std=pitch_std, roll_std=roll_std, place=place
        )
        for name, value in options.items():
            check_number(owner, name, value)
        for name, value in dict(length_limit=length_limit, scale_limit=scale_limit).items():
            if check_number(owner, name, value) >= 1:
                raise ValueError(
                    f'{owner}: {name} is {value}, but must be below 1: a ratio of -1 or less turns '
                    'bones over.'
                )
        self.fits_distance = depth is None
        if depth is not None:
            check_range(owner, 'depth', depth, MIN_DEPTH, hint=', in metres')
        if height is not None:
            check_range(owner, 'height', height, MIN_DEPTH, hint=', in metres')
            if not has_legs(self.skeleton):
                raise ValueError(
                    f'{owner}: height is {height!r}, but the skeleton {self.skeleton.name!r} has '
                    'no legs to stand on; leave it out.'
                )
        self.angle_noise = angle_noise
        self.length_limit = length_limit
        self.scale_limit = scale_limit
        self.yaw = math.radians(yaw)
        self.pitch_std = math.radians(pitch_std)
        self.roll_std = math.radians(roll_std)
        self.depth = DEPTH if depth is None else depth
        self.place = place
        self.height = height
        self.motion = ClipMotion.of(owner, motion)
        if self.motion.limbs and not self.has_limbs:
            raise ValueError(
                f'{owner}: motion.limbs is {self.motion.limbs}, but it knows no limbs; leave it '
                'out, or use AnatomicalPoseAugmentor.'
            )
        self.target_frame = 'centre'
        self.strength = 1.0

    def fit_distance(self, distance: float) -> None:
        """Let people stand as far away as in the training set, unless a depth was given.

        The range is taken in steps of a tenth of a decade (26 %), so that
        similar training sets give the same draws to the last bit.

        Args:
            distance (float): Median depth of the roots of the training set, in metres.
        """
        if not 0 < distance < math.inf:
            raise ValueError(
                f'{type(self).__name__}: the training set has its people {distance} m before the '
                'camera (median); its poses must be camera-space poses in metres, or give depth.'
            )
        if self.fits_distance:
            factor = 10 ** (round(10 * math.log10(distance / DISTANCE)) / 10)
            self.depth = (factor * DEPTH[0], factor * DEPTH[1])

    def forward(
        self,
        pose: Tensor,
        intrinsics: Tensor | None = None,
        image_size: Tensor | None = None,
        noise: Mapping[str, Tensor] | None = None,
        generator: torch.Generator | None = None,
    ) -> AugmentedPoses:
        """Augment camera-space poses.

        Args:
            pose (Tensor): Poses of shape (N, J, 3) or clips of shape (N, T, J, 3), in metres.
            intrinsics (Tensor): Cameras of shape (N, 9), in pixels.
            image_size (Tensor): Width and height of shape (N, 2), in pixels.
            noise (Mapping[str, Tensor], optional): Draws to use instead of fresh ones: uniform in
                [-1, 1] under ``'length'`` (N, G), ``'scale'`` (N, 1), ``'yaw'`` (N,), ``'depth'``
                (N,), ``'place'`` (N, 2) and, with the option, ``'height'`` (N,), standard normal
                under ``'angle'`` (N, J - 1, 3), ``'pitch'`` (N,) and ``'roll'`` (N,).
            generator (torch.Generator, optional): Source of the fresh draws.

        Returns:
            AugmentedPoses: The poses after every operation.

        Raises:
            ValueError: If the camera is missing.
        """
        if intrinsics is None or image_size is None:
            raise ValueError(
                f'{type(self).__name__} places people by the camera; give intrinsics (N, 9) and '
                'image_size (N, 2).'
            )
        draw = self.draw_for(pose, noise or {}, generator)
        if is_clip(pose):
            pose, turned, change = self.turn_clip(pose, draw)
        else:
            turned, change = self.turn(pose, draw)
        ratio = self.length_ratio(pose, draw)
        scaled = scale_bones(turned, ratio, self.skeleton, self.target_frame)
        root = self._place(draw['place'], draw['depth'], intrinsics, image_size)
        pitch, roll = self.pitch_std * draw['pitch'], self.roll_std * draw['roll']
        if self.height is not None:
            low, high = self.height
            height = (low + high) / 2 + (high - low) / 2 * draw['height']
            standing = reference_frame(scaled, self.target_frame)
            rise = height - hip_height(standing, self.skeleton)
            pitch = pitch + pitch_of_height(root, rise, roll)
        rotation = euler_to_matrix(self.yaw * draw['yaw'], pitch, roll)
        moved = move_rigidly(scaled, rotation, root, self.skeleton, self.target_frame)
        moved, placed = keep_in_view(
            moved, root, intrinsics, image_size, self.skeleton, self.target_frame
        )
        return AugmentedPoses(turned, scaled, moved, change, ratio, None, placed)

    # -------------------------------------------------------------------- draws
    def normal_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes for one sample of the draws that are standard normal."""
        return dict(angle=(self.skeleton.num_bones, 3), pitch=(), roll=())

    def uniform_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes for one sample of the draws that are uniform in [-1, 1]."""
        groups = len(self.skeleton.length_groups)
        height: dict[str, tuple[int, ...]] = {} if self.height is None else dict(height=())
        return dict(length=(groups,), scale=(1,), yaw=(), depth=(), place=(2,), **height)

    def turn(self, pose: Tensor, draw: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Turn bones; the poses and 1 - cos (N, J - 1) of every bone's turn."""
        return turn_bones(pose, self.strength * self.angle_noise * draw['angle'], self.skeleton)

    def length_ratio(self, pose: Tensor, draw: Mapping[str, Tensor]) -> Tensor:
        """Relative changes (N, G) of bone lengths, one a length group."""
        of_group = 1 + self.length_limit * draw['length']
        return of_group * (1 + self.scale_limit * draw['scale']) - 1

    def _place(
        self, place: Tensor, depth: Tensor, intrinsics: Tensor, image_size: Tensor
    ) -> Tensor:
        """Root positions (N, 3) from draws in [-1, 1]; distortion is left out here."""
        near, far = self.depth
        z = (near + far) / 2 + (far - near) / 2 * depth.unsqueeze(-1)
        target_px = image_size / 2 * (1 + self.place * place)
        xy = (target_px - intrinsics[:, 2:4]) / intrinsics[:, :2]
        return torch.cat((xy * z, z), dim=1)
