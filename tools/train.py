# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trains the model of a config, with the options of MMPose's own tool."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from common import (
    add_common_options,
    build_runner,
    enable_visualization,
    export_local_rank,
    plain_errors,
    read_config,
    require_checkpoint,
    require_file,
    require_folder,
)
from config_types import unknown_type
from mmposeaug import engine  # registers everything, also for configs without custom_imports
from several_processes import ToolParser, end_process


def build_parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = ToolParser(description='Train a pose lifter')
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='go on from this checkpoint or, if none is named, from the newest in the work folder',
    )
    parser.add_argument(
        '--restart',
        action='store_true',
        help='start at epoch 1 in a folder that holds checkpoints, which are moved into a folder '
        'in there',
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
    from mmengine.device import get_device

    name = getattr(cfg.optim_wrapper.get('type', 'OptimWrapper'), '__name__', None)
    name = name or cfg.optim_wrapper.get('type', 'OptimWrapper')
    if name == 'BFloat16OptimWrapper':
        return check_bfloat16(parser, cfg)
    if name not in ('OptimWrapper', 'AmpOptimWrapper'):
        parser.error(f'--amp replaces a plain OptimWrapper, not the {name} that the config sets')
    if get_device() == 'cpu':
        check_bfloat16(parser, cfg)
        if name == 'AmpOptimWrapper':
            for option in ('loss_scale', 'dtype', 'use_fsdp'):
                cfg.optim_wrapper.pop(option, None)
        cfg.optim_wrapper.type = 'BFloat16OptimWrapper'
        return
    cfg.optim_wrapper.type = 'AmpOptimWrapper'
    cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')


def check_bfloat16(parser: argparse.ArgumentParser, cfg: Config) -> None:
    """Refuses bfloat16 where it cannot be logged, or would be slower."""
    from mmpose.registry import LOOPS

    loop = cfg.train_cfg.get('type', 'EpochBasedTrainLoop')
    kind = LOOPS.get(loop) if isinstance(loop, str) else loop
    if not (isinstance(kind, type) and issubclass(kind, engine.TensorTrainLoop)):
        parser.error(
            f'bfloat16, which --amp is without a GPU, cannot be logged by MMPose in the {loop}; '
            'use TensorTrainLoop or PoseAugTrainLoop, or train in float32'
        )
    refusal = engine.mixed_precision.refusal_of_bfloat16()
    if refusal is not None:
        parser.error(f'{refusal}; train without --amp and BFloat16OptimWrapper')


def set_start(parser: argparse.ArgumentParser, cfg: Config, args: argparse.Namespace) -> None:
    """Lets the runner go on from a checkpoint, or start where no checkpoint is lost by it.

    With ``--resume`` and nothing to resume the config stays as it is: a ``load_from`` in it, such
    as a pretrained lifter, still counts.
    """
    # the hook refuses the same, but only after the data are read
    if args.resume is None:
        options = cfg.get('default_hooks', {}).get('checkpoint', {})
        if options is None or args.restart or options.get('restart'):
            return
        refusal = engine.checkpoint_files.refusal_to_start(cfg.work_dir)
    elif args.resume == 'auto':
        found = engine.checkpoint_files.find_last_checkpoint(cfg.work_dir, local_out_dir(cfg))
        refusal = engine.checkpoint_files.refusal_to_resume(cfg.work_dir, found)
        if found.path is not None:
            print(found.describe() or f'Going on from {found.path}')
            cfg.resume, cfg.load_from = True, found.path
        elif refusal is None:
            print(f'No checkpoint in {cfg.work_dir}: the training starts from the beginning.')
    else:
        require_file(parser, args.resume, 'checkpoint')
        refusal = engine.checkpoint_files.refusal_of_named(args.resume, cfg.work_dir)
        cfg.resume, cfg.load_from = True, args.resume
    if refusal is not None:
        parser.error(refusal)


def local_out_dir(cfg: Config) -> str | None:
    """Where the checkpoint hook saves, if not in the work folder; as MMEngine chooses it."""
    out_dir = (cfg.get('default_hooks', {}).get('checkpoint') or {}).get('out_dir')
    if out_dir is None or '://' in str(out_dir):
        return None
    return str(Path(out_dir) / Path(cfg.work_dir).absolute().name)


def prepare_config(parser: argparse.ArgumentParser, args: argparse.Namespace) -> Config:
    """Reads the config and merges all options into it."""
    cfg = read_config(parser, args)
    lacking = engine.config_files.missing_parts_of_training(cfg)
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
    elif cfg.optim_wrapper.get('type') == 'BFloat16OptimWrapper':
        check_bfloat16(parser, cfg)
    # what validates and tests is built late, or not at all by this tool
    unknown = unknown_type(cfg, ('val_', 'test_'))
    if unknown:
        parser.error(unknown)
    for missing in engine.config_files.missing_for_training(cfg):
        parser.error(missing)
    set_start(parser, cfg, args)
    require_checkpoint(parser, cfg.get('load_from'))
    require_folder(parser, Path(cfg.work_dir))
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
    if args.restart and args.resume is not None:
        parser.error('--restart begins anew and --resume goes on; give one of them')
    export_local_rank(args)
    hint = 'interrupted; the same command with --resume goes on from the last checkpoint'
    with plain_errors(parser, args.resume, hint):
        runner = build_runner(prepare_config(parser, args), args)
        engine.make_safe(runner, args.restart)
        runner.train()


if __name__ == '__main__':
    main()
    end_process()
