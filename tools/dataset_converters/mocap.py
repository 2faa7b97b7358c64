# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Film BVH and ASF/AMC motion capture with simulated cameras (docs/datasets.md)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from mmposeaug.converters.command import add_options, run_converter
from mmposeaug.converters.option_names import CMU_FRAME_RATE, NAME_PATTERN, RIG_NAMES
from mmposeaug.fileio import track


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        description="Film motion capture with simulated cameras, into MMPose's layout."
    )
    parser.add_argument('out_dir', metavar='out', help='folder to write to')
    parser.add_argument('recordings', nargs='+', help='.bvh or .amc files')
    parser.add_argument(
        '--joint-map',
        required=True,
        metavar='YAML',
        help='what the joints are made of, such as configs/joint_maps/cmu_asf.yml',
    )
    parser.add_argument(
        '--asf', help='skeleton of AMC files (default: the only .asf file beside each)'
    )
    parser.add_argument('--name', default='mocap', help='name of the set (default: mocap)')
    parser.add_argument(
        '--frame-rate', type=float, default=10, metavar='FPS', help='to write (default: 10)'
    )
    parser.add_argument(
        '--recorded-rate',
        type=float,
        default=CMU_FRAME_RATE,
        metavar='FPS',
        help=f'of AMC files, which do not say it (default: {CMU_FRAME_RATE:g})',
    )
    parser.add_argument(
        '--metres-per-unit', type=float, metavar='X', help="in place of the joint map's"
    )
    parser.add_argument(
        '--rig',
        choices=RIG_NAMES,
        default='source',
        help="cameras like Human3.6M's, or quite other ones (default: source)",
    )
    parser.add_argument(
        '--name-pattern',
        default=NAME_PATTERN,
        metavar='REGEX',
        help='how a file is named, with the groups subject and action (default: %(default)r)',
    )
    parser.add_argument('--seed', type=int, default=0, help='seed of the cameras (default: 0)')
    add_options(parser)
    parser.set_defaults(convert='convert_mocap', track=partial(track, what='Recordings'))
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; the return value is the exit status."""
    return run_converter(build_parser(), argv)


if __name__ == '__main__':
    sys.exit(main())
