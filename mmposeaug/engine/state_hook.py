# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Saves and resumes what a train loop owns besides the lifter."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook
from mmpose.registry import HOOKS

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
        """Add the loop's state.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What will be saved.
        """
        if 'optimizer' in checkpoint:
            checkpoint[STATE_KEY] = runner.train_loop.state_dict()

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Take up the loop's state if the run is resumed.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What was loaded.

        Raises:
            ValueError: If a run is resumed from a checkpoint without such a state.
        """
        if not runner._resume:
            return
        if STATE_KEY not in checkpoint:
            raise ValueError(
                'The checkpoint holds no augmentor to resume; it is of a run without PoseAug or '
                'a best checkpoint. Start from it with load_from instead of --resume.'
            )
        runner.train_loop.load_state_dict(checkpoint[STATE_KEY])
