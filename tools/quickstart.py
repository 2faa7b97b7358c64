# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trains one lifter with and without PoseAug on built-in data and compares (docs/quickstart.md)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmposeaug import apis
from mmposeaug.fileio import say


def build_parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = argparse.ArgumentParser(
        description='Train a lifter without augmentation, with random augmentation and with '
        'PoseAug on built-in data; test, compare and draw. A second call goes on where the first '
        'one ended.'
    )
    parser.add_argument(
        '--work-dir',
        default='work_dirs/quickstart',
        help='folder for the results (default: work_dirs/quickstart)',
    )
    parser.add_argument(
        '--data-root',
        default='data/synthetic',
        help='folder of the built-in data, made if need be (default: data/synthetic)',
    )
    parser.add_argument(
        '--epochs', type=int, help="epochs of each training (default: the configs')"
    )
    parser.add_argument('--seed', type=int, default=0, help='seed of the trainings (default: 0)')
    parser.add_argument(
        '--jobs', type=int, help='trainings at the same time (default: one for each core, up to 3)'
    )
    parser.add_argument(
        '--fresh', action='store_true', help='delete the runs of earlier calls and start over'
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the tool; the return value is the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    try:
        plan = apis.QuickstartPlan(
            repo_root=Path(__file__).resolve().parents[1],
            work_dir=Path(args.work_dir),
            data_root=Path(args.data_root),
            epochs=args.epochs,
            seed=args.seed,
            jobs=args.jobs,
        )
        apis.run_quickstart(plan, fresh=args.fresh, report=say)
    except (OSError, ValueError, apis.QuickstartError) as error:
        print(f'{parser.prog}: error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\nInterrupted; the same command goes on from here.', file=sys.stderr)
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
