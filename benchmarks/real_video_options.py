# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What the options of lifting do on real video, as a table in Markdown.

    python benchmarks/real_video_options.py [CONFIG CHECKPOINT] [--options "" "bones=constant"]

One person, several calibrated cameras and a 3D reference, as `MultiCameraDataset` reads them
(default: the folder real_video of the config). MPJPE and P-MPJPE in mm over the joints whose
reference is valid, root-aligned, the root, spine, neck and head not counted, averaged over each
camera's frames, then over the cameras; the rest likewise.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import mmposeaug  # noqa: F401  (registers everything)
from mmposeaug.apis import LiftingInferencer
from mmposeaug.datasets.multi_camera import recording_arrays
from mmposeaug.datasets.recordings import load_recording, load_reference
from mmposeaug.evaluation import format_table, joint_errors, procrustes_align
from mmposeaug.evaluation.motion import (
    accelerations,
    bone_spread,
    reprojection_errors,
    side_difference,
)
from mmposeaug.structures import LiftedPoses

LIMBS = ('hip', 'knee', 'ankle', 'foot', 'shoulder', 'elbow', 'wrist')
COLUMNS = ('MPJPE', 'P-MPJPE', 'bone spread %', 'left-right %', 'reprojection px', 'acceleration')


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        'config', nargs='?', help='config of the lifter (default: the one included)'
    )
    parser.add_argument('checkpoint', nargs='?', help='its checkpoint')
    parser.add_argument(
        '--data',
        type=Path,
        default=Path(os.environ.get('MMPOSEAUG_REALVIDEO', 'data/realvideo')),
        help='folder with cameras.json, reference.npz and detections (default: %(default)s)',
    )
    parser.add_argument(
        '--options',
        nargs='+',
        default=[''],
        metavar='"NAME=VALUE ..."',
        help='a row each: options of lifting (default: one row, none)',
    )
    parser.add_argument(
        '--no-camera', action='store_true', help='leave the cameras out, so that they are assumed'
    )
    parser.add_argument('--by-camera', action='store_true', help='MPJPE of each camera, too')
    return parser.parse_args()


def parse_options(text: str) -> dict[str, Any]:
    """Fields of LiftingOptions, as `bones=constant max_gap=5`."""
    found = {}
    for word in text.split():
        name, equals, value = word.partition('=')
        if not equals:
            raise SystemExit(f'--options has {word!r}; give NAME=VALUE.')
        try:
            found[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            found[name] = value
    return found


def target_of(
    arrays: Mapping[str, np.ndarray], name: str, root: int
) -> tuple[np.ndarray, np.ndarray]:
    """Root-relative reference (N, J, 3) of a camera in metres, and what of it is valid."""
    camera = re.sub(r'[^0-9A-Za-z]+', '-', name)
    rows = [i for i, image in enumerate(arrays['imgname']) if f'.{camera}_' in str(image)]
    pose, valid = arrays['S'][rows, :, :3], arrays['S'][rows, :, 3] > 0
    return pose - pose[:, root, None], valid & valid[:, root, None]


def measure(lifted: LiftedPoses, target: np.ndarray, valid: np.ndarray) -> dict[str, float]:
    """Scores of one camera."""
    if len(lifted) != len(target):
        raise SystemExit(f'{len(lifted)} poses are lifted of {len(target)} of the reference.')
    skeleton = lifted.skeleton
    counted = [j for j, name in enumerate(skeleton.joint_names) if name.endswith(LIMBS)]
    pred, gt, mask = lifted.poses_rel[:, counted], target[:, counted], valid[:, counted]
    errors = _mean(joint_errors(pred, gt), mask) * 1000
    enough = mask.sum(1) >= 6
    aligned = procrustes_align(pred[enough].astype(float), gt[enough].astype(float), mask[enough])
    aligned_errors = _mean(joint_errors(aligned, gt[enough]), mask[enough]) * 1000
    assert lifted.intrinsics is not None
    seen = reprojection_errors(lifted.poses_cam, lifted.keypoints_px, lifted.intrinsics)
    second = accelerations(lifted.poses_rel, lifted.frames) * 1000
    scores = (
        float(np.nanmean(errors)),
        float(np.nanmean(aligned_errors)),
        round(bone_spread(lifted.poses_rel, skeleton), 3),
        round(side_difference(lifted.poses_rel, skeleton), 3),
        float(seen[:, counted].mean()),
        float(np.linalg.norm(second, axis=-1).mean()),
    )
    return dict(zip(COLUMNS, scores))


def _mean(errors: np.ndarray, mask: np.ndarray) -> np.ndarray:
    count = mask.sum(1)
    return np.where(count > 0, (errors * mask).sum(1) / np.maximum(count, 1), np.nan)


def main() -> None:
    """Lifts every camera's detections with every row's options."""
    args = parse_args()
    inferencer = LiftingInferencer(args.config, args.checkpoint)
    recording = load_recording(args.data / 'cameras.json')
    arrays, _ = recording_arrays(
        recording, load_reference(args.data / 'reference.npz'), inferencer.skeleton
    )
    root = inferencer.skeleton.root
    targets = {name: target_of(arrays, name, root) for name in recording.people}
    rows: dict[str, dict[str, Any]] = {}
    for text in args.options:
        by_camera = {}
        for name, people in recording.people.items():
            given = dict(camera_file=str(args.data / 'cameras.json'), camera=name)
            if args.no_camera:
                size = recording.cameras[name]
                given = dict(image_size=(size['w'], size['h']))
            lifted = inferencer(people, **given, **parse_options(text))
            by_camera[name] = measure(lifted, *targets[name])
        means = {name: np.mean([each[name] for each in by_camera.values()]) for name in COLUMNS}
        rows[text or 'none'] = dict(means)
        if args.by_camera:
            errors = ' / '.join(f'{each["MPJPE"]:.1f}' for each in by_camera.values())
            rows[text or 'none']['by camera'] = errors
    print(format_table('options', rows))


if __name__ == '__main__':
    main()
