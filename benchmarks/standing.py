# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How well it is told what is up, and what planting feet does, as tables in Markdown.

    python benchmarks/standing.py CONFIG CHECKPOINT [--data DIR] [--mocap DIR]

Sliding: farthest distance of an ankle from its mean place in a contact, in mm, mean over contacts
of the target (slower than 0.1 m/s, of the real video's noisy reference 0.4 m/s after smoothing with
6 Hz, for 0.15 s or more), so that it does not depend on which contacts were found. Found: share of
the target's contact frames that are planted. Wrong: share of planted frames whose ankle is faster
than two and a half times that limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from smoothing import score
from steady_data import (
    Sample,
    build_inferencer,
    contacts,
    mocap_samples,
    parse_args,
    real_samples,
    synthetic_samples,
    take,
)

from mmposeaug.evaluation import format_table
from mmposeaug.lifting import estimate_up, plant_feet, smooth_poses, standing_feet
from mmposeaug.lifting.smoothing import runs_of, zero_phase
from mmposeaug.lifting.world import leg_joints
from mmposeaug.structures import LiftedPoses

SMOOTHING = (None, 4.0, 6.0)
LEGS = ('knee', 'foot')


def up_errors(samples: Sequence[Sample], shortest: int = 0) -> dict[str, list[float]]:
    """Degrees between what is up and what is estimated, by how it was."""
    found: dict[str, list[float]] = {'stand': [], 'turn around': [], 'unknown': []}
    for sample in samples:
        for label in np.unique(sample.labels) if shortest else [None]:
            rows = np.flatnonzero(sample.labels == label) if shortest else slice(None)
            lifted = take(sample.lifted, rows) if shortest else sample.lifted
            if len(lifted) < shortest:
                continue
            up, how = estimate_up(lifted)
            if up is None:
                found['unknown'].append(float('nan'))
                continue
            kind = 'turn around' if 'turn around' in how else 'stand'
            found[kind].append(float(np.degrees(np.arccos(np.clip(up @ sample.up, -1, 1)))))
    return found


def up_table(kinds: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, Any]]:
    """Quantiles of the errors."""
    return {
        f'{data}: people who {kind}': {
            'videos': len(errors),
            'median': float(np.median(errors)),
            '9 of 10': float(np.quantile(errors, 0.9)),
            'largest': max(errors),
        }
        for data, found in kinds.items()
        for kind, errors in found.items()
        if errors and not np.isnan(errors).all()
    }


def feet_scores(
    sample: Sample, lifted: LiftedPoses, planted: LiftedPoses | None, limit: float
) -> dict[str, float]:
    """Scores of one sample, before or after its feet are planted."""
    fps = lifted.fps or 1.0
    real = not sample.valid.all()
    ankles = [leg[2] for leg in leg_joints(lifted.skeleton)]
    path = sample.target[:, ankles]
    path = zero_phase(path, fps, 6) if real else path
    speed = np.linalg.norm(np.gradient(path, 1 / fps, axis=0), axis=-1)
    known = sample.valid[:, ankles]
    stands = (speed < limit) & known
    done = planted or lifted
    places = done.poses_cam[:, ankles].astype(float)
    slides = [
        np.linalg.norm(places[rows, foot] - places[rows, foot].mean(0), axis=-1).max() * 1000
        for rows, foot in contacts(stands, int(np.ceil(0.15 * fps)))
    ]
    scores = score(sample, done, 6 if real else None)
    legs = np.array([name.endswith(LEGS) for name in lifted.skeleton.joint_names])
    of_legs = score(replace(sample, valid=sample.valid & legs), done, 6 if real else None)
    result = {
        'sliding': float(np.mean(slides)) if slides else float('nan'),
        'MPJPE': scores['MPJPE'],
        'of knees, ankles': of_legs['MPJPE'],
        'acceleration error': scores['acceleration error'],
        'of knees, ankles ': of_legs['acceleration error'],
        "root's": scores["root's"],
    }
    if planted is not None:
        found = np.zeros_like(stands)
        for rows in runs_of(lifted):
            found[rows] = standing_feet(lifted, rows)
        result['found'] = (found & stands).sum() / max(stands.sum(), 1)
        result['wrong'] = (found & known & (speed > 2.5 * limit)).sum() / max(found.sum(), 1)
    return result


def feet_table(samples: Sequence[Sample], limit: float) -> dict[str, dict[str, Any]]:
    """Rows by smoothing, before and after."""
    rows = {}
    for hz in SMOOTHING:
        for plant in (False, True):
            scores = []
            for sample in samples:
                lifted = sample.lifted if hz is None else smooth_poses(sample.lifted, hz)
                lifted = replace(lifted, up_cam=sample.up)
                planted = plant_feet(lifted) if plant else None
                scores.append(feet_scores(sample, lifted, planted, limit))
            name = ('no smoothing' if hz is None else f'{hz:g} Hz') + (', planted' if plant else '')
            rows[name] = {key: float(np.nanmean([s[key] for s in scores])) for key in scores[0]}
    return rows


def main() -> None:
    """Measures what is up, then feet."""
    args = parse_args(__doc__.splitlines()[0])
    inferencer = build_inferencer(args)
    real = real_samples(inferencer, args.data)
    synthetic = {fps: synthetic_samples(inferencer, fps) for fps in (60.0, 30.0)}
    kinds = {'real video': up_errors(real), 'synthetic': up_errors(synthetic[30.0])}
    if args.mocap:
        samples = mocap_samples(inferencer, args.mocap)
        kinds['motion capture, all of a camera'] = up_errors(samples)
        kinds['motion capture, single sequences'] = up_errors(samples, shortest=8)
    print(f'What is up, degrees off\n\n{format_table("", up_table(kinds))}')
    print(f'\nFeet, real video\n\n{format_table("", feet_table(real, 0.4))}')
    for fps, samples in synthetic.items():
        print(f'\nFeet, synthetic, {fps:g} fps\n\n{format_table("", feet_table(samples, 0.1))}')


if __name__ == '__main__':
    main()
