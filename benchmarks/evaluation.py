# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How long a test takes on tensors and sample by sample, as ratios of medians of one run.

Both ways take turns in one process on the same two sets and weights; times are those of the CPU,
of building the loop and of its run. Scores of both ways are compared.

    python benchmarks/evaluation.py configs/poseaug/CONFIG.py [--frames 10000] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.config import Config
from mmengine.runner import Runner

import mmposeaug  # noqa: F401  (registers everything)
from mmposeaug.engine import MultiSetTestLoop
from mmposeaug.engine.set_configs import checked_dataset, chosen_sets, missing_files
from mmposeaug.fileio import atomic_write

WAYS = {'tensors': True, 'samples': False}
"""dict: The loop's option on_tensors, by the name of the way."""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config with test sets of the MultiSetTestLoop')
    parser.add_argument('--frames', type=int, default=10000, help='samples of each set, at most')
    parser.add_argument('--rounds', type=int, default=3, help='turns of each way')
    parser.add_argument('--threads', type=int, default=1, help='threads of torch')
    parser.add_argument('--json', metavar='FILE', help='file for the results')
    args = parser.parse_args(argv)
    if min(args.frames, args.rounds, args.threads) < 1:
        parser.error('--frames, --rounds and --threads must be 1 or more')
    return args


def two_sets(cfg: Config, frames: int) -> dict[str, dict[str, Any]]:
    """The first two test sets whose files are there, each of so many samples."""
    sets = chosen_sets(cfg.test_cfg.get('sets') or {'test': {}})
    there = {
        name: dict(options, indices=frames)
        for name, options in sets.items()
        if not any(missing_files(checked_dataset(name, cfg.test_dataloader, options)))
    }
    return dict(list(there.items())[:2])


def measure(runner: Runner, sets: Mapping[str, Any], on_tensors: bool) -> dict[str, Any]:
    """Seconds of CPU to build the loop and to run it, and its scores."""
    cfg = runner.cfg
    options = {key: cfg.test_cfg[key] for key in ('flip_test', 'image_size') if key in cfg.test_cfg}
    start = time.process_time()
    loop = MultiSetTestLoop(
        runner,
        cfg.test_dataloader,
        cfg.test_evaluator,
        sets=sets,
        on_tensors=on_tensors,
        **options,
    )
    runner._test_loop = loop
    built = time.process_time()
    scores = loop.run()
    run = time.process_time() - built
    sizes = {item.name: item.size for item in loop.sets}
    return dict(build=built - start, run=run, scores=scores, sizes=sizes)


def compare(path: str, frames: int, rounds: int) -> dict[str, Any]:
    """Medians of both ways, their ratios, and how far their scores are apart."""
    cfg = Config.fromfile(path)
    sets = two_sets(cfg, frames)
    with tempfile.TemporaryDirectory() as work_dir:
        cfg.work_dir, cfg.log_level, cfg.experiment_name = work_dir, 'ERROR', 'evaluation'
        runner = Runner.from_cfg(cfg)
        runner.call_hook('before_run')
        found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
        for _ in range(rounds):
            for way, on_tensors in WAYS.items():
                found[way].append(measure(runner, sets, on_tensors))
    first = {way: runs[0]['scores'] for way, runs in found.items()}
    apart = [
        abs(first['tensors'][key] - value)
        for key, value in first['samples'].items()
        if not math.isnan(value)
    ]
    seconds = {
        way: {part: statistics.median(run[part] for run in runs) for part in ('build', 'run')}
        for way, runs in found.items()
    }
    totals = {way: sum(parts.values()) for way, parts in seconds.items()}
    return dict(
        config=path,
        machine=f'{platform.machine()}, {torch.get_num_threads()} thread(s), torch '
        f'{torch.__version__}',
        samples=found['tensors'][0]['sizes'],
        rounds=rounds,
        cpu_seconds=seconds,
        ratio_of_runs=seconds['samples']['run'] / seconds['tensors']['run'],
        ratio_with_building=totals['samples'] / totals['tensors'],
        scores=len(apart),
        largest_difference=max(apart),
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Print the results."""
    args = parse_args(argv)
    torch.set_num_threads(args.threads)
    results = compare(args.config, args.frames, args.rounds)
    sizes = ', '.join(f'{name} {size}' for name, size in results['samples'].items())
    print(f'{args.config} on {sizes} samples; {results["machine"]}')
    for way, parts in results['cpu_seconds'].items():
        print(f'  {way}: {parts["build"]:.2f} s to build, {parts["run"]:.2f} s to run (CPU)')
    print(
        f'  samples over tensors: run {results["ratio_of_runs"]:.1f}, with building '
        f'{results["ratio_with_building"]:.1f} (medians of {args.rounds})'
    )
    print(
        f'  {results["scores"]} scores, at most {results["largest_difference"]:.2g} apart '
        '(mm or percent)'
    )
    if args.json:
        with atomic_write(args.json, 'w') as file:
            json.dump(results, file, indent=1)


if __name__ == '__main__':
    main()
