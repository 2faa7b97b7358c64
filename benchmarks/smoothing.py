# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What smoothing over time does to lifted poses, as tables in Markdown and a plot.

    python benchmarks/smoothing.py CONFIG CHECKPOINT [--data DIR] [--mocap DIR] [--plot FILE]

MPJPE and P-MPJPE in mm, root-aligned. Acceleration error: distance of a joint's acceleration from
the target's in m/s^2, over joints that count; on real video the reference is noisier than what is
measured, so its path is smoothed with 6 Hz for that column. Delay: by how much a path must be
shifted in time to be nearest to the zero-phase one of the same lifts at 6 Hz.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from steady_data import (
    Sample,
    build_inferencer,
    mocap_samples,
    parse_args,
    real_samples,
    second_derivatives,
    synthetic_samples,
)

from mmposeaug.evaluation import format_table, joint_errors, procrustes_align
from mmposeaug.evaluation.motion import bone_spread
from mmposeaug.lifting import smooth_poses
from mmposeaug.lifting.smoothing import HIGHEST_CUTOFF, runs_of, zero_phase
from mmposeaug.structures import LiftedPoses

CUTOFFS = (1.5, 2, 3, 4, 5, 6, 8, 10)
CAUSAL = (0.5, 1, 2, 3, 4)


def score(sample: Sample, lifted: LiftedPoses, clean_hz: float | None) -> dict[str, float]:
    """Scores of one sample."""
    fps, root, valid = lifted.fps or 1.0, lifted.skeleton.root, sample.valid
    target = sample.target - sample.target[:, root, None]
    pred = lifted.poses_rel.astype(float)
    errors = np.where(valid, joint_errors(pred, target), np.nan)
    enough = valid.sum(1) >= 6
    aligned = procrustes_align(pred[enough], target[enough], valid[enough])
    aligned_errors = np.where(valid[enough], joint_errors(aligned, target[enough]), np.nan)
    clean = zero_phase(target, fps, clean_hz) if clean_hz else target
    apart = second_derivatives(pred - clean, lifted.frames, fps)
    steady = valid.copy()
    steady[1:-1] &= valid[2:] & valid[:-2]
    root_apart = second_derivatives(lifted.roots_cam - sample.target[:, root], lifted.frames, fps)
    own = np.linalg.norm(second_derivatives(pred, lifted.frames, fps), axis=-1)
    return {
        'MPJPE': float(np.nanmean(np.nanmean(errors[valid.any(1)], axis=1))) * 1000,
        'P-MPJPE': float(np.nanmean(np.nanmean(aligned_errors, axis=1))) * 1000,
        'acceleration error': float(np.nanmean(np.linalg.norm(apart, axis=-1)[steady])),
        'acceleration': float(np.nanmean(own[steady])),
        "root's": float(np.nanmean(np.linalg.norm(root_apart, axis=-1))),
        'bone spread %': bone_spread(pred, lifted.skeleton),
    }


def delay(lifted: LiftedPoses, smooth: LiftedPoses) -> float:
    """Milliseconds by which smoothed poses lag behind."""
    fps = lifted.fps or 1.0
    clean = smooth_poses(lifted, min(6, HIGHEST_CUTOFF * fps)).poses_rel.astype(float)
    shifts = np.arange(0, 0.4, 0.005)
    total = np.zeros(len(shifts))
    for rows in runs_of(lifted):
        if len(rows) < fps:
            continue
        time = np.arange(len(rows)) / fps
        inner = time > 0.5
        for i, shift in enumerate(shifts):
            at = (time[inner] - shift) * fps
            low = np.floor(at).astype(int)
            part = (at - low)[:, None, None]
            high = np.minimum(low + 1, len(rows) - 1)
            earlier = (1 - part) * clean[rows][low] + part * clean[rows][high]
            total[i] += ((smooth.poses_rel[rows][inner] - earlier) ** 2).sum()
    return float(shifts[total.argmin()] * 1000) if total.any() else float('nan')


def table(samples: Sequence[Sample], clean_hz: float | None = None) -> dict[str, dict[str, Any]]:
    """Rows by what was done."""
    fps = samples[0].lifted.fps or 1.0
    ways: list[tuple[str, float | None, bool]] = [('none', None, False)]
    ways += [(f'zero-phase {hz:g} Hz', hz, False) for hz in CUTOFFS]
    ways += [(f'causal {hz:g} Hz', hz, True) for hz in CAUSAL]
    rows = {}
    for name, hz, causal in ways:
        if hz is not None and hz > HIGHEST_CUTOFF * fps:
            continue
        scores = []
        for sample in samples:
            done = sample.lifted if hz is None else smooth_poses(sample.lifted, hz, causal)
            late = {'delay ms': delay(sample.lifted, done)} if causal else {}
            scores.append({**score(sample, done, clean_hz), **late})
        rows[name] = {key: float(np.nanmean([each[key] for each in scores])) for key in scores[0]}
    return rows


def plot(tables: dict[str, dict[str, dict[str, Any]]], path: Path) -> None:
    """P-MPJPE against the error of acceleration, a panel for each kind of data."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(tables), figsize=(4.2 * len(tables), 3.6), squeeze=False)
    for axis, (title, rows) in zip(axes[0], tables.items()):
        for kind, style in (('zero-phase', 'o-'), ('causal', 's-')):
            names = [name for name in rows if name.startswith(kind)]
            across = [rows[name]['acceleration error'] for name in names]
            high = [rows[name]['P-MPJPE'] for name in names]
            axis.plot(across, high, style, label=kind, markersize=4)
            for name, x, y in zip(names, across, high):
                place = (4, 4) if kind == 'causal' else (4, -10)
                axis.annotate(name.split()[1], (x, y), place, textcoords='offset points', size=7)
        none = rows['none']
        axis.plot(none['acceleration error'], none['P-MPJPE'], 'kx', label='none')
        axis.set(title=title, xlabel='acceleration error, m/s²', xscale='log')
        axis.grid(alpha=0.3, which='both')
    axes[0, 0].set_ylabel('P-MPJPE, mm')
    axes[0, 0].legend(title='cutoff in Hz beside the points')
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    """Measures every kind of data."""
    args = parse_args(__doc__.splitlines()[0])
    inferencer = build_inferencer(args)
    tables = {'real video, 60 fps': table(real_samples(inferencer, args.data), clean_hz=6)}
    for fps in (60.0, 30.0):
        tables[f'synthetic, {fps:g} fps'] = table(synthetic_samples(inferencer, fps))
    if args.mocap:
        samples = [
            replace(each, lifted=replace(each.lifted, fps=10.0))
            for each in mocap_samples(inferencer, args.mocap)
        ]
        tables['motion capture, 10 fps'] = table(samples)
    for title, rows in tables.items():
        print(f'\n{title}\n\n{format_table("smoothing", rows)}')
    if args.plot:
        # at 10 frames a second smoothing has nothing to gain
        plot({title: rows for title, rows in tables.items() if '10 fps' not in title}, args.plot)


if __name__ == '__main__':
    main()
