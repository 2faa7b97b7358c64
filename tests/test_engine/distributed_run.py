# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trains in each of several processes, and saves what each of them ends with."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch
from mmengine.config import Config
from train_runs import BATCH_SIZE, LOOPS, make_runner, poseaug, tensors_of, train_cfg

import mmposeaug  # noqa: F401


def plain_cfg(root: Path, folder: Path, processes: int) -> Config:
    """A training in which nothing depends on the process but its share of the batches."""
    loop = dict(LOOPS['tensor'], max_epochs=2, val_interval=2, flip_prob=0.0)
    cfg = train_cfg(root, folder, loop, **{'model.backbone.dropout': 0.0})
    cfg.train_dataloader.batch_size = BATCH_SIZE // processes
    return cfg


def train_with_common_statistics(root: Path, out: Path) -> None:
    """A lifter and networks beside it whose batch normalisations see all processes."""
    cfg = plain_cfg(root, out / 'plain', 2)
    cfg.update(launcher='pytorch', sync_bn='torch')
    runner = make_runner(cfg)
    runner.train()
    torch.save(tensors_of(runner.model.module), out / f'sync_bn_{os.environ["RANK"]}.pth')
    cfg = train_cfg(root, out / 'sync_bn', poseaug('released', max_epochs=3, val_interval=3))
    cfg.update(launcher='pytorch', sync_bn='torch')
    cfg.train_dataloader.batch_size = BATCH_SIZE // 2
    runner = make_runner(cfg)
    runner.train()
    lifter = tensors_of(runner.model.module)
    torch.save(lifter, out / f'sync_bn_released_{os.environ["RANK"]}.pth')


def main(root: Path, out: Path) -> None:
    torch.set_num_threads(1)
    train_with_common_statistics(root, out)
    for variant in ('learned', 'released'):
        loop = poseaug(variant, max_epochs=3, val_interval=3)
        cfg = train_cfg(root, out / variant, loop, launcher='pytorch')
        cfg.train_dataloader.batch_size = 16
        # each process has random numbers of its own
        cfg.randomness = dict(seed=0, diff_rank_seed=True)
        runner = make_runner(cfg)
        runner.train()
        networks = runner.train_loop.adversary.networks
        state = dict(
            lifter=tensors_of(runner.model.module),
            networks=tensors_of({name: n.module.state_dict() for name, n in networks.items()}),
            pools=tensors_of(runner.train_loop.adversary.pools),
            recoveries=runner.train_loop.watchdog.recoveries,
            iter=runner.iter,
        )
        torch.save(state, out / f'{variant}_{os.environ["RANK"]}.pth')


if __name__ == '__main__':
    main(Path(sys.argv[1]), Path(sys.argv[2]))
