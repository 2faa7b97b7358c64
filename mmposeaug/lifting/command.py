# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The command that lifts keypoints, pictures and videos to 3D, as files (docs/demo.md)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from .command_line import build_parser, is_pictures
from .command_run import run
from .option_names import WORLD_AXES


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; the return value is the exit status."""
    parser = build_parser()
    args = parser.parse_args(join_axes(sys.argv[1:] if argv is None else argv))
    if args.keypoints is not None and args.images is None and is_pictures(args.keypoints):
        args.keypoints, args.images = None, args.keypoints
    fault = fault_of(args)
    if fault:
        parser.error(fault)
    made = [each for each in (args.out_dir, *args.out_dir.parents) if not each.exists()]
    try:
        run(args)
    except (OSError, ValueError, ImportError) as error:
        with suppress(OSError):  # it may hold what was complete before
            for each in made:
                each.rmdir()
        print(f'{parser.prog}: error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\nInterrupted; complete files stay.', file=sys.stderr)
        return 130
    return 0


def join_axes(words: Sequence[str]) -> list[str]:
    """The words of the command line; an axis as ``-y`` behind ``--up`` is no option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == '--up' and word in WORLD_AXES and word.startswith('-'):
            joined[-1] = f'--up={word}'
        else:
            joined.append(word)
    return joined


def fault_of(args: argparse.Namespace) -> str:
    """What is wrong with the options as they are."""
    if args.keypoints is None and args.images is None:
        return 'give a file of keypoints, or a video to detect people in'
    if args.keypoints is not None and is_pictures(args.keypoints):
        return f"'{args.keypoints}' are pictures and --images too; give keypoints, or one of both"
    names = ['annotations', 'video_id', 'first_frame']
    if args.keypoints is not None:
        names = ['pose_model', 'person_model']
    for name in names:
        if getattr(args, name) is not None:
            kind = 'files of keypoints, not for' if args.keypoints is None else 'detection in'
            return f'--{name.replace("_", "-")} is for {kind} pictures'
    if args.max_frames is not None and args.max_frames < 1:
        return f'--max-frames is {args.max_frames}; give a number of pictures, at least 1'
    if args.fps is not None and not 0 < args.fps < 1e6:
        return f'--fps must be above 0, not {args.fps:g}'
    if args.name is not None and args.name != Path(args.name).name:
        return f'--name is {args.name!r}; give a name without folders, and the folder as --out-dir'
    return ''
