# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""All that is to be measured on a GPU, in one call: copies to the host, weights, precision, epochs.

    python benchmarks/gpu.py configs/poseaug/CONFIG.py [--json OUT.json]

It needs a config with a tensor train loop and its data, and prints one section after the other:

- reads: what makes the processor wait for the device in a step, by line; on a GPU also the copies
  to the host that torch's profiler sees,
- weights: whether the lifter's first weights are the same with and without PoseAug,
- precision: a step in bfloat16, and on a GPU in float16, over one in float32,
- epoch: a whole epoch of as many pairs as Human3.6M has, over the lifter's own steps,
- resume: whether a resumed run equals an uninterrupted one to the last bit,
- processes: two processes, where there are two GPUs.

Without a GPU it runs on the CPU, with the sizes that are asked for.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from host_reads import host_reads
from resume_after_kills import differing
from training_speed import build_runner, measure, tensor_step

import mmposeaug  # noqa: F401  (registers everything)
from mmposeaug.datasets import PoseBank
from mmposeaug.engine import fast_layers
from mmposeaug.fileio import save_json

ROOT = Path(__file__).resolve().parent.parent
LOOPS: dict[str, dict[str, Any]] = {
    'no augmentation': dict(type='TensorTrainLoop'),
    'default': dict(type='PoseAugTrainLoop'),
    'learned': dict(type='PoseAugTrainLoop', variant='learned', warmup_epochs=0),
}
SECTIONS = ('reads', 'weights', 'precision', 'epoch', 'resume', 'processes')


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config with one of the tensor train loops')
    parser.add_argument('--only', nargs='+', choices=SECTIONS, default=SECTIONS, help='sections')
    parser.add_argument('--pairs', type=int, default=1_560_000, help='pairs of the epoch')
    parser.add_argument(
        '--batch-sizes', type=int, nargs='+', default=[1024, 8192], help='of the epoch'
    )
    parser.add_argument('--rounds', type=int, default=9, help='turns of every way')
    parser.add_argument('--json', help='file for the numbers')
    args = parser.parse_args()
    if min(args.pairs, args.rounds, *args.batch_sizes) < 1:
        parser.error('--pairs, --batch-sizes and --rounds must be 1 or more')
    return args


def wait() -> None:
    """Until the device has done what it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def waiting(step: Callable[[], None], count: int = 10) -> Callable[[], None]:
    """Some steps, and what the device does of them."""

    def run() -> None:
        for _ in range(count):
            step()
        wait()

    return run


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    cuda = torch.cuda.is_available()
    cards = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return dict(
        device=', '.join(cards) if cuda else platform.processor() or platform.machine(),
        gpus=len(cards),
        torch=torch.__version__,
        cuda=torch.version.cuda,
        threads=torch.get_num_threads(),
    )


def reads(config: str, work_dir: str) -> dict[str, Any]:
    """Reads of values in a step of each loop, hooks left out; on a GPU what the profiler sees."""
    found: dict[str, Any] = {}
    for name, loop in LOOPS.items():
        step = tensor_step(build_runner(config, loop, work_dir, f'reads_{len(found)}'))
        lines, calls = host_reads(step)
        found[name] = dict(lines=lines, calls=calls)
        if torch.cuda.is_available():
            found[name]['copies'] = device_copies(step)
        print(f'reads: {name}: {sum(lines.values()):.1f} of {calls:.0f} operator calls a step')
        for line, count in lines.items():
            print(f'    {count:6.1f}  {line}')
        for event, count in found[name].get('copies', {}).items():
            print(f'    {count:6.1f}  {event} (profiler)')
    return found


def device_copies(step: Callable[[], None], steps: int = 5) -> dict[str, float]:
    """Copies to the host, waits and kernels a step, as torch's profiler counts them."""
    activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    wait()
    with torch.profiler.profile(activities=activities) as seen:
        for _ in range(steps):
            step()
        wait()
    counts = {'Memcpy DtoH': 0.0, 'cudaStreamSynchronize': 0.0, 'cudaLaunchKernel': 0.0}
    for event in seen.events():
        for name in counts:
            counts[name] += event.name.startswith(name) / steps
    return counts


