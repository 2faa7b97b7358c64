# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How a real detector errs before calibrated cameras, beside a model of it.

The detections of each camera are held against the projection of a 3D reference
(docs/own_cameras.md), all made into the lifter's joints. A reference that was triangulated from
the same detections is drawn to them; `left out` is one made of the other cameras, which has their
errors too. The truth lies between the two.

    python benchmarks/detector_errors.py FOLDER [--model noise=0.01 misses=0.02]
        [--ann-file source_train.npz]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config, DictAction
from torch import Tensor

import mmposeaug  # noqa: F401  (mends what MMPose needs before it is imported)
from mmposeaug.datasets.calibration import world_to_camera
from mmposeaug.datasets.camera_files import intrinsics_of
from mmposeaug.datasets.keypoints_2d import KeypointMap, build_keypoint_map
from mmposeaug.datasets.recordings import Recording, load_recording, load_reference
from mmposeaug.geometry import in_body_frame, in_cameras, person_size, project, triangulate_robustly
from mmposeaug.models import DetectionModel
from mmposeaug.structures import H36M_17 as SKELETON

LAGS = (1, 5, 10)
FAR = 0.05  # of the person's size
SCORES = ((0.0, 0.3), (0.3, 0.9), (0.9, 1.01))


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', type=Path, help='cameras.json, CAMERA.json, reference.npz')
    parser.add_argument(
        '--model', nargs='+', action=DictAction, default={}, help='options of DetectionModel'
    )
    parser.add_argument('--ann-file', type=Path, help='annotation file whose bodies to compare')
    parser.add_argument('--seed', type=int, default=0, help='seed of the model (0)')
    return parser.parse_args(argv)


def joints_of(world: np.ndarray, valid: np.ndarray, rule: KeypointMap) -> tuple[Tensor, Tensor]:
    """The lifter's joints (F, J, 3) of a reference's keypoints, and which are valid (F, J)."""
    used = rule.weights != 0
    joints = np.einsum('jk,fkd->fjd', rule.weights.astype(np.float64), np.nan_to_num(world))
    return torch.from_numpy(joints), torch.from_numpy((valid[:, None] | ~used).all(-1))


def left_out(recording: Recording, camera: int, cameras: Tensor, to_cameras: Tensor) -> tuple:
    """Keypoints (F, K, 3) of all cameras but one, and where three agree."""
    others = [index for index in range(len(cameras)) if index != camera]
    people = list(recording.people.values())
    pixels = np.stack([people[index].keypoints_px for index in others], axis=2)
    scores = np.stack([people[index].scores for index in others], axis=2)
    made = triangulate_robustly(
        torch.from_numpy(pixels).double(),
        torch.from_numpy(scores).double(),
        cameras[others],
        to_cameras[others],
    )
    return made.points.numpy(), made.valid.numpy()


def statistics(found: Tensor, scores: Tensor, exact: Tensor, valid: Tensor) -> dict[str, str]:
    """Rows of the table, of keypoints (C, F, J, 2) of C cameras."""
    size = person_size(found)[..., None, None]
    error = ((found - exact) / size).masked_fill(~valid.unsqueeze(-1), torch.nan).double()
    off = torch.linalg.vector_norm(error, dim=-1)
    known = off[valid]
    constant = error.nanmean(1, keepdim=True)
    moving = error - constant
    rows = {'error, median / 90 % / 99 %': quantiles(known, (0.5, 0.9, 0.99))}
    for name, joints in SKELETON.joint_groups.items():
        part = off[..., list(joints)]
        rows[f'median of joints: {name}'] = quantiles(part[~part.isnan()], (0.5,))
    spread = 1.4826 * moving[~moving.isnan()].abs().median()
    constant = constant[~constant.isnan()]
    rows['constant over the frames, rms'] = percent(constant.square().mean().sqrt())
    rows['moving, robust deviation'] = percent(spread)
    rows[f'correlation {"/".join(map(str, LAGS))} frames apart'] = ' / '.join(
        f'{correlation(moving, lag):.2f}' for lag in LAGS
    )
    rows[f'more than {FAR:.0%} off'] = percent((known > FAR).double().mean())
    for name in ('leg', 'arm'):
        rows[f'frames with {name}s swapped'] = percent(swapped(found, exact, valid, name))
    for low, high in SCORES:
        chosen = off[valid & (scores >= low) & (scores < high)]
        label = f'score {low:g} to {min(high, 1):g}: share, median error'
        share = percent(len(chosen) / max(len(known), 1))
        rows[label] = f'{share}, {quantiles(chosen, (0.5,)) if len(chosen) else "-"}'
    return rows


def correlation(values: Tensor, lag: int) -> float:
    """Correlation of values (C, F, *) with those some frames later; large ones are cut."""
    pairs = torch.stack((values[:, :-lag], values[:, lag:])).flatten(1)
    pairs = pairs[:, ~pairs.isnan().any(0)].clamp(-FAR, FAR)
    return float(torch.corrcoef(pairs)[0, 1])


