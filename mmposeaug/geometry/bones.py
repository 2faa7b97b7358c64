# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Joints to bone vectors and back.

A bone vector is its upper joint minus its lower joint (parent minus child), the sign that the
released PoseAug uses, so that converted weights stay valid.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from mmposeaug.structures import Skeleton

from .constants import index_tensor

LENGTH_EPS = 1e-8
"""float: Lengths (metres) below this count as this in divisions."""


@lru_cache(maxsize=64)
@torch.inference_mode(False)  # an inference tensor in the cache could not be used in training
def _path_matrix(skeleton: Skeleton, dtype: torch.dtype, device: torch.device) -> Tensor:
    """(J, B) matrix with -1 where a bone lies on the way from the root to a joint."""
    matrix = torch.zeros(skeleton.num_joints, skeleton.num_bones, dtype=dtype)
    for joint in range(skeleton.num_joints):
        for ancestor in skeleton.path_to_root(joint):
            matrix[joint, skeleton.bone_of(ancestor)] = -1
    return matrix.to(device)


def _check_size(tensor: Tensor, count: int, what: str, skeleton: Skeleton) -> None:
    if tensor.ndim < 2 or tensor.shape[-2] != count:
        raise ValueError(
            f'Expected {count} {what} in dimension -2 for skeleton {skeleton.name!r}, got a '
            f'tensor of shape {tuple(tensor.shape)}.'
        )


def joints_to_bones(joints: Tensor, skeleton: Skeleton) -> Tensor:
    """Bone vectors of poses.

    Args:
        joints (Tensor): Joints of shape (*, J, D), any unit.
        skeleton (Skeleton): Tree over the J joints.

    Returns:
        Tensor: Bone vectors of shape (*, J - 1, D), parent minus child.

    Raises:
        ValueError: If the number of joints is not the skeleton's.

    Example:
        >>> from mmposeaug.structures import Skeleton
        >>> arm = Skeleton('arm', ('root', 'hand'), (-1, 0))
        >>> joints_to_bones(torch.tensor([[0.0, 0.0, 1.0], [0.0, 2.0, 1.0]]), arm)
        tensor([[ 0., -2.,  0.]])
    """
    _check_size(joints, skeleton.num_joints, 'joints', skeleton)
    lower, upper = (index_tensor(ends, joints.device) for ends in zip(*skeleton.bones))
    return joints.index_select(-2, upper) - joints.index_select(-2, lower)


def bones_to_joints(bones: Tensor, skeleton: Skeleton, root: Tensor | None = None) -> Tensor:
    """Poses from bone vectors.

    Args:
        bones (Tensor): Bone vectors of shape (*, J - 1, D), parent minus child.
        skeleton (Skeleton): Tree over the J joints.
        root (Tensor, optional): Root position of shape (*, D). Defaults to the origin.

    Returns:
        Tensor: Joints of shape (*, J, D), in the unit of the bones.

    Raises:
        ValueError: If the number of bones is not the skeleton's.

    Example:
        >>> from mmposeaug.structures import Skeleton
        >>> arm = Skeleton('arm', ('root', 'hand'), (-1, 0))
        >>> bones_to_joints(torch.tensor([[1.0, -2.0, 3.0]]), arm)[1]
        tensor([-1.,  2., -3.])
    """
    _check_size(bones, skeleton.num_bones, 'bones', skeleton)
    joints = _path_matrix(skeleton, bones.dtype, bones.device) @ bones
    return joints if root is None else joints + root.unsqueeze(-2)


def bone_lengths(joints: Tensor, skeleton: Skeleton) -> Tensor:
    """Length of every bone.

    Args:
        joints (Tensor): Joints of shape (*, J, D).
        skeleton (Skeleton): Tree over the J joints.

    Returns:
        Tensor: Lengths of shape (*, J - 1), in the unit of the joints.

    Example:
        >>> from mmposeaug.structures import Skeleton
        >>> arm = Skeleton('arm', ('root', 'hand'), (-1, 0))
        >>> bone_lengths(torch.tensor([[0.0, 0.0], [3.0, 4.0]]), arm)
        tensor([5.])
    """
    return torch.linalg.vector_norm(joints_to_bones(joints, skeleton), dim=-1)


def unit_bones(bones: Tensor, eps: float = LENGTH_EPS) -> tuple[Tensor, Tensor]:
    """Directions and lengths of bone vectors.

    A bone of length zero has the direction zero, and a gradient of zero.

    Args:
        bones (Tensor): Bone vectors of shape (*, B, D).
        eps (float): Smallest length to divide by. Defaults to 1e-8.

    Returns:
        tuple[Tensor, Tensor]: Directions (*, B, D) and lengths (*, B, 1).

    Example:
        >>> unit_bones(torch.tensor([[3.0, 4.0]]))
        (tensor([[0.6000, 0.8000]]), tensor([[5.]]))
    """
    lengths = torch.linalg.vector_norm(bones, dim=-1, keepdim=True)
    # the gradient of a bone without a direction is zero, not a huge number
    return torch.where(lengths > eps, bones / lengths.clamp_min(eps), 0.0), lengths


def replace_bone_lengths(joints: Tensor, lengths: Tensor, skeleton: Skeleton) -> Tensor:
    """The same pose with other bone lengths; directions and root stay (paper, Sec. 4.1).

    Args:
        joints (Tensor): Joints of shape (*, J, D).
        lengths (Tensor): New lengths of shape (*, J - 1), in the unit of the joints.
        skeleton (Skeleton): Tree over the J joints.

    Returns:
        Tensor: Joints of shape (*, J, D).

    Example:
        >>> from mmposeaug.structures import Skeleton
        >>> arm = Skeleton('arm', ('root', 'hand'), (-1, 0))
        >>> pose = torch.tensor([[1.0, 0.0], [1.0, 2.0]])
        >>> replace_bone_lengths(pose, torch.tensor([3.0]), arm)
        tensor([[1., 0.],
                [1., 3.]])
    """
    directions, _ = unit_bones(joints_to_bones(joints, skeleton))
    root = joints[..., skeleton.root, :]
    return bones_to_joints(directions * lengths.unsqueeze(-1), skeleton, root)


def kinematic_chain_matrix(bones: Tensor) -> Tensor:
    """Matrix B B^T of inner products between bone vectors (Wandt et al. 2018).

    Args:
        bones (Tensor): Bone vectors of shape (*, B, 3); unit bones give cosines of angles.

    Returns:
        Tensor: Symmetric matrices of shape (*, B, B).

    Example:
        >>> kinematic_chain_matrix(torch.tensor([[1.0, 0, 0], [0.6, 0.8, 0]]))
        tensor([[1.0000, 0.6000],
                [0.6000, 1.0000]])
    """
    return bones @ bones.transpose(-1, -2)
