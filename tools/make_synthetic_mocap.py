# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Make the built-in synthetic motion set (docs/synthetic.md)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from mmposeaug import synthetic
from mmposeaug.evaluation import format_table

FRAMES = ('source_train', 'source_test', 'target_dev')


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(description='Make the synthetic motion set')
    parser.add_argument('out', nargs='?', help='folder to write to')
    parser.add_argument('--seed', type=int, default=0, help='seed of the set (default: 0)')
    parser.add_argument(
        '--wide',
        action='store_true',
        help='all motions by many people, without a target, as the included lifter is trained on',
    )
    counts = dict(source_train='12000, wide: 100000', source_test='2000, wide: 4000')
    counts['target_dev'] = '3000'
    for name, default in counts.items():
        parser.add_argument(
            '--' + name.replace('_', '-'),
            type=int,
            metavar='N',
            help=f'camera frames of {name}.npz (default: {default})',
        )
    parser.add_argument('--overwrite', action='store_true', help='replace files that are there')
    parser.add_argument(
        '--picture', metavar='PNG', help='draw some of the motions as stick figures'
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; the return value is the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.out is None and args.picture is None:
        parser.error('name a folder to write to, or a picture with --picture')
    if args.wide and args.target_dev is not None:
        parser.error('--target-dev is not for --wide, which has no target')
    try:
        if args.picture is not None:
            synthetic.picture.draw_motions(args.picture, args.seed)
            print(args.picture)
        if args.out is not None:
            given = {name: getattr(args, name) for name in FRAMES}
            make = synthetic.make_wide_mocap if args.wide else synthetic.make_synthetic_mocap
            paths = make(
                args.out,
                seed=args.seed,
                overwrite=args.overwrite,
                report=lambda line: print(line, flush=True),
                **{name: count for name, count in given.items() if count is not None},
            )
            print(
                format_table('part', {row.pop('part'): row for row in synthetic.summarise(paths)})
            )
    except (OSError, ValueError) as error:
        print(f'{parser.prog}: error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
