# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The error of a lifter whose cameras are given a wrong focal length, as a table.

    python benchmarks/focal_length_error.py CONFIG CHECKPOINT [--set target_dev]

The keypoints stay as they are, the focal lengths of their cameras are multiplied. MPJPE and
P-MPJPE in mm, root-aligned, the root not counted, with flip, as `tools/test.py` has them.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import torch
from torch import Tensor

import mmposeaug  # noqa: F401  (registers everything)
from mmposeaug.apis import LoadedLifter, load_lifter
from mmposeaug.datasets import PoseBank, load_pose_bank
from mmposeaug.engine.set_configs import checked_dataset, chosen_sets
from mmposeaug.evaluation.functional import procrustes_align
from mmposeaug.geometry import root_relative


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config of a lifter of the codec for calibrated cameras')
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument(
        '--set', default='target_dev', help='of test_cfg.sets (default: target_dev)'
    )
    parser.add_argument(
        '--changes',
        type=float,
        nargs='+',
        default=[-30, -20, -10, 0, 10, 20, 30],
        metavar='PERCENT',
        help='of the focal length (default: -30 to 30)',
    )
    parser.add_argument('--threads', type=int, default=1, help='threads of torch (default: 1)')
    args = parser.parse_args()
    if min(args.changes) <= -100:
        parser.error('--changes must be above -100 percent')
    return args


def build_bank(lifter: LoadedLifter, name: str) -> PoseBank:
    """Samples of one set of the config's test."""
    sets = chosen_sets(lifter.cfg.test_cfg.get('sets') or {})
    if name not in sets:
        raise ValueError(f'The config tests on {", ".join(sets) or "no sets"}, not on {name!r}.')
    return load_pose_bank(checked_dataset(name, lifter.cfg.test_dataloader, sets[name]))


@torch.no_grad()
def joint_errors(lifter: LoadedLifter, bank: PoseBank, factor: float) -> tuple[Tensor, Tensor]:
    """MPJPE and P-MPJPE (N,) in mm of each sample, the focal length multiplied by a factor."""
    adapter, skeleton = lifter.adapter, bank.skeleton
    others = [joint for joint in range(skeleton.num_joints) if joint != skeleton.root]
    plain, aligned = [], []
    for index in torch.arange(len(bank)).split(1024):
        batch = bank.gather(index)
        intrinsics = batch.intrinsics.clone()
        intrinsics[:, :2] *= factor
        pose = adapter.predict(
            batch.keypoints_px,
            batch.image_size,
            batch.keypoint_scores,
            intrinsics,
            adapter.codec.root_depth(adapter.target_of(batch.pose_cam)),
            flip_indices=skeleton.flip_indices,
        ).flatten(0, 1)
        pose = root_relative(pose, skeleton.root)[:, others]
        target = root_relative(adapter.target_of(batch.pose_cam).flatten(0, 1), skeleton.root)
        target = target[:, others]
        plain.append(torch.linalg.vector_norm(pose - target, dim=-1).mean(1))
        every = np.ones(target.shape[:2], dtype=bool)
        fitted = procrustes_align(pose.double().numpy(), target.double().numpy(), every)
        aligned.append(torch.linalg.vector_norm(torch.from_numpy(fitted) - target, dim=-1).mean(1))
    return 1000 * torch.cat(plain), 1000 * torch.cat(aligned)


def main() -> int:
    """Measures and prints; the return value is the exit status."""
    args = parse_args()
    torch.set_num_threads(args.threads)
    try:
        lifter = load_lifter(args.config, args.checkpoint)
        if not lifter.adapter.codec.needs_intrinsics:
            raise ValueError('The lifter of the config does not use the camera.')
        bank = build_bank(lifter, args.set)
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    print(f'{args.set}, {len(bank)} samples')
    print('| focal length | MPJPE | P-MPJPE |\n| ---: | ---: | ---: |')
    for change in args.changes:
        plain, aligned = joint_errors(lifter, bank, 1 + change / 100)
        print(f'| {change:+g} % | {plain.mean():.1f} | {aligned.mean():.1f} |', flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
