# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Write the 2D keypoints of an annotation file as a COCO file (docs/target_2d.md)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from mmposeaug.converters.command import add_options, run_converter
from mmposeaug.fileio import track


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        description="Write the 2D keypoints of an annotation file of MMPose's Human3.6M layout as "
        'a COCO file, without its 3D.'
    )
    parser.add_argument('annotations', help='annotation file (.npz)')
    parser.add_argument('cameras', help='camera file (.pkl or .json), for the size of the images')
    parser.add_argument('out', help='COCO file to write (.json)')
    parser.add_argument(
        '--frame-step', type=int, default=1, metavar='N', help='write every Nth row (default: 1)'
    )
    add_options(parser, joints=None)
    parser.set_defaults(convert='convert_keypoints', track=partial(track, what='Rows'))
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; the return value is the exit status."""
    return run_converter(build_parser(), argv)


if __name__ == '__main__':
    sys.exit(main())
