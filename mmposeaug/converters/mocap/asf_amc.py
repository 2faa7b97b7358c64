# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Acclaim motion capture, as CMU publishes it: an ASF skeleton and AMC motions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mmposeaug.fileio import require_file

from ..option_names import CMU_FRAME_RATE
from .motion import Motion, euler_rotations

ROOT = 'root'
_TURNS, _MOVES = ('rx', 'ry', 'rz'), ('tx', 'ty', 'tz')


@dataclass
class Bone:
    """A bone of an ASF file: the way from begin to end (3,), the matrix (3, 3) of its own axes."""

    name: str
    step: np.ndarray = field(default_factory=lambda: np.zeros(3))
    axis: np.ndarray = field(default_factory=lambda: np.eye(3))
    channels: list[str] = field(default_factory=list)
    parent: str = ''


def read_asf(path: str) -> list[Bone]:
    """Read the root and the bones of an ASF skeleton, each after its parent.

    Lengths are in the file's unit, as the AMC's positions are.
    """
    require_file(path, 'ASF file')
    sections: dict[str, list[list[str]]] = {}
    with open(path, encoding='utf-8', errors='replace') as file:
        current: list[list[str]] = []
        for line in file:
            words = line.split('#')[0].split()
            if words and words[0].startswith(':'):
                current = sections.setdefault(words[0][1:].lower(), [])
            elif words:
                current.append(words)
    for name in ('root', 'bonedata', 'hierarchy'):
        if name not in sections:
            raise ValueError(f'The ASF file {path!r} has no section :{name}.')
    units = {words[0].lower(): words[-1].lower() for words in sections.get('units', [])}
    if units.get('angle', 'deg') not in ('deg', 'degrees'):
        raise ValueError(f'The ASF file {path!r} gives angles in {units["angle"]!r}, not in deg.')
    bones = {ROOT: _read_root(sections['root'], path)}
    block: list[list[str]] = []
    for words in sections['bonedata']:
        if words[0] == 'begin':
            block = []
        elif words[0] == 'end':
            bone = _read_bone(block, path)
            bones[bone.name] = bone
        else:
            block.append(words)
    return _in_order(bones, sections['hierarchy'], path)


def _entries(
    lines: Sequence[Sequence[str]], needed: Sequence[str], what: str, path: str
) -> dict[str, list[str]]:
    entries = {words[0].lower(): list(words[1:]) for words in lines}
    for name in needed:
        if name not in entries:
            raise ValueError(f'The {what} of {path!r} has no entry {name!r}.')
    return entries


def _read_root(lines: Sequence[Sequence[str]], path: str) -> Bone:
    entries = _entries(lines, ('order', 'axis'), 'section :root', path)
    angles = _numbers(entries.get('orientation', ['0', '0', '0']), 3, 'orientation', path)
    channels = [word.lower() for word in entries['order']]
    _check_channels(channels, ROOT, path)
    return Bone(ROOT, axis=_axis(angles, entries['axis'][0], path), channels=channels)


def _read_bone(lines: Sequence[Sequence[str]], path: str) -> Bone:
    label = next((words[1] for words in lines if words[0].lower() == 'name'), '?')
    needed = ('name', 'direction', 'length', 'axis')
    entries = _entries(lines, needed, f'bone {label!r}', path)
    name = entries['name'][0]
    direction = _numbers(entries['direction'], 3, f'direction of {name}', path)
    length = _numbers(entries['length'], 1, f'length of {name}', path)
    angles = _numbers(entries['axis'][:3], 3, f'axis of {name}', path)
    order = entries['axis'][3] if len(entries['axis']) > 3 else 'XYZ'
    channels = [word.lower() for word in entries.get('dof', [])]
    _check_channels(channels, name, path)
    return Bone(name, direction * length, _axis(angles, order, path), channels)


def _check_channels(channels: Sequence[str], name: str, path: str) -> None:
    known = (*_TURNS, *_MOVES) if name == ROOT else _TURNS
    for channel in channels:
        if channel not in known:
            raise ValueError(
                f'The bone {name!r} of {path!r} has the degree of freedom {channel!r}; only '
                f'{", ".join(known)} are known.'
            )


def _axis(angles: np.ndarray, order: str, path: str) -> np.ndarray:
    order = order.upper()
    if sorted(order) != sorted('XYZ'):
        raise ValueError(f'{path!r} has the axis order {order!r}; an order of XYZ is needed.')
    return _fixed_axes(order, angles)


