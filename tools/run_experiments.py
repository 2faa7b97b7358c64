# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trains and tests all experiments of a file with all their seeds (docs/experiments.md)."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmposeaug import apis
from mmposeaug.fileio import say

REPO_ROOT = Path(__file__).resolve().parents[1]


def build_parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = argparse.ArgumentParser(
        description='Train and test experiments with several seeds, several at a time. A second '
        'call does what is missing and goes on with what was interrupted.'
    )
    parser.add_argument('experiments', help='YAML file of experiments (docs/experiments.md)')
    parser.add_argument(
        '--only',
        nargs='+',
        default=[],
        metavar='PATTERN',
        help="shell patterns of names, as '*-mlp'",
    )
    parser.add_argument(
        '--seeds', nargs='+', type=int, default=[], metavar='N', help='only these of their seeds'
    )
    parser.add_argument('--work-dir', help='folder for the runs (default: work_dirs/<file name>)')
    parser.add_argument(
        '--results',
        nargs='+',
        default=[],
        metavar='JSON',
        help='JSON files of summaries; what they have is not run again',
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        '--jobs', type=int, help='runs at the same time (default: one for each core)'
    )
    where.add_argument(
        '--devices',
        type=lambda text: text.split(','),
        default=[],
        metavar='0,1',
        help='CUDA devices, each for one run at a time (default: none, the CPU)',
    )
    parser.add_argument(
        '--slurm', metavar='PARTITION', help='run on nodes of a Slurm cluster, by srun'
    )
    parser.add_argument(
        '--slurm-args',
        default='',
        metavar='"ARGS"',
        help="more arguments of srun in one word, as '--gres=gpu:1 --cpus-per-task=4'",
    )
    parser.add_argument(
        '--clean', action='store_true', help='delete all but the tested checkpoint of finished runs'
    )
    parser.add_argument('--list', action='store_true', help='only say how far each run is')
    parser.add_argument(
        '--dry-run',
        action='store_true',
        help='only print the commands; writes the configs that they name',
    )
    return parser


def bind_slurm_args(words: Sequence[str]) -> list[str]:
    """Joins ``--slurm-args`` with its word, which argparse takes for an option if it begins so."""
    words, option = list(words), '--slurm-args'
    if option in words[:-1]:
        place = words.index(option)
        words[place : place + 2] = [f'{option}={words[place + 1]}']
    return words


def interrupt(*_: Any) -> None:
    """Lets a request to end stop the runs too, as Ctrl-C does."""
    raise KeyboardInterrupt


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the tool; the return value is the exit status."""
    parser = build_parser()
    args = parser.parse_args(bind_slurm_args(sys.argv[1:] if argv is None else argv))
    if args.slurm_args and args.slurm is None:
        parser.error('--slurm-args are for --slurm PARTITION; name the partition too')
    work_dir = args.work_dir or Path('work_dirs') / Path(args.experiments).stem
    try:
        plan = apis.load_plan(args.experiments, REPO_ROOT)
        slurm = None if args.slurm is None else apis.Slurm(args.slurm, args.slurm_args)
        runner = apis.ExperimentRunner(
            plan, work_dir, args.jobs, args.devices, say, args.results, slurm
        )
        runs = plan.runs(args.only, args.seeds)
        if args.list or args.dry_run:
            for run in runs:
                print(f'{run.label}: {runner.states.describe(run)}')
                if args.dry_run:
                    for command in runner.pending(run):
                        print(command)
            return 0
        failed = runner.run(runs, clean=args.clean)
    except (OSError, apis.ExperimentError) as error:
        print(f'{parser.prog}: error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\nInterrupted; the same command goes on from here.', file=sys.stderr)
        return 130
    if failed:
        print(f'{len(failed)} of {len(runs)} runs have no result:', file=sys.stderr)
        for label, reason in failed.items():
            print(f'{label}: {reason}', file=sys.stderr)
        return 1
    print(f'All {len(runs)} runs are done: {work_dir}')
    return 0


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, interrupt)
    sys.exit(main())
