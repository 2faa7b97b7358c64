# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The chain of learned operations: bone angle, then bone length, then rigid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.geometry import root_relative
from mmposeaug.models.option_checks import check_config
from mmposeaug.structures import Skeleton, get_skeleton
from mmposeaug.structures.choices import require_choice, require_known

from .augmented_poses import AugmentedPoses
from .clip_features import SEES, clip_motion
from .networks import is_clip, reference_frame
from .operations import keep_in_view

NOISE_NAMES = ('angle', 'length', 'rotation', 'translation')
"""Names under which :class:`PoseAugmentor` takes noise."""


_USUAL = dict(
    draw='AnatomicalPoseAugmentor',
    angle='BoneAngleAugmentor',
    length='BoneLengthAugmentor',
    rigid='PlacementAugmentor',
)


@MODELS.register_module()
class PoseAugmentor(nn.Module):
    """Chain of the three learned operations (PoseAug, CVPR 2021, Sec. 3.3).

    Every operation sees the original root-relative pose, and changes the result of the one
    before it. An operation given as None is left out. With ``draw`` the chain starts from a
    random augmentation instead of the original pose, and learns what to change on top of it.
    Clips whose camera is given end where their whole path is in view
    (:func:`mmposeaug.geometry.shift_into_view`).

    Args:
        skeleton (str | Skeleton): Tree of the poses, handed to each operation. Defaults to
            ``'h36m_17'``.
        angle (dict, optional): Config of the bone angle operation. Defaults to
            ``dict(type='BoneAngleAugmentor')``.
        length (dict, optional): Config of the bone length operation. Defaults to
            ``dict(type='BoneLengthAugmentor')``.
        rigid (dict, optional): Config of the rigid operation. Defaults to
            ``dict(type='RigidAugmentor')``.
        draw (dict, optional): Config of a random augmentor whose poses are the chain's input.
            Defaults to None, as in the paper.
        sees (str): What of a clip the operations look at that do not say so themselves:
            ``'frame'``, the reference frame, or ``'clip'``, also how the other frames differ from
            it. Single frames are augmented alike. Defaults to ``'frame'``.

    Raises:
        ValueError: If all three operations are None, one has no type, or ``sees`` is unknown.
    """

    def __init__(
        self,
        skeleton: str | Skeleton = 'h36m_17',
        angle: Mapping[str, Any] | None = dict(type='BoneAngleAugmentor'),  # noqa: B006, C408
        length: Mapping[str, Any] | None = dict(type='BoneLengthAugmentor'),  # noqa: B006, C408
        rigid: Mapping[str, Any] | None = dict(type='RigidAugmentor'),  # noqa: B006, C408
        draw: Mapping[str, Any] | None = None,
        sees: str = 'frame',
    ) -> None:
        super().__init__()
        self.skeleton = get_skeleton(skeleton)
        if angle is None and length is None and rigid is None:
            raise ValueError(
                'PoseAugmentor has no operation left; give angle, length or rigid a config.'
            )
        require_choice('PoseAugmentor: sees', sees, SEES)
        self.target_frame = 'centre'
        self.draw = self._build('draw', draw)
        # an operation of a user need not know the option
        options = {} if sees == 'frame' else dict(sees=sees)
        self.angle = self._build('angle', angle, **options)
        self.length = self._build('length', length, **options)
        self.rigid = self._build('rigid', rigid, **options)

    def _build(
        self, name: str, config: Mapping[str, Any] | None, **options: Any
    ) -> nn.Module | None:
        if config is None:
            return None
        if 'type' not in config:
            raise ValueError(
                f'PoseAugmentor: {name} is {dict(config)} without a type; name one, such as '
                f"type='{_USUAL[name]}'."
            )
        check_config(f'PoseAugmentor: {name}', config)
        return MODELS.build(dict(config), default_args=dict(skeleton=self.skeleton, **options))

    def _what_each_sees(self, pose: Tensor) -> dict[str, dict[str, Tensor]]:
        """Arguments of each operation beside the reference frame: the motion of clips."""
        seen: dict[str, dict[str, Tensor]] = {}
        motion: Tensor | None = None
        for name in ('angle', 'length', 'rigid'):
            seen[name] = {}
            if is_clip(pose) and getattr(getattr(self, name), 'sees', 'frame') == 'clip':
                if motion is None:
                    motion = clip_motion(pose, self.skeleton.root, self.target_frame)
                seen[name] = dict(motion=motion)
        return seen

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
            intrinsics (Tensor, optional): Cameras of shape (N, 9) in pixels; needed by ``draw``,
                which places people in view, and to keep clips in view.
            image_size (Tensor, optional): Width and height of shape (N, 2) in pixels; likewise.
            noise (Mapping[str, Tensor], optional): Noise of shape (N, noise_dim) under
                ``'angle'``, ``'length'``, ``'rotation'`` and ``'translation'``.
            generator (torch.Generator, optional): Source of the noise that is not given.

        Returns:
            AugmentedPoses: The poses after every operation.
        """
        given = dict(noise or {})
        require_known('noise of PoseAugmentor', given, NOISE_NAMES)
        drawn = None
        if self.draw is not None:
            drawn = self.draw(pose, intrinsics, image_size, generator=generator)
            pose = drawn.rigid
        features = root_relative(reference_frame(pose, self.target_frame), self.skeleton.root)
        seen = self._what_each_sees(pose)
        result = AugmentedPoses(pose, pose, pose, draw=drawn)
        if self.angle is not None:
            result.angle, result.angle_change = self.angle(
                pose, features, given.get('angle'), generator=generator, **seen['angle']
            )
        result.length = result.angle
        if self.length is not None:
            result.length, result.length_ratio = self.length(
                result.angle,
                features,
                given.get('length'),
                generator=generator,
                **seen['length'],
            )
        result.rigid = result.length
        if self.rigid is not None:
            result.rigid, result.rotvec, result.translation = self.rigid(
                result.length,
                features,
                given.get('rotation'),
                given.get('translation'),
                generator=generator,
                **seen['rigid'],
            )
        if intrinsics is not None and image_size is not None:
            result.rigid, result.translation = keep_in_view(
                result.rigid,
                result.translation,
                intrinsics,
                image_size,
                self.skeleton,
                self.target_frame,
            )
        return result
