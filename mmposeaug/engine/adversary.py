# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The augmentor, its discriminators, and how they learn from each other and the lifter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mmposeaug.codecs import LifterAdapter
from mmposeaug.datasets import PoseBatch
from mmposeaug.geometry import normalize_keypoints
from mmposeaug.structures import Skeleton

from .adversary_step import AdversaryStep, finite_everywhere, spread
from .batches import poses_of
from .drawn_cameras import DrawnCameras
from .fake_pool import FakePool
from .objective import AugmentorObjective, frame_sizes, half_extent
from .sampler import AugmentedSampler
from .target_domain import TargetDomain
from .trained_network import TrainedNetwork, build_network, linear_to_zero

DEFAULT_OPTIM = dict(optimizer=dict(type='Adam', lr=1e-4, fused=True), clip_grad=dict(max_norm=1.0))
"""dict: Optimizer of augmentor and discriminators (released PoseAug)."""


class Adversary(AugmentedSampler):
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
            ``ranges``, ``feedback`` and ``view``, the penalty for keypoints out of the image.
        optim_wrapper (Mapping): Optimizer of each network.
        param_scheduler (Sequence[Mapping], optional): Epoch-wise schedules of each network.
            Defaults to None, linear to 0 over all epochs.
        discriminator_interval (int): Discriminators learn every so many steps.
        pool_size (int): Samples in each pool of fakes.
        lifter_mode (str): ``'train'`` as in the released code, where dropout and the running
            statistics of the lifter take part, or ``'eval'``.
        draw_share (float | Sequence[float]): Share of the augmented samples, constant or from the
            first to the last epoch, that are given out as the random draw left them, for
            augmentors that learn on top of one: what the lifter sees is then never narrower than
            the draw. Defaults to 0.
        view_rule (str): ``'inside'`` counts a pose as in view if it is inside all four borders
            and before the camera, ``'released'`` if it does not cross the right and lower border.
        clamp (float, optional): Bound of x / z and y / z in the projection of augmented poses, see
            :func:`mmposeaug.geometry.project`. Defaults to None, no bound.
        domain (TargetDomain, optional): People whose 2D keypoints the 2D discriminator takes for
            real, and where augmented people are put. Defaults to None: those of the training set.
        cameras (DrawnCameras, optional): What draws the samples' cameras. Defaults to None, the
            cameras are those of the training set.

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
        adversarial_loss: Mapping[str, Any] | None,
        angle_range: Mapping[str, Any] | None,
        length_range: Mapping[str, Any] | None,
        feedback: Mapping[str, Any] | None,
        weights: Mapping[str, float],
        optim_wrapper: Mapping[str, Any] = DEFAULT_OPTIM,
        param_scheduler: Sequence[Mapping[str, Any]] | None = None,
        discriminator_interval: int = 2,
        pool_size: int = 4096,
        lifter_mode: str = 'eval',
        draw_share: float | Sequence[float] = 0.0,
        view_rule: str = 'inside',
        clamp: float | None = None,
        domain: TargetDomain | None = None,
        cameras: DrawnCameras | None = None,
    ) -> None:
        self.discriminator_interval = discriminator_interval
        schedules = linear_to_zero(max_epochs) if param_scheduler is None else param_scheduler

        def build(name: str, config: Mapping[str, Any] | None) -> TrainedNetwork | None:
            if config is None:
                return None
            return build_network(name, config, skeleton, device, optim_wrapper, schedules)

        trained = build('augmentor', augmentor)
        if trained is None:
            raise ValueError(
                'train_cfg.augmentor is None; PoseAugTrainLoop needs one, train without '
                "augmentation with type='TensorTrainLoop'."
            )
        super().__init__(trained, skeleton, draw_share, view_rule, clamp, domain, cameras)
        self.discriminator_3d = build('discriminator_3d', discriminator_3d)
        self.discriminator_2d = build('discriminator_2d', discriminator_2d)
        if adversarial_loss is None and len(self.networks) > 1:
            raise ValueError(
                'train_cfg.adversarial_loss is None although there are discriminators; give a '
                'loss, or set discriminator_3d and discriminator_2d to None.'
            )
        self.objective = AugmentorObjective(
            skeleton, adversarial_loss, angle_range, length_range, feedback, weights, lifter_mode
        )
        if (
            feedback is not None
            and self.objective.feedback.relative_to == 'draw'
            and not self.on_draw
        ):
            raise ValueError(
                "The feedback is relative to a random draw (relative_to='draw'), but the augmentor "
                "has none; give augmentor.draw, or set relative_to='original' and fitting targets."
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

    @property
    def needs_real(self) -> bool:
        """bool: Whether independent real samples are looked at.

        The 3D discriminator compares an augmentor that learns on top of a random draw with that
        draw, the 2D discriminator one that has a target domain with that.
        """
        return (self.discriminator_2d is not None and self.domain is None) or (
            self.discriminator_3d is not None and not self.on_draw
        )

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
        poses = self.run(batch, generator)
        keypoints = self.project(poses.rigid, batch)
        if not finite_everywhere(keypoints):
            # nothing can be learned from it, and the lifter's statistics would not recover
            self.steps += 1
            return self.result(batch, poses, keypoints, {}, False)
        samples = dict(
            fake_3d=poses.angle,
            real_3d=poses_of(real) if poses.draw is None else poses.draw.angle,
            fake_2d=normalize_keypoints(keypoints, frame_sizes(batch, keypoints)),
        )
        if self.discriminator_2d is not None:
            samples['real_2d'] = self._real_keypoints(real, generator)
        losses, logs = self.objective.plausibility(
            poses, samples, half_extent(batch, keypoints), self.networks
        )
        if with_feedback and self.objective.feedback is not None:
            losses.update(
                self.objective.hardness(
                    poses, batch, adapter, progress, self.project, keypoints, logs
                )
            )
        learnable = [value for value in losses.values() if value.requires_grad]
        finite = self.augmentor.update(torch.stack(learnable).sum()) if learnable else True
        logs.update({f'loss_{name}': value.detach() for name, value in losses.items()})
        if self.steps % self.discriminator_interval == 0:
            finite &= self._update_discriminators(samples, logs, generator)
        self.steps += 1
        result = self.result(batch, poses, keypoints, logs, finite)
        logs['in_view'] = result.valid.float().mean()
        root = self.skeleton.root
        logs['depth'] = result.batch.pose_cam[..., root, 2].mean()
        logs['diversity'] = spread(result.batch.pose_cam, root) / spread(batch.pose_cam, root)
        return result

    def _real_keypoints(self, real: PoseBatch, generator: torch.Generator) -> Tensor:
        """What the 2D discriminator takes for real: (B, J, 2) or (B, T, J, 2), normalised."""
        if self.domain is not None:
            return self.domain.draw(len(real), generator)
        return normalize_keypoints(real.keypoints_px, real.image_size.unsqueeze(1))

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
        """Load a state.

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
            try:
                network.load_state_dict(state['networks'][name])
            except (RuntimeError, ValueError) as error:  # torch: of modules, of optimizers
                reason = ' '.join(str(error).split())
                raise ValueError(
                    f'The {name} of the checkpoint is not the one that the config builds '
                    f'({reason[:160]}); resume with the config of the interrupted run, or start '
                    'from the lifter with load_from.'
                ) from None
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
