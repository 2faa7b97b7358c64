# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifted poses over time with what they should be, for the benchmarks of what steadies them."""

from __future__ import annotations

import argparse
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from real_video_options import LIMBS

import mmposeaug  # noqa: F401  (registers everything)
from mmposeaug.apis import LiftingInferencer
from mmposeaug.datasets.keypoints_2d import Keypoints2D
from mmposeaug.datasets.multi_camera import recording_arrays
from mmposeaug.datasets.recordings import load_recording, load_reference
from mmposeaug.geometry import project
from mmposeaug.lifting import read_camera
from mmposeaug.lifting.upright import up_of_tilt
from mmposeaug.models.detections import DetectionModel
from mmposeaug.structures import H36M_17, LiftedPoses
from mmposeaug.synthetic import Scene
from mmposeaug.synthetic.parts import TARGET_MOTIONS

NOISE = dict(noise=0.01, misses=0.02)
GAP = 100  # frames between two sequences of one camera


@dataclass(frozen=True)
class Sample:
    """Poses of one camera.

    Attributes:
        name (str): The camera, or the motion.
        lifted (LiftedPoses): What the lifter gave.
        target (np.ndarray): Camera-space joints (N, J, 3), metres.
        valid (np.ndarray): Joints that count (N, J).
        up (np.ndarray): What is up in camera axes, (3,).
        labels (np.ndarray): The sequence of each row, (N,).
    """

    name: str
    lifted: LiftedPoses
    target: np.ndarray
    valid: np.ndarray
    up: np.ndarray
    labels: np.ndarray


