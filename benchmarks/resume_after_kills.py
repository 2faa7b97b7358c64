# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Kills a training again and again, goes on with it, and compares its end with an undisturbed run.

    python benchmarks/resume_after_kills.py --variant released --max-keep-ckpts 1 --kills 8

Every other kill falls in the middle of the writing of a checkpoint: the training, a process of its
own, gets SIGKILL while its temporary file is there. Nothing in the training knows of it. All
weights, optimizers, schedules and states of the last checkpoint must be equal to the last bit, and
so must the best one; the exit status says whether they are.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

import mmposeaug  # noqa: F401  (registers the loops)
from mmposeaug.engine.checkpoint_files import find_last_checkpoint, training_checkpoints
from mmposeaug.synthetic import make_synthetic_mocap

REPO_ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Report:
    """What came of a run that was killed.

    Args:
        kills (int): Kills.
        during_writes (int): Those of them while a checkpoint was being written.
        starts (int): Processes that it took.
        lost (int): Kills that left no whole checkpoint although there had been one.
        differing (list[str]): What is not equal in the end.
    """

    kills: int = 0
    during_writes: int = 0
    starts: int = 0
    lost: int = 0
    differing: list[str] | None = None


def small_cfg(data_root: Path, variant: str, max_keep_ckpts: int, epochs: int) -> Config:
    """A short training on the synthetic set, with the networks of the variant.

    Args:
        data_root (Path): The set.
        variant (str): ``'learned'`` or ``'released'``.
        max_keep_ckpts (int): Checkpoints that are kept.
        epochs (int): Epochs.

    Returns:
        Config: The whole config, without a work folder.
    """
    file = REPO_ROOT / 'configs/poseaug/poseaug_simplebaseline-256_1xb256-96e_synthetic.py'
    cfg = Config.fromfile(file)
    cfg.merge_from_dict(
        {
            'train_cfg.variant': variant,
            'train_cfg.max_epochs': epochs,
            'train_cfg.pretrain_epochs': 1,
            'train_cfg.warmup_epochs': 1,
            'train_cfg.val_interval': 1,
            'default_hooks.checkpoint.interval': 1,
            'default_hooks.checkpoint.max_keep_ckpts': max_keep_ckpts,
            'randomness.seed': 0,
            'log_level': 'ERROR',
        }
    )
    for loader in ('train', 'val', 'test'):
        cfg[f'{loader}_dataloader'].dataset.data_root = str(data_root)
    return cfg


