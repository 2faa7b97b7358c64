# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Memory and time of loading training pairs, and time of gathering samples of them.

    python benchmarks/loading.py [--pairs 1560000] [--compressed] [--scores] [--json FILE]

The file is made here: bodies of random bone directions under Human3.6M's names, seen by cameras
with its lenses. Each way to load it has a process of its own; memory is how far the process's
peak rises over what it was after the imports and a load of 20,000 pairs. Gathers of all pairs and
of 100,000 take turns in one process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from mmposeaug.datasets import CameraSet, load_pose_bank
from mmposeaug.fileio import save_json
from mmposeaug.geometry import bones_to_joints, project
from mmposeaug.structures import H36M_17

MIB = 2**20
FEW, SMALL = 20_000, 100_000
BATCH = 1024
SUBJECTS = ('S1', 'S5', 'S6', 'S7', 'S8')
CAMERAS = ('54138969', '55011271', '58860488', '60457274')
VIDEO = 2600  # frames, as Human3.6M's on average
CHUNK = 100_000

WAYS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    'all': lambda cfg: cfg,
    'half': lambda cfg: dict(cfg, subset_frac=0.5),
    'clips of 27 frames': lambda cfg: dict(cfg, seq_len=27, causal=False, pad_video_seq=True),
    'joined from two sets': lambda cfg: dict(
        type='ConcatDataset',
        datasets=[dict(cfg, subjects=each) for each in (SUBJECTS[:2], SUBJECTS[2:])],
    ),
}


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--pairs', type=int, default=1_560_000, help='Human3.6M has as many')
    parser.add_argument('--compressed', action='store_true', help='compress the file')
    parser.add_argument('--scores', action='store_true', help='scores that differ by joint')
    parser.add_argument('--rounds', type=int, default=15, help='turns of every gather')
    parser.add_argument('--json', help='file for the numbers')
    args = parser.parse_args()
    if args.pairs < SMALL or args.rounds < 1:
        parser.error(f'--pairs must be {SMALL} or more, --rounds 1 or more')
    return args


def make_cameras() -> dict[str, dict[str, Any]]:
    """Cameras by SUBJECT/CAMERA."""
    rng = np.random.default_rng(0)
    return {
        f'{subject}/{camera}': dict(
            f=(1145 + rng.uniform(-5, 5, 2)).tolist(),
            c=(510 + rng.uniform(-8, 8, 2)).tolist(),
            k=[-0.2, 0.24, -0.002],
            p=[-0.0009, -0.0014],
            w=1000,
            h=1002,
        )
        for subject in SUBJECTS
        for camera in CAMERAS
    }


def make_files(folder: str, pairs: int, compressed: bool, scores: bool, found: Any) -> None:
    """Write files of all pairs and of few."""
    for count in {FEW, SMALL, pairs}:
        make_file(folder, count, compressed, scores)
    found.put(pairs)


def make_file(folder: str, pairs: int, compressed: bool, scores: bool) -> None:
    """Write ``PAIRS.npz`` and cameras.json."""
    cameras = make_cameras()
    save_json(os.path.join(folder, 'cameras.json'), cameras)
    known = CameraSet.from_dicts({tuple(k.split('/')): c for k, c in cameras.items()})
    names, arrays = [], {'part': np.ones((pairs, 17, 3), np.float32)}
    arrays['S'] = np.ones((pairs, 17, 4), np.float32)
    generator = torch.Generator().manual_seed(0)
    for first in range(0, pairs, CHUNK):
        rows = np.arange(first, min(first + CHUNK, pairs))
        bones = torch.randn(len(rows), H36M_17.num_bones, 3, generator=generator)
        bones = 0.25 * bones / bones.norm(dim=-1, keepdim=True)
        root = torch.rand(len(rows), 3, generator=generator) * 2 + torch.tensor([-1.0, -1, 4])
        pose = bones_to_joints(bones, H36M_17, root)
        arrays['S'][rows, :, :3] = pose.numpy()
        video = rows // VIDEO % len(known)
        keypoints = project(pose.double(), known.intrinsics[torch.from_numpy(video)].double())
        arrays['part'][rows, :, :2] = keypoints.numpy()
        for row, camera in zip(rows.tolist(), video.tolist()):
            subject, name = known.keys[camera]
            clip = f'{subject}_Walking_{row // VIDEO // len(known)}.{name}'
            names.append(f'{subject}/{clip}/{clip}_{row % VIDEO + 1:06d}.jpg')
    arrays['imgname'] = np.array(names)
    if scores:
        arrays['part'][..., 2] = np.random.default_rng(0).uniform(0.5, 1, (pairs, 17))
    arrays['center'] = arrays['part'][..., :2].mean(1)
    arrays['scale'] = np.ones(pairs, np.float32)
    save = np.savez_compressed if compressed else np.savez
    save(os.path.join(folder, f'{pairs}.npz'), **arrays)


