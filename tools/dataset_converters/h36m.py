# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Convert Human3.6M from the files that it is found as (docs/datasets.md)."""

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
        description="Convert Human3.6M into MMPose's layout, with 17 joints or 16."
    )
    parser.add_argument(
        'positions',
        help="3D poses: data_3d_h36m.npz, or a folder with the official archives' .cdf.mat files, "
        "h36m.zip's .h5 files, or MMPose's h36m_train.npz and h36m_test.npz",
    )
    parser.add_argument(
        'cameras',
        help="VideoPose3D's common/h36m_dataset.py, which is read and not run, MMPose's "
        'cameras.pkl of Human3.6M, or the same as JSON',
    )
    parser.add_argument(
        'out_dir', metavar='out', help='folder to write to, such as data/h36m/annotation_body3d'
    )
    parser.add_argument(
        '--keypoints',
        nargs='+',
        default=[],
        metavar='FILE',
        help="2D keypoints, data_2d_h36m_*.npz, for MMPose's files NAME_train.npy and "
        'NAME_test.npy; all of them in one call',
    )
    parser.add_argument(
        '--frame-step',
        type=int,
        default=1,
        metavar='N',
        help='keep every n-th frame; N divides 50: 1, 2, 5, 10, 25 or 50 (default: 1)',
    )
    parser.add_argument(
        '--keep-corrupt',
        action='store_true',
        help="keep S11's Directions, whose videos are corrupt",
    )
    add_options(parser)
    parser.set_defaults(convert='convert_h36m', track=partial(track, what='Recordings'))
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; the return value is the exit status."""
    return run_converter(build_parser(), argv)


if __name__ == '__main__':
    sys.exit(main())
