# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Makes the files of the lifter that comes with the package (docs/included_lifter.md)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mmposeaug import apis, lifting
from mmposeaug.lifting.included_lifter import INCLUDED


def build_parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = argparse.ArgumentParser(
        description='Reduce a trained lifter to a small checkpoint, a config without paths, and an '
        'ONNX file that averages with the mirrored image.'
    )
    parser.add_argument('config', help='config that the lifter was trained with')
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument(
        'folder',
        nargs='?',
        type=Path,
        default=INCLUDED,
        help='where to write lifter.json, lifter.pth and lifter.onnx (default: in the package)',
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the tool; the return value is the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    try:
        lifting.export.export.require_packages()
        config, checkpoint = lifting.package_lifter(args.config, args.checkpoint, args.folder)
        report = apis.export_onnx(
            apis.load_lifter(config, checkpoint), args.folder / 'lifter.onnx', flip=True
        )
    except (OSError, ValueError, apis.ExportError) as error:
        print(f'{parser.prog}: error: {error}', file=sys.stderr)
        return 1
    for path in (config, checkpoint, report.path):
        print(f'{path}: {Path(path).stat().st_size / 1e6:.2f} MB')
    print(f'largest difference of ONNX to torch: {report.max_difference_mm:.5f} mm')
    return 0


if __name__ == '__main__':
    sys.exit(main())
