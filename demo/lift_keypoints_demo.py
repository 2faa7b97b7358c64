# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifts detected 2D key points of people to 3D, for files and pictures (docs/demo.md)."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

# MMEngine's, once for each module that it looks into; a newcomer can do nothing about it.
warnings.filterwarnings('ignore', 'pkg_resources is deprecated', UserWarning)

import numpy as np  # noqa: E402

import mmposeaug  # noqa: E402, F401  (mends what MMPose needs before it is imported)
from mmposeaug.apis import (  # noqa: E402
    FrameSource,
    LiftingInferencer,
    LiftingOptions,
    build_detector,
    detect_keypoints,
    save_lifted_json,
    save_lifted_npz,
)
from mmposeaug.apis.lifting import (  # noqa: E402
    DETECTORS,
    TRACKERS,
    picture_notices,
    summarize_lifting,
)
from mmposeaug.datasets import make_writable_folder  # noqa: E402
from mmposeaug.datasets.keypoints_2d import (  # noqa: E402
    KEYPOINT_FORMATS,
    KEYPOINT_SETS,
    Keypoints2D,
    load_keypoints,
)
from mmposeaug.structures import LiftedPoses  # noqa: E402
from mmposeaug.visualization import write_frames, write_lifting_page, write_video  # noqa: E402

ENDINGS = dict(json='.json', npz='.npz', page='.html', frames='_frames', mp4='.mp4', gif='.gif')
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


