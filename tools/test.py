# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Evaluates a checkpoint with the test sets and metrics of a config."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mmengine
from mmengine.config import Config

from common import (
    LIFTER_TYPES,
    add_common_options,
    build_runner,
    enable_visualization,
    export_local_rank,
    plain_errors,
    read_config,
    require_checkpoint,
    require_file,
)
from mmposeaug import engine  # registers everything, also for configs without custom_imports
from mmposeaug.fileio import atomic_write
from several_processes import ToolParser, end_process

RESULT_FORMATS = ('.json', '.yaml', '.yml')
PARTS = ('model', 'test_dataloader', 'test_evaluator')
DUMP_FORMATS = ('.pkl', '.pickle')


def build_parser() -> argparse.ArgumentParser:
    """Describes the command line."""
    parser = ToolParser(description='Test (and evaluate) a pose lifter')
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', help='file for the metrics (.json or .yaml)')
    parser.add_argument(
        '--dump',
        help='pickle file for the predictions; of several test sets one each, with its name',
    )
    parser.add_argument(
        '--badcase', action='store_true', help='draw the samples with the worst results'
    )
    add_common_options(parser)
    return parser


def check_suffix(
    parser: argparse.ArgumentParser, option: str, path: str, allowed: Sequence[str]
) -> None:
    """Ends the program with one sentence if a file's name has another ending."""
    if Path(path).suffix not in allowed:
        parser.error(f'{option} must end in {" or ".join(allowed)}, not as {path!r} does')


def enable_badcase(parser: argparse.ArgumentParser, cfg: Config, args: argparse.Namespace) -> None:
    """Switches MMPose's hook for bad cases on, with the model's loss or the config's metrics."""
    hook = cfg.get('default_hooks', {}).get('badcase')
    if hook is None:
        parser.error(
            '--badcase needs the hook that collects them: set '
            "default_hooks.badcase=dict(type='BadCaseAnalysisHook') in the config"
        )
    kind = hook.get('metric_type', 'loss')
    if kind not in ('loss', 'accuracy'):
        parser.error(
            f"default_hooks.badcase.metric_type must be 'loss' or 'accuracy', not {kind!r}"
        )
    hook.update(enable=True, show=args.show, interval=args.interval or 1)
    if args.show:
        hook.wait_time = args.wait_time
    if not hook.get('metric'):
        hook.metric = cfg.model.head.loss if kind == 'loss' else cfg.test_evaluator


def add_dump(cfg: Config, path: str) -> None:
    """Adds the metric that writes the predictions."""
    evaluators = cfg.test_evaluator
    if not isinstance(evaluators, (list, tuple)):
        evaluators = [evaluators]
    cfg.test_evaluator = [*evaluators, dict(type='DumpResults', out_file_path=path)]


def prepare_config(parser: argparse.ArgumentParser, args: argparse.Namespace) -> Config:
    """Reads the config and merges all options into it."""
    require_file(parser, args.config, 'config')
    require_file(parser, args.checkpoint, 'checkpoint')
    if args.out is not None:
        check_suffix(parser, '--out', args.out, RESULT_FORMATS)
    if args.dump is not None:
        check_suffix(parser, '--dump', args.dump, DUMP_FORMATS)
    require_checkpoint(parser, args.checkpoint)
    cfg = read_config(parser, args)
    lacking = [part for part in PARTS if not cfg.get(part)]
    if lacking:
        parser.error(f'the config describes no test: it has no {", ".join(lacking)}; set them')
    for missing in engine.config_files.missing_for_test(cfg):
        parser.error(missing)
    cfg.load_from = args.checkpoint
    cfg.resume = False
    if cfg.model.type in LIFTER_TYPES:  # scores of half-random weights would mean nothing
        whole = dict(type='LifterCheckpointHook', min_share=1.0, remedy='name')
        cfg.custom_hooks = [*(cfg.get('custom_hooks') or []), whole]
    enable_visualization(parser, cfg, args, show=args.show and not args.badcase)
    if args.badcase:
        enable_badcase(parser, cfg, args)
    if args.dump is not None:
        add_dump(cfg, args.dump)
    return cfg


def write_metrics(metrics: Mapping[str, Any], path: str) -> None:
    """Writes the metrics, all at once: a reader never sees half a file."""
    with atomic_write(path, 'w') as file:
        mmengine.dump(dict(metrics), file, file_format=Path(path).suffix[1:])


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the tool."""
    parser = build_parser()
    args = parser.parse_args(argv)
    export_local_rank(args)
    with plain_errors(parser, args.checkpoint):
        runner = build_runner(prepare_config(parser, args), args)
        engine.lifter_checks.check_eval_clips(runner.cfg, 'test', runner.model)
        metrics = runner.test()
        from mmengine.dist import is_main_process

        if args.out is not None and is_main_process():
            write_metrics(metrics, args.out)


if __name__ == '__main__':
    main()
    end_process()
