# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What the command that lifts keypoints, pictures and videos does."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mmposeaug import lifting, visualization
from mmposeaug.datasets.keypoints_2d import Keypoints2D, load_keypoints
from mmposeaug.fileio import make_writable_folder, track
from mmposeaug.structures import LiftedPoses

from .command_line import ENDINGS, build_chosen
from .detect import detect_keypoints
from .frames import SINGLE_IMAGE, FrameSource
from .lifter_files import require_checkpoint, require_config, require_pair
from .options import LiftingOptions
from .summary import picture_notices, summarize_lifting

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


def run(args: argparse.Namespace) -> None:
    """Reads or detects, lifts and writes."""
    name = args.name or Path(args.keypoints or args.images).stem
    # what takes no time comes first, so that nothing is found out after minutes of detection
    make_folder(args.out_dir)
    paths = {what: args.out_dir / f'{name}{ENDINGS[what]}' for what in args.save}
    check_outputs(paths, args)
    if 'rrd' in paths:
        lifting.motion_files.rerun_file.import_rerun()
    check_lifter(args)
    options_of(args)
    found = None if args.keypoints is None else find_people(args)
    inferencer = lifting.LiftingInferencer(
        args.config, args.checkpoint, args.device, flip_test=not args.no_flip
    )
    if args.stature is not None and not inferencer.lifter.adapter.codec.needs_root_depth:
        raise ValueError(
            f'--stature is {args.stature:g}, but this lifter tells the size of people itself; '
            'leave it out.'
        )
    lifting.read_camera(args.camera_file, args.camera)
    people, frames = found or find_people(args)
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


def check_lifter(args: argparse.Namespace) -> None:
    """Refuses files of a lifter that are missing."""
    require_pair(args.config, args.checkpoint)
    if args.config is not None:
        require_config(Path(args.config))
        require_checkpoint(Path(args.checkpoint))


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
    known = visualization.drawn_frames(lifted, frames)
    drawn = visualization.thin_frames(known, max_frames)
    if PICTURED & paths.keys():
        tell_drawn(len(drawn), len(known), 'frames' in paths)
    pictures = partial(track, what='Pictures')

    def video(path: Path) -> None:
        visualization.write_video(
            lifted, path, images=frames, max_frames=max_frames, track=pictures
        )

    # what writes a file that is not asked for is not imported
    writers: dict[str, Callable[[Path], Any]] = {
        'json': lambda path: lifting.save_lifted_json(lifted, path),
        'npz': lambda path: lifting.save_lifted_npz(lifted, path),
        'page': lambda path: visualization.write_lifting_page(
            lifted, path, title=name, images=frames, track=pictures
        ),
        'frames': lambda path: visualization.write_frames(
            lifted, path, images=frames, frames=drawn, track=pictures
        ),
        'mp4': video,
        'gif': video,
        'bvh': lambda path: lifting.save_bvh(lifted, path, report=print),
        'trc': lambda path: lifting.save_trc(lifted, path, report=print),
        'rrd': lambda path: lifting.save_rerun(lifted, path, report=print),
    }
    for what in (what for what in writers if what in paths):
        written = writers[what](paths[what])
        by_person = written if what in ('bvh', 'trc', 'rrd') else None
        if what != 'page':
            for path in by_person or [paths[what]]:
                print(path, flush=True)
    if 'page' in paths:
        print(paths['page'], flush=True)
