# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Share of the randomly drawn clips that are wholly in view, by the length of their path."""

from __future__ import annotations

import argparse

import torch
from mmengine.config import Config

from mmposeaug.engine.batches import spread_indices
from mmposeaug.experiments.augmentation.load import load_augmentation

BOUNDS_M = (0.0, 0.1, 0.5, 1.0, 2.0, float('inf'))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='a config that augments clips')
    parser.add_argument('--samples', type=int, default=20000, help='how many clips are looked at')
    parser.add_argument('--seed', type=int, default=0, help='seed of the draws')
    args = parser.parse_args()
    loaded = load_augmentation(Config.fromfile(args.config), seed=args.seed)
    bank, generator = loaded.bank, torch.Generator().manual_seed(args.seed)
    index = spread_indices(bank, min(args.samples, len(bank)))
    root = bank.skeleton.root
    path = (bank.pose_cam[bank.windows.frames_of(index), root].diff(dim=1)).norm(dim=-1).sum(1)
    samples = loaded.augmentation.collect(bank, index, 512, generator)
    print(
        'path in metres'.ljust(18) + 'clips'.rjust(8) + ''.join(f'{k:>12}' for k in samples.kinds)
    )
    for low, high in zip(BOUNDS_M, BOUNDS_M[1:]):
        chosen = ((path >= low) & (path < high)).numpy()
        if not chosen.any():
            continue
        shares = (samples.in_view[name][chosen].mean() for name in samples.kinds.values())
        row = ''.join(f'{100 * share:10.1f} %' for share in shares)
        print(f'{low:g} to {high:g}'.ljust(18) + f'{chosen.sum():8d}' + row)


if __name__ == '__main__':
    main()
