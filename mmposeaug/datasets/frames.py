# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Which frame belongs to which video, and which frames a data set keeps.

A video is what one camera saw of one sequence, (subject, action, camera id); a sequence is one
recording, (subject, action), seen by several cameras.
"""

from __future__ import annotations

import hashlib
import os.path
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Video = tuple[str, str, str]

_CHUNK = 65536  # names looked at together: bounds the memory of their code points


@dataclass(frozen=True)
class VideoIndex:
    """The video of each frame.

    Args:
        videos (tuple): Distinct (subject, action, camera id), sorted, which is MMPose's order.
        of_frame (np.ndarray): Index into ``videos`` of each frame, of shape (N,).
    """

    videos: tuple[Video, ...]
    of_frame: np.ndarray

    @property
    def subjects(self) -> tuple[str, ...]:
        """tuple[str]: The distinct subjects, sorted."""
        return tuple(sorted({video[0] for video in self.videos}))

    @property
    def sequences(self) -> tuple[tuple[str, str], ...]:
        """tuple: The distinct (subject, action), sorted."""
        return tuple(sorted({video[:2] for video in self.videos}))


def parse_image_name(name: str) -> Video:
    """Read subject, action and camera from an image name of Human3.6M's form.

    Example:
        >>> parse_image_name('images/S1_Directions_1.54138969_000001.jpg')
        ('S1', 'Directions_1', '54138969')
    """
    subject, found, rest = os.path.basename(name).partition('_')
    action, dot, rest = rest.partition('.')
    camera, underscore, _ = rest.partition('_')
    if not (found and dot and underscore and subject and camera):
        raise ValueError(
            f"The image name {name[:120]!r} is not of the form 'subject_action.camera_frame.jpg', "
            'from which subject and camera are read; rename the entries of imgname.'
        )
    return subject, action, camera


def index_videos(names: np.ndarray) -> VideoIndex:
    """Group frames by video without parsing each name.

    A name is parsed only where the part before the frame number differs from its predecessor's:
    once a video when the file is in order.
    """
    names = np.asarray(names)
    if names.ndim != 1 or names.dtype.kind not in 'US':
        raise ValueError(
            f'imgname has shape {names.shape} and type {names.dtype}; one string a frame is needed.'
        )
    return index_blocks(names[i : i + _CHUNK] for i in range(0, len(names), _CHUNK))


def index_blocks(blocks: Iterable[np.ndarray]) -> VideoIndex:
    """Group frames by video, of names (N,) that come in blocks."""
    count = 0
    starts: list[int] = []
    parsed: list[Video] = []
    before: np.ndarray | None = None  # the last name of the block before
    for block in blocks:
        names = as_text(block)
        if before is not None:
            names = np.concatenate((before, names))
        first = count - (before is not None)
        changes = _changes(names).tolist()
        for row in changes if before is not None else [0, *changes]:
            parsed.append(parse_image_name(str(names[row])))
            starts.append(first + row)
        before = names[-1:].copy()
        count += len(block)
    videos = tuple(sorted(set(parsed)))
    position = {video: i for i, video in enumerate(videos)}
    run_video = np.array([position[video] for video in parsed], dtype=np.int64)
    return VideoIndex(videos, np.repeat(run_video, np.diff([*starts, count])))


def as_text(names: np.ndarray) -> np.ndarray:
    """Names (N,) that may be bytes, or of another byte order, as text."""
    if names.dtype.kind != 'S':
        return names.astype(names.dtype.newbyteorder('='), copy=False)
    try:
        return np.char.decode(names, 'utf-8')
    except UnicodeDecodeError as error:
        raise ValueError(f'The image names are not UTF-8 ({error}); save them as text.') from None


def _changes(names: np.ndarray) -> np.ndarray:
    """Rows, from 1 on, whose name differs from the one before in what precedes its number."""
    codes = _codes(names)
    changed = codes[1:] != codes[:-1]
    first = changed.argmax(axis=1)  # 0 too where nothing has changed
    last = _last_underscores(codes)
    rows = np.flatnonzero(first <= np.maximum(last[1:], last[:-1]))
    return rows[changed[rows, first[rows]]] + 1


def _codes(names: np.ndarray) -> np.ndarray:
    """Code points (N, W) of names."""
    codes = np.ascontiguousarray(names).view(np.uint32)
    return codes.reshape(len(names), names.dtype.itemsize // 4)


def _last_underscores(codes: np.ndarray) -> np.ndarray:
    """Place (N,) of the last underscore of each name; the width for a name without one."""
    width = codes.shape[1]
    is_last = (codes == ord('_'))[:, ::-1]
    last = width - 1 - is_last.argmax(axis=1)
    return np.where(is_last.any(axis=1), last, width)


def frame_numbers(names: np.ndarray) -> np.ndarray:
    """Return the number after the camera in each name; -1 without one of at most 18 digits.

    Example:
        >>> frame_numbers(np.array(['S1_Walk.54138969_000012.jpg', 'S1_Walk.54138969_x.jpg']))
        array([12, -1])
    """
    names = as_text(np.asarray(names))
    numbers = np.full(len(names), -1, dtype=np.int64)
    for first in range(0, len(names), _CHUNK):
        codes = _codes(names[first : first + _CHUNK])
        behind = np.arange(codes.shape[1]) > _last_underscores(codes)[:, None]
        digit = behind & (codes >= ord('0')) & (codes <= ord('9'))
        digit &= ~np.logical_or.accumulate(behind & ~digit, axis=1)  # up to the ending
        value = np.zeros(len(codes), dtype=np.int64)
        for column in np.flatnonzero(digit.any(axis=0)):
            digits = 10 * value + codes[:, column] - ord('0')
            value = np.where(digit[:, column], digits, value)
        known = (digit.sum(axis=1) > 0) & (digit.sum(axis=1) <= 18)
        numbers[first : first + len(codes)] = np.where(known, value, -1)
    return numbers


@dataclass(frozen=True)
class FrameSelection:
    """Which frames of an annotation file a data set keeps.

    Args:
        split (Mapping, optional): ``dict(part='train' | 'val', val_fraction=0.1, seed=0)``: the
            given part of the sequences. All cameras and frames of a sequence, (subject, action),
            are on one side. Which sequences are held out depends on their names and ``seed``
            alone, not on their order. Defaults to None, all sequences.
        frame_step (int): Keep every n-th frame of each video, from its first. Defaults to 1.
        subjects (Sequence[str], optional): Keep these subjects only. Defaults to None, all.
    """

    split: Mapping[str, Any] | None = None
    frame_step: int = 1
    subjects: Sequence[str] | None = None

    def __post_init__(self) -> None:
        """Check the options."""
        if not isinstance(self.frame_step, int) or self.frame_step < 1:
            raise ValueError(f'frame_step is {self.frame_step!r}; a whole number from 1 is needed.')
        if isinstance(self.subjects, str):
            raise ValueError(f'subjects is the string {self.subjects!r}; give a list of names.')
        if self.split is None:
            return
        unknown = set(self.split) - {'part', 'val_fraction', 'seed'}
        if unknown or self.split.get('part') not in ('train', 'val'):
            raise ValueError(
                f"split is {dict(self.split)}; give dict(part='train' or 'val', val_fraction=0.1, "
                'seed=0).'
            )
        fraction = self.split.get('val_fraction', 0.1)
        if not 0 < fraction < 1:
            raise ValueError(f'val_fraction is {fraction}; it must lie between 0 and 1.')

    def apply(self, index: VideoIndex, source: str = 'the annotation file') -> np.ndarray:
        """Return the mask (N,) of the frames kept; ValueError if there are none."""
        keep_video = np.ones(len(index.videos), dtype=bool)
        if self.subjects is not None:
            absent = sorted(set(self.subjects) - set(index.subjects))
            if absent or not self.subjects:
                raise ValueError(
                    f'subjects={list(self.subjects)} asks for {absent or "nobody"}, but {source} '
                    f'has {", ".join(index.subjects) or "no subjects"}.'
                )
            keep_video &= [video[0] in self.subjects for video in index.videos]
        if self.split is not None:
            chosen = self._chosen_sequences(index.sequences)
            keep_video &= [video[:2] in chosen for video in index.videos]
        keep = keep_video[index.of_frame]
        if self.frame_step > 1:
            keep &= _position_in_video(index.of_frame) % self.frame_step == 0
        if not keep.any():
            raise ValueError(
                f'No frame of {source} ({len(index.of_frame)} frames, {len(index.sequences)} '
                f'sequences) is left by split={self.split and dict(self.split)}, '
                f'subjects={self.subjects}; give it more sequences or another val_fraction or seed.'
            )
        return keep

    def _chosen_sequences(self, sequences: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        assert self.split is not None
        seed = self.split.get('seed', 0)
        ranked = sorted(sequences, key=lambda s: _hash(f'{seed}/{s[0]}/{s[1]}'))
        count = round(self.split.get('val_fraction', 0.1) * len(ranked))
        count = min(max(count, 1), max(len(ranked) - 1, 0))
        return set(ranked[:count] if self.split['part'] == 'val' else ranked[count:])


def _hash(text: str) -> bytes:
    """The same on every machine and in every process, unlike ``hash``."""
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def _position_in_video(of_frame: np.ndarray) -> np.ndarray:
    """How many frames of the same video come before each frame."""
    order = np.argsort(of_frame, kind='stable')
    counts = np.bincount(of_frame)
    firsts = np.cumsum(counts) - counts
    position = np.empty(len(of_frame), dtype=np.int64)
    position[order] = np.arange(len(of_frame)) - firsts[of_frame[order]]
    return position
