# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Converts checkpoints of the released PoseAug (docs/lifters.md)."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmposeaug import apis
from mmposeaug.lifting.option_names import PARTS
from mmposeaug.models.lifters.names import LIFTERS

CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / 'original'

EPILOG = """\
The lifter is looked for under model_pos (after PoseAug) and state_dict (a baseline); its widths are
told by the weights. The parts of the augmentor and the discriminators are converted from a state
dict each.

examples:
  python tools/model_converters/poseaug2mmpose.py ckpt_best_h36m_p1.pth.tar gcn.pth --lifter gcn
  python tools/model_converters/poseaug2mmpose.py training.pth.tar angle.pth --part angle --key NAME
"""


def build_parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = argparse.ArgumentParser(
        description='Convert a checkpoint of the released PoseAug (CVPR 2021, 16 joints).',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('checkpoint', help="the original's checkpoint, such as ckpt_best_*.pth.tar")
    parser.add_argument('out', metavar='OUT.pth', help='file to write')
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument('--lifter', choices=LIFTERS, help='which of the four lifters it is')
    what.add_argument('--part', choices=tuple(PARTS), help='which network beside the lifter it is')
    parser.add_argument(
        '--key', metavar='NAME', help='entry of the checkpoint that holds the weights'
    )
    return parser


def print_report(report: apis.ConversionReport, config: Path | None) -> None:
    """Says what was found and how it is used."""
    entry = f'entry {report.entry!r}' if report.entry else 'a plain state dict'
    print(f'{report.model}: {report.num_weights} weights and statistics from {entry}')
    print(f'written: {report.out}')
    if config is None:
        options = ', '.join(f'{name}={value!r}' for name, value in report.options.items())
        print(f'network: dict({options})')
        return
    if not report.options:
        print(f'config: {os.path.relpath(config)}')
        return
    print('config: a file with')
    print(f'  _base_ = [{str(config)!r}]')
    print(f'  model = {_nested(report.options)["model"]!r}')


def _nested(options: dict[str, Any]) -> dict[str, Any]:
    """Settings by dotted names as dicts in dicts."""
    found: dict[str, Any] = {}
    for name, value in options.items():
        *parts, last = name.split('.')
        inner = found
        for part in parts:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program.

    Args:
        argv (Sequence[str], optional): Arguments. Defaults to those of the command line.

    Returns:
        int: 0, or 1 for a checkpoint that is refused.
    """
    parser = build_parser()
    args = parser.parse_args(argv)
    config = CONFIGS / f'{args.lifter}_h36m-16j.py' if args.lifter else None
    try:
        if config is not None:
            report = apis.convert_lifter_checkpoint(
                args.checkpoint, args.out, args.lifter, config, args.key
            )
        else:
            report = apis.convert_part_checkpoint(args.checkpoint, args.out, args.part, args.key)
    except (OSError, ValueError) as error:
        print(f'{parser.prog}: error: {error}', file=sys.stderr)
        return 1
    print_report(report, config)
    return 0


if __name__ == '__main__':
    sys.exit(main())