def build_parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = argparse.ArgumentParser(
        description='Lift 2D key points of people to 3D poses: JSON and npz files, an HTML page to '
        'look at them, pictures and videos.'
    )
    parser.add_argument(
        'keypoints',
        nargs='?',
        help='COCO, MMPose or AlphaPose JSON, npz or npy file, or folder of MMPose JSON files; '
        'without it, people are detected in --images',
    )
    parser.add_argument('--config', required=True, help='config of the lifter')
    parser.add_argument('--checkpoint', required=True, help='its checkpoint')
    parser.add_argument(
        '--out-dir', type=Path, default=Path('work_dirs/lifted'), help='(default: %(default)s)'
    )
    parser.add_argument(
        '--save',
        nargs='+',
        choices=ENDINGS,
        default=['json', 'npz', 'page'],
        help='what to write (default: json npz page)',
    )
    parser.add_argument(
        '--max-frames', type=int, help='pictures of mp4 and gif, spread evenly (default: all)'
    )
    parser.add_argument('--name', help="name of the files (default: the input's)")
    parser.add_argument('--device', default='cpu', help='cpu or cuda (default: cpu)')
    parser.add_argument(
        '--no-flip', action='store_true', help='do not average with the mirrored image'
    )
    reading = parser.add_argument_group('key points')
    reading.add_argument(
        '--format', default='auto', choices=('auto', *KEYPOINT_FORMATS), help='(default: auto)'
    )
    reading.add_argument(
        '--keypoint-set',
        default='auto',
        metavar='SET',
        help=f'{", ".join(KEYPOINT_SETS)}, or a JSON file (default: told by the file)',
    )
    reading.add_argument('--annotations', help='COCO file with the images of a results file')
    reading.add_argument('--video-id', type=int, help='of COCO files with several videos, one')
    reading.add_argument(
        '--first-frame',
        type=int,
        metavar='NUMBER',
        help="the file's number of the video's first frame (default: 0 in the names of images; "
        'else 0, or 1 where no frame or image id is 0)',
    )
    reading.add_argument('--tracker', default='auto', choices=TRACKERS, help='(default: auto)')
    reading.add_argument(
        '--max-gap', type=int, default=10, help='frames over which to interpolate (default: 10)'
    )
    reading.add_argument(
        '--score-thr', type=float, default=0.3, help='lowest score of a joint (default: 0.3)'
    )
    reading.add_argument('--stills', action='store_true', help='single pictures, not a video')
    view = parser.add_argument_group('images and camera')
    view.add_argument(
        '--images',
        '--image',
        '--video',
        metavar='PATH',
        help='image, folder or video that the key points are of, or to detect people in',
    )
    view.add_argument(
        '--image-size', type=float, nargs=2, metavar=('WIDTH', 'HEIGHT'), help='in pixels'
    )
    view.add_argument(
        '--pad-portrait',
        action='store_true',
        help='take images that are higher than wide for squares, as most lifters were trained on',
    )
    view.add_argument('--camera-file', help='camera file, as training sets have them')
    view.add_argument('--camera', metavar='SUBJECT/CAMERA', help='which camera of it')
    view.add_argument('--focal', type=float, help='focal length in pixels, without a camera file')
    view.add_argument(
        '--stature', type=float, default=1.7, help='metres, for MotionBERT (default: 1.7)'
    )
    view.add_argument(
        '--fps', type=float, help="frames a second (default: the input's; unknown, 10 are played)"
    )
    detection = parser.add_argument_group(
        "detection in images (pip install 'mmposeaug[detect]' or 'mmposeaug[mediapipe]')"
    )
    detection.add_argument(
        '--detector',
        default='rtmlib',
        choices=DETECTORS,
        help='mediapipe sees one person, and needs no download (default: rtmlib)',
    )
    detection.add_argument('--pose-model', help="ONNX file of an RTMPose (default: rtmlib's own)")
    detection.add_argument('--person-model', help='ONNX file of a YOLOX')
    detection.add_argument(
        '--detector-mode',
        default='balanced',
        choices=('lightweight', 'balanced', 'performance'),
        help="which of the detector's own (default: balanced)",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the demo; the return value is the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.keypoints is None and args.images is None:
        parser.error('give a file of key points, or --images to detect people in')
    if args.keypoints is None and args.first_frame is not None:
        parser.error('--first-frame is for files of key points, not for pictures')
    if args.fps is not None and not 0 < args.fps < 1e6:
        parser.error(f'--fps must be above 0, not {args.fps:g}')
    try:
        run(args)
    except (OSError, ValueError, ImportError) as error:
        print(f'{parser.prog}: error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\nInterrupted; complete files stay.', file=sys.stderr)
        return 130
    return 0


def run(args: argparse.Namespace) -> None:
    """Reads or detects, lifts and writes."""
    name = args.name or Path(args.keypoints or args.images).stem
    make_folder(args.out_dir)  # before anything takes long
    paths = {what: args.out_dir / f'{name}{ENDINGS[what]}' for what in args.save}
    check_outputs(paths, args)
    frames = None
    if args.keypoints is not None:
        people = load_keypoints(
            args.keypoints, args.format, args.annotations, args.video_id, args.first_frame
        )
        if args.images is not None:
            frames = FrameSource(args.images, people.image_names)
    else:
        frames = FrameSource(args.images, by_number=True)
        detector = build_detector(
            args.pose_model,
            args.person_model,
            args.detector_mode,
            args.device,
            args.detector,
            args.stills,
        )
        with detector:
            people = detect_keypoints(frames, detector, partial(tell_progress, every=50))
    people = with_frames(people, frames, args.fps)
    if frames is not None:
        notices = picture_notices(people, frames, args.first_frame)
        people = replace(people, notices=(*people.notices, *notices))
    inferencer = LiftingInferencer(
        args.config, args.checkpoint, args.device, flip_test=not args.no_flip
    )
    lifted = inferencer(
        people,
        LiftingOptions(
            keypoint_set=args.keypoint_set,
            tracker=args.tracker,
            max_gap=args.max_gap,
            score_thr=args.score_thr,
            stills=args.stills,
            image_size=tuple(args.image_size) if args.image_size else None,
            pad_portrait=args.pad_portrait,
            camera_file=args.camera_file,
            camera=args.camera,
            focal=args.focal,
            stature=args.stature,
        ),
    )
    for line in summarize_lifting(lifted):
        print(line)
    write(lifted, name, paths, frames, args.max_frames)
    if frames is not None:
        tell_missing(frames)
        frames.close()


def with_frames(people: Keypoints2D, frames: FrameSource | None, fps: float | None) -> Keypoints2D:
    """Key points with what the pictures tell of sizes and times."""
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
        option: Path(value).resolve()
        for option, value in vars(args).items()
        if option in INPUTS and value is not None
    }
    for what, path in paths.items():
        for option, source in read.items():
            if path.resolve() == source:
                raise ValueError(
                    f"'{path}' would be written over {option}; give another --out-dir or --name."
                )
        if path.exists() and path.is_dir() != (what == 'frames'):
            kind = 'folder' if path.is_dir() else 'file'
            raise ValueError(f"'{path}' is a {kind} already; give another --out-dir or --name.")


def tell_progress(count: int, every: int) -> None:
    """Says how many pictures are done."""
    if count % every == 0:
        print(f'{count} pictures searched for people', flush=True)


def tell_missing(frames: FrameSource) -> None:
    """Says how many pictures there are not."""
    if frames.missing:
        first = min(frames.missing)
        print(
            f'{len(frames.missing)} frames, from frame {first} on, have no picture in '
            f"'{frames.path}'; a video may be cut off, or images be elsewhere."
        )


def write(
    lifted: LiftedPoses,
    name: str,
    paths: Mapping[str, Path],
    frames: FrameSource | None,
    max_frames: int | None,
) -> None:
    """Writes what was asked for, and says where it is; the page comes last."""
    writers = {
        'json': partial(save_lifted_json, lifted),
        'npz': partial(save_lifted_npz, lifted),
        'page': partial(write_lifting_page, lifted, title=name, images=frames),
        'frames': partial(write_frames, lifted, images=frames),
        'mp4': partial(write_video, lifted, images=frames, max_frames=max_frames),
        'gif': partial(write_video, lifted, images=frames, max_frames=max_frames),
    }
    for what in (what for what in writers if what in paths):
        writers[what](paths[what])
        if what != 'page':
            print(paths[what], flush=True)
    if 'page' in paths:
        print(paths['page'], flush=True)


if __name__ == '__main__':
    sys.exit(main())
