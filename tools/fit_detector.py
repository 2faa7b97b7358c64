# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Learns a detector's noise and offsets from unpaired 2D keypoints (docs/detections.md)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from common import add_cfg_options, merged_config, plain_errors, require_folder
from mmposeaug.experiments import augmentation


def build_parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = argparse.ArgumentParser(
        description='Learn from 2D keypoints of a detector, without any 3D, how it errs, beside '
        'the augmented people of a config, and write the options of a DetectionModel.'
    )
    parser.add_argument('config', help='config with an augmentation')
    parser.add_argument(
        '--target-2d', nargs='+', required=True, metavar='FILE', help='files of 2D keypoints'
    )
    parser.add_argument('--keypoint-set', help="what they hold (default: the files' own names)")
    parser.add_argument(
        '--min-score', type=float, default=0.3, help='smallest score of a joint (default: 0.3)'
    )
    parser.add_argument(
        '--joints',
        nargs='*',
        metavar='JOINT',
        help='joints that may be off (default: those of the midline that the detector has no '
        'keypoint for)',
    )
    parser.add_argument(
        '--noise', type=float, help='noise of all joints (default: measured on tracks)'
    )
    parser.add_argument(
        '--samples', type=int, default=20000, help='augmented people (default: 20000)'
    )
    parser.add_argument('--seed', type=int, default=0, help='seed of all draws (default: 0)')
    parser.add_argument('--out', metavar='OUT.py', help='config file to write (default: none)')
    add_cfg_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    parser = build_parser()
    args = parser.parse_args(argv)
    cfg = merged_config(parser, args.config, args.cfg_options)
    with plain_errors(parser, None):
        loaded = augmentation.load_augmentation(cfg, seed=args.seed)
        skeleton = loaded.bank.skeleton
        people = augmentation.detected_people.load_people(
            args.target_2d, skeleton, args.keypoint_set, args.min_score
        )
        print(f'{len(people.keypoints_px)} whole people, {len(people.tracks)} tracks', flush=True)
        if args.out:
            require_folder(parser, Path(args.out).absolute().parent)
        learned = augmentation.detector.fit_detector(
            loaded, people, args.joints, args.noise, samples=args.samples, seed=args.seed
        )
        print(augmentation.detector.describe_detector(learned.options, skeleton))
        if learned.hip_height is not None:
            side = 'lower' if learned.hip_height < 0 else 'higher'
            print(
                f'The hips are {abs(learned.hip_height):.2f} thigh lengths {side} than those of '
                'the augmented people.'
            )
        if args.out:
            augmentation.detector.write_detector(args.out, learned)
            print(f'wrote {args.out}')


if __name__ == '__main__':
    main()