def parse_args(description: str) -> argparse.Namespace:
    """Command line of these benchmarks."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('config', nargs='?', help='config of the lifter')
    parser.add_argument('checkpoint', nargs='?', help='its checkpoint')
    parser.add_argument(
        '--data',
        type=Path,
        default=Path(os.environ.get('MMPOSEAUG_REALVIDEO', 'data/realvideo')),
        help='folder of the real video (default: %(default)s)',
    )
    parser.add_argument('--mocap', type=Path, help='folder with target_dev.npz and cameras.pkl')
    parser.add_argument('--plot', type=Path, help='PNG to write')
    return parser.parse_args()


def build_inferencer(args: argparse.Namespace) -> LiftingInferencer:
    """The lifter of the command line."""
    return LiftingInferencer(*[each for each in (args.config, args.checkpoint) if each])


def real_samples(inferencer: LiftingInferencer, data: Path, fps: float = 60.0) -> list[Sample]:
    """The cameras of the real video; only limbs count."""
    file, skeleton = data / 'cameras.json', inferencer.skeleton
    recording = load_recording(file)
    arrays, _ = recording_arrays(recording, load_reference(data / 'reference.npz'), skeleton)
    limbs = np.array([name.endswith(LIMBS) for name in skeleton.joint_names])
    samples = []
    for name, people in recording.people.items():
        lifted = inferencer(people, camera_file=str(file), camera=name, fps=fps)
        plain = re.sub(r'[^0-9A-Za-z]+', '-', name)
        rows = [i for i, image in enumerate(arrays['imgname']) if f'.{plain}_' in str(image)]
        target, valid = arrays['S'][rows, :, :3].astype(float), arrays['S'][rows, :, 3] > 0
        up = read_camera(str(file), name).rotation[:, 2]
        labels = np.zeros(len(rows), int)
        samples.append(
            Sample(name, lifted, target, valid & valid[:, :1] & limbs, up, labels),
        )
    return samples


def synthetic_samples(inferencer: LiftingInferencer, fps: float) -> list[Sample]:
    """Five seconds of every motion of the synthetic target, seen through a model of a detector."""
    model, generator = DetectionModel(**NOISE), torch.Generator().manual_seed(0)
    samples = []
    for seed, motion in enumerate(TARGET_MOTIONS):
        scene = Scene(motions=(motion,), frames=int(5 * fps), fps=fps, seed=seed)
        pose = scene.film()[0]
        seen = project(torch.from_numpy(pose), torch.from_numpy(scene.intrinsics)).float()
        pixels, scores = model(seen[None], generator=generator)
        lifted = inferencer(
            torch.cat((pixels[0], scores[0][..., None]), -1).numpy(),
            keypoint_set='h36m_17',
            image_size=scene.image_size,
            focal=scene.focal,
            fps=fps,
        )
        up = up_of_tilt((np.degrees(np.arctan2(scene.height - 0.9, scene.distance)), 0))
        target = pose[lifted.frames]
        valid = np.ones(target.shape[:2], bool)
        samples.append(Sample(motion, lifted, target, valid, up, np.zeros(len(target), int)))
    return samples


def mocap_samples(inferencer: LiftingInferencer, data: Path) -> list[Sample]:
    """Cameras of a target of motion capture at 10 frames a second, seen through the same model."""
    with np.load(data / 'target_dev.npz') as arrays:
        names, part, poses = (arrays[key] for key in ('imgname', 'part', 'S'))
    cameras: dict[tuple[str, str], dict[str, list[tuple[int, int]]]] = defaultdict(dict)
    for row, name in enumerate(names.astype(str)):
        subject, action, camera, frame = re.match(r'(.+?)_(.*)\.(\d+)_(\d+)\.jpg', name).groups()
        cameras[subject, camera].setdefault(action, []).append((int(frame), row))
    model, generator = DetectionModel(**NOISE), torch.Generator().manual_seed(0)
    samples = []
    for (subject, camera), actions in cameras.items():
        frames, rows, pixels, scores, labels = [], [], [], [], []
        for number, members in enumerate(actions.values()):
            frame, row = np.array(sorted(members)).T
            seen = torch.from_numpy(part[row, :, :2]).float()
            found, score = model(seen[None], generator=generator)
            start = frames[-1][-1] + GAP if frames else 0
            frames.append(frame - frame[0] + start)
            rows.append(row)
            pixels.append(found[0].numpy())
            scores.append(score[0].numpy())
            labels.append(np.full(len(row), number))
        where = np.concatenate(frames)
        people = Keypoints2D(
            where,
            np.zeros(len(where), np.int64),
            np.concatenate(pixels),
            np.concatenate(scores),
            joint_names=H36M_17.joint_names,
            fps=10.0,
        )
        file, key = str(data / 'cameras.pkl'), f'{subject}/{camera}'
        lifted = inferencer(people, camera_file=file, camera=key)
        kept = np.searchsorted(where, lifted.frames)
        target = poses[np.concatenate(rows)][kept, :, :3].astype(float)
        up = read_camera(file, key).rotation[:, 2]
        valid = np.ones(target.shape[:2], bool)
        samples.append(Sample(key, lifted, target, valid, up, np.concatenate(labels)[kept]))
    return samples


def take(lifted: LiftedPoses, rows: np.ndarray) -> LiftedPoses:
    """Some rows."""
    names = ('frames', 'tracks', 'poses_rel', 'keypoints_px', 'scores', 'interpolated')
    names += ('image_sizes', 'roots_cam', 'intrinsics')
    return replace(lifted, **{name: getattr(lifted, name)[rows] for name in names})


def second_derivatives(values: np.ndarray, frames: np.ndarray, fps: float) -> np.ndarray:
    """Accelerations (N, *) in units per second squared; NaN where neighbours are missing."""
    found = np.full(values.shape, np.nan)
    whole = np.flatnonzero(frames[2:] - frames[:-2] == 2)
    found[whole + 1] = (values[whole] - 2 * values[whole + 1] + values[whole + 2]) * fps**2
    return found


def contacts(mask: np.ndarray, shortest: int) -> Iterator[tuple[np.ndarray, int]]:
    """Rows and foot of each contact of (T, 2) booleans that lasts long enough."""
    for foot in range(mask.shape[1]):
        edges = np.flatnonzero(np.diff(np.r_[0, mask[:, foot].astype(int), 0]))
        for start, end in edges.reshape(-1, 2):
            if end - start >= shortest:
                yield np.arange(start, end), foot
