# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Options of the command that lifts keypoints, pictures and videos."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmposeaug.datasets.keypoints_2d import KEYPOINT_FORMATS, KEYPOINT_SETS, OF_LIFTER

from .detect import DETECTORS, MODES, Detector, build_detector
from .frames import IMAGE_ENDINGS
from .option_names import BONES
from .tracks import TRACKERS

ENDINGS = dict(
    json='.json',
    npz='.npz',
    page='.html',
    frames='_frames',
    mp4='.mp4',
    gif='.gif',
    bvh='.bvh',
    trc='.trc',
    rrd='.rrd',
)
"""dict[str, str]: What can be written, and how its name ends."""

VIDEO_ENDINGS = ('.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v', '.mpg', '.mpeg', '.wmv', '.flv')
"""tuple[str]: Names of files that are taken for videos."""


def is_pictures(source: str) -> bool:
    """Whether people are to be detected in a file or folder; else it holds keypoints."""
    path = Path(source)
    if path.is_dir():
        names = [each.suffix.lower() for each in path.rglob('*')]
        return '.json' not in names and any(name in IMAGE_ENDINGS for name in names)
    return path.suffix.lower() in (*VIDEO_ENDINGS, *IMAGE_ENDINGS)


def build_parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = argparse.ArgumentParser(
        prog='mmposeaug-lift',
        description='Lift 2D keypoints of people to 3D poses: JSON and npz files, an HTML page to '
        'look at them, pictures and videos.',
    )
    parser.add_argument(
        'keypoints',
        nargs='?',
        metavar='KEYPOINTS|VIDEO',
        help='JSON of COCO, MMPose, AlphaPose, OpenPose or Ultralytics, npz or npy file, or folder '
        'of one JSON file for each image; or '
        'a video, an image, or a folder of images to detect people in',
    )
    parser.add_argument(
        '--config', help='config of the lifter (default: the lifter that comes with the package)'
    )
    parser.add_argument('--checkpoint', help='its checkpoint')
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
        '--max-frames',
        type=int,
        metavar='N',
        help='of frames, mp4 and gif: draw N pictures, evenly spread (default: all)',
    )
    parser.add_argument('--name', help="name of the files (default: the input's)")
    parser.add_argument('--device', default='cpu', help='cpu or cuda (default: cpu)')
    parser.add_argument(
        '--no-flip', action='store_true', help='do not average with the mirrored image'
    )
    reading = parser.add_argument_group('keypoints')
    reading.add_argument(
        '--format', default='auto', choices=('auto', *KEYPOINT_FORMATS), help='(default: auto)'
    )
    reading.add_argument(
        '--keypoint-set',
        default='auto',
        metavar='SET',
        help=f'{", ".join(KEYPOINT_SETS)}, {OF_LIFTER} for its own joints, or a JSON file '
        '(default: told by the file)',
    )
    reading.add_argument('--annotations', help='COCO file with the images of a results file')
    reading.add_argument(
        '--video-id',
        type=lambda text: int(text) if text.isdecimal() else text,
        help='of COCO and VideoPose3D files with several videos, one',
    )
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
        help='image, folder or video that the keypoints are of, or to detect people in',
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
        '--stature', type=float, help='metres, for lifters that cannot tell it (default: 1.7)'
    )
    view.add_argument(
        '--fps', type=float, help="frames a second (default: the input's; unknown, 10 are played)"
    )
    motion = parser.add_argument_group('what is done to the poses of a video')
    motion.add_argument(
        '--bones',
        choices=BONES,
        help='constant: each person has one set of bone lengths, to which poses are fitted; free: '
        'as lifted (default: constant, of single pictures free)',
    )
    motion.add_argument(
        '--smooth',
        type=float,
        metavar='HZ',
        help='smooth over time, below this frequency (4 is good)',
    )
    motion.add_argument('--causal', action='store_true', help='smooth with earlier frames alone')
    motion.add_argument(
        '--up',
        nargs='+',
        metavar='WAY',
        help="which way is up: auto, an axis of the calibration's world (z), or pitch and roll of "
        'the camera in degrees',
    )
    motion.add_argument('--feet', action='store_true', help='feet that stand do not slide')
    add_detector(parser)
    return parser


def add_detector(parser: argparse.ArgumentParser, mode: str = 'balanced') -> None:
    """The options of what detects people in pictures."""
    group = parser.add_argument_group(
        'detection in images (pip install rtmlib onnxruntime, or mediapipe==0.10.21)'
    )
    group.add_argument(
        '--detector',
        default='rtmlib',
        choices=DETECTORS,
        help='mediapipe sees one person, and needs no download (default: rtmlib)',
    )
    group.add_argument('--pose-model', help="ONNX file of an RTMPose (default: rtmlib's own)")
    group.add_argument('--person-model', help='ONNX file of a YOLOX')
    group.add_argument(
        '--detector-mode',
        choices=MODES,
        help=f"which of the detector's own (default: {mode}; of mediapipe balanced, which is in "
        'its package)',
    )
    parser.set_defaults(usual_mode=mode)


def build_chosen(args: argparse.Namespace, stills: bool = False) -> Detector:
    """The detector that the options of :func:`add_detector` choose."""
    usual = 'balanced' if args.detector == 'mediapipe' else args.usual_mode
    return build_detector(
        args.pose_model,
        args.person_model,
        args.detector_mode or usual,
        args.device,
        args.detector,
        stills,
    )
