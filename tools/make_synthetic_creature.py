# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Make synthetic motions of a hand or of an animal (docs/synthetic.md)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from mmposeaug import synthetic
from mmposeaug.synthetic.option_names import CREATURE_FRAMES, CREATURE_NAMES


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(description='Make synthetic motions of a hand or an animal')
    parser.add_argument('kind', choices=CREATURE_NAMES, help='whose motions')
    parser.add_argument('out', help='folder to write to')
    parser.add_argument('--seed', type=int, default=0, help='seed of the set (default: 0)')
    for name, default in CREATURE_FRAMES.items():
        parser.add_argument(
            '--' + name.replace('_', '-'),
            type=int,
            default=default,
            metavar='N',
            help=f'camera frames of {name}.npz (default: {default})',
        )
    parser.add_argument('--overwrite', action='store_true', help='replace files that are there')
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; the return value is the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    try:
        synthetic.make_synthetic_creature(
            args.kind,
            args.out,
            seed=args.seed,
            overwrite=args.overwrite,
            report=lambda line: print(line, flush=True),
            **{name: getattr(args, name) for name in CREATURE_FRAMES},
        )
    except (OSError, ValueError) as error:
        print(f'{parser.prog}: error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