def weights(config: str, work_dir: str) -> dict[str, Any]:
    """Whether the lifter starts with the same weights in all loops."""
    states = []
    for name, loop in LOOPS.items():
        cfg = {'randomness': dict(seed=7)}
        runner = build_runner(config, loop, work_dir, f'weights_{name.split()[0]}', cfg)
        runner._init_model_weights()
        states.append({k: v.cpu() for k, v in runner.model.state_dict().items()})
    same = all(torch.equal(state[key], states[0][key]) for state in states for key in states[0])
    print(f'weights: the first weights of {", ".join(LOOPS)} are {"" if same else "NOT "}equal')
    return dict(equal=same)


def precision(config: str, work_dir: str, rounds: int) -> dict[str, Any]:
    """Steps in lower precisions over steps in float32: ratios of medians."""
    wrappers: dict[str, dict[str, Any]] = {
        'float32': {},
        'bfloat16': {'optim_wrapper.type': 'BFloat16OptimWrapper'},
    }
    if torch.cuda.is_available():
        wrappers['float16'] = {'optim_wrapper.type': 'AmpOptimWrapper'}
    steps = {}
    for loop in ('no augmentation', 'default'):
        for name, changes in wrappers.items():
            label = f'precision_{len(steps)}'
            runner = build_runner(config, LOOPS[loop], work_dir, label, changes)
            steps[f'{loop}, {name}'] = waiting(tensor_step(runner))
    # a GPU works while the processor does not
    clock = time.perf_counter if torch.cuda.is_available() else time.process_time
    times = measure(steps, rounds, 1, clock)
    found = {}
    for name, values in times.items():
        reference = times[name.split(',')[0] + ', float32']
        ratio = statistics.median(v / r for v, r in zip(values, reference))
        found[name] = dict(ms=statistics.median(values) / 10, ratio=ratio)
        print(f'precision: {name}: {found[name]["ms"]:.2f} ms a step, {ratio:.2f} of float32')
    return found


