# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The command that lifts keypoints, pictures and videos to 3D, as files (docs/demo.md)."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mmposeaug.datasets.keypoints_2d import Keypoints2D, load_keypoints
from mmposeaug.fileio import make_writable_folder, track
from mmposeaug.structures import LiftedPoses
from mmposeaug.visualization import (
    drawn_frames,
    thin_frames,
    write_frames,
    write_lifting_page,
    write_video,
)

from .command_line import ENDINGS, build_chosen, build_parser, is_pictures
from .detect import detect_keypoints
from .files import save_lifted_json, save_lifted_npz
from .frames import SINGLE_IMAGE, FrameSource
from .inferencer import LiftingInferencer
from .motion_files import save_bvh, save_rerun, save_trc
from .motion_files.rerun_file import import_rerun
from .options import LiftingOptions
from .summary import picture_notices, summarize_lifting
from .upright import WORLD_AXES
from .views import read_camera

INPUTS = (
    'keypoints',
    'images',
    'config',
    'checkpoint',
    'annotations',
    'keypoint_set',
    'camera_file',
    'pose_model',
    'person_model',
)


PICTURED = {'frames', 'mp4', 'gif'}
"""set[str]: What ``--max-frames`` bounds."""

MANY_FRAMES = 1000
"""int: Of more pictures than these it is said how to write fewer."""


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


def run(args: argparse.Namespace) -> None:
    """Reads or detects, lifts and writes."""
    name = args.name or Path(args.keypoints or args.images).stem
    # what takes no time comes first, so that nothing is found out after minutes of detection
    make_folder(args.out_dir)
    paths = {what: args.out_dir / f'{name}{ENDINGS[what]}' for what in args.save}
    check_outputs(paths, args)
    if 'rrd' in paths:
        import_rerun()
    inferencer = LiftingInferencer(
        args.config, args.checkpoint, args.device, flip_test=not args.no_flip
    )
    if args.stature is not None and not inferencer.lifter.adapter.codec.needs_root_depth:
        raise ValueError(
            f'--stature is {args.stature:g}, but this lifter tells the size of people itself; '
            'leave it out.'
        )
    read_camera(args.camera_file, args.camera)
    people, frames = find_people(args)
    options = options_of(args)
    timed = [what for what in ('bvh', 'trc') if what in paths]
    if timed and people.fps is None:
        raise ValueError(
            f'The frames a second of {people.source} are unknown, which {timed[0]} files need; '
            'give --fps.'
        )
    lifted = inferencer(people, options)
    for line in summarize_lifting(lifted):
        print(line)
    write(lifted, name, paths, frames, args.max_frames)
    if frames is not None:
        tell_missing(frames)
        frames.close()


def find_people(args: argparse.Namespace) -> tuple[Keypoints2D, FrameSource | None]:
    """The keypoints, read or detected, and the pictures that they are of."""
    frames = None
    if args.keypoints is not None:
        people = load_keypoints(
            args.keypoints, args.format, args.annotations, args.video_id, args.first_frame
        )
        if args.images is not None:
            frames = FrameSource(args.images, people.image_names)
    else:
        frames = FrameSource(args.images, by_number=True)
        args.stills = args.stills or frames.frames_from == SINGLE_IMAGE
        options_of(args)  # what is impossible is told before people are looked for
        searched = track(what='Pictures searched for people', total=frames.count)
        with build_chosen(args, args.stills) as detector, searched:
            people = detect_keypoints(frames, detector, lambda _: searched.update())
    people = with_frames(people, frames, args.fps)
    if frames is not None:
        notices = picture_notices(people, frames, args.first_frame)
        people = replace(people, notices=(*people.notices, *notices))
    return people, frames


def options_of(args: argparse.Namespace) -> LiftingOptions:
    """What the command line says of lifting."""
    given = {each.name: getattr(args, each.name) for each in fields(LiftingOptions)}
    given.update(
        first_frame=None,  # the keypoints have been read with it
        image_size=tuple(args.image_size) if args.image_size else None,
        stature=args.stature or LiftingOptions.stature,
        bones=args.bones or ('free' if args.stills else 'constant'),
        up=way_up(args.up),
    )
    return LiftingOptions(**given)