def swapped(found: Tensor, exact: Tensor, valid: Tensor, limb: str) -> Tensor:
    """Share of the frames in which both limbs together are nearer to each other's places."""
    left, right = (list(SKELETON.limbs[f'{side}_{limb}']) for side in ('left', 'right'))
    own = (found - exact)[..., left + right, :].norm(dim=-1).mean(-1)
    other = (found[..., right + left, :] - exact[..., left + right, :]).norm(dim=-1).mean(-1)
    return (other < own)[valid[..., left + right].all(-1)].double().mean()


def quantiles(values: Tensor, at: Sequence[float]) -> str:
    """Quantiles of shares."""
    wanted = torch.tensor(at, dtype=values.dtype)
    return ' / '.join(percent(value) for value in torch.quantile(values, wanted))


def percent(share: float | Tensor) -> str:
    """A share as it is printed."""
    return f'{100 * float(share):.2f} %'


def body(pose: Tensor) -> dict[str, str]:
    """Medians of joints along the body's axes, in shares of the trunk's length, sides joined."""
    placed = in_body_frame(pose, SKELETON)
    top = SKELETON.bones[SKELETON.trunk_bones[-1]][0]
    placed = placed / torch.linalg.vector_norm(placed[:, top], dim=-1)[:, None, None]
    rows = {}
    for joint, name in enumerate(SKELETON.joint_names):
        other = SKELETON.flip_indices[joint]
        if SKELETON.sides[joint] == 'right' or joint == SKELETON.root:
            continue
        both = placed[:, joint]
        if other != joint:
            both = (both + placed[:, other] * torch.tensor([-1.0, 1, 1])) / 2
        label = name.removeprefix('left_')
        rows[label] = ' / '.join(f'{value:+.2f}' for value in both.median(0).values)
    return rows


def print_table(columns: dict[str, dict[str, str]], first: str) -> None:
    """A Markdown table of columns."""
    print(f'| {first} | ' + ' | '.join(columns) + ' |')
    print('| --- ' * (len(columns) + 1) + '|')
    for name in next(iter(columns.values())):
        print(f'| {name} | ' + ' | '.join(column[name] for column in columns.values()) + ' |')
    print()


def measure(args: argparse.Namespace) -> None:
    """Prints the tables."""
    options = Config()
    options.merge_from_dict(args.model)  # of names with dots
    model = DetectionModel(SKELETON, **options.to_dict())
    recording = load_recording(args.folder / 'cameras.json')
    reference = load_reference(args.folder / 'reference.npz')
    rule = build_keypoint_map(recording.joint_names, SKELETON)
    rows = [intrinsics_of(('', name), camera) for name, camera in recording.cameras.items()]
    cameras, to_cameras = torch.from_numpy(np.stack(rows)), world_to_camera(recording.cameras)
    detected = [rule(people.keypoints_px, people.scores) for people in recording.people.values()]
    found = torch.from_numpy(np.stack([each[0] for each in detected]))
    scores = torch.from_numpy(np.stack([each[1] for each in detected]))
    world, valid = joints_of(reference.world, reference.valid, rule)

    def inside(points: Tensor, camera: int) -> Tensor:
        return in_cameras(points, to_cameras[camera : camera + 1])[..., 0, :]

    def seen(points: Tensor, camera: int) -> Tensor:
        return project(inside(points, camera), cameras[camera])

    count = range(len(cameras))
    exact = torch.stack([seen(world, camera) for camera in count]).float()
    others = [joints_of(*left_out(recording, c, cameras, to_cameras), rule) for c in count]
    apart = torch.stack([seen(each[0], camera) for camera, each in enumerate(others)]).float()
    every = valid.expand(len(cameras), -1, -1)
    apart_valid = torch.stack([each[1] for each in others])
    columns = {
        'detector': statistics(found, scores, exact, every),
        'detector, left out': statistics(found, scores, apart, apart_valid),
    }
    pose = torch.stack([inside(world, camera) for camera in count]).float()
    generator = torch.Generator().manual_seed(args.seed)
    made, made_scores = model(exact, pose_cam=pose, intrinsics=cameras.float(), generator=generator)
    text = ' '.join(f'{name}={value}' for name, value in args.model.items())
    columns[f'model {text}'.rstrip()] = statistics(made, made_scores, exact, every)
    print_table(columns, "in shares of the person's size")
    if args.ann_file is not None:
        with np.load(args.ann_file, allow_pickle=False) as file:
            annotated = torch.from_numpy(file['S'][..., :3]).double()
        core = [j for joints in ('left_leg', 'right_leg') for j in SKELETON.limbs[joints]]
        upright = valid[:, [*core, SKELETON.index('thorax')]].all(-1)
        places = {'detector': body(world[upright]), args.ann_file.name: body(annotated)}
        print_table(places, 'outwards / up / forward of the root, in trunk lengths')


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the measurement; the return value is the exit status."""
    args = parse_args(argv)
    try:
        measure(args)
    except (OSError, ValueError, TypeError) as error:  # files; options of the model
        print(f'detector_errors.py: error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
