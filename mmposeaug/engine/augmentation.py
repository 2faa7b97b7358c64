# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How samples are augmented: in training, for the probe, for pictures, for export and reports."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor, nn

from mmposeaug.codecs import LifterAdapter
from mmposeaug.datasets import BoneLengthBank, PoseBank, PoseBatch
from mmposeaug.geometry import replace_bone_lengths
from mmposeaug.geometry.camera import MIN_DEPTH
from mmposeaug.models import AugmentedPoses, scheduled
from mmposeaug.models.augmentors.moving_draw import MovingDraw
from mmposeaug.models.augmentors.networks import reference_index
from mmposeaug.models.augmentors.operations import step_as_legs_do
from mmposeaug.structures import AugmentedSamples, Skeleton

from .batches import joint_errors, poses_of, project_clip, select, viewed_poses, with_poses
from .fixed_parts import DrawnCameras
from .normalization import local_statistics
from .settings import SampleRules
from .target_domain import TargetDomain
from .trained_network import kept_statistics

ORIGINAL, VIEWED, SWAPPED = 'Original', 'Drawn camera', 'Swapped bone lengths'
"""str: Names of the stages before an augmentor."""
ALIGNED = 'Aligned position'
"""str: Name of the stage of people who are only put elsewhere."""


@dataclass
class AugmentedBatch:
    """Augmented samples for the lifter, and what a step that learned from them logs.

    Attributes:
        valid (Tensor): Which of them are in view, of shape (B,).
        finite (bool): Whether poses and gradients were.
    """

    batch: PoseBatch
    valid: Tensor
    logs: dict[str, Tensor] = field(default_factory=dict)
    finite: bool = True


