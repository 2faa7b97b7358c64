# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How long a training step takes, as ratios of medians measured in one run.

All ways take turns in one process, so that they meet the same load; every ratio is the median
over the rounds. Times are the process's CPU time, which other programs change little; calls are
those of torch's operators in a step, the ones that operators make included.

    python benchmarks/training_speed.py configs/poseaug/CONFIG.py [--rounds 15] [--json FILE]
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from mmengine.config import Config
from mmengine.logging import MessageHub
from mmengine.runner import Runner
from torch.profiler import ProfilerActivity, profile

import mmposeaug  # noqa: F401  (registers everything)
from mmposeaug.engine import fast_layers
from mmposeaug.fileio import save_json

Step = Callable[[], None]
PLAIN = 'tensors, no augmentation'
"""str: The way that the others are compared with."""


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config with one of the tensor train loops')
    parser.add_argument('--rounds', type=int, default=15, help='turns of every way')
    parser.add_argument('--steps', type=int, default=10, help='training steps in a turn')
    parser.add_argument('--threads', type=int, default=1, help='threads of torch')
    parser.add_argument(
        '--only', nargs='+', metavar='WAY', help='beginnings of the ways to measure'
    )
    parser.add_argument('--json', metavar='FILE', help='file to write the figures to')
    args = parser.parse_args()
    if min(args.rounds, args.steps, args.threads) < 1:
        parser.error('--rounds, --steps and --threads must be 1 or more')
    return args


def build_runner(
    path: str,
    train_cfg: dict[str, Any],
    work_dir: str,
    name: str,
    changes: dict[str, Any] | None = None,
) -> Runner:
    """A runner whose train loop is built; ``changes`` of the config by dotted keys."""
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(changes or {})
    keep = {k: v for k, v in cfg.train_cfg.items() if k in ('max_epochs', 'val_interval')}
    cfg.train_cfg = dict(keep, **train_cfg)
    cfg.work_dir, cfg.log_level, cfg.experiment_name = work_dir, 'ERROR', name
    runner = Runner.from_cfg(cfg)
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.optim_wrapper.initialize_count_status(runner.model, 0, 10**6)
    runner.model.train()
    return runner


def forever(make: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    """Items of one iterator after the other."""
    while True:
        yield from make()


def tensor_step(runner: Runner, fast: bool = True, adversarial: bool = False) -> Step:
    """A step of a tensor loop, without MMEngine's hooks; of the adversarial phase, if there is."""
    loop: Any = runner._train_loop
    loop.start_epoch()
    runner._hooks.clear()
    indices = forever(lambda: loop.dataloader.epoch(loop.order_generator))

    def run() -> None:
        batch = loop.draw(next(indices))
        if adversarial:
            loop._augment(batch, learns=True)
        else:
            loop.update_lifter(0, loop.mix(batch))

    if not fast:
        return run

    def run_fast() -> None:
        with fast_layers(runner.model):
            run()

    return run_fast


def codec_step(runner: Runner) -> Step:
    """What the codec has to do in a step: one batch into inputs and targets."""
    loop: Any = runner._train_loop
    loop.start_epoch()
    adapter = loop.adapter
    batch = loop.draw(next(loop.dataloader.epoch(loop.order_generator)))
    pose = adapter.target_of(batch.pose_cam)

    def run() -> None:
        _, view = adapter.codec.encode(
            batch.keypoints_px, batch.image_size, batch.keypoint_scores, batch.intrinsics
        )
        adapter.codec.encode_target(pose, batch.image_size, batch.intrinsics, None, view)

    return run


def mmpose_step(runner: Runner) -> Step:
    """A step of MMPose's own path: samples through the pipeline, collate, train_step."""
    loader: Any = runner._train_loop.dataloader
    batches = forever(lambda: iter(loader))

    def run() -> None:
        runner.model.train_step(next(batches), optim_wrapper=runner.optim_wrapper)

    return run


def main() -> None:
    """Measure and print."""
    args = parse_args()
    torch.set_num_threads(args.threads)
    own = dict(type='TensorTrainLoop')
    ways = {
        'MMPose, one object a sample': dict(type='EpochBasedTrainLoop'),
        'tensors, no augmentation': own,
        'tensors, layers as they are': own,
        'tensors, random augmentation': dict(own, augmentor=dict(type='RandomPoseAugmentor')),
        'PoseAug, default': dict(type='PoseAugTrainLoop'),
        'PoseAug, learned': dict(type='PoseAugTrainLoop', variant='learned', warmup_epochs=0),
        'PoseAug, released, adversarial': dict(
            type='PoseAugTrainLoop', variant='released', warmup_epochs=0
        ),
        'codec alone': own,
    }
    if args.only:
        wanted = (PLAIN, *args.only)
        ways = {name: way for name, way in ways.items() if name.startswith(tuple(wanted))}
    steps: dict[str, Step] = {}
    with tempfile.TemporaryDirectory() as work_dir:
        for number, (name, train_cfg) in enumerate(ways.items()):
            runner = build_runner(args.config, train_cfg, work_dir, f'speed_{number}')
            if name.startswith('MMPose'):
                steps[name] = mmpose_step(runner)
            elif name == 'codec alone':
                steps[name] = codec_step(runner)
            else:
                fast, adversarial = 'as they are' not in name, name.endswith('adversarial')
                steps[name] = tensor_step(runner, fast, adversarial)
        MessageHub.get_current_instance()
        times = measure(steps, args.rounds, args.steps)
        calls = {name: count_calls(step) for name, step in steps.items()}
    print(f'{"way":36s} {"ms a step":>10s} {"ratio":>7s} {"calls":>7s}   (ratio to "{PLAIN}")')
    rows = []
    for name, values in times.items():
        ratio = statistics.median(v / r for v, r in zip(values, times[PLAIN]))
        rows.append(dict(way=name, ms=statistics.median(values), ratio=ratio, calls=calls[name]))
        print('{way:36s} {ms:10.2f} {ratio:7.2f} {calls:7.0f}'.format(**rows[-1]))
    if args.json:
        facts = dict(config=args.config, threads=args.threads, torch=torch.__version__)
        save_json(args.json, dict(facts, machine=platform.platform(), rows=rows))


def count_calls(step: Step, steps: int = 4) -> float:
    """Calls of operators in a step, the mean over some, for not all steps need be alike."""
    with profile(activities=[ProfilerActivity.CPU]) as found:
        for _ in range(steps):
            step()
    return sum(event.name.startswith('aten::') for event in found.events()) / steps


def measure(
    steps: dict[str, Step],
    rounds: int,
    count: int,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, list[float]]:
    """Milliseconds a step of every way in every round, after one round that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 1):
        for name, step in steps.items():
            start = clock()
            for _ in range(count):
                step()
            if number:
                times[name].append((clock() - start) / count * 1000)
    return times


if __name__ == '__main__':
    main()
