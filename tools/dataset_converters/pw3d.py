# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Convert 3DPW from its sequence files (docs/datasets.md)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from mmposeaug.converters.command import add_options, run_converter
from mmposeaug.converters.option_names import SPLITS
from mmposeaug.fileio import track


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        description="Convert the sequence files of 3DPW into MMPose's layout."
    )
    parser.add_argument('sequences', help='the folder sequenceFiles')
    parser.add_argument('out_dir', metavar='out', help='folder to write to')
    parser.add_argument(
        '--split', choices=SPLITS, default='test', help='part to convert (default: test)'
    )
    parser.add_argument(
        '--regressed',
        metavar='NPZ',
        help="joints regressed from SMPL's mesh, in place of jointPositions (docs/datasets.md)",
    )
    add_options(parser)
    parser.set_defaults(convert='convert_pw3d', track=partial(track, what='Sequences'))
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; the return value is the exit status."""
    return run_converter(build_parser(), argv)


if __name__ == '__main__':
    sys.exit(main())
