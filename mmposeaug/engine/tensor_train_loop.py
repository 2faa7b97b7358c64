# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trains any MMPose lifter on tensors, with random augmentation or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.dist import get_rank, is_main_process
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop
from mmpose.registry import LOOPS
from torch import Tensor, nn

from mmposeaug.codecs import LifterAdapter, build_codec, find_train_codec
from mmposeaug.datasets import BoneLengthBank, PoseBank, PoseBatch, build_bone_length_bank
from mmposeaug.datasets.samples import inner_dataset

from .adversary_step import AdversaryStep
from .augmentation import Augmentation, build_random_augmentor
from .bank_facts import fit_to_bank, target_frame
from .batches import concat, fill_up, flip_randomly, select, with_poses
from .checkpoint_hook import make_safe
from .config_files import missing_for_test
from .detector import Detector
from .diagnostics import AugmentationProbe, log_epoch
from .drawn_cameras import DrawnCameras
from .fast_layers import fast_layers
from .lifter_check import check_lifter
from .normalization import synchronise, warn_of_separate_statistics
from .resume_settings import ResumeSettingsHook
from .seeding import common_seed, derive_seed, make_generator
from .state_hook import LifterCheckpointHook
from .target_domain import TargetDomain, build_target_domain, run_augmentor
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
        augmentor (Mapping, optional): Config of an augmentor without anything to learn, such as
            ``dict(type='RandomPoseAugmentor')``. Defaults to None, no augmentation but that of
            ``bone_lengths``.
        augmented_share (float): Share of every batch that is augmented. Defaults to 0.5.
        bone_lengths (object, optional): Bank of bone lengths; augmented poses get those of a random
            body of it first. ``'measured'`` for the training subjects' own, or anything that
            :func:`mmposeaug.datasets.build_bone_length_bank` takes. Defaults to None, no swap.
        target_2d (Mapping, optional): 2D keypoints of the domain that the lifter is meant for,
            options of :func:`mmposeaug.datasets.load_target_keypoints`. Defaults to None.
        align_position (bool): Whether augmented people are put where people of ``target_2d`` are
            seen, and in their size. Defaults to False.
        camera (Mapping, optional): Config of a model that draws cameras for the samples that are
            augmented, see :class:`mmposeaug.engine.DrawnCameras`. Defaults to None, the data's.
        detector (Mapping, optional): Config of a model of a 2D detector, whose keypoints the
            lifter is fed in place of exact ones, see :class:`mmposeaug.engine.Detector`. Defaults
            to None.
        detected_samples (str): Which samples the detector sees: ``'all'``, ``'real'`` or
            ``'augmented'``. Defaults to ``'all'``.
        flip_prob (float, optional): Probability to mirror a sample. Defaults to that of
            ``RandomFlipAroundRoot`` in the train pipeline, 0 without it.
        check_data (bool): Whether to check the training data. Defaults to True.

    Raises:
        ValueError: If an option is out of its range or the dataloader is no config.
    """

    def __init__(
        self,
        runner: Any,
        dataloader: Mapping[str, Any],
        max_epochs: int,
        val_begin: int = 1,
        val_interval: int = 1,
        dynamic_intervals: list[tuple[int, int]] | None = None,
        augmentor: Mapping[str, Any] | None = None,
        augmented_share: float = 0.5,
        bone_lengths: Any = None,
        target_2d: Mapping[str, Any] | None = None,
        align_position: bool = False,
        camera: Mapping[str, Any] | None = None,
        detector: Mapping[str, Any] | None = None,
        detected_samples: str = 'all',
        flip_prob: float | None = None,
        check_data: bool = True,
    ) -> None:
        if int(max_epochs) != max_epochs or max_epochs < 1:
            raise ValueError(f'train_cfg.max_epochs is {max_epochs}; set it to 1 or more.')
        for name, share in (('augmented_share', augmented_share), ('flip_prob', flip_prob)):
            if share is not None and not 0 <= share <= 1:
                raise ValueError(f'train_cfg.{name} is {share}; it is a number between 0 and 1.')
        if runner.cfg.get('compile'):
            raise ValueError(
                f'The config sets compile={runner.cfg.compile!r}, which compiles the train_step of '
                'MMEngine that the tensor train loops do not call; remove it.'
            )
        if target_2d is not None and not (align_position or self.learns):
            raise ValueError('train_cfg.target_2d is given but not used; set align_position=True.')
        loader = build_tensor_loader(dataloader, runner, check_data)
        synchronise(runner.model, None)  # the runner has converted it already
        warn_of_separate_statistics(runner.model, loader.batch_size)
        self._updates_of_epoch = 0
        super().__init__(runner, loader, max_epochs, val_begin, val_interval, dynamic_intervals)
        self.bank: PoseBank = loader.bank
        self.skeleton = self.bank.skeleton
        self.device = self.bank.device
        pipeline = inner_dataset(dataloader['dataset']).get('pipeline', [])
        self.adapter = LifterAdapter(runner.model, build_codec(find_train_codec(pipeline)))
        check_lifter(self.adapter, self.bank)
        self.flip_prob = flip_probability(pipeline) if flip_prob is None else flip_prob
        self.augmented_share = augmented_share
        self.target_domain: TargetDomain | None = build_target_domain(
            target_2d,
            align_position,
            self.skeleton,
            self.device,
            self.flip_prob,
            target_frame(self.bank),
        )
        self.length_bank: BoneLengthBank | None = None
        if bone_lengths is not None:
            self.length_bank = build_bone_length_bank(bone_lengths, self.bank).to(self.device)
        self.augmentor: nn.Module | None = None
        if augmentor is not None:
            self.augmentor = build_random_augmentor(augmentor, self.skeleton).to(self.device)
            fit_to_bank(self.augmentor, self.bank)
        self.cameras = DrawnCameras(camera, self.device)
        augments = self.learns or self.changes_samples
        # passes take real and augmented samples in turn, whatever the share is
        share = (augmented_share if self.mixes else 0.5) if augments else 0.0
        if self.cameras and share == 0:
            raise ValueError(
                'train_cfg.camera draws cameras for augmented samples, but augmented_share is 0; '
                'set it to 0.5, or camera to None.'
            )
        self.detector = Detector(detector, detected_samples, self.skeleton, self.device, share)
        self.probe = AugmentationProbe(self.bank, self.adapter, loader.batch_size)
        runner.register_hook(LifterCheckpointHook())
        runner.register_hook(ResumeSettingsHook())
        make_safe(runner)
        for sentence in missing_for_test(runner.cfg):
            runner.logger.warning(f'{sentence} The training goes on, a test would not.')

    learns = False
    """bool: Whether there are networks beside the lifter."""

    @property
    def mixes(self) -> bool:
        """bool: Whether batches hold real and augmented samples, in shares that are set."""
        return True

    def restart_schedules(self) -> list[str]:
        """Put the config's schedules of networks beside the lifter in force in a resumed run.

        Returns:
            list[str]: Whose schedule the checkpoint had otherwise.
        """
        return []

    # ------------------------------------------------------------------- epoch
    @property
    def max_iters(self) -> int:
        """int: Lifter updates of past epochs, and those to come if every one is like this."""
        past = self._iter - self._updates_of_epoch
        return past + (self._max_epochs - self._epoch) * len(self.dataloader)

    def run(self) -> nn.Module:
        """Train; what torch computes slowly on a CPU is computed otherwise."""
        with fast_layers(self.runner.model):
            return super().run()

    def run_epoch(self) -> None:
        """One epoch, seeded by the run's seed and its number alone."""
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
        """Fresh generators; the global one too, since dropout can draw from no other."""
        self.seed = common_seed(self.runner)  # asked of all processes, unlike what follows
        seed, rank = self.seed, get_rank()
        self.order_generator = make_generator('cpu', seed, self._epoch, 'order')
        self.noise_generator = make_generator(self.device, seed, self._epoch, rank, 'noise')
        self.cameras.generator = make_generator(self.device, seed, self._epoch, rank, 'camera')
        self.detector.generator = make_generator(self.device, seed, self._epoch, rank, 'detector')
        torch.manual_seed(derive_seed(seed, self._epoch, rank, 'dropout'))

    def train_phases(self) -> None:
        """All lifter updates of an epoch: one pass over the bank."""
        for batch_idx, index in enumerate(self.dataloader.epoch(self.order_generator)):
            self.update_lifter(batch_idx, self.mix(self.draw(index)))

    # ------------------------------------------------------------------- batch
    def draw(self, index: Tensor) -> PoseBatch:
        """Real samples of the bank, some of them mirrored.

        Args:
            index (Tensor): Numbers of the samples, of shape (B,).

        Returns:
            PoseBatch: The samples.
        """
        batch = self.bank.gather(index)
        return flip_randomly(
            batch, self.skeleton.flip_indices, self.flip_prob, self.noise_generator
        )

    def mix(self, batch: PoseBatch) -> PoseBatch:
        """Put augmented samples in the place of the batch's last ones, and detect all of them.

        Args:
            batch (PoseBatch): B real samples.

        Returns:
            PoseBatch: B samples.
        """
        count = round(self.augmented_share * len(batch))
        if count == 0 or not self.augments:
            return self.detector(batch, augmented=False)
        last = select(batch, slice(len(batch) - count, None))
        result = self.augment(last)
        chosen = fill_up(result.valid)
        augmented = last if chosen is None else select(result.batch, chosen)
        augmented = self.detector(augmented, augmented=True)
        if count == len(batch):
            return augmented
        real = self.detector(select(batch, slice(None, len(batch) - count)), augmented=False)
        return concat([real, augmented])

    @property
    def augments(self) -> bool:
        """bool: Whether batches are augmented in this epoch."""
        return self.changes_samples

    @property
    def changes_samples(self) -> bool:
        """bool: Whether anything that has nothing to learn changes samples."""
        given = (self.augmentor is not None, self.length_bank is not None, self.aligns)
        return any(given) or bool(self.cameras)

    @property
    def aligns(self) -> bool:
        """bool: Whether augmented people are put where those of the target domain are."""
        return self.target_domain is not None and self.target_domain.aligns

    @property
    def augmentation(self) -> Augmentation:
        """Augmentation: What is done to the samples that are augmented."""
        return Augmentation(
            self.skeleton,
            self.augmentor,
            self.length_bank,
            domain=self.target_domain,
            target_frame=target_frame(self.bank),
            cameras=self.cameras,
        )

    @torch.no_grad()
    def augment(self, batch: PoseBatch) -> AdversaryStep:
        """Augment samples.

        Args:
            batch (PoseBatch): B samples.

        Returns:
            AdversaryStep: The augmented samples, and which are in view.
        """
        result = batch = self.swap_bones(self.cameras.draw(batch))
        if self.augmentor is not None or self.aligns:
            poses = run_augmentor(self.augmentor, batch, self.noise_generator, self.target_domain)
            result = with_poses(batch, poses.rigid)
        return AdversaryStep(result, self.augmentation.visible(result), {})

    def swap_bones(self, batch: PoseBatch, generator: torch.Generator | None = None) -> PoseBatch:
        """Give every pose the bone lengths of a random subject, and project it again.

        Args:
            batch (PoseBatch): B samples.
            generator (torch.Generator, optional): Source of the draw. Defaults to that of the
                epoch's noise.

        Returns:
            PoseBatch: B samples; the same ones without a bank.
        """
        return self.augmentation.swap_bones(batch, generator or self.noise_generator)

    def measure_augmentation(self) -> None:
        """Log what the augmentation does to poses and how the lifter fares on them.

        It is called in the first process alone.
        """
        generator = make_generator(self.device, self.seed, self._epoch, 'probe')
        augmentation = self.augmentation
        applied = augmentation.apply(self.probe.batch, generator)
        poses = {k: applied.stages[name] for k, name in applied.kinds.items() if k != 'real'}
        values = self.probe.measure(
            poses, augmentation.project, applied.viewed, augmentation.visible
        )
        log_epoch(self.runner, values, self._epoch + 1)

    # ------------------------------------------------------------------ lifter
    def update_lifter(self, batch_idx: int, batch: PoseBatch) -> None:
        """One step of the lifter, with MMEngine's hooks around it.

        Args:
            batch_idx (int): Number of the update in the epoch.
            batch (PoseBatch): The samples to learn from.
        """
        runner = self.runner
        runner.call_hook('before_train_iter', batch_idx=batch_idx, data_batch=None)
        with runner.optim_wrapper.optim_context(runner.model):
            losses = self.adapter.loss(
                batch.keypoints_px,
                self.adapter.target_of(batch.pose_cam),
                batch.image_size,
                scores=batch.keypoint_scores,
                intrinsics=batch.intrinsics,
                visible=self.adapter.target_of(batch.pose_visible),
            )
        parsed_loss, log_vars = _unwrapped(runner.model).parse_losses(losses)
        runner.optim_wrapper.update_params(parsed_loss)
        runner.call_hook('after_train_iter', batch_idx=batch_idx, data_batch=None, outputs=log_vars)
        self._iter += 1
        self._updates_of_epoch += 1


def _unwrapped(model: nn.Module) -> Any:
    return model.module if is_model_wrapper(model) else model
