# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Saves and resumes what a train loop owns besides the lifter."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmpose.registry import HOOKS

from mmposeaug.codecs.trained_codec import codec_misfit

STATE_KEY = 'poseaug'
"""str: Key of the loop's state in a checkpoint."""


@HOOKS.register_module()
class PoseAugStateHook(Hook):
    """Puts the state of augmentor and discriminators into checkpoints to resume from.

    Only checkpoints that also hold an optimizer get it, so that the best checkpoint stays a plain
    lifter. The loop registers the hook itself.
    """

    priority = 'VERY_LOW'

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Add the loop's state to a checkpoint to resume from."""
        if 'optimizer' in checkpoint:
            checkpoint[STATE_KEY] = runner.train_loop.state_dict()

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Load the loop's state if the run is resumed; a ValueError if there is none."""
        if not runner._resume:
            return
        if STATE_KEY not in checkpoint:
            raise ValueError(
                'The checkpoint holds no augmentor to resume; it is of a run in which none learns, '
                'or a best checkpoint. Start from it with load_from instead of --resume.'
            )
        runner.train_loop.load_state_dict(checkpoint[STATE_KEY])


@HOOKS.register_module()
class LifterCheckpointHook(Hook):
    """Refuses to train from the checkpoint of another lifter, of which MMEngine only warns.

    A checkpoint of which some weights fit, such as the backbone's, is taken with a warning; to
    resume, all of them must. The train loops register the hook themselves; ``tools/test.py`` does
    with a share of 1.

    Args:
        min_share (float): Smallest share of the lifter's weights that a checkpoint must hold.
            Defaults to 0.5.
        remedy (str): How the user names another checkpoint. Defaults to ``'set load_from to'``.
    """

    def __init__(self, min_share: float = 0.5, remedy: str = 'set load_from to') -> None:
        self.min_share = min_share
        self.remedy = remedy

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Compare codec, names and shapes; a ValueError if too few weights fit."""
        if (
            runner._resume
            and STATE_KEY in checkpoint
            and not getattr(runner.train_loop, 'learns', False)
        ):
            raise ValueError(
                'The checkpoint is of a run with an augmentor that learns, the config trains '
                "without; resume with the interrupted run's config, or start from the checkpoint "
                'with load_from.'
            )
        misfit = codec_misfit(checkpoint, runner.cfg)
        if misfit and (runner._resume or self.min_share == 1):
            raise ValueError(
                f'The checkpoint {misfit}: its weights would fit and its poses be wrong; give the '
                'config that it was trained with.'
            )
        if misfit:
            runner.logger.warning(f'The checkpoint that the training starts from {misfit}.')
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        weights = dict(model.named_parameters())
        given = {
            name.removeprefix('module.'): value
            for name, value in checkpoint.get('state_dict', checkpoint).items()
        }
        missing = [
            name
            for name, weight in weights.items()
            if name not in given or given[name].shape != weight.shape
        ]
        total = sum(weight.numel() for weight in weights.values())
        share = 1 - sum(weights[name].numel() for name in missing) / total
        needed = 1.0 if runner._resume else self.min_share
        if share >= needed:
            if missing:
                runner.logger.warning(
                    f'{1 - share:.0%} of the weights of the lifter are not in the checkpoint and '
                    f'start at random: {", ".join(missing[:3])}, ...'
                )
            return
        name = missing[0]
        what = tuple(given[name].shape) if name in given else 'absent'
        raise ValueError(
            f'The checkpoint is of another lifter: {share:.0%} of the weights of this one are in '
            f'it ({name} is {what}, needed is {tuple(weights[name].shape)}); {self.remedy} a '
            "checkpoint of this config's model, or change the model."
        )
