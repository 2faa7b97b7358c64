# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Learned rotation and translation of the body, absolute (paper, Sec. 3.3) or relative."""

from __future__ import annotations

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.geometry import rotation_matrix
from mmposeaug.structures import Skeleton, get_skeleton

from .clip_features import motion_size, pooled_motion
from .networks import NoiseConditionedMLP, reference_frame
from .operations import move_rigidly

RELEASED_PI = 3.1415
"""float: The bound of rotation vectors, as the released PoseAug rounds pi."""


@MODELS.register_module()
class RigidAugmentor(nn.Module):
    """Predicts a rotation about the root and a new root position, with a network for each.

    Args:
        skeleton (str | Skeleton): Tree of the poses. Defaults to ``'h36m_17'``.
        max_angle (float): Largest rotation vector component in radians. Defaults to pi as the
            released code rounds it, 3.1415.
        hidden (int): Width of the networks. Defaults to 256.
        noise_dim (int): Number of noise values of each network. Defaults to 48.
        num_blocks (int): Number of two-layer blocks. Defaults to 2.
        sees (str): ``'frame'``, the reference frame alone, or ``'clip'``, of clips also how the
            other frames differ from it. Defaults to ``'frame'``.
    """

    def __init__(
        self,
        skeleton: str | Skeleton = 'h36m_17',
        max_angle: float = RELEASED_PI,
        hidden: int = 256,
        noise_dim: int = 48,
        num_blocks: int = 2,
        sees: str = 'frame',
    ) -> None:
        super().__init__()
        self.skeleton = get_skeleton(skeleton)
        self.max_angle = max_angle
        self.target_frame = 'centre'
        self.sees = sees
        sizes = (3 * self.skeleton.num_joints, 3, hidden, noise_dim, num_blocks)
        seen = motion_size(self.skeleton, sees)
        self.rotation_network = NoiseConditionedMLP(*sizes, motion_features=seen)
        self.translation_network = NoiseConditionedMLP(*sizes, motion_features=seen)

    def forward(
        self,
        pose: Tensor,
        features: Tensor,
        rotation_noise: Tensor | None = None,
        translation_noise: Tensor | None = None,
        generator: torch.Generator | None = None,
        motion: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Turn and move poses (N, J, 3) or clips (N, T, J, 3), in metres.

        Args:
            features (Tensor): Original root-relative poses of shape (N, J, 3), in metres.
            rotation_noise (Tensor, optional): Noise of shape (N, noise_dim).
            translation_noise (Tensor, optional): Noise of shape (N, noise_dim).
            motion (Tensor, optional): How clips differ from their reference frame, of shape
                (N, T, J + 1, 3), in metres; looked at with ``sees='clip'``.

        Returns:
            tuple[Tensor, Tensor, Tensor]: Poses, axis-angle vectors (N, 3) in radians and root
            positions (N, 3) in metres; depth is a square and so never negative.
        """
        inputs, seen = features.flatten(1), pooled_motion(motion)
        rotvec = self.max_angle * torch.tanh(
            self.rotation_network(inputs, rotation_noise, generator, seen)
        )
        place = self.translation_network(inputs, translation_noise, generator, seen)
        translation = torch.cat((place[:, :2], place[:, 2:].square()), dim=1)
        moved = move_rigidly(
            pose, rotation_matrix(rotvec), translation, self.skeleton, self.target_frame
        )
        return moved, rotvec, translation


@MODELS.register_module()
class PlacementAugmentor(nn.Module):
    """Predicts a bounded change of view and place, so that a pose in view stays nearly there.

    It is the form of :class:`RigidAugmentor` to learn on top of a random draw: the rotation is
    relative to the view the pose has, the root moves along the image by a share of its depth
    and the depth changes by a factor.

    Args:
        skeleton (str | Skeleton): Tree of the poses. Defaults to ``'h36m_17'``.
        max_angle (float): Largest rotation vector component in radians. Defaults to 0.6.
        max_shift (float): Largest change of x / z and y / z of the root. Defaults to 0.1.
        max_log_depth (float): Largest change of the logarithm of the root's depth. Defaults to
            0.4, a factor between 0.67 and 1.5.
        hidden (int): Width of the networks. Defaults to 256.
        noise_dim (int): Number of noise values of each network. Defaults to 48.
        num_blocks (int): Number of two-layer blocks. Defaults to 2.
        zero_output (bool): Start by changing nothing. Defaults to True.
        sees (str): ``'frame'``, the reference frame alone, or ``'clip'``, of clips also how the
            other frames differ from it. Defaults to ``'frame'``.
    """

    def __init__(
        self,
        skeleton: str | Skeleton = 'h36m_17',
        max_angle: float = 0.6,
        max_shift: float = 0.1,
        max_log_depth: float = 0.4,
        hidden: int = 256,
        noise_dim: int = 48,
        num_blocks: int = 2,
        zero_output: bool = True,
        sees: str = 'frame',
    ) -> None:
        super().__init__()
        self.skeleton = get_skeleton(skeleton)
        self.max_angle = max_angle
        self.max_shift = max_shift
        self.max_log_depth = max_log_depth
        self.target_frame = 'centre'
        self.sees = sees
        # the place of the root (3 values) joins the root-relative pose
        sizes = (3 * self.skeleton.num_joints + 3, 3, hidden, noise_dim, num_blocks, zero_output)
        seen = motion_size(self.skeleton, sees)
        self.rotation_network = NoiseConditionedMLP(*sizes, motion_features=seen)
        self.translation_network = NoiseConditionedMLP(*sizes, motion_features=seen)

    def forward(
        self,
        pose: Tensor,
        features: Tensor,
        rotation_noise: Tensor | None = None,
        translation_noise: Tensor | None = None,
        generator: torch.Generator | None = None,
        motion: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Turn and move by a bounded amount poses (N, J, 3) or clips (N, T, J, 3), in metres.

        Args:
            features (Tensor): Root-relative poses of shape (N, J, 3), in metres.
            rotation_noise (Tensor, optional): Noise of shape (N, noise_dim).
            translation_noise (Tensor, optional): Noise of shape (N, noise_dim).
            motion (Tensor, optional): How clips differ from their reference frame, of shape
                (N, T, J + 1, 3), in metres; looked at with ``sees='clip'``.

        Returns:
            tuple[Tensor, Tensor, Tensor]: Poses, axis-angle vectors (N, 3) in radians and root
            positions (N, 3) in metres.
        """
        root = reference_frame(pose, self.target_frame)[:, self.skeleton.root]
        depth = root[:, 2:]
        place = torch.cat((root[:, :2] / depth, depth.log()), dim=1)
        inputs = torch.cat((features.flatten(1), place), dim=1)
        seen = pooled_motion(motion)
        rotvec = self.max_angle * torch.tanh(
            self.rotation_network(inputs, rotation_noise, generator, seen)
        )
        change = torch.tanh(self.translation_network(inputs, translation_noise, generator, seen))
        shifted = place[:, :2] + self.max_shift * change[:, :2]
        new_depth = depth * torch.exp(self.max_log_depth * change[:, 2:])
        translation = torch.cat((shifted * new_depth, new_depth), dim=1)
        moved = move_rigidly(
            pose, rotation_matrix(rotvec), translation, self.skeleton, self.target_frame
        )
        return moved, rotvec, translation
