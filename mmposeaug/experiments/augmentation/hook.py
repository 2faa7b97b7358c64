# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pictures of what the augmentation makes, while it is trained with."""

from __future__ import annotations

from typing import Any

import torch
from matplotlib.figure import Figure
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmpose.registry import HOOKS

from mmposeaug.engine.batches import spread_indices
from mmposeaug.engine.seeding import make_generator
from mmposeaug.structures import AugmentedSamples
from mmposeaug.visualization import KIND_LABELS, draw_augmentation
from mmposeaug.visualization.distributions import draw_changes, draw_distributions
from mmposeaug.visualization.figures import to_image
from mmposeaug.visualization.motion import draw_motion
from mmposeaug.visualization.motion_values import motion_of


@HOOKS.register_module()
class AugmentationVisualizationHook(Hook):
    """Draws what the augmentation makes of the same samples every so many epochs.

    The pictures, ``augmentation_examples``, ``augmentation_distributions``,
    ``augmentation_changes`` and, of clips, ``augmentation_motion``, go to the backends of
    MMEngine's visualizer (files, TensorBoard, ...), with the epoch as step. All random numbers come
    from a generator of the hook's own, the same ones every time, so that pictures differ by what
    was learned alone and the training goes on as it would without the hook. Epochs without
    augmentation are passed over.
    """

    priority = 'LOW'

    def __init__(
        self, interval: int = 10, samples: int = 512, examples: int = 2, seed: int = 0
    ) -> None:
        for name, value, lowest in (
            ('interval', interval, 1),
            ('samples', samples, 2),
            ('examples', examples, 1),
        ):
            if value < lowest:
                raise ValueError(
                    f'The {name} of AugmentationVisualizationHook is {value}; set it to {lowest} '
                    'or more.'
                )
        self.interval = interval
        self.samples = samples
        self.examples = examples
        self.seed = seed

    def before_train(self, runner: Any) -> None:
        """Say so where there is nothing to draw."""
        if not hasattr(runner.train_loop, 'augmentation'):
            runner.logger.warning(
                'AugmentationVisualizationHook draws nothing: the train loop '
                f'{type(runner.train_loop).__name__} does not augment poses; use TensorTrainLoop '
                'or PoseAugTrainLoop.'
            )

    def after_train_epoch(self, runner: Any) -> None:
        """Draw, if it is time to."""
        loop = runner.train_loop
        if not self.every_n_epochs(runner, self.interval) or not is_main_process():
            return
        if not hasattr(loop, 'augmentation') or not loop.augments:
            return
        step = runner.epoch + 1
        for name, figure in self._figures(self._collect(loop), f'after epoch {step}').items():
            runner.visualizer.add_image(f'augmentation_{name}', to_image(figure), step)

    def _figures(self, samples: AugmentedSamples, label: str) -> dict[str, Figure]:
        figures = dict(
            examples=draw_augmentation(samples, self.examples, f'Augmentation {label}'),
            distributions=draw_distributions(
                {KIND_LABELS[kind]: poses for kind, poses in samples.visible().items()},
                f'People in view {label}',
            ),
            changes=draw_changes(samples, f'What was changed, {label}'),
        )
        if samples.clips:
            figures['motion'] = draw_motion(motion_of(samples), f'Motion of clips {label}')
        return figures

    def _collect(self, loop: Any) -> AugmentedSamples:
        """The fixed samples, with what is made of them now."""
        bank = loop.bank
        index = spread_indices(bank, min(self.samples, len(bank)))
        # neighbours of one video in a batch would be normalised by each other
        order = torch.randperm(len(index), generator=make_generator('cpu', self.seed, 'order'))
        generator = make_generator(bank.device, self.seed, 'pictures')
        return loop.augmentation.collect(
            bank, index[order.to(index.device)], loop.dataloader.batch_size, generator, clips=True
        )