def load(folder: str, pairs: int, way: str = 'all') -> Any:
    """The bank of a file that ``make_file`` wrote."""
    cfg = dict(type='MocapDataset', data_root=folder, ann_file=f'{pairs}.npz')
    return load_pose_bank(WAYS[way](dict(cfg, camera_param_file='cameras.json')))


def peak() -> float:
    """MiB that this process had at most."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (MIB if sys.platform == 'darwin' else 1024)


def measure_load(folder: str, pairs: int, way: str, found: Any) -> None:
    """Seconds and MiB of one way to load the file."""
    torch.set_num_threads(1)
    load(folder, FEW)
    before, wall, cpu = peak(), time.perf_counter(), time.process_time()
    bank = load(folder, pairs, way)
    found.put(
        dict(
            samples=len(bank),
            seconds=time.perf_counter() - wall,
            cpu_seconds=time.process_time() - cpu,
            peak_mib=peak() - before,
        )
    )


def measure_gather(folder: str, pairs: int, rounds: int, found: Any) -> None:
    """Nanoseconds a sample of gathering from all pairs and from few."""
    torch.set_num_threads(1)
    banks = {count: load(folder, count) for count in {SMALL, pairs}}
    times: dict[int, list[float]] = {count: [] for count in sorted(banks)}
    generator = torch.Generator().manual_seed(0)
    batches = SMALL // BATCH // 2
    for turn in range(rounds + 1):
        for count, values in times.items():
            order = torch.randperm(count, generator=generator)[: batches * BATCH].split(BATCH)
            start = time.process_time()
            for index in order:
                banks[count].gather(index)
            if turn:
                values.append((time.process_time() - start) / batches / BATCH * 1e9)
    found.put({str(count): statistics.median(values) for count, values in times.items()})


def in_process(function: Any, *args: Any) -> Any:
    """What a function puts into a queue in a process of its own, which inherits this one's peak."""
    context = multiprocessing.get_context('spawn')
    found = context.Queue()
    process = context.Process(target=function, args=(*args, found))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f'{function.__name__} failed with exit code {process.exitcode}.')
    return found.get()


def main() -> None:
    """Measure, print a table, and save the numbers."""
    args = parse_args()
    with tempfile.TemporaryDirectory() as folder:
        in_process(make_files, folder, args.pairs, args.compressed, args.scores)
        print(f'{"what is loaded":20s} {"samples":>9s} {"peak MiB":>9s} {"s":>6s} {"s of CPU":>9s}')
        loads = {}
        for name in WAYS:
            row = loads[name] = in_process(measure_load, folder, args.pairs, name)
            print(
                f'{name:20s} {row["samples"]:9d} {row["peak_mib"]:9.0f} {row["seconds"]:6.1f} '
                f'{row["cpu_seconds"]:9.1f}',
                flush=True,
            )
        gather = in_process(measure_gather, folder, args.pairs, args.rounds)
    for count, value in gather.items():
        print(f'gather of {int(count):9d} pairs: {value:6.0f} ns a sample')
    few, every = gather[str(SMALL)], gather[str(args.pairs)]
    print(f'ratio {every / few:.2f}')
    if args.json:
        save_json(args.json, dict(vars(args), loads=loads, gather_ns=gather, ratio=every / few))


if __name__ == '__main__':
    main()
