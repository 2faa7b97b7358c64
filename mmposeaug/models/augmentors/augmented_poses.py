# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What an augmentor returns."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass
class AugmentedPoses:
    """Poses after each operation and what was done to them.

    All poses are in camera space, in metres, of shape (N, J, 3), or (N, T, J, 3) for clips.

    Attributes:
        angle (Tensor): Poses after the bone angle operation; what the 3D discriminator judges.
        length (Tensor): Poses after the bone length operation.
        rigid (Tensor): Final poses, after rotation and translation.
        angle_change (Tensor | None): 1 - cos of every bone's turn, of shape (N, J - 1); None
            where the angles were left alone.
        length_ratio (Tensor | None): Relative change of length, of shape (N, G) for the G
            length groups of the skeleton; None where the lengths were left alone.
        rotvec (Tensor | None): Axis-angle rotation of the body, of shape (N, 3), in radians.
        translation (Tensor | None): New root position, of shape (N, 3), in metres.
        draw (AugmentedPoses | None): The same random draw without the learned change, for
            augmentors that learn on top of one; otherwise None.
    """

    angle: Tensor
    length: Tensor
    rigid: Tensor
    angle_change: Tensor | None = None
    length_ratio: Tensor | None = None
    rotvec: Tensor | None = None
    translation: Tensor | None = None
    draw: AugmentedPoses | None = None

    def stages(self, source: str) -> dict[str, Tensor]:
        """Poses after each operation that there is, in order, by a name for people.

        Args:
            source (str): What made them, ``'Learned'`` or ``'Random'``.

        Returns:
            dict[str, Tensor]: Camera-space poses (N, J, 3) or (N, T, J, 3), in metres.
        """
        stages = {} if self.draw is None else {'Random draw': self.draw.rigid}
        if self.angle_change is not None:
            stages[f'{source} bone angles'] = self.angle
        if self.length_ratio is not None:
            stages[f'{source} bone lengths'] = self.length
        if self.translation is not None:
            stages[f'{source} view and place'] = self.rigid
        return stages
