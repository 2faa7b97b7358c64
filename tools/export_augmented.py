# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Writes augmented pairs as an annotation file for plain MMPose (docs/augmentation.md)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from common import add_cfg_options, merged_config, plain_errors, require_folder
from mmposeaug.experiments import augmentation
from mmposeaug.fileio import track


def build_parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = argparse.ArgumentParser(
        description='Augment the training data of a config and write the pairs as an annotation '
        "file of MMPose's Human36mDataset, with its camera file beside it."
    )
    parser.add_argument('config', help='config with an augmentation')
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='epoch_N.pth, with the trained augmentor (default: a fresh augmentor)',
    )
    parser.add_argument('out', metavar='OUT.npz', help='the annotation file')
    parser.add_argument(
        '--copies', type=int, default=1, help='augmentations of every sample (default: 1)'
    )
    parser.add_argument('--with-real', action='store_true', help='write the real pairs too')
    parser.add_argument('--seed', type=int, default=0, help='seed of all draws (default: 0)')
    add_cfg_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    parser = build_parser()
    args = parser.parse_args(argv)
    cfg = merged_config(parser, args.config, args.cfg_options)
    out = Path(args.out)
    with plain_errors(parser, args.checkpoint):
        loaded = augmentation.load_augmentation(cfg, args.checkpoint, args.seed)
        print(f'{loaded.bank}\nThe augmentation is {loaded.origin}.', flush=True)
        require_folder(parser, out.absolute().parent)
        bar = partial(track, what='Batches')
        result = augmentation.export_augmented(
            loaded, out, args.copies, args.seed, args.with_real, bar
        )
    print(
        f'wrote {result.real} real and {result.augmented} augmented samples to {result.ann_file} '
        f'({result.left_out} augmented ones were not wholly in view and are left out), cameras to '
        f'{result.camera_file}'
    )


if __name__ == '__main__':
    main()
