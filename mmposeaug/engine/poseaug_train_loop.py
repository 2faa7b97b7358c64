# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The train loop that a config switches PoseAug on with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmpose.registry import LOOPS
from torch import Tensor

from mmposeaug.datasets import PoseBatch

from .adversarial_logs import AdversarialLogs, mean_over_processes
from .adversary import Adversary
from .augmentation import AugmentedBatch
from .bank_facts import fit_to_bank
from .batches import concat, select, spread_indices
from .clip_checks import check_looks, check_motion_judged
from .fixed_parts import set_strength
from .normalization import synchronise
from .seeding import common_seed, derive_seed, make_generator, seeded
from .settings import PoseAugSettings
from .state_hook import PoseAugStateHook
from .tensor_train_loop import TensorTrainLoop
from .variants import get_settings
from .watchdog import build_watchdog


@LOOPS.register_module()
class PoseAugTrainLoop(TensorTrainLoop):
    """Trains an MMPose lifter on augmented poses, together with an augmentor that may learn.

    The model stays a plain ``PoseLifter``. The default variant draws its poses at random. With
    ``'learned'``, ``'released'`` and ``'submitted'`` augmentor, discriminators, their optimizers
    and pools belong to the loop, are saved in checkpoints to resume from and left out of the best
    one.

    Args:
        runner (Runner): The runner.
        dataloader (Mapping): Config of the train dataloader.
        max_epochs (int): Number of epochs, with those of pretraining.
        **options: Further options of :class:`TensorTrainLoop`; ``variant``, the starting point of
            the settings, ``'default'``, ``'learned'``, ``'released'`` or ``'submitted'``; and the
            fields of :class:`mmposeaug.engine.PoseAugSettings` that differ from the variant's.

    Raises:
        ValueError: If an option is unknown or out of its range.

    Example:
        >>> train_cfg = dict(_delete_=True, type='PoseAugTrainLoop', max_epochs=50)
    """

    settings: PoseAugSettings

    def __init__(
        self, runner: Any, dataloader: Mapping[str, Any], max_epochs: int, **options: Any
    ) -> None:
        super().__init__(runner, dataloader, max_epochs, **options)
        self.pretrain_epochs = self.settings.pretrain_epochs
        if self.pretrain_epochs not in range(max_epochs):
            raise ValueError(
                f'train_cfg.pretrain_epochs is {self.pretrain_epochs}; with max_epochs '
                f'{max_epochs} it must be between 0 and {max_epochs - 1}, a whole number.'
            )
        if self.learns:
            self._build_adversary(runner)

    def _build_adversary(self, runner: Any) -> None:
        """Build what learns beside the lifter."""
        self._check_batch_size()
        check_motion_judged(self.settings, self.bank.num_frames)
        # the lifter starts from the same weights as without PoseAug
        with seeded(derive_seed(common_seed(runner), 'networks')):
            self.adversary = Adversary(
                self.settings,
                self.augmentation,
                self.device,
                self._max_epochs - self.pretrain_epochs,
            )
        for network in self.adversary.networks.values():
            network.module = synchronise(network.module, runner.cfg.get('sync_bn'))
        self.augmentation = self.adversary.augmentation
        check_looks(self.augmentation.augmentor, self.bank.num_frames)
        fit_to_bank(self.augmentation.augmentor, self.bank)
        set_strength(self.augmentation.augmentor, self.settings.strength, 0.0)
        # its gradients stop at the keypoints, so a distributed wrapper has nothing to do
        self.feedback_adapter = self.adapter.unwrapped()
        self.watchdog = build_watchdog(self.settings.watchdog)
        self.logs = AdversarialLogs(runner, self.adversary, self.settings)
        if not self.mixes:
            self.dataloader.length = self._mean_updates()
            if self.pretrain_epochs == 0 and not runner._load_from and not runner._resume:
                runner.logger.warning(
                    'PoseAug with separate passes starts from a lifter that was never trained; '
                    'set load_from or train_cfg.pretrain_epochs.'
                )
        runner.register_hook(PoseAugStateHook())

    @classmethod
    def read_settings(cls, options: Mapping[str, Any]) -> PoseAugSettings:
        """Read and check the settings: those of the variant with what ``train_cfg`` changes."""
        given = dict(options)
        return get_settings(given.pop('variant', 'default'), given)

    @property
    def mixes(self) -> bool:
        """bool: False for the schedule of separate passes."""
        return self.settings.schedule == 'mixed'

    def _check_batch_size(self) -> None:
        """The augmentor's normalisation needs two samples."""
        size = self.dataloader.batch_size
        count = round(self.settings.augmented_share * size) if self.mixes else size
        if count < 2:
            share = f' with augmented_share {self.settings.augmented_share}' if self.mixes else ''
            raise ValueError(
                f'train_dataloader.batch_size is {size}, which{share} gives the augmentor {count} '
                'samples at a time; it needs 2 or more.'
            )

    def _mean_updates(self) -> int:
        """Lifter updates of an average epoch with passes, if every augmented pose is in view.

        Schedules that MMEngine converts to iterations are built with it.
        """
        learning = self._max_epochs - self.pretrain_epochs - self.settings.warmup_epochs
        passes = self.pretrain_epochs + 2 * max(learning, 0)
        return max(round(passes * self.dataloader.batches_per_pass / self._max_epochs), 1)

    # ------------------------------------------------------------------- epoch
    @property
    def poseaug_epoch(self) -> int:
        """int: Epoch counted from the end of pretraining; negative before."""
        return self._epoch - self.pretrain_epochs

    @property
    def augments(self) -> bool:
        """bool: Whether batches are augmented in this epoch."""
        return self.poseaug_epoch >= 0

    @property
    def progress(self) -> float:
        """float: Share of the PoseAug epochs that are over."""
        return max(self.poseaug_epoch, 0) / (self._max_epochs - self.pretrain_epochs)

    @property
    def learns_feedback(self) -> bool:
        """bool: Whether the lifter's feedback counts in this epoch."""
        return self.poseaug_epoch >= self.settings.warmup_epochs

    def start_epoch(self) -> None:
        """Make fresh generators and statistics."""
        super().start_epoch()
        self.real_order = make_generator('cpu', self.seed, self._epoch, 'real')
        self._real_indices: Iterator[Tensor] = iter(())
        self._updates = 0
        if self.learns:
            self.adversary.progress = self.progress

    def train_phases(self) -> None:
        """Go through all phases of an epoch."""
        if not self.learns:
            return super().train_phases()
        if self.augments:
            self.watchdog.before_epoch(self.adversary)
        if not self.augments or self.mixes:
            self.dataloader.length = self.dataloader.batches_per_pass
            super().train_phases()
        else:
            self._train_in_passes()
        if self.augments:
            self._end_adversarial_epoch()

    def _end_adversarial_epoch(self) -> None:
        """Step the schedules, and check whether training collapsed."""
        self.logs.flush(self._epoch)
        means = self.logs.pop_epoch()
        self.adversary.end_epoch()
        if self.watchdog.gave_up:
            return
        batch = self.bank.gather(spread_indices(self.bank, self.dataloader.batch_size))
        response = self.adversary.noise_response(batch, self.noise_generator)
        if response is not None:
            means['noise_response'] = response
        self.watchdog.after_epoch(self.adversary, mean_over_processes(means), self._epoch + 1)
        if self.watchdog.gave_up:
            self.logs.clear()

    # ------------------------------------------------------------------- mixed
    def augment(self, batch: PoseBatch) -> AugmentedBatch:
        """Augment samples; every so often augmentor and discriminators learn from them."""
        if not self.learns:
            return super().augment(batch)
        learns = self._updates % self.settings.adversary_interval == 0
        self._updates += 1
        return self._augment(batch, learns)

    def _augment(self, batch: PoseBatch, learns: bool) -> AugmentedBatch:
        batch = self.augmentation.prepare(batch, self.noise_generator)
        if learns and not self.watchdog.gave_up:
            return self.learn(batch, self._draw_real(batch))
        return self.augmentation.augment(batch, self.noise_generator, self.progress)

    def learn(self, batch: PoseBatch, real: PoseBatch) -> AugmentedBatch:
        """Train augmentor and discriminators on samples, and on independent real ones."""
        result = self.adversary.step(
            batch, real, self.feedback_adapter, self.noise_generator, self.learns_feedback
        )
        self.logs.add(result, self._epoch)
        return result

    def _draw_real(self, batch: PoseBatch) -> PoseBatch:
        """As many independent real samples; the batch itself where they are not needed."""
        if not self.adversary.needs_real:
            return batch
        index = next(self._real_indices, None)
        if index is None:
            self._real_indices = self.dataloader.epoch(self.real_order)
            index = next(self._real_indices)
        # what the 2D discriminator tells apart is people, not cameras
        real = self.augmentation.cameras.draw_in_view(self.draw(index[: len(batch)]))
        return self.augmentation.swap_bones(real, self.noise_generator)

    # ------------------------------------------------------------------ passes
    def _train_in_passes(self) -> None:
        """Adversarial phase, then the lifter's passes over buffer and real pairs."""
        buffer = self._adversarial_phase()
        if not self.learns_feedback:
            return
        batch_size = self.dataloader.batch_size
        order = torch.randperm(len(buffer), generator=self.noise_generator, device=self.device)
        counts = torch.tensor(len(buffer) // batch_size)
        all_reduce(counts, op='min')
        augmented = order[: int(counts) * batch_size].split(batch_size) if counts else ()
        self.dataloader.length = len(augmented) + self.dataloader.batches_per_pass
        batch_idx = 0
        for index in augmented:
            batch = self.detector(select(buffer, index), augmented=True)
            self.update_lifter(batch_idx, batch)
            batch_idx += 1
        for index in self.dataloader.epoch(self.order_generator):
            self.update_lifter(batch_idx, self.detector(self.draw(index), augmented=False))
            batch_idx += 1

    def _adversarial_phase(self) -> PoseBatch:
        """Train augmentor and discriminators over the bank; the augmented samples in view."""
        kept: list[PoseBatch] = []
        for index in self.dataloader.epoch(self.order_generator):
            result = self._augment(self.draw(index), learns=True)
            if self.learns_feedback:
                kept.append(select(result.batch, result.valid))
        self.logs.flush(self._epoch)
        self.logs.clear()
        return concat(kept) if kept else select(result.batch, slice(0, 0))

    # ------------------------------------------------------------------- state
    def restart_schedules(self) -> list[str]:
        """Do as the base class; what recoveries took from the learning rates stays taken."""
        if not self.learns:
            return super().restart_schedules()
        epochs = max(self.poseaug_epoch, 0)
        factor, times = self.watchdog.lr_factor, self.watchdog.recoveries
        restarted = []
        for name, network in self.adversary.networks.items():
            if network.schedule.is_in_force(factor, times):
                continue
            network.schedule.restart(epochs, epochs)
            for _ in range(times):
                network.schedule.scale(factor)
            restarted.append(f'the {name}')
        return restarted

    def state_dict(self) -> dict[str, Any]:
        """Return the state of all that the loop owns, for a checkpoint to resume from."""
        return dict(adversary=self.adversary.state_dict(), watchdog=self.watchdog.state_dict())

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Load a state."""
        self.adversary.load_state_dict(state['adversary'])
        self.watchdog.load_state_dict(state['watchdog'])
