# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Motion capture filmed by simulated cameras: training pairs of one's own."""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mmposeaug.datasets.rigs import (
    SOURCE_RIG,
    TARGET_RIG,
    Camera,
    Rig,
    film,
    place_cameras,
    rig_dicts,
)
from mmposeaug.fileio import Track, untracked
from mmposeaug.structures import Skeleton
from mmposeaug.structures.choices import require_choice

from ..conversion import (
    CAMERA_FILES,
    Part,
    Report,
    camera_contents,
    join_rows,
    run_parts,
    silent,
)
from ..joints import skeleton_of
from ..option_names import CMU_FRAME_RATE, NAME_PATTERN, RIG_NAMES
from .asf_amc import read_amc, read_asf
from .bvh import read_bvh
from .joint_map import JointMap, load_joint_map

RIGS: dict[str, Rig] = dict(zip(RIG_NAMES, (SOURCE_RIG, TARGET_RIG)))
"""dict: Cameras like Human3.6M's, and quite other ones."""

HEIGHTS = (0.7, 2.6)
"""tuple[float, float]: Metres that people may extend, in the median over a recording."""

ROOM = 1.5
"""float: Metres that a path may extend before the cameras; a longer one is followed."""

_FOLLOW_SECONDS = 1.0
_SHIFT = 0.4


def convert_mocap(
    recordings: Sequence[str],
    out_dir: str | os.PathLike,
    joint_map: str,
    asf: str | None = None,
    name: str = 'mocap',
    joints: int = 17,
    frame_rate: float = 10.0,
    recorded_rate: float = CMU_FRAME_RATE,
    metres_per_unit: float | None = None,
    rig: str = 'source',
    name_pattern: str = NAME_PATTERN,
    seed: int = 0,
    overwrite: bool = False,
    report: Report = silent,
    track: Track = untracked,
) -> list[Path]:
    """Film BVH or AMC recordings with four simulated cameras around each subject.

    A recording is turned by a random angle and stands in the middle of the cameras, its lowest
    joint on the ground. Where its path is longer than :data:`ROOM`, the cameras follow its slow
    part. Frames not fully in view are left out. A recording's cameras, angle and place depend on
    ``seed`` and on its own name alone.

    Args:
        recordings (Sequence[str]): ``.bvh`` or ``.amc`` files.
        out_dir (str | PathLike): Folder for ``NAME.npz`` and ``NAME_cameras.pkl`` and ``.json``.
        joint_map (str): See :func:`load_joint_map`; ``configs/joint_maps`` has some.
        asf (str, optional): Skeleton of AMC files. Defaults to the only ``.asf`` beside each.
        name (str): Name of the set. Defaults to ``'mocap'``.
        joints (int): 17, or 16 as in PoseAug. Defaults to 17.
        frame_rate (float): Frames a second to write. Defaults to 10.
        recorded_rate (float): Frames a second of AMC files. Defaults to 120, CMU's.
        metres_per_unit (float, optional): In place of the joint map's.
        rig (str): One of :data:`RIGS`. Defaults to ``'source'``.
        name_pattern (str): Regular expression with the groups ``subject`` and ``action``.
        seed (int): Seed of cameras and places. Defaults to 0.
        overwrite, report, track: See :func:`run_parts`.

    Raises:
        ValueError: If a file or an option is not what it should be.
    """
    require_choice('rig', rig, RIGS)
    if seed < 0:
        raise ValueError(f'seed is {seed}; a whole number from 0 is needed.')
    if not re.fullmatch(r'[\w-]+', name):
        raise ValueError(f'name is {name!r}; use letters, digits, - and _.')
    skeleton, mapping = skeleton_of(joints), load_joint_map(joint_map, metres_per_unit)
    skeletons = {path: _skeleton_file(path, asf) for path in recordings}
    takes = name_takes(recordings, name_pattern)
    maker = _Maker(takes, skeletons, mapping, skeleton, frame_rate, recorded_rate, RIGS[rig], seed)
    used = sorted({path for path in skeletons.values() if path is not None})
    part = Part(
        name=name,
        outputs=(f'{name}.npz', *(f'{name}_{file}' for file in CAMERA_FILES)),
        make=partial(maker.make, name, report, track),
        inputs=(*recordings, *used, joint_map),
        options=dict(
            joints=joints,
            frame_rate=frame_rate,
            recorded_rate=recorded_rate,
            metres_per_unit=mapping.metres_per_unit,
            rig=rig,
            name_pattern=name_pattern,
            seed=seed,
        ),
    )
    return run_parts(out_dir, [part], overwrite, report)


