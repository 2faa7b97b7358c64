# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifts people while a camera or video runs, and tells the latency (docs/other_programs.md)."""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mmposeaug import apis
from mmposeaug.datasets.keypoints_2d import UNTRACKED, load_keypoints
from mmposeaug.lifting.command_line import add_detector, build_chosen

Detections = dict[str, Any]


def build_parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = argparse.ArgumentParser(
        description='Lift people frame by frame, from a webcam, a video, or a file of keypoints '
        'that is replayed, and tell the latency of each stage.'
    )
    parser.add_argument(
        'source', help='number of a webcam, a video, or a file of keypoints (.json, .npz, .npy)'
    )
    parser.add_argument('--config', help='config of the lifter (default: the included one)')
    parser.add_argument('--checkpoint', help='its checkpoint')
    parser.add_argument('--device', default='cpu', help='cpu or cuda (default: cpu)')
    parser.add_argument(
        '--no-flip', action='store_true', help='do not average with the mirrored image'
    )
    parser.add_argument('--max-frames', type=int, help='stop after that many (default: at the end)')
    parser.add_argument(
        '--keypoint-set', help="of a file that does not name them (default: the detector's coco)"
    )
    parser.add_argument(
        '--image-size', type=float, nargs=2, metavar=('WIDTH', 'HEIGHT'), help='of keypoints'
    )
    parser.add_argument('--camera-file', help='camera file, as training sets have them')
    parser.add_argument('--camera', metavar='SUBJECT/CAMERA', help='which camera of it')
    parser.add_argument('--focal', type=float, help='focal length in pixels')
    parser.add_argument(
        '--max-gap', type=int, default=10, help='frames for which to hold (default: 10)'
    )
    parser.add_argument('--fps', type=float, help='frames a second, for --smooth')
    parser.add_argument(
        '--smooth', type=float, metavar='HZ', help='smooth with earlier frames alone; 1 is good'
    )
    add_detector(parser, mode='lightweight')
    return parser


class Stages:
    """Seconds that each stage takes in each frame."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def timed(self, stage: str, call: Any, *args: Any, **options: Any) -> Any:
        """Calls something and keeps the time."""
        start = time.perf_counter()
        result = call(*args, **options)
        self.seconds[stage].append(time.perf_counter() - start)
        return result

    def lines(self) -> Iterator[str]:
        """A table: median and 95th percentile of each stage in milliseconds."""
        yield f'{"stage":10}{"median ms":>11}{"p95 ms":>9}{"frames":>8}'
        for stage, seconds in self.seconds.items():
            median, p95 = np.percentile(np.array(seconds) * 1000, (50, 95))
            yield f'{stage:10}{median:11.2f}{p95:9.2f}{len(seconds):8}'


def from_pictures(args: argparse.Namespace, stages: Stages) -> Iterator[Detections]:
    """Detections in the pictures of a webcam or video."""
    webcam = args.source.isdigit()
    if not webcam and not Path(args.source).is_file():
        raise FileNotFoundError(f'The video {args.source!r} does not exist; check the path.')
    detector = build_chosen(args)
    capture = cv2.VideoCapture(int(args.source) if webcam else args.source)
    try:
        if not capture.isOpened():
            kind = 'webcam' if webcam else 'video'
            raise ValueError(f'The {kind} {args.source!r} cannot be opened; check that it is one.')
        while True:
            there, picture = stages.timed('picture', capture.read)
            if not there:
                return
            keypoints, scores = stages.timed('detection', detector, picture)
            size = (picture.shape[1], picture.shape[0])
            yield dict(keypoints=keypoints, scores=scores, image_size=size)
    finally:
        capture.release()


def from_keypoints(args: argparse.Namespace) -> Iterator[Detections]:
    """Detections of a file, frame by frame."""
    people = load_keypoints(args.source)
    tracked = bool((people.tracks != UNTRACKED).all())
    ends = np.searchsorted(people.frames, np.arange(people.frames[0], people.frames[-1] + 2))
    for frame, (first, end) in enumerate(zip(ends, ends[1:]), start=int(people.frames[0])):
        yield dict(
            keypoints=people.keypoints_px[first:end],
            scores=people.scores[first:end],
            tracks=people.tracks[first:end] if tracked else None,
            joint_names=people.joint_names,
            image_size=args.image_size or people.image_sizes.get(frame),
            frame=frame,
        )


def run(args: argparse.Namespace) -> None:
    """Lifts frame after frame."""
    stages = Stages()
    replayed = Path(args.source).suffix.lower() in ('.json', '.npz', '.npy')
    inferencer = apis.LiftingInferencer(
        args.config, args.checkpoint, args.device, flip_test=not args.no_flip
    )
    detected = 'mediapipe' if args.detector == 'mediapipe' else 'coco'
    live = apis.LiveLifter(
        inferencer,
        keypoint_set=args.keypoint_set or ('auto' if replayed else detected),
        image_size=tuple(args.image_size) if args.image_size else None,
        camera_file=args.camera_file,
        camera=args.camera,
        focal=args.focal,
        max_gap=args.max_gap,
        fps=args.fps,
        smooth=args.smooth,
        causal=args.smooth is not None,
    )
    told = time.perf_counter()
    frames = from_keypoints(args) if replayed else from_pictures(args, stages)
    for count, detections in enumerate(frames, start=1):
        people = stages.timed('lifting', live, **detections)
        if time.perf_counter() - told > 1:
            told = time.perf_counter()
            places = [f'{x:.1f} {y:.1f} {z:.1f} m' for x, y, z in people.roots_cam[:3]]
            print(f'frame {live.frame}: {len(people)} people {"; ".join(places)}', flush=True)
        if count == args.max_frames:
            break
    for line in stages.lines():
        print(line)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the demo; the return value is the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    try:
        run(args)
    except (OSError, ValueError, ImportError) as error:
        print(f'{parser.prog}: error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
