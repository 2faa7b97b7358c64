# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Makes demo/resources/two_people_coco.json: moving figures through a model of a 2D detector."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from mmposeaug import synthetic
from mmposeaug.fileio import atomic_write

SAMPLE = Path(__file__).resolve().parent / 'resources' / 'two_people_coco.json'


def build_parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = argparse.ArgumentParser(
        description='Make the sample of 2D keypoints of the demo: two synthetic people in 5 s of '
        'a video of 1280 x 720 pixels, with the noise and the gaps of a detector.'
    )
    parser.add_argument('--out', type=Path, default=SAMPLE, help=f'file to write ({SAMPLE.name})')
    parser.add_argument('--motions', nargs='+', help='what the people do (default: the sample)')
    parser.add_argument('--frames', type=int, default=125, help='number of frames (125)')
    parser.add_argument('--seed', type=int, default=0, help='seed of all random numbers (0)')
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the tool; the return value is the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.frames < 20:
        parser.error(f'--frames must be at least 20, not {args.frames}')
    usual = synthetic.Scene()
    scene = synthetic.Scene(args.motions or usual.motions, frames=args.frames, seed=args.seed)
    try:
        results = synthetic.detect_people(scene)
        with atomic_write(args.out, 'w') as file:
            # an entry a line, so that changes can be read
            file.write('[\n' + ',\n'.join(json.dumps(entry) for entry in results) + '\n]\n')
    except (OSError, KeyError) as error:
        print(f'{parser.prog}: error: {error.args[-1]}', file=sys.stderr)
        return 1
    print(f'{len(results)} people in {args.frames} frames: {args.out}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
