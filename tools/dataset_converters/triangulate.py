# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Triangulate the keypoints of several calibrated cameras (docs/own_cameras.md)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from mmposeaug.converters.command import add_options, run_converter


def track_of(text: str) -> tuple[str, int]:
    """Camera and track id of ``CAMERA=ID``."""
    camera, equals, track = text.rpartition('=')
    if not (equals and camera and track.isdigit()):
        raise argparse.ArgumentTypeError(f'{text!r} is not CAMERA=ID, such as cam01=3')
    return camera, int(track)


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        description='Triangulate the keypoints of one person before several calibrated cameras, '
        'as a reference to test lifters against.'
    )
    parser.add_argument('calibration', help='calibration of the cameras (.json or .toml)')
    parser.add_argument('out', help='reference to write (.npz)')
    parser.add_argument(
        '--detections',
        default='{camera}.json',
        metavar='FILE',
        help="each camera's detections, {camera} in the place of its name, in the calibration's "
        'folder (default: %(default)s)',
    )
    parser.add_argument(
        '--track',
        dest='tracks',
        type=track_of,
        action='append',
        default=[],
        metavar='CAMERA=ID',
        help='which track id the person has in a camera that sees several',
    )
    parser.add_argument(
        '--max-residual',
        dest='max_residual_px',
        type=float,
        default=40.0,
        metavar='PIXELS',
        help='how far a keypoint that agrees may be off (default: %(default)g)',
    )
    parser.add_argument(
        '--min-cameras',
        type=int,
        default=3,
        metavar='N',
        help='how many cameras must agree for a keypoint to be valid (default: %(default)s)',
    )
    parser.add_argument(
        '--first-frame',
        type=int,
        metavar='N',
        help="number that the files give to the videos' first frame (default: as each file tells)",
    )
    add_options(parser, joints=None)
    parser.set_defaults(convert='convert_triangulation')
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; the return value is the exit status."""
    return run_converter(build_parser(), argv)


if __name__ == '__main__':
    sys.exit(main())
