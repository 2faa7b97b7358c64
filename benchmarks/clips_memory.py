# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What clips cost: memory of the training set, and time of a step against the lifter's alone.

    python benchmarks/clips_memory.py configs/poseaug/CONFIG.py [--frames 1 27 81 243] [--out FILE]

For each number of frames a VideoPose lifter whose kernels see as many; clips are padded, so that
all have the same samples. Times are medians; ways of one length take turns in one process, and
the ratio is that of their medians.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor
from training_speed import build_runner, forever, measure

from mmposeaug.datasets import PoseBank, load_pose_bank
from mmposeaug.engine import fast_layers
from mmposeaug.fileio import save_json

MIB = 2**20


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config of a VideoPose lifter with a tensor train loop')
    parser.add_argument(
        '--frames', type=int, nargs='+', default=[1, 27, 81, 243], help='powers of 3, 1 first'
    )
    parser.add_argument('--rounds', type=int, default=5, help='turns of every way')
    parser.add_argument('--out', help='JSON file for the numbers')
    args = parser.parse_args()
    if args.frames[0] != 1 or any(3 ** round(math.log(n, 3)) != n for n in args.frames):
        parser.error(f'--frames is {args.frames}; give powers of 3, 1 first')
    if args.rounds < 1:
        parser.error('--rounds must be 1 or more')
    return args


def options_of(frames: int) -> dict[str, Any]:
    """What makes a VideoPose config one of so many frames."""
    kernels = (3,) * round(math.log(frames, 3)) if frames > 1 else (1, 1, 1)
    options: dict[str, Any] = {
        'model.backbone.kernel_sizes': kernels,
        'model.backbone.num_blocks': len(kernels) - 1,
        'model.backbone.use_stride_conv': frames > 1,
    }
    for phase in ('train', 'val', 'test'):
        clip = dict(seq_len=frames, causal=False, pad_video_seq=True)
        options.update({f'{phase}_dataloader.dataset.{k}': v for k, v in clip.items()})
    return options


def sizes(bank: Any, name: str = '') -> dict[str, float]:
    """MiB of every tensor of a bank, by its name."""
    if isinstance(bank, Tensor):
        # what is equal for all frames is held once
        held = min(bank.numel() * bank.element_size(), bank.untyped_storage().nbytes())
        return {name: held / MIB}
    found: dict[str, float] = {}
    if is_dataclass(bank):
        for field in fields(bank):
            found.update(sizes(getattr(bank, field.name), f'{name}.{field.name}'.strip('.')))
    return found


def memory(key: str) -> float:
    """MiB of this process by /proc: VmRSS now, VmHWM at most."""
    with open('/proc/self/status', encoding='ascii') as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key)) / 1024


def load(cfg: Config) -> tuple[PoseBank, float]:
    """The training set, and by how many MiB the process grew at most while it was loaded."""
    if not sys.platform.startswith('linux'):
        return load_pose_bank(cfg.train_dataloader.dataset), math.nan
    gc.collect()
    ctypes.CDLL('libc.so.6').malloc_trim(0)
    with open('/proc/self/clear_refs', 'w', encoding='ascii') as file:
        file.write('5')  # forgets the peak so far
    before = memory('VmRSS')
    bank = load_pose_bank(cfg.train_dataloader.dataset)
    return bank, memory('VmHWM') - before


def ways_of(runner: Any) -> dict[str, Callable[[], None]]:
    """A step, its parts, and the lifter's part of it alone."""
    loop = runner._train_loop
    loop.start_epoch()
    runner._hooks.clear()
    indices = forever(lambda: loop.dataloader.epoch(loop.order_generator))
    batch = loop.mix(loop.draw(next(indices)))
    return {
        'gather': lambda: loop.bank.gather(next(indices)),
        'lifter': lambda: loop.update_lifter(0, batch),
        'step': lambda: loop.update_lifter(0, loop.mix(loop.draw(next(indices)))),
    }


def measure_clips(config: str, frames: int, rounds: int, work_dir: str) -> dict[str, Any]:
    """Memory and times of one length of clips."""
    cfg = Config.fromfile(config)
    cfg.merge_from_dict(options_of(frames))
    bank, peak = load(cfg)
    parts, samples = sizes(bank), len(bank)
    del bank
    loop = dict(type='TensorTrainLoop', augmentor=dict(type='AnatomicalPoseAugmentor'))
    runner = build_runner(config, loop, work_dir, f'clips_{frames}', options_of(frames))
    start = time.perf_counter()
    with fast_layers(runner.model):  # as the loop runs
        ways = ways_of(runner)
        steps = max(1, round(1 / (time.perf_counter() - start)))  # shorter turns of longer clips
        times = measure(ways, rounds, min(steps, 10))
    return dict(
        frames=frames,
        samples=samples,
        bank_mib=sum(parts.values()),
        parts_mib=parts,
        peak_mib=peak,
        **{f'{name}_ms': statistics.median(values) for name, values in times.items()},
    )


def main() -> None:
    """Measure, print a table, and save the numbers."""
    args = parse_args()
    torch.set_num_threads(1)
    rows = []
    print(
        f'{"frames":>6s} {"samples":>8s} {"bank MiB":>9s} {"ratio":>6s} {"windows MiB":>12s} '
        f'{"peak MiB":>9s} {"gather ms":>10s} {"lifter ms":>10s} {"step ms":>9s} {"ratio":>6s}'
    )
    with tempfile.TemporaryDirectory() as work_dir:
        for frames in args.frames:
            row = measure_clips(args.config, frames, args.rounds, work_dir)
            rows.append(row)
            row['bank_ratio'] = row['bank_mib'] / rows[0]['bank_mib']
            row['step_ratio'] = row['step_ms'] / row['lifter_ms']
            windows = sum(v for k, v in row['parts_mib'].items() if k.startswith('windows'))
            print(
                f'{frames:6d} {row["samples"]:8d} {row["bank_mib"]:9.1f} {row["bank_ratio"]:6.3f} '
                f'{windows:12.2f} {row["peak_mib"]:9.1f} {row["gather_ms"]:10.2f} '
                f'{row["lifter_ms"]:10.1f} {row["step_ms"]:9.1f} {row["step_ratio"]:6.2f}',
                flush=True,
            )
    if args.out:
        save_json(args.out, dict(config=args.config, torch=torch.__version__, rows=rows))


if __name__ == '__main__':
    main()