def start(cfg: Config, work_dir: Path) -> int:
    """Fork a process that trains, or goes on with it.

    Args:
        cfg (Config): The config.
        work_dir (Path): Its folder.

    Returns:
        int: The process.
    """
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        log = os.open(work_dir.with_suffix('.log'), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        torch.set_num_threads(1)
        cfg = Config(cfg.to_dict())
        cfg.work_dir = str(work_dir)
        cfg.experiment_name = f'{work_dir.name}_{os.getpid()}'
        cfg.resume = bool(training_checkpoints(work_dir))
        init_default_scope('mmpose')
        Runner.from_cfg(cfg).train()
        code = 0
    except BaseException as error:
        print(f'{type(error).__name__}: {error}', flush=True)
    finally:
        os._exit(code)


def ended(process: int) -> int | None:
    """Exit status of a process, None while it runs."""
    found, status = os.waitpid(process, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def kill(process: int) -> None:
    """Kill a process with SIGKILL, and wait until it is gone."""
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def being_written(folder: Path) -> bool:
    """Whether a checkpoint is being written now."""
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    return any(name.startswith('.') and '.pth.' in name for name in names)


def train_with_kills(
    cfg: Config, work_dir: Path, kills: int, seed: int, seconds: float, report: Report
) -> None:
    """Train to the end, with kills.

    Args:
        cfg (Config): The config.
        work_dir (Path): Its folder.
        kills (int): How often to kill it.
        seed (int): Seed of the times of the kills.
        seconds (float): How long an undisturbed run takes.
        report (Report): What happened is added to it.

    Raises:
        RuntimeError: If a process ends with an error.
    """
    rng = random.Random(seed)
    had_checkpoint = False
    process = None
    while True:
        process = start(cfg, work_dir)
        report.starts += 1
        in_write = report.kills % 2 == 0
        skip = rng.randrange(3)  # writes to let pass
        until = time.monotonic() + rng.uniform(0.1, 0.35) * seconds
        was = False
        while (status := ended(process)) is None:
            now = being_written(work_dir)
            strike = now and skip <= 0 if in_write else time.monotonic() > until
            skip -= was and not now
            was = now
            if report.kills < kills and strike:
                if now and rng.random() < 0.5:
                    time.sleep(rng.uniform(0, 0.002))
                kill(process)
                report.kills += 1
                report.during_writes += being_written(work_dir)
                break
            time.sleep(0.0002 if in_write else 0.005)
        if status is not None:
            break
        whole = find_last_checkpoint(work_dir).path is not None
        report.lost += had_checkpoint and not whole
        had_checkpoint = whole
    if status != 0:
        raise RuntimeError(f'The training ended with {status}; see {work_dir.with_suffix(".log")}')


def state_of(folder: Path) -> dict[str, Any]:
    """All that must be equal: the files' names, the last checkpoint and the best one."""
    last = find_last_checkpoint(folder).path
    content: dict[str, Any] = {'files': sorted(p.name for p in training_checkpoints(folder))}
    content['left over'] = [name for name in os.listdir(folder) if name.endswith('.tmp')]
    if last is not None:
        checkpoint = torch.load(last)
        parts = ('state_dict', 'optimizer', 'param_schedulers', 'poseaug')
        content['last'] = {part: checkpoint[part] for part in parts}
        content['iter'] = checkpoint['meta']['iter']
    for path in folder.glob('best_*.pth'):
        content[path.name] = torch.load(path)['state_dict']
    return content


def differing(first: Any, second: Any, name: str = '') -> list[str]:
    """Paths at which two states are not equal to the last bit."""
    if isinstance(first, torch.Tensor) and isinstance(second, torch.Tensor):
        same = first.dtype == second.dtype and first.shape == second.shape
        same = same and first.numpy().tobytes() == second.numpy().tobytes()
        return [] if same else [name]
    if type(first) is not type(second):
        return [name]
    if isinstance(first, dict):
        wrong = [f'{name}/{key}' for key in first.keys() ^ second.keys()]
        for key in first.keys() & second.keys():
            wrong += differing(first[key], second[key], f'{name}/{key}')
        return sorted(wrong)
    if isinstance(first, (list, tuple)) and len(first) == len(second):
        return [
            item
            for i, pair in enumerate(zip(first, second))
            for item in differing(*pair, f'{name}/{i}')
        ]
    return [] if first == second or first != first else [name]


def compare(cfg: Config, folder: Path, kills: int, seed: int = 0) -> Report:
    """Train undisturbed and with kills.

    Args:
        cfg (Config): A config without a work folder.
        folder (Path): Folder for both runs.
        kills (int): How often to kill the second one.
        seed (int): Seed of the times of the kills. Defaults to 0.

    Returns:
        Report: What happened.
    """
    report = Report()
    begin = time.monotonic()
    train_with_kills(cfg, folder / 'undisturbed', 0, seed, 0, Report())
    seconds = time.monotonic() - begin
    train_with_kills(cfg, folder / 'killed', kills, seed, seconds, report)
    report.differing = differing(state_of(folder / 'undisturbed'), state_of(folder / 'killed'))
    return report


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the comparison.

    Args:
        argv (Sequence[str], optional): The command line.

    Returns:
        int: 0 if nothing was lost and all is equal.
    """
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--variant', choices=['learned', 'released'], default='learned')
    parser.add_argument('--max-keep-ckpts', type=int, default=1)
    parser.add_argument('--kills', type=int, default=8)
    parser.add_argument('--epochs', type=int, default=12)
    parser.add_argument('--frames', type=int, default=2000, help='frames to train on')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        frames = dict(source_train=args.frames, source_test=200, target_dev=100)
        make_synthetic_mocap(root / 'data', **frames)
        cfg = small_cfg(root / 'data', args.variant, args.max_keep_ckpts, args.epochs)
        report = compare(cfg, root, args.kills, args.seed)
    assert report.differing is not None
    equal = 'equal to the last bit' if not report.differing else f'differs: {report.differing[:5]}'
    print(
        f'{args.variant}, max_keep_ckpts={args.max_keep_ckpts}: {report.kills} kills, '
        f'{report.during_writes} of them while a checkpoint was written, {report.starts} starts, '
        f'{report.lost} times no checkpoint left; {equal}'
    )
    return int(bool(report.differing or report.lost or report.kills < args.kills))


if __name__ == '__main__':
    sys.exit(main())
