# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The augmentor, its discriminators, and how they learn from each other and the lifter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.codecs import LifterAdapter
from mmposeaug.datasets import PoseBatch
from mmposeaug.geometry import in_view, normalize_keypoints, root_relative
from mmposeaug.models import AugmentedPoses
from mmposeaug.structures import Skeleton

from .batches import poses_of, project_clip, with_poses
from .fake_pool import FakePool
from .objective import AugmentorObjective, frame_sizes, half_extent
from .trained_network import TrainedNetwork, kept_statistics

DEFAULT_OPTIM = dict(optimizer=dict(type='Adam', lr=1e-4, fused=True), clip_grad=dict(max_norm=1.0))
"""dict: Optimizer of augmentor and discriminators (released PoseAug)."""


@dataclass
class AdversaryStep:
    """Result of one step: the augmented samples and what to log.

    Attributes:
        batch (PoseBatch): The augmented samples, without gradients.
        valid (Tensor): Which of them are in view, of shape (B,).
        logs (dict[str, Tensor]): Scalars without gradients.
        finite (bool): Whether all updates were made.
    """

    batch: PoseBatch
    valid: Tensor
    logs: dict[str, Tensor]
    finite: bool = True


class Adversary:
    """Augmentor against discriminators and lifter.

    Args:
        skeleton (Skeleton): Tree of the poses; handed to all networks.
        device (torch.device): Where the networks are.
        max_epochs (int): Epochs of the schedules.
        augmentor (Mapping): Config of the augmentor.
        discriminator_3d (Mapping, optional): Config of the 3D discriminator; None for none.
        discriminator_2d (Mapping, optional): Config of the 2D discriminator; None for none.
        adversarial_loss (Mapping): Config of the adversarial loss.
        angle_range (Mapping, optional): Config of the loss on turns; None for none.
        length_range (Mapping, optional): Config of the loss on length ratios; None for none.
        feedback (Mapping, optional): Config of the feedback loss; None for none.
        weights (Mapping[str, float]): Weights of ``adversarial_3d``, ``adversarial_2d``,
            ``ranges``, ``feedback`` and ``view``, the penalty for key points out of the image.
        optim_wrapper (Mapping): Optimizer of each network.
        param_scheduler (Sequence[Mapping], optional): Epoch-wise schedules of each network.
            Defaults to None, linear to 0 over all epochs.
        discriminator_interval (int): Discriminators learn every so many steps.
        pool_size (int): Samples in each pool of fakes.
        lifter_mode (str): ``'train'`` as in the released code, where dropout and the running
            statistics of the lifter take part, or ``'eval'``.
        draw_share (float): Share of the augmented samples that are given out as the random draw
            left them, for augmentors that learn on top of one: what the lifter sees is then never
            narrower than the draw. Defaults to 0.
        view_rule (str): ``'inside'`` counts a pose as in view if it is inside all four borders
            and before the camera, ``'released'`` if it does not cross the right and lower border.
        projection (Mapping): Options of :func:`mmposeaug.geometry.project` for augmented poses.

    Raises:
        ValueError: If an option is unknown.
    """

    def __init__(
        self,
        skeleton: Skeleton,
        device: torch.device,
        max_epochs: int,
        augmentor: Mapping[str, Any],
        discriminator_3d: Mapping[str, Any] | None,
        discriminator_2d: Mapping[str, Any] | None,
        adversarial_loss: Mapping[str, Any],
        angle_range: Mapping[str, Any] | None,
        length_range: Mapping[str, Any] | None,
        feedback: Mapping[str, Any] | None,
        weights: Mapping[str, float],
        optim_wrapper: Mapping[str, Any] = DEFAULT_OPTIM,
        param_scheduler: Sequence[Mapping[str, Any]] | None = None,
        discriminator_interval: int = 2,
        pool_size: int = 4096,
        lifter_mode: str = 'eval',
        draw_share: float = 0.0,
        view_rule: str = 'inside',
        projection: Mapping[str, Any] | None = None,
    ) -> None:
        if view_rule not in ('inside', 'released'):
            raise ValueError(f"view_rule must be 'inside' or 'released', got {view_rule!r}.")
        if not 0 <= draw_share <= 1:
            raise ValueError(f'draw_share is {draw_share}; it is a share between 0 and 1.')
        self.skeleton = skeleton
        self.discriminator_interval = discriminator_interval
        self.draw_share = draw_share
        self.view_rule = view_rule
        self.projection = dict(projection or {})
        if param_scheduler is None:
            param_scheduler = [
                dict(type='LinearLR', start_factor=1.0, end_factor=0.0, end=max_epochs + 1)
            ]

        def build(name: str, config: Mapping[str, Any] | None) -> TrainedNetwork | None:
            if config is None:
                return None
            module = MODELS.build(dict(config), default_args=dict(skeleton=skeleton)).to(device)
            return TrainedNetwork(name, module, optim_wrapper, param_scheduler)

        trained = build('augmentor', augmentor)
        assert trained is not None
        self.augmentor = trained
        self.discriminator_3d = build('discriminator_3d', discriminator_3d)
        self.discriminator_2d = build('discriminator_2d', discriminator_2d)
        self.objective = AugmentorObjective(
            skeleton, adversarial_loss, angle_range, length_range, feedback, weights, lifter_mode
        )
        self.pools = nn.ModuleDict(
            dict(pose=FakePool(pool_size), keypoints=FakePool(pool_size))
        ).to(device)
        self.steps = 0

    @property
    def networks(self) -> dict[str, TrainedNetwork]:
        """dict[str, TrainedNetwork]: The networks that there are, by name."""
        networks = dict(
            augmentor=self.augmentor,
            discriminator_3d=self.discriminator_3d,
            discriminator_2d=self.discriminator_2d,
        )
        return {name: network for name, network in networks.items() if network is not None}

    # ----------------------------------------------------------------- augment
    def project(self, pose: Tensor, batch: PoseBatch) -> Tensor:
        """Pixels of augmented poses of a batch's samples.

        Args:
            pose (Tensor): Camera-space poses of shape (B, J, 3) or (B, T, J, 3), in metres.
            batch (PoseBatch): The samples.

        Returns:
            Tensor: Key points of shape (B, J, 2) or (B, T, J, 2).
        """
        return project_clip(pose, batch.intrinsics, **self.projection)

    def visible(self, pose: Tensor, keypoints_px: Tensor, image_size: Tensor) -> Tensor:
        """Which samples are in view in all their frames, by the rule of ``view_rule``."""
        size = image_size if pose.ndim == 3 else image_size.unsqueeze(1)
        if self.view_rule == 'released':
            seen = (keypoints_px < size.unsqueeze(-2)).flatten(-2).all(-1)
        else:
            seen = in_view(keypoints_px, pose[..., 2], size)
        return seen if pose.ndim == 3 else seen.all(-1)

    @torch.no_grad()
    def augment(self, batch: PoseBatch, generator: torch.Generator) -> AdversaryStep:
        """Augmented samples, nothing learned.

        Args:
            batch (PoseBatch): B samples.
            generator (torch.Generator): Source of the noise.

        Returns:
            AdversaryStep: The augmented samples.
        """
        poses = self.augmentor(
            poses_of(batch), batch.intrinsics, batch.image_size, generator=generator
        )
        return self._result(batch, poses, self.project(poses.rigid, batch), {}, True)

    @torch.no_grad()
    def noise_response(self, batch: PoseBatch, generator: torch.Generator) -> float:
        """Distance between two augmentations of the same samples, relative to their spread.

        Args:
            batch (PoseBatch): Samples from all over the bank.
            generator (torch.Generator): Source of the noise.

        Returns:
            float: The response; 0 of an augmentor that ignores its noise.
        """
        with kept_statistics(self.augmentor.module):
            first, second = (self.augment(batch, generator).batch.pose_cam for _ in range(2))
        return float((first - second).abs().mean() / first.std().clamp_min(1e-9))

    def _result(
        self,
        batch: PoseBatch,
        poses: AugmentedPoses,
        keypoints_px: Tensor,
        logs: dict[str, Tensor],
        finite: bool,
    ) -> AdversaryStep:
        pose, keypoints_px = poses.rigid.detach(), keypoints_px.detach()
        drawn = round(self.draw_share * len(pose)) if poses.draw is not None else 0
        if drawn:
            assert poses.draw is not None
            pose = torch.cat((poses.draw.rigid[:drawn].detach(), pose[drawn:]))
            keypoints_px = self.project(pose, batch)
        valid = self.visible(pose, keypoints_px, batch.image_size)
        valid = valid & torch.isfinite(keypoints_px).flatten(1).all(1)
        return AdversaryStep(with_poses(batch, pose, keypoints_px), valid, logs, finite)

    # ------------------------------------------------------------------- learn
    def step(
        self,
        batch: PoseBatch,
        real: PoseBatch,
        adapter: LifterAdapter,
        progress: float,
        generator: torch.Generator,
        with_feedback: bool = True,
    ) -> AdversaryStep:
        """One step of the augmentor and, every so often, of the discriminators.

        Args:
            batch (PoseBatch): Samples to augment.
            real (PoseBatch): Independent samples that count as real.
            adapter (LifterAdapter): The lifter.
            progress (float): Point of the training in [0, 1].
            generator (torch.Generator): Source of noise and of the pools' choices.
            with_feedback (bool): Whether the lifter's feedback counts. Defaults to True.

        Returns:
            AdversaryStep: The augmented samples before the update, and logs.
        """
        for network in self.networks.values():
            network.module.train()
        poses = self.augmentor(
            poses_of(batch), batch.intrinsics, batch.image_size, generator=generator
        )
        keypoints = self.project(poses.rigid, batch)
        if not _finite_everywhere(keypoints):
            # nothing can be learned from it, and the lifter's statistics would not recover
            self.steps += 1
            return self._result(batch, poses, keypoints, {}, False)
        samples = dict(
            fake_3d=poses.angle,
            real_3d=poses_of(real) if poses.draw is None else poses.draw.angle,
            fake_2d=normalize_keypoints(keypoints, frame_sizes(batch, keypoints)),
            real_2d=normalize_keypoints(real.keypoints_px, real.image_size.unsqueeze(1)),
        )
        losses, logs = self.objective.plausibility(
            poses, samples, half_extent(batch, keypoints), self.networks
        )
        if with_feedback and self.objective.feedback is not None:
            losses.update(
                self.objective.hardness(poses, batch, adapter, progress, self.project, logs)
            )
        total = torch.stack([value for value in losses.values() if value.requires_grad]).sum()
        finite = self.augmentor.update(total)
        logs.update({f'loss_{name}': value.detach() for name, value in losses.items()})
        if self.steps % self.discriminator_interval == 0:
            finite &= self._update_discriminators(samples, logs, generator)
        self.steps += 1
        result = self._result(batch, poses, keypoints, logs, finite)
        logs['in_view'] = result.valid.float().mean()
        logs['depth'] = result.batch.pose_cam[..., self.skeleton.root, 2].mean()
        logs['diversity'] = _spread(result.batch.pose_cam, self.skeleton) / _spread(
            batch.pose_cam, self.skeleton
        )
        return result

    def _update_discriminators(
        self,
        samples: Mapping[str, Tensor],
        logs: dict[str, Tensor],
        generator: torch.Generator,
    ) -> bool:
        """One step of each discriminator; whether all gradients were finite."""
        finite = True
        pools: Any = self.pools
        for key, pool in (('3d', 'pose'), ('2d', 'keypoints')):
            network = getattr(self, f'discriminator_{key}')
            if network is None:
                continue
            fake = pools[pool].query(samples[f'fake_{key}'].detach(), generator)
            real_scores, fake_scores = network(samples[f'real_{key}'].detach()), network(fake)
            loss = self.objective.adversarial_loss.discriminator(real_scores, fake_scores)
            finite &= network.update(loss)
            with torch.no_grad():
                logs[f'loss_discriminator_{key}'] = loss.detach()
                right = (real_scores > 0.5).float().mean() + (fake_scores <= 0.5).float().mean()
                logs[f'accuracy_{key}'] = right / 2
        return finite

    def end_epoch(self) -> None:
        """Step the schedules."""
        for network in self.networks.values():
            network.end_epoch()

    # ------------------------------------------------------------------- state
    def state_dict(self) -> dict[str, Any]:
        """Everything that a resumed run needs."""
        return dict(
            networks={name: network.state_dict() for name, network in self.networks.items()},
            pools=self.pools.state_dict(),
            steps=self.steps,
        )

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state.

        Args:
            state (Mapping): What :meth:`state_dict` gave.

        Raises:
            ValueError: If the state is of other networks.
        """
        if set(state['networks']) != set(self.networks):
            raise ValueError(
                f'The checkpoint holds {sorted(state["networks"])} but the config builds '
                f'{sorted(self.networks)}; resume with the config of the interrupted run.'
            )
        for name, network in self.networks.items():
            network.load_state_dict(state['networks'][name])
        self.pools.load_state_dict(state['pools'])
        self.steps = int(state['steps'])

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to the networks and pools of a state; schedules and steps go on.

        Args:
            state (Mapping): What :meth:`state_dict` gave.
        """
        for name, network in self.networks.items():
            network.restore(state['networks'][name])
        self.pools.load_state_dict(state['pools'])


def _finite_everywhere(values: Tensor) -> bool:
    """Whether all values are finite, in all processes: they take a step together or not."""
    finite = torch.isfinite(values).all().float()
    all_reduce(finite, op='min')
    return bool(finite)


def _spread(pose_cam: Tensor, skeleton: Skeleton) -> Tensor:
    """Mean standard deviation of root-relative joints over a batch, in metres."""
    relative = root_relative(pose_cam.detach(), skeleton.root).flatten(1)
    return relative.std(dim=0).mean()
