# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What a train loop does to the samples that it augments, to be looked at outside of training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.codecs import LifterAdapter
from mmposeaug.datasets import BoneLengthBank, PoseBank, PoseBatch
from mmposeaug.geometry import replace_bone_lengths
from mmposeaug.models import AugmentedPoses
from mmposeaug.models.augmentors.networks import reference_index
from mmposeaug.structures import AugmentedSamples, Skeleton, ViewedPoses

from .batches import lift, poses_of, project_clip, wholly_in_view, with_poses
from .drawn_cameras import DrawnCameras
from .normalization import local_statistics
from .target_domain import TargetDomain, run_augmentor
from .trained_network import kept_statistics, module_mode

ORIGINAL, VIEWED, SWAPPED = 'Original', 'Drawn camera', 'Swapped bone lengths'
"""str: Names of the stages before an augmentor."""
ALIGNED = 'Aligned position'
"""str: Name of the stage of people who are only put elsewhere."""


def build_random_augmentor(config: Mapping[str, Any], skeleton: Skeleton) -> nn.Module:
    """Augmentor without anything to learn, of ``train_cfg.augmentor`` of ``TensorTrainLoop``."""
    module = MODELS.build(dict(config), default_args=dict(skeleton=skeleton))
    if any(True for _ in module.parameters()):
        raise ValueError(
            f'train_cfg.augmentor {type(module).__name__} has weights, which TensorTrainLoop '
            "does not train; use train_cfg type='PoseAugTrainLoop'."
        )
    return module


@dataclass(frozen=True)
class AppliedAugmentation:
    """What an augmentation made of a batch, without gradients.

    Attributes:
        stages (dict[str, Tensor]): Camera-space poses (B, J, 3) or clips (B, T, J, 3) before and
            after each step, in metres, by its name.
    """

    samples: PoseBatch
    viewed: PoseBatch
    stages: dict[str, Tensor]
    kinds: dict[str, str]
    result: AugmentedPoses | None

    def turns_deg(self) -> dict[str, Tensor]:
        """Degrees (B, J - 1) by which the draw and the learned change turned every bone."""
        if self.result is None:
            return {}
        last = 'learned' if 'learned' in self.kinds else 'random'
        found = {last: self.result}
        if self.result.draw is not None:
            found['random'] = self.result.draw
        return {
            kind: torch.rad2deg(torch.acos((1 - poses.angle_change).clamp(-1, 1)))
            for kind, poses in found.items()
            if poses.angle_change is not None
        }


