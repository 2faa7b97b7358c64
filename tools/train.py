# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trains the model of a config, with the options of MMPose's own tool."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.runner import Runner, find_latest_checkpoint

import mmposeaug  # noqa: F401  (registers everything, also for configs without custom_imports)
from common import (
    add_common_options,
    enable_visualization,
    export_local_rank,
    plain_errors,
    read_config,
    require_file,
)
from mmposeaug.engine.config_files import missing_parts_of_training


def build_parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = argparse.ArgumentParser(description='Train a pose lifter')
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from this checkpoint or, if none is named, from the newest in the work folder',
    )
    parser.add_argument('--amp', action='store_true', help='train with automatic mixed precision')
    parser.add_argument(
        '--no-validate', action='store_true', help='do not evaluate during the training'
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by the batch size over the auto_scale_lr.base_batch_size',
    )
    add_common_options(parser)
    return parser


def enable_amp(parser: argparse.ArgumentParser, cfg: Config) -> None:
    """Replaces the plain optimizer wrapper by the one for mixed precision."""
    if get_device() == 'cpu':
        parser.error(
            "--amp needs a GPU, since MMEngine's AmpOptimWrapper scales gradients on one only; "
            'train without it here'
        )
    name = getattr(cfg.optim_wrapper.get('type', 'OptimWrapper'), '__name__', None)
    name = name or cfg.optim_wrapper.get('type', 'OptimWrapper')
    if name not in ('OptimWrapper', 'AmpOptimWrapper'):
        parser.error(f'--amp replaces a plain OptimWrapper, not the {name} that the config sets')
    cfg.optim_wrapper.type = 'AmpOptimWrapper'
    cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')


def set_resume(parser: argparse.ArgumentParser, cfg: Config, resume: str) -> None:
    """Lets the runner go on from a checkpoint.

    Without one in the work folder, ``auto`` leaves the config as it is: a ``load_from`` in it, such
    as a pretrained lifter, still counts.
    """
    if resume == 'auto':
        latest = find_latest_checkpoint(cfg.work_dir)
        if latest is None:
            print(f'No checkpoint in {cfg.work_dir}: the training starts from the beginning.')
            return
        resume = latest
    require_file(parser, resume, 'checkpoint')
    cfg.resume = True
    cfg.load_from = resume


def prepare_config(parser: argparse.ArgumentParser, args: argparse.Namespace) -> Config:
    """Reads the config and merges all options into it."""
    cfg = read_config(parser, args)
    lacking = missing_parts_of_training(cfg)
    if lacking is not None:
        parser.error(lacking)
    if 'type' in cfg.train_cfg and 'by_epoch' in cfg.train_cfg:
        parser.error(
            f'train_cfg of type {cfg.train_cfg.type!r} has inherited by_epoch, which MMEngine '
            'refuses; write train_cfg = dict(_delete_=True, ...)'
        )
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.amp:
        enable_amp(parser, cfg)
    if args.resume is not None:
        set_resume(parser, cfg, args.resume)
    if args.auto_scale_lr:
        if 'base_batch_size' not in cfg.get('auto_scale_lr', {}):
            parser.error(
                '--auto-scale-lr needs to know the batch size that the learning rate was chosen '
                'for: set auto_scale_lr=dict(base_batch_size=...) in the config'
            )
        cfg.auto_scale_lr.enable = True
    enable_visualization(parser, cfg, args, show=args.show)
    return cfg


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    parser = build_parser()
    args = parser.parse_args(argv)
    export_local_rank(args)
    hint = 'interrupted; the same command with --resume goes on from the last checkpoint'
    with plain_errors(parser, args.resume, hint):
        Runner.from_cfg(prepare_config(parser, args)).train()
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        # threads that still run when a process ends would abort it
        torch.distributed.destroy_process_group()


if __name__ == '__main__':
    main()
