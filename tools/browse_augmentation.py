# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Draws what the augmentation of a config makes of its training data (docs/augmentation.md)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from common import add_cfg_options, merged_config, plain_errors, require_folder
from mmposeaug.experiments import augmentation


def build_parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = argparse.ArgumentParser(
        description='Draw examples, view points, places and changes that the augmentation of a '
        'config makes: pictures, of clips a moving one, numbers as JSON and one interactive page.'
    )
    parser.add_argument('config', help='config with an augmentation')
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='epoch_N.pth, with the trained augmentor and lifter (default: a fresh augmentor)',
    )
    parser.add_argument(
        '--out-dir', help='folder for the files (default: work_dirs/CONFIG/augmentation)'
    )
    parser.add_argument(
        '--samples', type=int, default=2000, help='training samples to augment (default: 2000)'
    )
    parser.add_argument(
        '--examples',
        type=int,
        default=4,
        help='of them in the gallery and in the moving picture (default: 4)',
    )
    parser.add_argument('--seed', type=int, default=0, help='seed of all draws (default: 0)')
    add_cfg_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    parser = build_parser()
    args = parser.parse_args(argv)
    name = Path(args.config).stem
    cfg = merged_config(parser, args.config, args.cfg_options)
    out_dir = Path(args.out_dir or Path('work_dirs', name, 'augmentation'))
    with plain_errors(parser, args.checkpoint):
        loaded = augmentation.load_augmentation(cfg, args.checkpoint, args.seed)
        print(f'{loaded.bank}\nThe augmentation is {loaded.origin}.', flush=True)
        require_folder(parser, out_dir)
        paths = augmentation.browse_augmentation(
            loaded, out_dir, args.samples, args.examples, args.seed, f'Augmentation of {name}'
        )
    print(*(f'wrote {path}' for path in paths.values()), sep='\n')
    if 'page' not in paths:
        print('The interactive page needs plotly, which is not installed: pip install plotly')


if __name__ == '__main__':
    main()
