# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trains in each of several processes, and saves what each of them ends with."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch
from train_runs import make_runner, poseaug, tensors_of, train_cfg

import mmposeaug  # noqa: F401


def main(root: Path, out: Path) -> None:
    torch.set_num_threads(1)
    for variant in ('default', 'released'):
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
