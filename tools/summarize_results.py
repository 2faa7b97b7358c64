# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Puts the results of experiments into tables and figures (docs/experiments.md)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmposeaug import apis

REPO_ROOT = Path(__file__).resolve().parents[1]


def build_parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = argparse.ArgumentParser(
        description='Write the results of experiments as Markdown, CSV, JSON and figures'
    )
    parser.add_argument('experiments', help='YAML file of experiments (docs/experiments.md)')
    parser.add_argument(
        '--work-dir',
        help='folder of the runs (default: work_dirs/<file name>, none with --results)',
    )
    parser.add_argument(
        '--results',
        nargs='+',
        default=[],
        metavar='JSON',
        help='take what has no folder from the JSON files of earlier summaries',
    )
    parser.add_argument(
        '--out',
        metavar='PATH',
        help='the files without their endings (default: docs/results/<file name>)',
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the tool; the return value is the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    stem = Path(args.experiments).stem
    try:
        plan = apis.load_plan(args.experiments, REPO_ROOT)
        work_dir = args.work_dir or (None if args.results else Path('work_dirs') / stem)
        results = apis.collect_results(plan, work_dir, args.results)
        text, files = apis.write_summary(results, args.out or Path('docs') / 'results' / stem)
    except (OSError, apis.ExperimentError) as error:
        print(f'{parser.prog}: error: {error}', file=sys.stderr)
        return 1
    print(text)
    print(*files, sep='\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