@dataclass(frozen=True)
class Augmentation:
    """Drawn cameras, bone-length swap, then an augmentor, as in a train loop.

    Its random numbers come from a generator of its own.
    """

    skeleton: Skeleton
    augmentor: nn.Module | None
    length_bank: BoneLengthBank | None = None
    clamp: float | None = None
    domain: TargetDomain | None = None
    target_frame: str = 'centre'
    cameras: DrawnCameras | None = None

    @property
    def learned(self) -> bool:
        """bool: Whether the augmentor has something to learn."""
        return self.augmentor is not None and any(True for _ in self.augmentor.parameters())

    @property
    def aligns(self) -> bool:
        """bool: Whether people are put where those of a target domain are."""
        return self.domain is not None and self.domain.aligns

    def swap_bones(self, batch: PoseBatch, generator: torch.Generator) -> PoseBatch:
        """Give every pose the bone lengths of a random subject, and project it again."""
        if self.length_bank is None:
            return batch
        lengths = self.length_bank.draw(len(batch), generator)
        lengths = lengths.unsqueeze(1).expand(-1, batch.pose_cam.shape[1], -1)
        return with_poses(batch, replace_bone_lengths(batch.pose_cam, lengths, self.skeleton))

    def project(self, pose: Tensor, batch: PoseBatch) -> Tensor:
        """Pixels of augmented poses of a batch's samples, as the loop projects them.

        Args:
            pose (Tensor): Camera-space poses of shape (B, J, 3) or (B, T, J, 3), in metres.

        Returns:
            Tensor: Keypoints of shape (B, J, 2) or (B, T, J, 2).
        """
        return project_clip(pose, batch.intrinsics, batch.image_size, self.clamp)

    def visible(self, samples: PoseBatch) -> Tensor:
        """Which samples are in view, wholly and in all frames.

        Returns:
            Tensor: Booleans of shape (B,).
        """
        return self.cameras.see(samples) if self.cameras else wholly_in_view(samples)

    @torch.no_grad()
    def apply(self, batch: PoseBatch, generator: torch.Generator) -> AppliedAugmentation:
        """Augment samples; the augmentor and torch's own random numbers stay as they are."""
        stages, kinds = {ORIGINAL: poses_of(batch)}, dict(real=ORIGINAL)
        viewed = batch
        if self.cameras:
            viewed = self.cameras.draw(batch, generator)
            stages[VIEWED], kinds['random'] = poses_of(viewed), VIEWED
        swapped = self.swap_bones(viewed, generator)
        if self.length_bank is not None:
            stages[SWAPPED], kinds['random'] = poses_of(swapped), SWAPPED
        if self.augmentor is None:
            if self.aligns:
                poses = run_augmentor(None, swapped, generator, self.domain)
                stages[ALIGNED], kinds['random'] = poses.rigid, ALIGNED
            return AppliedAugmentation(batch, viewed, stages, kinds, None)
        # dropout, which a user's augmentor may have, knows no generator
        devices = [batch.pose_cam.device] if batch.pose_cam.is_cuda else []
        module = self.augmentor
        with local_statistics(module), kept_statistics(module), torch.random.fork_rng(devices):
            poses = run_augmentor(self.augmentor, swapped, generator, self.domain)
        after = poses.stages('Learned' if self.learned else 'Random')
        last = list(after)[-1] if after else 'Augmented'
        stages.update(after, **{last: poses.rigid})
        if not self.learned:
            kinds['random'] = last
        else:
            kinds = dict(real=ORIGINAL)
            if poses.draw is not None:
                kinds['random'] = next(iter(after))
            kinds['learned'] = last
        return AppliedAugmentation(batch, viewed, stages, kinds, poses)

    @torch.no_grad()
    def collect(
        self,
        bank: PoseBank,
        index: Tensor,
        batch_size: int,
        generator: torch.Generator,
        adapter: LifterAdapter | None = None,
    ) -> AugmentedSamples:
        """Augment samples of a bank and bring them into plain arrays."""
        parts = []
        for chunk in index.tensor_split(max(-(-len(index) // batch_size), 1)):
            applied = self.apply(bank.gather(chunk), generator)
            parts.append(self._to_arrays(applied, adapter))
        return AugmentedSamples.concat(parts)

    def _to_arrays(
        self, applied: AppliedAugmentation, adapter: LifterAdapter | None
    ) -> AugmentedSamples:
        batch = applied.samples
        frame = reference_index(batch.pose_cam.shape[1], self.target_frame)
        stages, visible, errors = {}, {}, {}
        kind_of = {name: kind for kind, name in applied.kinds.items()}
        for name, pose in applied.stages.items():
            samples = batch
            if name != ORIGINAL:
                viewed = applied.viewed
                samples = with_poses(viewed, pose, self.project(pose, viewed))
            seen = self.visible(samples)
            visible[name] = seen.cpu().numpy()
            if adapter is not None and name in kind_of:
                errors[kind_of[name]] = _errors_mm(samples, adapter, self.skeleton)
            arrays = (
                samples.pose_cam[:, frame],
                samples.keypoints_px[:, frame],
                samples.intrinsics,
                samples.image_size,
            )
            stages[name] = ViewedPoses(self.skeleton, *(each.cpu().numpy() for each in arrays))
        turns = {kind: value.cpu().numpy() for kind, value in applied.turns_deg().items()}
        return AugmentedSamples(stages, visible, dict(applied.kinds), turns, errors)


def _errors_mm(samples: PoseBatch, adapter: LifterAdapter, skeleton: Skeleton) -> Any:
    """Mean joint error of each sample (B,), the root not counted, dropout off."""
    with module_mode(adapter.module, 'eval'):
        pred, target = lift(samples, adapter, skeleton.root)
    others = [joint for joint in range(skeleton.num_joints) if joint != skeleton.root]
    errors = torch.linalg.vector_norm(pred - target, dim=-1)[..., others]
    return 1000 * errors.flatten(1).mean(1).cpu().numpy()
