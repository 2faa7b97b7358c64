# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""A frame of each camera of a recording: detections, and lifted poses beside the reference.

    python benchmarks/real_video_picture.py OUT.png [--frame 24] [--options "bones=constant"]

Data and options are those of `benchmarks/real_video_options.py`.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import numpy as np
from real_video_options import measure, parse_options, target_of

import mmposeaug  # noqa: F401  (registers everything)
from mmposeaug.apis import LiftingInferencer
from mmposeaug.datasets.multi_camera import recording_arrays
from mmposeaug.datasets.recordings import load_recording, load_reference
from mmposeaug.structures import LiftedPoses, Skeleton
from mmposeaug.visualization.figures import new_figure
from mmposeaug.visualization.style import GHOST_COLOR, SIDE_COLORS, TITLE_SIZE

VIEWS = (('from the camera', (0, 1)), ('from the left of it', (2, 1)))


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('out', help='the picture to write')
    parser.add_argument('--config', help='config of the lifter (default: the one included)')
    parser.add_argument('--checkpoint', help='its checkpoint')
    parser.add_argument(
        '--data',
        type=Path,
        default=Path(os.environ.get('MMPOSEAUG_REALVIDEO', 'data/realvideo')),
        help='folder with cameras.json, reference.npz and detections (default: %(default)s)',
    )
    parser.add_argument('--frame', type=int, default=24, help='its number (default: 24)')
    parser.add_argument('--options', default='', help='options of lifting (default: none)')
    return parser.parse_args()


def draw_bones(
    axes: Any, points: np.ndarray, skeleton: Skeleton, valid: np.ndarray, colored: bool
) -> None:
    """Bones in two dimensions, whose both ends are valid."""
    for child, parent in skeleton.bones:
        if valid[child] and valid[parent]:
            side = skeleton.joint_names[child].split('_')[0]
            color = SIDE_COLORS.get(side, SIDE_COLORS['']) if colored else GHOST_COLOR
            x, y = points[[child, parent]].T
            axes.plot(x, y, color=color, linewidth=2 if colored else 5, solid_capstyle='round')
    axes.set_aspect('equal')
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.set_yticks([])


def draw_camera(
    column: Any, name: str, lifted: LiftedPoses, row: int, target: np.ndarray, valid: np.ndarray
) -> None:
    """Detections above, two views of the pose below."""
    skeleton = lifted.skeleton
    all_joints = np.ones(skeleton.num_joints, bool)
    draw_bones(column[0], lifted.keypoints_px[row], skeleton, all_joints, True)
    error = measure(lifted, target, valid)['MPJPE']
    frame = np.where(valid[row], np.linalg.norm(lifted.poses_rel[row] - target[row], axis=-1), 0)
    column[0].set_title(f'{name}: {error:.0f} mm', fontsize=TITLE_SIZE)
    counted = valid[row].sum() - 1
    for axes, (title, pair) in zip(column[1:], VIEWS):
        sign = np.array([-1 if pair[0] == 2 else 1, 1])
        draw_bones(axes, target[row][:, pair] * sign, skeleton, valid[row], False)
        draw_bones(axes, lifted.poses_rel[row][:, pair] * sign, skeleton, all_joints, True)
        axes.invert_yaxis()  # twice would be upright again
        axes.set_xlabel(title, fontsize=TITLE_SIZE - 2)
    column[2].set_xlabel(
        f'{VIEWS[1][0]}; this frame {1000 * frame.sum() / counted:.0f} mm', fontsize=TITLE_SIZE - 2
    )


def main() -> None:
    """Lifts and draws."""
    args = parse_args()
    inferencer = LiftingInferencer(args.config, args.checkpoint)
    recording = load_recording(args.data / 'cameras.json')
    arrays, _ = recording_arrays(
        recording, load_reference(args.data / 'reference.npz'), inferencer.skeleton
    )
    figure = new_figure(2.6 * len(recording.people), 8.4, 100)
    panels = figure.subplots(3, len(recording.people), squeeze=False)
    for column, (name, people) in zip(panels.T, recording.people.items()):
        lifted = inferencer(
            people,
            camera_file=str(args.data / 'cameras.json'),
            camera=name,
            **parse_options(args.options),
        )
        rows = lifted.rows_of(args.frame)
        if not len(rows):
            raise SystemExit(f'Frame {args.frame} of {name} has no pose; give another --frame.')
        target, valid = target_of(arrays, name, inferencer.skeleton.root)
        draw_camera(column, name, lifted, int(rows[0]), target, valid)
    figure.tight_layout()
    figure.savefig(args.out)
    print(args.out)


if __name__ == '__main__':
    main()
