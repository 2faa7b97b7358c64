# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trains any MMPose lifter on tensors, with random augmentation or none."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import torch
from mmengine.dist import get_rank, is_main_process
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop
from mmpose.registry import LOOPS
from torch import Tensor, nn

from mmposeaug.codecs import LifterAdapter, build_codec, find_train_codec
from mmposeaug.datasets import PoseBank, PoseBatch
from mmposeaug.datasets.samples import inner_dataset
from mmposeaug.structures.choices import require_known

from .augmentation import AugmentedBatch
from .bank_facts import fit_to_bank
from .batches import concat, flip_randomly, select, valid_only
from .build_augmentation import build_augmentation
from .checkpoint_hook import make_safe
from .choice import Choice
from .clip_checks import warn_of_short_reach
from .diagnostics import AugmentationProbe, log_epoch
from .fast_layers import fast_layers
from .fixed_parts import Detector, build_random_augmentor, set_strength
from .lifter_checks import check_eval_clips, check_lifter, misfits_of_test
from .normalization import synchronise, warn_of_separate_statistics
from .resume_settings import ResumeSettingsHook
from .seeding import common_seed, derive_seed, make_generator
from .settings import AugmentationSettings, check_share
from .state_hook import LifterCheckpointHook
from .tensor_loader import build_tensor_loader, flip_probability


