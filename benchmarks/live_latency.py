# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How long lifting a frame takes for several people, on one core, as a table in Markdown.

    python benchmarks/live_latency.py CONFIG CHECKPOINT [--onnx lifter.onnx]

LiveLifter from keypoints to poses with places; with --onnx also the file that
tools/export_onnx.py --flip made of the same lifter, from keypoints to root-relative poses. Wall
time in milliseconds, median and 95th percentile, and CPU time, median: on a busy machine the wall
time is that of the others, too.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import mmposeaug  # noqa: F401  (registers everything)
from mmposeaug.apis import LiftingInferencer, LiveLifter
from mmposeaug.evaluation import format_table
from mmposeaug.geometry import project
from mmposeaug.synthetic import Scene

SIZE = (1280, 720)
FRAMES = 100  # keypoints that are replayed


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        'config', nargs='?', help='config of a lifter of 17 joints (default: the included one)'
    )
    parser.add_argument('checkpoint', nargs='?', help='its checkpoint')
    parser.add_argument('--onnx', help='the same lifter as an ONNX file')
    parser.add_argument('--people', type=int, nargs='+', default=[1, 5, 50])
    parser.add_argument('--runs', type=int, default=300, help='frames (default: %(default)s)')
    return parser.parse_args()


def crowd(people: int) -> np.ndarray:
    """Keypoints (frames, people, 17, 2) of people beside each other."""
    scene = Scene(frames=FRAMES)
    pose = torch.from_numpy(scene.film()[0])
    one = project(pose, torch.from_numpy(scene.intrinsics)).float().numpy()
    shift = np.linspace(-200, 200, people)[:, None, None] if people > 1 else 0
    return np.repeat(one[:, None], people, 1) + np.asarray(shift, np.float32) * (1, 0)


def measure(call: Callable[[np.ndarray], Any], frames: np.ndarray, runs: int) -> dict[str, str]:
    """Milliseconds of a call for each frame."""
    wall, cpu = [], []
    for run in range(runs + 5):
        keypoints = frames[run % len(frames)]
        start, start_cpu = time.perf_counter(), time.process_time()
        call(keypoints)
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - start_cpu)
    median, p95 = np.percentile(np.array(wall[5:]) * 1000, (50, 95))
    busy = np.median(cpu[5:]) * 1000
    return {'wall median': f'{median:.1f}', 'wall p95': f'{p95:.1f}', 'CPU median': f'{busy:.1f}'}


def onnx_call(path: str) -> Callable[[np.ndarray], Any]:
    """The ONNX file as a function of keypoints (P, 17, 2)."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    names = {each.name for each in session.get_inputs()}

    def call(keypoints: np.ndarray) -> Any:
        count = len(keypoints)
        camera = np.tile(np.float32([1280, 1280, 640, 360, 0, 0, 0, 0, 0]), (count, 1))
        given = dict(
            keypoints_px=keypoints[:, None].astype(np.float32),
            image_size=np.tile(np.float32(SIZE), (count, 1)),
            intrinsics=camera,
        )
        return session.run(None, {name: given[name] for name in given if name in names})

    return call


def main() -> None:
    """Measures every number of people."""
    args = parse_args()
    torch.set_num_threads(1)
    inferencer = LiftingInferencer(args.config, args.checkpoint)
    rows: dict[str, dict[str, str]] = {}
    for people in args.people:
        frames = crowd(people)
        for name, tracks in (('numbers given', np.arange(people)), ('followed by IoU', None)):
            live = LiveLifter(inferencer, keypoint_set='h36m_17', image_size=SIZE)
            rows[f'{people}, {name}'] = measure(
                lambda keypoints, live=live, tracks=tracks: live(keypoints, None, tracks),
                frames,
                args.runs,
            )
        if args.onnx:
            rows[f'{people}, ONNX alone'] = measure(onnx_call(args.onnx), frames, args.runs)
    print(format_table('people', rows))


if __name__ == '__main__':
    main()
