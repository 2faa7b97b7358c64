# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Writing the synthetic motions of a hand or an animal as files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mmposeaug.datasets.camera_files import save_camera_files
from mmposeaug.datasets.rigs import Camera, film, place_cameras, rig_dicts
from mmposeaug.fileio import save_npz
from mmposeaug.structures import Skeleton, get_skeleton
from mmposeaug.structures.choices import require_choice, require_known

from .animal import ANIMAL
from .build import made_files, whole_number
from .creatures import Creature, CreaturePart, draw_bodies, hold, pose_creature
from .hand import HAND
from .option_names import CREATURE_FRAMES, CREATURE_NAMES

CREATURES: dict[str, Creature] = dict(zip(CREATURE_NAMES, (HAND, ANIMAL)))
"""dict[str, Creature]: What there are synthetic motions of, besides people."""

FRAME_RATE = 10.0
SEQUENCE_FRAMES = 40


def make_synthetic_creature(
    kind: str,
    out_dir: str | os.PathLike,
    seed: int = 0,
    overwrite: bool = False,
    report: Callable[[str], None] | None = None,
    **frames: int,
) -> dict[str, Path]:
    """Make synthetic motions of a hand or an animal, or reuse them where they are complete.

    The source has few motions of narrow ranges, of one body, before cameras of one height; the
    target has other motions of wider ranges, other bodies and other cameras. The same arguments
    give the same bytes.

    Args:
        kind (str): ``'hand'``, onehand10k's 21 joints, or ``'animal'``, AP-10K's 17.
        out_dir (str | PathLike): Folder to write to; made if need be.
        seed (int): Seed of all random numbers, at least 0. Defaults to 0.
        overwrite (bool): Make the files again, whatever is there. Defaults to False.
        report (Callable, optional): Called with one line for each step. Defaults to None.
        **frames (int): Camera frames of ``source_train`` (20000), ``source_val`` (2000),
            ``source_test`` (3000) and ``target`` (6000).

    Returns:
        dict[str, Path]: Paths of these four (npz), ``cameras`` and ``cameras_json``.

    Raises:
        ValueError: If there is no such kind, a number of frames is below 1, or the seed is
            negative.
        FileExistsError: If other files of these names are there and ``overwrite`` is False.
        OSError: If the folder cannot be written to.
    """
    require_choice('The kind of creature', kind, CREATURES)
    creature = CREATURES[kind]
    arguments = dict(seed=whole_number('seed', seed, 0))
    require_known('make_synthetic_creature', frames, CREATURE_FRAMES)
    for name, count in {**CREATURE_FRAMES, **frames}.items():
        arguments[name] = whole_number(name, count, 1)
    skeleton = get_skeleton(dict(creature.metainfo))

    def write(paths: dict[str, Path], tell: Callable[[str], None]) -> None:
        cameras: list[Camera] = []
        for part in creature.parts:
            arrays, rig = make_creature_part(
                creature, part, arguments[part.name], arguments['seed'], skeleton
            )
            save_npz(paths[part.name], arrays)
            cameras += rig
            tell(f'{paths[part.name]}: {len(arrays["imgname"])} camera frames')
        save_camera_files(paths['cameras'], paths['cameras_json'], rig_dicts(cameras))
        tell(f'{paths["cameras"]}: {len(cameras)} cameras')

    files = {name: f'{name}.npz' for name in CREATURE_FRAMES}
    return made_files(out_dir, files, dict(arguments, kind=kind), overwrite, report, write)


def make_creature_part(
    creature: Creature, part: CreaturePart, frames: int, seed: int, skeleton: Skeleton
) -> tuple[dict[str, np.ndarray], list[Camera]]:
    """Make the annotations of one part."""
    rng = np.random.default_rng((seed, part.number, 0))
    offsets = draw_bodies(creature, part, skeleton, rng)
    cameras = [place_cameras(subject, part.rig, rng) for subject in part.subjects]
    per_sequence = SEQUENCE_FRAMES * len(part.rig.ids)
    wanted = max(len(part.subjects), len(part.motions), -(-frames // per_sequence))
    filmed: list[dict[str, np.ndarray]] = []
    done = 0
    while not filmed or sum(len(each['frame']) for each in filmed) < frames:
        numbers = np.arange(done, done + wanted)
        joints, who, actions = perform(creature, part, offsets, numbers, seed, skeleton)
        filmed.append(film(joints, who, actions, cameras, part.subjects, round_values=True))
        done, wanted = done + wanted, max(1, wanted // 4)
    arrays = {name: np.concatenate([each[name] for each in filmed]) for name in filmed[0]}
    # Too many: every sequence is cut at about the same frame, so that all stay without gaps.
    kept = np.sort(np.argsort(arrays.pop('frame'), kind='stable')[:frames])
    return {name: values[kept] for name, values in arrays.items()}, sum(cameras, [])


def perform(
    creature: Creature,
    part: CreaturePart,
    offsets: np.ndarray,
    numbers: np.ndarray,
    seed: int,
    skeleton: Skeleton,
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Joints (S, T, J, 3) of the sequences with these numbers, whose they are, and their names."""
    names = list(part.motions)
    who = (numbers + numbers // len(names)) % len(offsets)
    time = np.arange(SEQUENCE_FRAMES) / FRAME_RATE
    curves, actions = [], []
    for number in numbers:
        name = names[number % len(names)]
        rng = np.random.default_rng((seed, part.number, 1, number))
        curves.append(hold(part.motions[name](time, rng), creature))
        actions.append(f'{name}_{number + 1:03d}')
    return pose_creature(curves, offsets[who], creature, skeleton), who, actions
