# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How tools end where several processes run: an error said once, no abort by torch's threads."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from typing import NoReturn

PATIENCE = 15.0
"""float: Seconds that a process with an error waits for the first one to say the same."""


class ToolParser(argparse.ArgumentParser):
    """Says an error of several processes once: others wait until they are ended."""

    def error(self, message: str) -> NoReturn:
        """Ends the program with a sentence alone: most are about files, not options."""
        self.exit(2, f'{self.prog}: error: {message}\n')

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Ends the program."""
        if status:
            await_first_process()
        super().exit(status, message)


def await_first_process() -> None:
    """Lets the first process of several speak, whose end makes the launcher end this one."""
    if int(os.environ.get('RANK', os.environ.get('SLURM_PROCID', 0))):
        time.sleep(PATIENCE)


def waited_in_vain(error: Exception) -> bool:
    """Whether another process has ended; if so, after time for the launcher to end this one."""
    # of torch, untyped; other errors of NCCL are causes, which must be seen
    words = ('Connection closed by peer', 'Connection reset by peer', 'ncclRemoteError')
    lost = isinstance(error, RuntimeError) and any(word in str(error) for word in words)
    if lost and int(os.environ.get('WORLD_SIZE', 1)) > 1:
        time.sleep(PATIENCE)
        return True
    return False


def end_process() -> None:
    """Ends one of several processes that went well; torch's threads would abort some at the end."""
    distributed = sys.modules.get('torch.distributed')
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
