# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""MMEngine's runner, whose set-up goes to the log file and not to the console."""

from __future__ import annotations

import logging
from typing import Any

from mmengine.logging import MMLogger
from mmengine.runner import Runner
from tqdm import tqdm

SET_UP = (
    f'\n{"-" * 60}\nSystem environment:',
    'Config:\n',
    'Hooks will be executed in the following order',
    'Distributed training is not used, all SyncBatchNorm',
    'Exp name: ',
    '"FileClient" will be deprecated',
    '"HardDiskBackend" is the alias',
    'The prefix is not set in metric class',
)
"""tuple[str]: How messages of MMEngine begin that tell a user of the console nothing."""


class QuietRunner(Runner):
    """A runner that shows what happens, and keeps config, environment and hooks in its log file.

    Everything is shown with ``log_level='DEBUG'``, and by MMEngine's own ``Runner``, which
    see for the arguments.
    """

    def build_logger(
        self, log_level: int | str = 'INFO', log_file: str | None = None, **kwargs: Any
    ) -> MMLogger:
        """Build MMEngine's logger, with a quieter console."""
        logger = super().build_logger(log_level, log_file, **kwargs)
        logger.handlers[:] = [
            ConsoleHandler(each) if type(each) is logging.StreamHandler else each
            for each in logger.handlers
        ]
        logger.info(f'Config, environment and all messages: {logger.log_file}')
        return logger


class ConsoleHandler(logging.StreamHandler):
    """Writes as another handler of the console, without the set-up and above a progress bar."""

    def __init__(self, other: logging.StreamHandler) -> None:
        super().__init__(other.stream)
        self.setLevel(other.level)
        self.setFormatter(other.formatter)
        for each in other.filters:
            self.addFilter(each)
        if other.level > logging.DEBUG:
            self.addFilter(lambda record: not record.getMessage().startswith(SET_UP))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a message."""
        with tqdm.external_write_mode(self.stream):
            super().emit(record)