def enlarged(bank: PoseBank, pairs: int) -> PoseBank:
    """A bank of so many pairs: its samples over and over, each in memory of its own."""
    times = -(-pairs // len(bank))
    joined = PoseBank.concat([bank] * times) if times > 1 else bank
    windows = joined.windows.take(torch.arange(pairs, device=bank.device))
    return replace(joined, windows=windows)


def epoch(config: str, work_dir: str, pairs: int, batch_sizes: list[int]) -> list[dict[str, Any]]:
    """Seconds of an epoch, and of the lifter's own steps on a batch that stays on the device."""
    rows = []
    for size in batch_sizes:
        for name, settings in LOOPS.items():
            changes = {'train_dataloader.batch_size': size}
            runner = build_runner(config, settings, work_dir, f'epoch_{len(rows)}', changes)
            loop: Any = runner._train_loop
            loader = loop.dataloader
            bank = enlarged(loop.bank, pairs)
            fresh = type(loader)(bank, size, loader.dataset.metainfo)
            loop.bank, loop.dataloader = bank, fresh
            loop.start_epoch()
            runner._hooks.clear()
            batch = loop.draw(next(fresh.epoch(loop.order_generator)))
            steps = len(fresh)
            with fast_layers(runner.model):
                waiting(lambda: loop.update_lifter(0, batch), 3)()  # noqa: B023
                part = min(steps, 100)
                start = time.perf_counter()
                waiting(lambda: loop.update_lifter(0, batch), part)()  # noqa: B023
                floor = (time.perf_counter() - start) / part * steps
                start = time.perf_counter()
                loop.train_phases()
                wait()
                seconds = time.perf_counter() - start
            row = dict(loop=name, batch_size=size, pairs=pairs, steps=steps)
            rows.append(dict(row, seconds=seconds, floor=floor, ratio=seconds / floor))
            print(
                f'epoch: {name}, batch {size}: {seconds:.1f} s for {pairs:,} pairs, '
                f"{seconds / floor:.2f} of the lifter's own {floor:.1f} s"
            )
    return rows


def train(config: str, work_dir: Path, *options: str, processes: int = 1) -> None:
    """A run of tools/train.py."""
    command = [sys.executable, str(ROOT / 'tools' / 'train.py'), config]
    if processes > 1:
        script = str(ROOT / 'tools' / 'dist_train.sh')
        command = ['bash', script, config, str(processes)]
    environment = dict(os.environ, PYTHON=sys.executable)
    subprocess.run(
        [*command, '--work-dir', str(work_dir), '--no-validate', *options],
        check=True,
        stdout=subprocess.DEVNULL,
        env=environment,
    )


def learned_config(config: str, work_dir: str, epochs: int) -> str:
    """A config of a short run of what learns."""
    path = Path(work_dir, f'learned_{epochs}.py')
    loop = dict(LOOPS['learned'], _delete_=True, max_epochs=epochs, val_interval=epochs)
    lines = (
        f'_base_ = [{str(Path(config).resolve())!r}]',
        f'train_cfg = {loop!r}',
        'randomness = dict(seed=3)',
        'default_hooks = dict(checkpoint=dict(interval=1))',
    )
    path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return str(path)


def state_of(path: Path) -> dict[str, Any]:
    """What a checkpoint holds of weights and moments."""
    content = torch.load(path, map_location='cpu', weights_only=True)
    return {key: content[key] for key in ('state_dict', 'optimizer', 'poseaug')}


def resume(config: str, work_dir: str) -> dict[str, Any]:
    """Two epochs in one run, and with an interruption between them."""
    whole, parts = Path(work_dir, 'whole'), Path(work_dir, 'parts')
    config = learned_config(config, work_dir, 2)
    train(config, whole)
    train(config, parts)
    (parts / 'epoch_2.pth').unlink()
    (parts / 'last_checkpoint').write_text(str(parts / 'epoch_1.pth'))
    train(config, parts, '--resume')
    wrong = differing(state_of(whole / 'epoch_2.pth'), state_of(parts / 'epoch_2.pth'))
    print(
        'resume: equal to the last bit'
        if not wrong
        else f'resume: {len(wrong)} values differ, {", ".join(wrong[:5])} ...'
    )
    return dict(equal=not wrong, differing=wrong)


def processes(config: str, work_dir: str) -> dict[str, Any]:
    """An epoch in two processes, by NCCL."""
    if torch.cuda.device_count() < 2:
        print(f'processes: not run, there are {torch.cuda.device_count()} GPUs of 2')
        return dict(run=False)
    start = time.perf_counter()
    train(learned_config(config, work_dir, 1), Path(work_dir, 'two'), processes=2)
    seconds = time.perf_counter() - start
    print(f'processes: an epoch in two processes, {seconds:.1f} s with the start')
    return dict(run=True, seconds=seconds)


def main() -> None:
    """Measure section by section, print, and save the numbers."""
    args = parse_args()
    found: dict[str, Any] = dict(config=args.config, machine=machine())
    print('machine: ' + ', '.join(f'{k} {v}' for k, v in found['machine'].items()))
    with tempfile.TemporaryDirectory() as work_dir:
        sections: dict[str, Callable[[], Any]] = {
            'reads': lambda: reads(args.config, work_dir),
            'weights': lambda: weights(args.config, work_dir),
            'precision': lambda: precision(args.config, work_dir, args.rounds),
            'epoch': lambda: epoch(args.config, work_dir, args.pairs, args.batch_sizes),
            'resume': lambda: resume(args.config, work_dir),
            'processes': lambda: processes(args.config, work_dir),
        }
        for name in SECTIONS:
            if name in args.only:
                found[name] = sections[name]()
                if args.json:
                    save_json(args.json, found)


if __name__ == '__main__':
    main()