def way_up(words: Sequence[str] | None) -> str | tuple[float, float] | None:
    """What ``--up`` says: a word, or two angles."""
    if words is None or len(words) == 1:
        return words[0] if words else None
    try:
        pitch, roll = (float(word) for word in words)
    except ValueError:
        raise ValueError(
            f'--up is {" ".join(words)}; give auto, an axis, or pitch and roll in degrees.'
        ) from None
    return pitch, roll


def with_frames(people: Keypoints2D, frames: FrameSource | None, fps: float | None) -> Keypoints2D:
    """Keypoints with what the pictures tell of sizes and times."""
    if frames is not None:
        # of the frames between, too, in which people may be filled in
        sizes = frames.sizes(np.arange(people.frames[0], people.frames[-1] + 1))
        people = replace(people, image_sizes={**people.image_sizes, **sizes})
    found = fps or people.fps or (frames.fps if frames is not None else None)
    return replace(people, fps=found)


def make_folder(folder: Path) -> None:
    """Makes the output folder, and writes to it once to see that it can be."""
    try:
        make_writable_folder(folder)
    except OSError as error:
        raise ValueError(
            f"Nothing can be written into '{folder}' ({error.strerror}); choose another --out-dir."
        ) from None


def check_outputs(paths: Mapping[str, Path], args: argparse.Namespace) -> None:
    """Refuses to write over what is read, and names that are taken by something else."""
    read = {
        option: os.path.realpath(value)  # which a loop of links does not trouble
        for option, value in vars(args).items()
        if option in INPUTS and value is not None
    }
    for what, path in paths.items():
        for option, source in read.items():
            if os.path.realpath(path) == source:
                raise ValueError(
                    f"'{path}' would be written over {option}; give another --out-dir or --name."
                )
        if path.exists() and path.is_dir() != (what == 'frames'):
            kind = 'folder' if path.is_dir() else 'file'
            raise ValueError(f"'{path}' is a {kind} already; give another --out-dir or --name.")


def tell_missing(frames: FrameSource) -> None:
    """Says how many pictures there are not."""
    if frames.missing:
        first = min(frames.missing)
        print(
            f'{len(frames.missing)} frames, from frame {first} on, have no picture in '
            f"'{frames.path}'; a video may be cut off, or images be elsewhere."
        )


def tell_drawn(drawn: int, known: int, each_a_file: bool) -> None:
    """Says how many frames are left out, or that there are many."""
    if drawn < known:
        print(
            f'{drawn:,} of {known:,} frames are drawn, evenly spread; {known - drawn:,} are left '
            f'out by --max-frames {drawn}.'
        )
    elif each_a_file and known > MANY_FRAMES:
        print(
            f'{known:,} pictures are drawn, one for each frame; --max-frames {MANY_FRAMES} would '
            'draw so many, evenly spread.',
            flush=True,
        )


def write(
    lifted: LiftedPoses,
    name: str,
    paths: Mapping[str, Path],
    frames: FrameSource | None,
    max_frames: int | None,
) -> None:
    """Writes what was asked for, and says where it is; the page comes last."""
    known = drawn_frames(lifted, frames)
    drawn = thin_frames(known, max_frames)
    if PICTURED & paths.keys():
        tell_drawn(len(drawn), len(known), 'frames' in paths)
    pictures = partial(track, what='Pictures')
    writers: dict[str, Callable[[Path], Any]] = {
        'json': partial(save_lifted_json, lifted),
        'npz': partial(save_lifted_npz, lifted),
        'page': partial(write_lifting_page, lifted, title=name, images=frames, track=pictures),
        'frames': partial(write_frames, lifted, images=frames, frames=drawn, track=pictures),
        'mp4': partial(write_video, lifted, images=frames, max_frames=max_frames, track=pictures),
        'gif': partial(write_video, lifted, images=frames, max_frames=max_frames, track=pictures),
        'bvh': partial(save_bvh, lifted, report=print),
        'trc': partial(save_trc, lifted, report=print),
        'rrd': partial(save_rerun, lifted, report=print),
    }
    for what in (what for what in writers if what in paths):
        written = writers[what](paths[what])
        by_person = written if what in ('bvh', 'trc', 'rrd') else None
        if what != 'page':
            for path in by_person or [paths[what]]:
                print(path, flush=True)
    if 'page' in paths:
        print(paths['page'], flush=True)
