# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Starts several processes of a tool by torch's launcher, ``torch.distributed.run``.

Where one of them ends with an error, which it says itself, the others are ended, and torch's own
traceback and report are left out. The options are torch's.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from torch.distributed import run
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the launcher; the return value is the exit status of the process that failed first."""
    logging.getLogger('torch.distributed.elastic').setLevel(logging.ERROR)
    for part in ('multiprocessing.api', 'agent.server.api', 'multiprocessing.errors'):
        logging.getLogger(f'torch.distributed.elastic.{part}').setLevel(logging.CRITICAL)
    try:
        run.main(sys.argv[1:] if argv is None else list(argv))
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        if failure.exitcode > 0:
            return failure.exitcode
        print(
            f'error: process {rank} was ended by the signal {-failure.exitcode} (9 is often a lack '
            'of memory)',
            file=sys.stderr,
        )
        return 1
    except (KeyboardInterrupt, SignalException):
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
