# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What the command lines of the converters share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from mmposeaug.fileio import say


def add_options(parser: argparse.ArgumentParser, joints: int | None = 17) -> None:
    """Add the options that all converters have."""
    if joints is not None:
        parser.add_argument(
            '--joints',
            type=int,
            choices=(17, 16),
            default=joints,
            help=f"17 joints of MMPose's Human3.6M or 16 of PoseAug (default: {joints})",
        )
    parser.add_argument('--overwrite', action='store_true', help='replace files that are there')


def run_converter(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> int:
    """Run the conversion whose name a parser has as its default ``convert``.

    The parser's arguments are named as the conversion's. The return value is the exit status.
    """
    options = vars(parser.parse_args(argv))
    convert = getattr(import_module('mmposeaug.converters'), options.pop('convert'))
    try:
        convert(report=say, **options)
    except (OSError, ValueError, ImportError) as error:
        print(f'{parser.prog}: error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\nInterrupted; the same command does what is missing.', file=sys.stderr)
        return 130
    return 0
