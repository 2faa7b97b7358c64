# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How long a validation or test will take, beside the log's line every so many batches."""

from __future__ import annotations

from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmpose.registry import HOOKS
from tqdm import tqdm

from mmposeaug.fileio import track


@HOOKS.register_module()
class ProgressHook(Hook):
    """Shows a bar with the time left while a validation or test goes on."""

    priority = 'VERY_LOW'

    def __init__(self) -> None:
        self.bar: tqdm | None = None

    def _before_epoch(self, runner: Any, mode: str = 'train') -> None:
        """Begin a bar."""
        if mode == 'train' or not is_main_process():
            return
        loop = runner.val_loop if mode == 'val' else runner.test_loop
        what = 'Validation' if mode == 'val' else 'Test'
        self.bar = track(what=what, total=len(loop.dataloader), counts=False)

    def _after_iter(self, *args: Any, mode: str = 'train', **kwargs: Any) -> None:
        """A batch is done."""
        if mode != 'train' and self.bar is not None:
            self.bar.update()

    def _after_epoch(self, runner: Any, mode: str = 'train') -> None:
        """Take the bar away."""
        if mode != 'train' and self.bar is not None:
            self.bar.close()
            self.bar = None
