# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Feedback from the lifter: how much harder than the original an augmented pose may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.models.option_checks import is_number
from mmposeaug.structures import Skeleton
from mmposeaug.structures.choices import require_choice

from .ranges import squared_outside

GROUP_WEIGHTS = dict(near=5.0, middle=2.0, head=1.0, far=1.0)
"""dict: Weight of each of the skeleton's joint groups (released PoseAug)."""
ERROR_GROUPS = (('near',), ('middle', 'head'), ('far',))
"""tuple: Joint groups that are averaged to one error each (released PoseAug)."""
ERROR_EPS = 1e-6
"""float: Errors (metres) below this count as this in ratios."""


@lru_cache(maxsize=32)
@torch.inference_mode(False)
def _group_matrix(skeleton: Skeleton, device: torch.device) -> Tensor:
    """(J, G) weights that average the joint errors of every group."""
    if not skeleton.limbs:
        # a hand or a face has nothing near to a trunk or far from it
        column = torch.ones(skeleton.num_joints)
        column[skeleton.root] = 0
        return (column / column.sum().clamp(min=1)).unsqueeze(1).to(device)
    columns = []
    for names in ERROR_GROUPS:
        column = torch.zeros(skeleton.num_joints)
        members = [(j, GROUP_WEIGHTS[n]) for n in names for j in skeleton.joint_groups[n]]
        for joint, weight in members:
            column[joint] = weight / len(members)
        columns.append(column)
    return torch.stack([c for c in columns if c.any()], dim=1).to(device)


def grouped_joint_error(pred: Tensor, target: Tensor, skeleton: Skeleton) -> Tensor:
    """Weighted error of joint groups near to, in the middle and far from the trunk.

    Args:
        pred (Tensor): Predicted root-relative poses of shape (N, J, 3) or (N, T, J, 3), metres.
        target (Tensor): Their targets, of the same shape.
        skeleton (Skeleton): Tree over the J joints.

    Returns:
        Tensor: Errors of shape (N, G) in metres, G = 3 for a whole body; the mean over the
        frames of a clip. On a skeleton without limbs (a hand) that of all joints but the root.
    """
    error = torch.linalg.vector_norm(pred - target, dim=-1)
    if error.ndim == 3:
        error = error.mean(1)
    return error @ _group_matrix(skeleton, error.device).to(error.dtype)


def scheduled(value: float | Sequence[float], progress: float) -> float:
    """Value at a point of the training, linear between equally spaced values.

    Args:
        value (float | Sequence[float]): A constant, or values from the start to the end.
        progress (float): Point of the training in [0, 1].

    Returns:
        float: The value there.

    Example:
        >>> scheduled((3, 5), 0.5), scheduled((0, 2, 0), 0.25), scheduled(7, 0.9)
        (4.0, 1.0, 7.0)
    """
    if not isinstance(value, Sequence):
        return float(value)
    position = min(max(progress, 0.0), 1.0) * (len(value) - 1)
    lower = min(int(position), len(value) - 2)
    return value[lower] + (value[lower + 1] - value[lower]) * (position - lower)


def _check_values(name: str, values: Any, many: bool) -> None:
    """Refuse what is not a finite number, or a sequence of them where there may be several."""
    listed = values if many and isinstance(values, Sequence) else [values]
    if not listed or not all(map(is_number, listed)):
        what = ', or a sequence of numbers from the first to the last epoch' if many else ''
        raise ValueError(f'{name} is {values!r}; give a number{what}.')


def _check_stages(name: str, stages: Mapping[str, Mapping[str, Any]], keys: set[str]) -> None:
    wrong = set(stages) - {'angle', 'rigid'}
    if wrong or not stages:
        raise ValueError(
            f"{name}: stages are {sorted(stages)}; use 'angle', 'rigid' or both of them."
        )
    for stage, setting in stages.items():
        if set(setting) != keys:
            raise ValueError(
                f'{name}: stage {stage!r} has {sorted(setting)}; it needs {sorted(keys)}.'
            )
        for key, value in setting.items():
            _check_values(f'{name}: {key} of stage {stage!r}', value, key in ('target', 'beta'))
        if setting.get('width', 0) < 0:
            raise ValueError(
                f'{name}: width of stage {stage!r} is {setting["width"]}; it must not be negative.'
            )