@dataclass(frozen=True)
class AppliedAugmentation:
    """What an augmentation made of a batch step by step, without gradients.

    Attributes:
        stages (dict[str, Tensor]): Camera-space poses (B, J, 3) or clips (B, T, J, 3) before and
            after each step, in metres, by its name.
        kinds (dict[str, str]): Stages by what made them: ``'real'``, ``'random'``, ``'learned'``.
    """

    samples: PoseBatch
    viewed: PoseBatch
    stages: dict[str, Tensor]
    kinds: dict[str, str]
    result: AugmentedPoses | None = None

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
    """Drawn cameras, bone-length swap, then an augmentor, then alignment with a target domain."""

    skeleton: Skeleton
    augmentor: nn.Module | None = None
    length_bank: BoneLengthBank | None = None
    domain: TargetDomain | None = None
    target_frame: str = 'centre'
    cameras: DrawnCameras = field(default_factory=lambda: DrawnCameras(None, 'cpu'))
    rules: SampleRules = SampleRules()
    prior: nn.Module | None = None

    @property
    def learned(self) -> bool:
        """bool: Whether the augmentor has something to learn."""
        return self.augmentor is not None and any(True for _ in self.augmentor.parameters())

    @property
    def on_draw(self) -> bool:
        """bool: Whether the augmentor learns on top of a random draw."""
        return getattr(self.augmentor, 'draw', None) is not None

    @property
    def aligns(self) -> bool:
        """bool: Whether people are put where those of a target domain are."""
        return self.domain is not None and self.domain.aligns

    @cached_property
    def stride(self) -> int:
        """int: Clips are made of every n-th frame, n from 1 to this."""
        parts = () if self.augmentor is None else self.augmentor.modules()
        motions = [part.motion for part in parts if isinstance(part, MovingDraw)]
        return max((motion.stride for motion in motions), default=1)

    # ------------------------------------------------------------------- steps
    def gather(self, bank: PoseBank, index: Tensor, generator: torch.Generator) -> PoseBatch:
        """Samples of a bank by their numbers (B,), clips at drawn strides."""
        if bank.num_frames == 1 or self.stride == 1:
            return bank.gather(index)
        draw = torch.rand(len(index), generator=generator, device=bank.device)
        return bank.gather(index, 1 + (draw * self.stride).long())

    def prepare(self, batch: PoseBatch, generator: torch.Generator) -> PoseBatch:
        """Draw cameras, by the epoch's own generator, and swap bone lengths."""
        return self.swap_bones(self.cameras.draw(batch), generator)

    def swap_bones(self, batch: PoseBatch, generator: torch.Generator) -> PoseBatch:
        """Give every pose the bone lengths of a random subject, and project it again."""
        if self.length_bank is None:
            return batch
        lengths = self.length_bank.draw(len(batch), generator)
        lengths = lengths.unsqueeze(1).expand(-1, batch.pose_cam.shape[1], -1)
        swapped = replace_bone_lengths(batch.pose_cam, lengths, self.skeleton)
        swapped = step_as_legs_do(batch.pose_cam, swapped, self.skeleton, self.target_frame)
        return with_poses(batch, swapped)

    def run(self, batch: PoseBatch, generator: torch.Generator) -> AugmentedPoses:
        """Run the augmentor, and align people if asked to, with gradients."""
        pose = poses_of(batch)
        if self.augmentor is None:
            poses = AugmentedPoses(pose, pose, pose)
        else:
            poses = self.augmentor(pose, batch.intrinsics, batch.image_size, generator=generator)
        if self.domain is None or not self.domain.aligns:
            return poses
        return self.domain.align(poses, batch, generator)

    def project(self, pose: Tensor, batch: PoseBatch) -> Tensor:
        """Pixels (B, J, 2) or (B, T, J, 2) of augmented poses of a batch's samples, in metres."""
        return project_clip(pose, batch.intrinsics, batch.image_size, self.rules.clamp)

    def visible(self, samples: PoseBatch) -> Tensor:
        """Which samples (B,) are in view, wholly and in all frames."""
        return self.cameras.see(samples)

    def accepts(self, samples: PoseBatch) -> Tensor:
        """Which samples (B,) the lifter may learn from, by ``view_rule`` and ``prior``."""
        seen = self._shown(samples)
        return seen if self.prior is None else seen & self.plausible(samples)

    def plausible(self, samples: PoseBatch) -> Tensor:
        """Which samples (B,) have no pose that the prior forbids."""
        assert self.prior is not None
        return (self.prior(samples.pose_cam) == 0).all(1)

    def _shown(self, samples: PoseBatch) -> Tensor:
        if self.rules.view_rule == 'inside':
            return self.visible(samples)
        pixels = samples.keypoints_px
        seen = (pixels < samples.image_size[:, None, None]) & torch.isfinite(pixels)
        seen = seen.flatten(1).all(1) & self.cameras.shows(samples)
        if pixels.shape[1] > 1:  # of single frames the released code asks no more
            seen = seen & (samples.pose_cam[..., 2] > MIN_DEPTH).flatten(1).all(1)
        return seen

    # -------------------------------------------------------------- whole batches
    @torch.no_grad()
    def augment(
        self, batch: PoseBatch, generator: torch.Generator, progress: float = 0.0
    ) -> AugmentedBatch:
        """Augment samples that :meth:`prepare` gave, at a point of the training in [0, 1]."""
        if self.augmentor is None and not self.aligns:
            return AugmentedBatch(batch, self.accepts(batch))
        poses = self.run(batch, generator)
        return self.take(batch, poses, self.project(poses.rigid, batch), progress)

    def take(
        self, batch: PoseBatch, poses: AugmentedPoses, keypoints_px: Tensor, progress: float
    ) -> AugmentedBatch:
        """Take augmented poses, a share of them as the draw left them, as samples for the lifter.

        Args:
            keypoints_px (Tensor): Pixels of the final poses, (B, J, 2) or (B, T, J, 2).
        """
        pose, keypoints_px = poses.rigid.detach(), keypoints_px.detach()
        share = scheduled(self.rules.draw_share, progress)
        drawn = round(share * len(pose)) if poses.draw is not None else 0
        if drawn:
            assert poses.draw is not None
            first = poses.draw.rigid[:drawn].detach()
            pixels = self.project(first, select(batch, slice(drawn)))
            pose = torch.cat((first, pose[drawn:]))
            keypoints_px = torch.cat((pixels, keypoints_px[drawn:]))
        samples = with_poses(batch, pose, keypoints_px)
        return AugmentedBatch(samples, self.accepts(samples))

    @torch.no_grad()
    def apply(self, batch: PoseBatch, generator: torch.Generator) -> AppliedAugmentation:
        """Augment samples to look at them.

        All random numbers are the generator's; the augmentor and torch's own stay as they are.
        """
        stages, kinds = {ORIGINAL: poses_of(batch)}, dict(real=ORIGINAL)
        viewed = self.cameras.draw(batch, generator)
        if self.cameras:
            stages[VIEWED], kinds['random'] = poses_of(viewed), VIEWED
        swapped = self.swap_bones(viewed, generator)
        if self.length_bank is not None:
            stages[SWAPPED], kinds['random'] = poses_of(swapped), SWAPPED
        if self.augmentor is None:
            if self.aligns:
                stages[ALIGNED], kinds['random'] = self.run(swapped, generator).rigid, ALIGNED
            return AppliedAugmentation(batch, viewed, stages, kinds)
        # dropout, which a user's augmentor may have, knows no generator
        devices = [batch.pose_cam.device] if batch.pose_cam.is_cuda else []
        module = self.augmentor
        with local_statistics(module), kept_statistics(module), torch.random.fork_rng(devices):
            poses = self.run(swapped, generator)
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

    def apply_to(
        self, bank: PoseBank, index: Tensor, generator: torch.Generator
    ) -> AppliedAugmentation:
        """Augment samples of a bank, by their numbers (B,), to look at them."""
        samples = bank.gather(index)
        applied = self.apply(self.gather(bank, index, generator), generator)
        stages = {**applied.stages, ORIGINAL: poses_of(samples)}
        return replace(applied, samples=samples, stages=stages)

    def samples_after(self, applied: AppliedAugmentation, stage: str) -> PoseBatch:
        """The samples as they were after a stage."""
        if stage == ORIGINAL:
            return applied.samples
        pose = applied.stages[stage]
        return with_poses(applied.viewed, pose, self.project(pose, applied.viewed))

    @torch.no_grad()
    def collect(
        self,
        bank: PoseBank,
        index: Tensor,
        batch_size: int,
        generator: torch.Generator,
        adapter: LifterAdapter | None = None,
        clips: bool = False,
    ) -> AugmentedSamples:
        """Augment samples of a bank and bring them into plain arrays, if asked to whole clips."""
        parts = []
        for chunk in index.tensor_split(max(-(-len(index) // batch_size), 1)):
            applied = self.apply_to(bank, chunk, generator)
            parts.append(self._to_arrays(applied, adapter, clips))
        return AugmentedSamples.concat(parts)

    def _to_arrays(
        self, applied: AppliedAugmentation, adapter: LifterAdapter | None, clips: bool
    ) -> AugmentedSamples:
        frame = reference_index(applied.samples.pose_cam.shape[1], self.target_frame)
        stages, visible, errors = {}, {}, {}
        kind_of = {name: kind for kind, name in applied.kinds.items()}
        for name in applied.stages:
            samples = self.samples_after(applied, name)
            visible[name] = self.visible(samples).cpu().numpy()
            if adapter is not None and name in kind_of:
                found = joint_errors(samples, adapter, self.skeleton)
                errors[kind_of[name]] = 1000 * found.flatten(1).mean(1).cpu().numpy()
            stages[name] = viewed_poses(samples, self.skeleton, frame)
        turns = {kind: value.cpu().numpy() for kind, value in applied.turns_deg().items()}
        frames = {}
        if clips and applied.samples.pose_cam.shape[1] > 1:
            frames = {k: applied.stages[name].cpu().numpy() for k, name in applied.kinds.items()}
        return AugmentedSamples(stages, visible, dict(applied.kinds), turns, errors, frames)
