# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Writes a trained lifter as ONNX, from pixels to metres (docs/export.md)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from mmposeaug import apis, lifting
from mmposeaug.lifting.option_names import OPSETS

EPILOG = """\
The file takes keypoints in pixels and gives camera-space poses in metres, root at the origin;
the normalisation of the codec, and with --flip the mirrored image, are inside. It is compared with
torch before it is written. The batch size is free; the number of frames is fixed, but free up to
seq_len for MotionBERT, which also takes scores, the camera and the depth of the root. Lifters of
the codec for calibrated cameras take the camera, or have one inside (--camera-file, --focal).

example:
  python tools/export_onnx.py configs/poseaug/poseaug_simplebaseline-256_1xb256-72e_mocap.py \\
      work_dirs/poseaug/best.pth lifter.onnx --flip
"""


def build_parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = argparse.ArgumentParser(
        description='Write a trained lifter as ONNX and check it with onnxruntime.',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('config', help='config that the lifter was trained with')
    parser.add_argument('checkpoint', help='its checkpoint, such as best_*.pth')
    parser.add_argument('out', metavar='OUT.onnx', help='file to write')
    parser.add_argument(
        '--flip', action='store_true', help='take the mean of the image and its mirror image'
    )
    parser.add_argument(
        '--opset',
        type=int,
        default=OPSETS[0],
        metavar='N',
        help=f"version of ONNX's operators, {OPSETS[0]} to {OPSETS[-1]} (default: {OPSETS[0]}, "
        'which the most runtimes read)',
    )
    parser.add_argument(
        '--image-size',
        type=int,
        nargs=2,
        metavar=('W', 'H'),
        help='width and height in pixels of all images; without it they are an input, where the '
        'lifter needs them',
    )
    parser.add_argument(
        '--camera-file', help='file with the camera of all images, fixed in the graph'
    )
    parser.add_argument('--camera', metavar='SUBJECT/CAMERA', help='which camera of it')
    parser.add_argument(
        '--focal',
        type=float,
        metavar='PX',
        help='focal length of all images in pixels, in place of a camera file; needs --image-size, '
        'whose middle is the centre',
    )
    return parser


def find_camera(args: argparse.Namespace) -> list[float] | None:
    """The camera that is fixed in the graph."""
    camera = lifting.read_camera(args.camera_file, args.camera)
    size = args.image_size
    if camera is not None:
        if args.focal is not None:
            raise ValueError('--focal stands in place of a camera file; give one of them.')
        size = size or camera.size
        if size is None:
            return camera.intrinsics.tolist()
        lifting.check_sizes(np.array([size], dtype=float), 'given', camera)
    elif args.focal is None:
        return None
    elif size is None:
        raise ValueError("--focal needs --image-size, whose middle is the camera's centre.")
    return lifting.find_view(np.array([size], dtype=float), camera, args.focal)[0][0].tolist()


def print_report(report: apis.ExportReport) -> None:
    """Prints what was written."""
    metadata = report.metadata
    print(f'{report.path}: {report.num_bytes / 1e6:.1f} MB')
    for spec in report.inputs:
        print(f'  input  {spec.name} {_shape(spec.shape)}: {spec.meaning}')
    name, shape = report.output
    print(f'  output {name} {_shape(shape)}: {metadata["output"]}, {metadata["unit"]}s')
    print(f'  frames: {metadata["frames"]}, pose of: {metadata["target_frame"]}')
    sizes = ', '.join(f'{batch} x {frames}' for batch, frames in report.checked)
    print(
        f'  largest difference to torch: {report.max_difference_mm:.5f} mm in coordinates up to '
        f'{report.max_coordinate_m:.2f} m (clips x frames: {sizes})'
    )


def _shape(shape: Sequence[int | str]) -> str:
    return f'({", ".join(map(str, shape))})'


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the tool; the return value is the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    try:
        lifting.export.export.require_packages()
        camera = find_camera(args)
        lifter = apis.load_lifter(args.config, args.checkpoint)
        codec, size = lifter.adapter.codec, args.image_size
        if camera is not None and not (codec.needs_image_size or codec.flips_at_image):
            size = None  # it was the camera's
        print_report(apis.export_onnx(lifter, args.out, args.flip, args.opset, size, camera))
    except (OSError, ValueError, apis.ExportError) as error:
        print(f'{parser.prog}: error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\nInterrupted; nothing was written.', file=sys.stderr)
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
