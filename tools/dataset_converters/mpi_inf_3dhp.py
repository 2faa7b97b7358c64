# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Convert MPI-INF-3DHP: its test set, SPIN's file of it, its training set (docs/datasets.md)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from mmposeaug.converters.command import add_options, run_converter
from mmposeaug.converters.option_names import CAMERAS, POSE_KEYS
from mmposeaug.fileio import track


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(description="Convert MPI-INF-3DHP into MMPose's layout.")
    kinds = parser.add_subparsers(metavar='{test,spin,train}', required=True)
    test = kinds.add_parser('test', help='the official test set, TS1/annot_data.mat and so on')
    test.add_argument('sequences', metavar='source', help='folder that holds TS1 to TS6')
    add_options(test)
    spin = kinds.add_parser('spin', help="SPIN's mpi_inf_3dhp_valid.npz, the 2929-frame protocol")
    spin.add_argument('annotations', metavar='source', help='mpi_inf_3dhp_valid.npz')
    add_options(spin, joints=16)
    train = kinds.add_parser('train', help='the training set, S1/Seq1/annot.mat and so on')
    train.add_argument('folder', metavar='source', help='folder that holds S1, S2, ...')
    train.add_argument(
        '--cameras',
        type=int,
        nargs='+',
        default=list(CAMERAS),
        metavar='N',
        help=f'numbers of the cameras (default: {" ".join(map(str, CAMERAS))})',
    )
    train.add_argument(
        '--frame-step', type=int, default=1, metavar='N', help='keep every n-th frame (default: 1)'
    )
    add_options(train)
    for part, default in ((test, POSE_KEYS[0]), (train, POSE_KEYS[1])):
        part.add_argument(
            '--pose',
            choices=POSE_KEYS,
            default=default,
            help=f'3D to take: scaled to one body height, or as recorded (default: {default})',
        )
    for part in (test, spin, train):
        part.add_argument('out_dir', metavar='out', help='folder to write to')
    test.set_defaults(convert='convert_mpi_test', track=partial(track, what='Sequences'))
    spin.set_defaults(convert='convert_mpi_spin')
    train.set_defaults(convert='convert_mpi_train', track=partial(track, what='Sequences'))
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; the return value is the exit status."""
    return run_converter(build_parser(), argv)


if __name__ == '__main__':
    sys.exit(main())
