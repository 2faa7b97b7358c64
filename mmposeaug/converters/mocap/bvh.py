# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""BVH motion-capture files."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from mmengine.logging import print_log

from mmposeaug.fileio import require_file

from .motion import Motion, euler_rotations

CHANNELS = tuple(f'{axis}{kind}' for kind in ('position', 'rotation') for axis in 'XYZ')
"""tuple[str]: Names of channels."""

_CANONICAL = {name.lower(): name for name in CHANNELS}

END = '_end'
"""str: What the name of an end site ends in, after that of its joint."""


@dataclass
class _Joint:
    name: str
    parent: int
    offset: list[float] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)


def read_bvh(path: str) -> Motion:
    """Read a BVH file, in its own unit and axes.

    Position channels give the place of the root, and of other joints the way from their parent
    in place of the offset. An end site is called after its joint, ``Head_end``.
    """
    require_file(path, 'BVH file')
    with open(path, encoding='utf-8-sig', errors='replace') as file:
        hierarchy, *motion = re.split(r'(?im)^[ \t]*MOTION[ \t]*$', file.read(), maxsplit=1)
    if not motion:
        raise ValueError(f"The file {path!r} has no 'MOTION' part; check that it is complete.")
    joints = _Hierarchy(hierarchy, path).joints
    rate, table = _read_frames(motion[0], sum(len(joint.channels) for joint in joints), path)
    count = len(table)
    steps = np.tile(np.array([joint.offset for joint in joints]), (count, 1, 1))
    rotations = np.tile(np.eye(3), (count, len(joints), 1, 1))
    first = 0
    for index, joint in enumerate(joints):
        columns = table[:, first : first + len(joint.channels)]
        first += len(joint.channels)
        turning = [i for i, name in enumerate(joint.channels) if name.endswith('rotation')]
        for i, name in enumerate(joint.channels):
            if name.endswith('position'):
                steps[:, index, 'XYZ'.index(name[0])] = columns[:, i]
        order = ''.join(joint.channels[i][0] for i in turning)
        rotations[:, index] = euler_rotations(order, columns[:, turning])
    return Motion(
        tuple(joint.name for joint in joints),
        tuple(joint.parent for joint in joints),
        steps,
        rotations,
        rate,
        own_rotation=False,
        source=path,
    )


class _Hierarchy:
    """The tree of a BVH file, read word by word."""

    def __init__(self, text: str, path: str) -> None:
        self.words = re.findall(r'[{}\n]|[^\s{}]+', text)
        self.path, self.place = path, 0
        self.joints: list[_Joint] = []
        if self._next().upper() != 'HIERARCHY':
            raise self._error("its first word is not 'HIERARCHY'")
        stack: list[int] = []
        current = -1  # the joint whose block opens next
        while any(word != '\n' for word in self.words[self.place :]):
            word = self._next().upper()
            if word in ('ROOT', 'JOINT', 'END'):
                current = self._add(word, stack)
            elif word == '{':
                stack.append(current)
            elif word == '}':
                if not stack:
                    raise self._error("there is a '}' too many")
                stack.pop()
            elif word == 'OFFSET' and stack:
                self.joints[stack[-1]].offset = [self._number() for _ in range(3)]
            elif word == 'CHANNELS' and stack:
                self._channels(self.joints[stack[-1]])
            else:
                raise self._error(f'the word {self.words[self.place - 1]!r} is not expected')
        if stack or not self.joints:
            raise self._error("its hierarchy is not closed by '}'")
        for joint in self.joints:
            if not joint.offset:
                raise self._error(f'the joint {joint.name!r} has no OFFSET')

    def _add(self, word: str, stack: Sequence[int]) -> int:
        if (word == 'ROOT') == bool(stack) or (word == 'ROOT' and self.joints):
            raise self._error('it must have one ROOT, which holds all joints')
        parent = stack[-1] if stack else -1
        name = self._rest_of_line()
        if word == 'END':
            name = f'{self.joints[parent].name}{END}'
        if any(joint.name == name for joint in self.joints):
            raise self._error(f'two joints are called {name!r}')
        self.joints.append(_Joint(name, parent))
        return len(self.joints) - 1

    def _channels(self, joint: _Joint) -> None:
        named = [self._next() for _ in range(int(self._number()))]
        joint.channels = [_CANONICAL.get(name.lower(), name) for name in named]
        for name in joint.channels:
            if name not in CHANNELS or joint.channels.count(name) > 1:
                raise self._error(
                    f'the channel {name!r} of {joint.name!r} is not one of {", ".join(CHANNELS)}, '
                    'each at most once'
                )

    def _rest_of_line(self) -> str:
        """A name, which may have blanks."""
        start = self.place
        while self.place < len(self.words) and self.words[self.place] not in ('\n', '{'):
            self.place += 1
        if start == self.place:
            raise self._error('a joint has no name')
        return ' '.join(self.words[start : self.place])

    def _next(self) -> str:
        while self.words[self.place : self.place + 1] == ['\n']:
            self.place += 1
        if self.place >= len(self.words):
            raise self._error('its hierarchy ends too early')
        self.place += 1
        return self.words[self.place - 1]

    def _number(self) -> float:
        word = self._next()
        try:
            return float(word)
        except ValueError:
            raise self._error(
                f'{word!r} stands where a number is expected{_commas(word)}'
            ) from None

    def _error(self, what: str) -> ValueError:
        return ValueError(f'The file {self.path!r} is not a BVH file that can be read: {what}.')


def _read_frames(text: str, channels: int, path: str) -> tuple[float, np.ndarray]:
    """Frame rate and the (T, channels) numbers of the frames."""
    head = re.match(r'(?i)\s*Frames\s*:?\s*(\S+)\s+Frame\s*Time\s*:?\s*(\S+)', text)
    if head is None:
        raise ValueError(f"The MOTION part of {path!r} lacks 'Frames:' or 'Frame Time:'.")
    try:
        count, duration = int(head[1]), float(head[2])
        table = np.array(text[head.end() :].split(), dtype=np.float64)
    except ValueError as error:
        raise ValueError(
            f'The MOTION part of {path!r} has a word in a number ({error}){_commas(text)}.'
        ) from None
    if not duration > 0 or count < 1:
        raise ValueError(f'{path!r} has {count} frames of {duration} s; both must be positive.')
    if table.size == (count + 1) * channels:  # some exporters count the steps between frames
        message = f'{path!r} announces {count} frames and holds {count + 1}; all are read.'
        print_log(message, 'current', logging.WARNING)
        count += 1
    if table.size != count * channels:
        raise ValueError(
            f'{path!r} has {table.size} numbers in its MOTION part; {count} frames of {channels} '
            'channels are announced: check that it is complete.'
        )
    if not np.isfinite(table).all():
        raise ValueError(f'The MOTION part of {path!r} has numbers that are NaN or infinite.')
    return 1 / duration, table.reshape(count, channels)


def _commas(text: str) -> str:
    """What to do about numbers like 0,008."""
    found = re.search(r'[-+]?\d+,\d+', text)
    return '' if found is None else f'; write decimal points in place of commas as in {found[0]!r}'