def _fixed_axes(order: str, degrees: np.ndarray) -> np.ndarray:
    """Rotate about axes that stay, the first of the order being done first."""
    return euler_rotations(order[::-1], np.ascontiguousarray(degrees[..., ::-1]))


def _numbers(words: Sequence[str], count: int, what: str, path: str) -> np.ndarray:
    try:
        values = np.array([float(word) for word in words])
    except ValueError:
        values = np.zeros(0)
    if values.size != count:
        raise ValueError(f'The {what} of {path!r} is {" ".join(words)!r}, {count} numbers needed.')
    return values


def _in_order(bones: dict[str, Bone], lines: Sequence[Sequence[str]], path: str) -> list[Bone]:
    """Return bones with their parents, each after its parent."""
    ordered = [bones[ROOT]]
    for words in lines:
        if words[0] in ('begin', 'end'):
            continue
        parent, *children = words
        if parent not in [bone.name for bone in ordered]:
            raise ValueError(f'The hierarchy of {path!r} uses {parent!r} before it is placed.')
        for child in children:
            if child not in bones:
                raise ValueError(f'The hierarchy of {path!r} names the unknown bone {child!r}.')
            bones[child].parent = parent
            ordered.append(bones[child])
    lost = set(bones) - {bone.name for bone in ordered}
    if lost:
        raise ValueError(f'The hierarchy of {path!r} does not place the bone {min(lost)!r}.')
    return ordered


def read_amc(path: str, bones: Sequence[Bone], frame_rate: float = CMU_FRAME_RATE) -> Motion:
    """Read an AMC motion of a skeleton; a joint is the end of the bone of its name."""
    tables = _read_tables(path, bones)
    names = [bone.name for bone in bones]
    count = len(tables[ROOT])
    steps = np.tile(np.array([bone.step for bone in bones]), (count, 1, 1))
    rotations = np.empty((count, len(bones), 3, 3))
    for index, bone in enumerate(bones):
        turning = [i for i, channel in enumerate(bone.channels) if channel in _TURNS]
        order = ''.join(bone.channels[i][1].upper() for i in turning)
        turn = _fixed_axes(order, tables[bone.name][:, turning]) if order else np.eye(3)
        rotations[:, index] = bone.axis @ turn @ bone.axis.T
        for i, channel in enumerate(bone.channels):
            if channel in _MOVES:
                steps[:, index, _MOVES.index(channel)] = tables[bone.name][:, i]
    # the root's own orientation in the rest pose is not undone: it is where the bones stand
    parents = tuple(names.index(bone.parent) if bone.parent else -1 for bone in bones)
    return Motion(
        tuple(names), parents, steps, rotations, frame_rate, own_rotation=True, source=path
    )


def _read_tables(path: str, bones: Sequence[Bone]) -> dict[str, np.ndarray]:
    """Return the (T, channels) numbers of each bone."""
    require_file(path, 'AMC file')
    widths = {bone.name: len(bone.channels) for bone in bones}
    rows: dict[str, list[list[str]]] = {name: [] for name in widths}
    frames = 0
    with open(path, encoding='utf-8', errors='replace') as file:
        for line in file:
            words = line.split('#')[0].split()
            if not words or words[0].startswith(':'):
                if len(words) and words[0].lower() == ':radians':
                    raise ValueError(f'The AMC file {path!r} is in radians; degrees are needed.')
                continue
            if len(words) == 1 and words[0].isdigit():
                frames += 1
                continue
            name, *values = words
            if name not in widths:
                raise ValueError(
                    f'The AMC file {path!r} names the bone {name!r}, which its ASF file lacks; '
                    'give the ASF file of the same subject.'
                )
            if len(values) != widths[name]:
                raise ValueError(
                    f'Frame {frames} of {path!r} has {len(values)} numbers for {name!r}, '
                    f'{widths[name]} are needed; check that it is complete.'
                )
            rows[name].append(values)
    if not frames:
        raise ValueError(f'The AMC file {path!r} has no frames.')
    tables = {}
    for name, width in widths.items():
        if width and len(rows[name]) != frames:
            raise ValueError(
                f'The AMC file {path!r} has {frames} frames but {len(rows[name])} of the bone '
                f'{name!r}; check that it is complete.'
            )
        try:
            tables[name] = np.array(rows[name], dtype=np.float64).reshape(frames, width)
        except ValueError:
            raise ValueError(f'{path!r} has a word in a number of the bone {name!r}.') from None
    return tables