def name_takes(recordings: Sequence[str], pattern: str) -> dict[str, tuple[str, str]]:
    """Read subject and action of each recording from its name.

    Example:
        >>> name_takes(['a/35_01.bvh'], NAME_PATTERN)
        {'a/35_01.bvh': ('35', '01')}
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise ValueError(f'{pattern!r} is not a regular expression: {error}.') from None
    if not {'subject', 'action'} <= set(expression.groupindex):
        raise ValueError(f"{pattern!r} needs the groups 'subject' and 'action'.")
    if not recordings:
        raise ValueError('There are no recordings; name .bvh or .amc files.')
    takes: dict[str, tuple[str, str]] = {}
    for path in recordings:
        match = expression.fullmatch(Path(path).stem)
        if match is None:
            raise ValueError(
                f'The name of {path!r} does not match {pattern!r}; give a name pattern with the '
                "groups 'subject' and 'action' that does."
            )
        # '_' and '.' separate the parts of an image name
        take = (re.sub(r'[_.\s]', '-', match['subject']), re.sub(r'[_.\s]', '-', match['action']))
        if take in takes.values():
            raise ValueError(f'Two recordings are called {take[0]} {take[1]}, one is {path!r}.')
        takes[path] = take
    return takes


def _skeleton_file(path: str, asf: str | None) -> str | None:
    """The ASF file of an AMC recording, None for BVH."""
    ending = Path(path).suffix.lower()
    if ending == '.bvh':
        return None
    if ending != '.amc':
        raise ValueError(f'{path!r} is neither a .bvh nor an .amc file.')
    if asf is None:
        beside = sorted(str(each) for each in Path(path).parent.glob('*.asf'))
        if len(beside) != 1:
            raise ValueError(
                f'There are {len(beside)} .asf files beside {path!r}; name the one of its subject.'
            )
        asf = beside[0]
    return asf


@dataclass
class _Maker:
    """Recordings that are read, placed before the cameras and filmed."""

    takes: dict[str, tuple[str, str]]
    skeletons: dict[str, str | None]
    joint_map: JointMap
    skeleton: Skeleton
    frame_rate: float
    recorded_rate: float
    rig: Rig
    seed: int

    def make(self, name: str, report: Report, track: Track) -> dict[str, Any]:
        """Content of the files."""
        rows, cameras = [], {}
        for path in track(list(self.takes)):
            subject, action = self.takes[path]
            rng = np.random.default_rng((self.seed, 0, zlib.crc32(subject.encode())))
            cameras[subject] = place_cameras(subject, self.rig, rng)
            joints = self.world(path)
            row = film(joints[None], np.zeros(1, int), [action], [cameras[subject]], [subject])
            row.pop('frame')
            seen, frames = len(row['imgname']), len(joints) * len(self.rig.ids)
            if seen < frames // 2:
                report(f'{path}: only {seen} of {frames} camera frames are in view')
            rows.append(row)
        everywhere: list[Camera] = sum(cameras.values(), [])
        joined = join_rows(rows, 'the recordings')
        report(
            f'{name}: {len(joined["imgname"])} pairs of {len(self.takes)} recordings, '
            f'{len(cameras)} subjects, {len(everywhere)} cameras'
        )
        return {
            f'{name}.npz': joined,
            **camera_contents(rig_dicts(everywhere), f'{name}_'),
        }

    def world(self, path: str) -> np.ndarray:
        """Joints (T, J, 3) of a recording in the middle of the cameras, metres, z up."""
        asf = self.skeletons[path]
        bones = None if asf is None else read_asf(asf)
        motion = read_amc(path, bones, self.recorded_rate) if bones else read_bvh(path)
        motion = motion.resampled(self.frame_rate)
        joints = self.joint_map(motion.positions(), motion.names, self.skeleton, path)
        extent = float(np.median(np.ptp(joints, axis=1).max(axis=-1)))
        if not HEIGHTS[0] < extent < HEIGHTS[1]:
            raise ValueError(
                f'The people of {path!r} extend {extent:.3g} m; set metres_per_unit '
                f'(now {self.joint_map.metres_per_unit:g}) so that they are the size of people.'
            )
        subject, action = self.takes[path]
        rng = np.random.default_rng((self.seed, 1, zlib.crc32(f'{subject}/{action}'.encode())))
        return place_take(joints, self.skeleton, self.frame_rate, rng)


def place_take(
    joints: np.ndarray, skeleton: Skeleton, frame_rate: float, rng: np.random.Generator
) -> np.ndarray:
    """Put a recording (T, J, 3), metres, z up, into the middle of the cameras.

    It is turned about the vertical and moved; bones stay as they were.
    """
    angle = rng.uniform(0, 2 * np.pi)
    cos, sin = np.cos(angle), np.sin(angle)
    turned = joints @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
    path = turned[:, skeleton.root, :2]
    if np.ptp(path, axis=0).max() > ROOM:
        middle = gaussian_filter1d(path, _FOLLOW_SECONDS * frame_rate, axis=0, mode='nearest')
    else:
        middle = np.broadcast_to((path.max(0) + path.min(0)) / 2, path.shape)
    turned[..., :2] += (rng.uniform(-_SHIFT, _SHIFT, 2) - middle)[:, None]
    turned[..., 2] -= turned[..., 2].min()
    return turned
