# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The augmentor, its discriminators, and how they learn from each other and the lifter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from mmposeaug.codecs import LifterAdapter
from mmposeaug.datasets import PoseBatch
from mmposeaug.geometry import normalize_keypoints

from .augmentation import Augmentation, AugmentedBatch
from .batches import poses_of, spread
from .fake_pool import FakePool
from .objective import AugmentorObjective, frame_sizes, half_extent
from .settings import DISCRIMINATORS, PoseAugSettings
from .trained_network import TrainedNetwork, build_network, kept_statistics, linear_to_zero

POOLS = {'3d': 'pose', '2d': 'keypoints', 'motion': 'motion'}
"""dict[str, str]: Pool of each discriminator's fakes."""


class Adversary:
    """Augmentor against discriminators and lifter.

    Args:
        settings (PoseAugSettings): All options of ``train_cfg``.
        augmentation (Augmentation): What is done beside the augmentor, which is built here.
        device (torch.device): Where the networks are.
        max_epochs (int): Epochs of the schedules.

    Raises:
        ValueError: If a part is missing that another one needs, or has nothing to learn.
    """

    def __init__(
        self,
        settings: PoseAugSettings,
        augmentation: Augmentation,
        device: torch.device,
        max_epochs: int,
    ) -> None:
        self.skeleton = augmentation.skeleton
        schedules = settings.param_scheduler
        if schedules is None:
            schedules = linear_to_zero(max_epochs)
        self.networks: dict[str, TrainedNetwork] = {
            name: build_network(
                name,
                getattr(settings, name),
                self.skeleton,
                device,
                settings.optim_wrapper,
                schedules,
            )
            for name in ('augmentor', *DISCRIMINATORS)
            if getattr(settings, name) is not None
        }
        self.augmentor = self.networks['augmentor']
        self.augmentation = replace(augmentation, augmentor=self.augmentor.module)
        if settings.adversarial_loss is None and len(self.networks) > 1:
            raise ValueError(
                'train_cfg.adversarial_loss is None although there are discriminators; give a '
                f'loss, or set {" and ".join(DISCRIMINATORS)} to None.'
            )
        self.objective = AugmentorObjective(settings, self.skeleton, augmentation.prior)
        feedback = self.objective.feedback
        if (
            feedback is not None
            and feedback.relative_to == 'draw'
            and not self.augmentation.on_draw
        ):
            raise ValueError(
                "The feedback is relative to a random draw (relative_to='draw'), but the augmentor "
                "has none; give augmentor.draw, or set relative_to='original' and fitting targets."
            )
        self.discriminator_interval = settings.discriminator_interval
        self.pools = nn.ModuleDict(
            {
                name: FakePool(settings.pool_size)
                for key, name in POOLS.items()
                # checkpoints of runs without clips have no pool of them
                if key != 'motion' or 'discriminator_motion' in self.networks
            }
        ).to(device)
        self.steps = 0
        self.progress = 0.0

    @property
    def needs_real(self) -> bool:
        """bool: Whether independent real samples are looked at.

        The 3D discriminator compares an augmentor that learns on top of a random draw with that
        draw, the 2D discriminator one that has a target domain with that.
        """
        augmentation = self.augmentation
        if 'discriminator_motion' in self.networks:
            return True
        return ('discriminator_2d' in self.networks and augmentation.domain is None) or (
            'discriminator_3d' in self.networks and not augmentation.on_draw
        )

    @torch.no_grad()
    def noise_response(self, batch: PoseBatch, generator: torch.Generator) -> float | None:
        """Distance between two augmentations of the same samples, relative to their spread.

        None of an augmentor that learns on top of a random draw, whose poses differ whatever it
        does with its own noise.
        """
        augmentation = self.augmentation
        if augmentation.on_draw:
            return None
        with kept_statistics(self.augmentor.module):
            first, second = (
                augmentation.augment(batch, generator, self.progress).batch.pose_cam
                for _ in range(2)
            )
        return float((first - second).abs().mean() / first.std().clamp_min(1e-9))

    # ------------------------------------------------------------------- learn
    def step(
        self,
        batch: PoseBatch,
        real: PoseBatch,
        adapter: LifterAdapter,
        generator: torch.Generator,
        with_feedback: bool = True,
    ) -> AugmentedBatch:
        """Train the augmentor and, every so often, the discriminators.

        Args:
            real (PoseBatch): Independent samples that count as real.
            generator (torch.Generator): Source of noise and of the pools' choices.

        Returns:
            AugmentedBatch: The augmented samples before the update, and logs.
        """
        for network in self.networks.values():
            network.module.train()
        augmentation = self.augmentation
        poses = augmentation.run(batch, generator)
        keypoints = augmentation.project(poses.rigid, batch)
        result = augmentation.take(batch, poses, keypoints, self.progress)
        if not finite_everywhere(keypoints):
            # nothing can be learned from it, and the lifter's statistics would not recover
            self.steps += 1
            result.finite = False
            return result
        samples = dict(
            fake_3d=poses.angle,
            real_3d=poses_of(real) if poses.draw is None else poses.draw.angle,
            fake_2d=normalize_keypoints(keypoints, frame_sizes(batch, keypoints)),
        )
        if 'discriminator_motion' in self.networks:
            samples.update(fake_motion=poses.angle, real_motion=poses_of(real))
        if 'discriminator_2d' in self.networks:
            samples['real_2d'] = self._real_keypoints(real, generator)
        # scored once, for the logs and for the discriminators' own step
        real_scores = {
            name: network(samples[name.replace('discriminator', 'real')].detach())
            for name, network in self.networks.items()
            if name in DISCRIMINATORS and self.steps % self.discriminator_interval == 0
        }
        losses, logs = self.objective.plausibility(
            poses, samples, half_extent(batch, keypoints), self.networks, real_scores
        )
        if with_feedback and self.objective.feedback is not None:
            hardness = self.objective.hardness(
                poses, batch, adapter, self.progress, augmentation.project, keypoints, logs
            )
            losses.update(hardness)
        learnable = [value for value in losses.values() if value.requires_grad]
        finite = self.augmentor.update(torch.stack(learnable).sum()) if learnable else True
        logs.update({f'loss_{name}': value.detach() for name, value in losses.items()})
        finite &= self._update_discriminators(samples, real_scores, logs, generator)
        self.steps += 1
        logs['in_view'] = result.valid.float().mean()
        root = self.skeleton.root
        logs['depth'] = result.batch.pose_cam[..., root, 2].mean()
        logs['diversity'] = spread(result.batch.pose_cam, root) / spread(batch.pose_cam, root)
        result.logs, result.finite = logs, finite
        return result

    def _real_keypoints(self, real: PoseBatch, generator: torch.Generator) -> Tensor:
        """What the 2D discriminator takes for real: (B, J, 2) or (B, T, J, 2), normalised."""
        if self.augmentation.domain is not None:
            return self.augmentation.domain.draw(len(real), generator)
        return normalize_keypoints(real.keypoints_px, real.image_size.unsqueeze(1))

    def _update_discriminators(
        self,
        samples: Mapping[str, Tensor],
        real_scores: Mapping[str, Tensor],
        logs: dict[str, Tensor],
        generator: torch.Generator,
    ) -> bool:
        """One step of each discriminator with scores; whether all gradients were finite."""
        finite = True
        pools: Any = self.pools
        for key, pool in POOLS.items():
            real = real_scores.get(f'discriminator_{key}')
            if real is None:
                continue
            network = self.networks[f'discriminator_{key}']
            fake = network(pools[pool].query(samples[f'fake_{key}'].detach(), generator))
            loss = self.objective.adversarial_loss.discriminator(real, fake)
            finite &= network.update(loss)
            with torch.no_grad():
                logs[f'loss_discriminator_{key}'] = loss.detach()
                right = (real > 0.5).float().mean() + (fake <= 0.5).float().mean()
                logs[f'accuracy_{key}'] = right / 2
        return finite

    def end_epoch(self) -> None:
        """Step the schedules."""
        for network in self.networks.values():
            network.end_epoch()

    # ------------------------------------------------------------------- state
    def state_dict(self) -> dict[str, Any]:
        """Return everything that a resumed run needs."""
        return dict(
            networks={name: network.state_dict() for name, network in self.networks.items()},
            pools=self.pools.state_dict(),
            steps=self.steps,
        )

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Load a state; a ValueError if it is of other networks."""
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
        """Go back to the networks and pools of a state; schedules and steps go on."""
        for name, network in self.networks.items():
            network.restore(state['networks'][name])
        self.pools.load_state_dict(state['pools'])


def finite_everywhere(values: Tensor) -> bool:
    """Whether all values are finite, in all processes: they take a step together or not."""
    finite = torch.isfinite(values).all().float()
    all_reduce(finite, op='min')
    return bool(finite)