@MODELS.register_module()
class RangeFeedbackLoss(nn.Module):
    """Keeps the hardness ratio of every joint group in a range (released PoseAug).

    The hardness ratio is the lifter's error on the augmented pose over its error on the original
    one. Outside target +- width it costs its squared distance from the target.

    Args:
        stages (Mapping[str, dict], optional): For the poses after an operation (``'angle'`` or
            ``'rigid'``) the ``target`` ratio, a number or a sequence of numbers from the first
            to the last epoch, its ``width`` and the ``factor`` of the cost. Defaults to the
            released settings: angle 3 to 5, 2 and 0.1; rigid 17, 15 and 0.01.
        relative_to (str): ``'original'`` for the pose that the augmentor was given, ``'draw'``
            for the random draw that it learns on top of. Defaults to ``'original'``.
        batch_ratio (bool): Take the ratio of the batch's mean errors instead of a ratio for
            every sample. Defaults to False.

    Raises:
        ValueError: If a stage or ``relative_to`` is unknown, or a value of a stage is not a number.
    """

    RELEASED: ClassVar[Mapping[str, Mapping[str, Any]]] = dict(
        angle=dict(target=(3.0, 5.0), width=2.0, factor=0.1),
        rigid=dict(target=17.0, width=15.0, factor=0.01),
    )

    def __init__(
        self,
        stages: Mapping[str, Mapping[str, Any]] | None = None,
        relative_to: str = 'original',
        batch_ratio: bool = False,
    ) -> None:
        super().__init__()
        self.stages = dict(self.RELEASED if stages is None else stages)
        _check_stages(type(self).__name__, self.stages, set(self.RELEASED['rigid']))
        require_choice('relative_to', relative_to, ('original', 'draw'))
        self.relative_to = relative_to
        self.batch_ratio = batch_ratio

    def hardness(self, errors: Tensor, reference: Tensor) -> Tensor:
        """Ratios of errors (N, G) over others: (N, G), or (1, G) for the batch."""
        if self.batch_ratio:
            errors, reference = errors.mean(0, keepdim=True), reference.mean(0, keepdim=True)
        return errors / reference.clamp_min(ERROR_EPS)

    def forward(
        self, errors: Mapping[str, Tensor], reference: Tensor, progress: float
    ) -> dict[str, Tensor]:
        """Cost of the hardness after each operation.

        Args:
            errors (Mapping[str, Tensor]): Errors of shape (N, G) under the names of the stages.
            reference (Tensor): Errors of shape (N, G) on the original poses or the draw.
            progress (float): Point of the training in [0, 1], epoch / epochs.
        """
        return {
            stage: setting['factor'] * self.cost(errors[stage], reference, setting, progress)
            for stage, setting in self.stages.items()
        }

    def cost(
        self, errors: Tensor, reference: Tensor, setting: Mapping[str, Any], progress: float
    ) -> Tensor:
        """Cost of the hardness after one operation by its settings, without its factor."""
        target = scheduled(setting['target'], progress)
        ratio = self.hardness(errors, reference)
        return squared_outside(ratio, target, setting['width']).mean()


@MODELS.register_module()
class ExponentialFeedbackLoss(RangeFeedbackLoss):
    """The paper's own feedback: the size of 1 - exp(harder - beta * easier) (PoseAug, Eq. 9).

    Args:
        stages (Mapping[str, dict], optional): For the poses after an operation (``'angle'`` or
            ``'rigid'``) the ``beta``, a number or a sequence of numbers from the first to the
            last epoch, and the ``factor`` of the cost. Defaults to beta 3 to 5, factor 0.1 for
            angle and beta 17, factor 0.01 for rigid.
        relative_to (str): As for :class:`RangeFeedbackLoss`.
        batch_ratio (bool): Take the gap of the batch's mean errors instead of a gap for every
            sample. Defaults to False.
    """

    RELEASED: ClassVar[Mapping[str, Mapping[str, Any]]] = dict(
        angle=dict(beta=(3.0, 5.0), factor=0.1),
        rigid=dict(beta=17.0, factor=0.01),
    )

    def cost(
        self, errors: Tensor, reference: Tensor, setting: Mapping[str, Any], progress: float
    ) -> Tensor:
        """Cost of the hardness after one operation, as in the base class."""
        gap = errors - scheduled(setting['beta'], progress) * reference
        if self.batch_ratio:
            gap = gap.mean(0, keepdim=True)
        return (1 - torch.exp(gap)).abs().mean()