@LOOPS.register_module()
class TensorTrainLoop(EpochBasedTrainLoop):
    """MMEngine's epoch loop over a :class:`mmposeaug.datasets.PoseBank`.

    The data set is read from the config of ``train_dataloader.dataset`` into tensors on the
    training device; the model, its optimizer, hooks and validation are MMEngine's. It differs
    from :class:`PoseAugTrainLoop` in nothing but the augmentation, and so is the control to
    compare with.

    Args:
        runner (Runner): The runner.
        dataloader (Mapping): Config of the train dataloader; ``batch_size`` and ``dataset`` are
            used.
        max_epochs (int): Number of epochs.
        val_begin (int): First epoch to validate after. Defaults to 1.
        val_interval (int): Epochs between validations. Defaults to 1.
        dynamic_intervals (list, optional): As for MMEngine's loop.
        flip_prob (float, optional): Probability to mirror a sample. Defaults to that of
            ``RandomFlipAroundRoot`` in the train pipeline, 0 without it.
        check_data (bool): Whether to check the training data. Defaults to True.
        **options: Fields of :class:`mmposeaug.engine.AugmentationSettings`.

    Raises:
        TypeError: If an option is unknown.
        ValueError: If an option is out of its range or the dataloader is not a config.
    """

    def __init__(
        self,
        runner: Any,
        dataloader: Mapping[str, Any],
        max_epochs: int,
        val_begin: int = 1,
        val_interval: int = 1,
        dynamic_intervals: list[tuple[int, int]] | None = None,
        flip_prob: float | None = None,
        check_data: bool = True,
        **options: Any,
    ) -> None:
        self.settings = settings = self.read_settings(options)
        if int(max_epochs) != max_epochs or max_epochs < 1:
            raise ValueError(f'train_cfg.max_epochs is {max_epochs}; set it to 1 or more.')
        check_share('flip_prob', flip_prob)
        if runner.cfg.get('compile'):
            raise ValueError(
                f'The config sets compile={runner.cfg.compile!r}, which compiles the train_step of '
                'MMEngine that the tensor train loops do not call; remove it.'
            )
        loader = build_tensor_loader(dataloader, runner, check_data)
        synchronise(runner.model, None)  # the runner has converted it already
        warn_of_separate_statistics(runner.model, loader.batch_size)
        self._updates_of_epoch = 0
        super().__init__(runner, loader, max_epochs, val_begin, val_interval, dynamic_intervals)
        self.bank: PoseBank = loader.bank
        self.skeleton = self.bank.skeleton
        self.device = self.bank.device
        pipeline = inner_dataset(dataloader['dataset']).get('pipeline', [])
        codec = build_codec(find_train_codec(pipeline))
        self.adapter = LifterAdapter(runner.model, codec, root=self.skeleton.root)
        check_lifter(self.bank, self.adapter.unwrapped(), self._loss)
        check_eval_clips(runner.cfg, 'val', self.adapter.module)
        self.flip_prob = flip_probability(pipeline) if flip_prob is None else flip_prob
        augmentor: nn.Module | None = None
        if settings.augmentor is not None and not self.learns:
            augmentor = build_random_augmentor(settings.augmentor, self.skeleton).to(self.device)
            fit_to_bank(augmentor, self.bank)
        if not self.learns:
            set_strength(augmentor, settings.strength, 0.0)
        self.augmentation = build_augmentation(settings, self.bank, self.flip_prob, augmentor)
        warn_of_short_reach(self.bank, self.augmentation.stride)
        # passes take real and augmented samples in turn, whatever the share is
        share = settings.augmented_share if self.mixes else 0.5
        if not (self.learns or settings.changes_samples):
            share = 0.0
        if self.augmentation.cameras and share == 0:
            raise ValueError(
                'train_cfg.camera draws cameras for augmented samples, but augmented_share is 0; '
                'set it to 0.5, or camera to None.'
            )
        self.detector = Detector(settings, self.skeleton, self.device, share)
        self.choice = Choice.of(settings.choice, self.adapter.module)
        self.probe = AugmentationProbe(self.bank, self.adapter, loader.batch_size)
        runner.register_hook(LifterCheckpointHook())
        runner.register_hook(ResumeSettingsHook())
        make_safe(runner)
        for sentence in misfits_of_test(runner.cfg, runner.model):
            runner.logger.warning(f'{sentence} The training goes on, a test would not.')

    @property
    def learns(self) -> bool:
        """bool: Whether there are networks beside the lifter."""
        return self.settings.learns

    @classmethod
    def read_settings(cls, options: Mapping[str, Any]) -> AugmentationSettings:
        """Read and check the settings of ``train_cfg``."""
        known = [field.name for field in fields(AugmentationSettings)]
        require_known(cls.__name__, options, known, TypeError)
        settings = AugmentationSettings(**options)
        for name in ('choice', 'prior'):
            if getattr(settings, name) is not None and settings.augmentor is None:
                raise ValueError(
                    f'train_cfg.{name} is given, but there is no train_cfg.augmentor; set it, to '
                    "dict(type='AnatomicalPoseAugmentor') for instance."
                )
        if settings.target_2d is not None and not settings.align_position:
            raise ValueError('train_cfg.target_2d is given but not used; set align_position=True.')
        return settings

    @property
    def mixes(self) -> bool:
        """bool: Whether batches hold real and augmented samples, in shares that are set."""
        return True

    def restart_schedules(self) -> list[str]:
        """Apply the config's schedules of other networks in a resumed run; whose they are."""
        return []

    # ------------------------------------------------------------------- epoch
    @property
    def max_iters(self) -> int:
        """int: Lifter updates of past epochs, and those to come if every one is like this."""
        past = self._iter - self._updates_of_epoch
        return past + (self._max_epochs - self._epoch) * len(self.dataloader)

    def run(self) -> nn.Module:
        """Train, with faster layers where torch is slow on a CPU."""
        with fast_layers(self.runner.model), warnings.catch_warnings():
            # a schedule goes on over epochs that do not train its network, such as a warm-up's
            warnings.filterwarnings('ignore', 'Detected call of `scheduler.step', UserWarning)
            return super().run()

    def run_epoch(self) -> None:
        """Train one epoch, seeded by the run's seed and its number alone."""
        self.start_epoch()
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        self.train_phases()
        if self.augments and is_main_process():
            self.measure_augmentation()
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1
        self._updates_of_epoch = 0

    def start_epoch(self) -> None:
        """Make fresh generators; seed the global one too, since dropout can draw from no other."""
        self.seed = common_seed(self.runner)  # asked of all processes, unlike what follows
        seed, rank = self.seed, get_rank()
        self.order_generator = make_generator('cpu', seed, self._epoch, 'order')
        self.noise_generator = make_generator(self.device, seed, self._epoch, rank, 'noise')
        self.augmentation.cameras.generator = make_generator(
            self.device, seed, self._epoch, rank, 'camera'
        )
        self.detector.generator = make_generator(self.device, seed, self._epoch, rank, 'detector')
        if self.choice is not None:
            self.choice.generator = make_generator(self.device, seed, self._epoch, rank, 'choice')
        torch.manual_seed(derive_seed(seed, self._epoch, rank, 'dropout'))
        set_strength(self.augmentation.augmentor, self.settings.strength, self.progress)

    def train_phases(self) -> None:
        """Do all lifter updates of an epoch: one pass over the bank."""
        for batch_idx, index in enumerate(self.dataloader.epoch(self.order_generator)):
            self.update_lifter(batch_idx, self.mix(self.draw(index)))

    # ------------------------------------------------------------------- batch
    def draw(self, index: Tensor) -> PoseBatch:
        """Gather real samples by their numbers (B,), some of them mirrored."""
        if self.augments:
            batch = self.augmentation.gather(self.bank, index, self.noise_generator)
        else:
            batch = self.bank.gather(index)
        return flip_randomly(
            batch, self.skeleton.flip_indices, self.flip_prob, self.noise_generator
        )

    def mix(self, batch: PoseBatch) -> PoseBatch:
        """Put augmented samples in the place of the batch's last ones, and detect all of them."""
        count = round(self.settings.augmented_share * len(batch))
        if count == 0 or not self.augments:
            return self.detector(batch, augmented=False)
        last = select(batch, slice(len(batch) - count, None))
        result = self.augment(last)
        augmented = valid_only(result.batch, result.valid, otherwise=last)
        augmented = self.detector(augmented, augmented=True)
        if count == len(batch):
            return augmented
        real = self.detector(select(batch, slice(None, len(batch) - count)), augmented=False)
        return concat([real, augmented])

    @property
    def augments(self) -> bool:
        """bool: Whether batches are augmented in this epoch."""
        return self.settings.changes_samples

    @property
    def progress(self) -> float:
        """float: Share of the epochs that are over."""
        return self._epoch / self._max_epochs

    def augment(self, batch: PoseBatch) -> AugmentedBatch:
        """Augment samples."""
        batch = self.augmentation.prepare(batch, self.noise_generator)
        augment = self.augmentation.augment
        result = augment(batch, self.noise_generator)
        if self.choice is None:
            return result
        return self.choice(batch, result, augment, self.adapter.unwrapped(), self.skeleton)

    def measure_augmentation(self) -> None:
        """Log what the augmentation does and how the lifter fares, in the first process alone."""
        generator = make_generator(self.device, self.seed, self._epoch, 'probe')
        applied = self.augmentation.apply_to(self.bank, self.probe.index, generator)
        values = self.probe.measure(self.augmentation, applied)
        log_epoch(self.runner, values, self._epoch + 1)

    # ------------------------------------------------------------------ lifter
    def update_lifter(self, batch_idx: int, batch: PoseBatch) -> None:
        """Train the lifter on a batch, with MMEngine's hooks around it."""
        runner = self.runner
        runner.call_hook('before_train_iter', batch_idx=batch_idx, data_batch=None)
        with runner.optim_wrapper.optim_context(runner.model):
            losses = self._loss(batch, self.adapter)
        parsed_loss, log_vars = _unwrapped(runner.model).parse_losses(losses)
        runner.optim_wrapper.update_params(parsed_loss)
        runner.call_hook('after_train_iter', batch_idx=batch_idx, data_batch=None, outputs=log_vars)
        self._iter += 1
        self._updates_of_epoch += 1

    @staticmethod
    def _loss(batch: PoseBatch, adapter: LifterAdapter) -> dict[str, Tensor]:
        return adapter.loss(
            batch.keypoints_px,
            adapter.target_of(batch.pose_cam),
            batch.image_size,
            scores=batch.keypoint_scores,
            intrinsics=batch.intrinsics,
            visible=adapter.target_of(batch.pose_visible),
        )


def _unwrapped(model: nn.Module) -> Any:
    return model.module if is_model_wrapper(model) else model
