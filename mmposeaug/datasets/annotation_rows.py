# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Arrays of annotation files turned into tensors block by block, so that none is held twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mmposeaug.fileio.array_rows import ArrayRows, open_npy_rows, open_npz_rows
from mmposeaug.structures import Skeleton

from .camera_files import CameraDict
from .checks import check_detection_layout, check_layout, check_pose_shapes, of_detections
from .frames import VideoIndex, frame_numbers, index_blocks
from .images import image_sizes, pad_portrait_keypoints, usable_frames
from .pixels import check_people, sample_rows
from .pose_bank import is_one
from .windows import shows_any


@dataclass(frozen=True)
class PairRows:
    """Arrays of an annotation file, of which types and shapes are checked.

    Args:
        names (ArrayRows): Image names, of shape (N,).
        points (ArrayRows): 2D keypoints and their scores, of shape (N, J, 3).
        points_source (str): What messages call the file that they are in.
        poses (ArrayRows): 3D joints and their visibility, of shape (N, J, 4).
    """

    names: ArrayRows
    points: ArrayRows
    points_source: str
    poses: ArrayRows


@contextmanager
def open_pairs(ann_file: str, det_file: str | None, skeleton: Skeleton) -> Iterator[PairRows]:
    """Open an annotation file, and, for 2D from there, a file of 2D detections."""
    keys = ('imgname', 'S', 'part')
    with ExitStack() as files:
        arrays = files.enter_context(open_npz_rows(ann_file, keys))
        check_layout(arrays, keys[:2] if det_file else keys, ann_file)
        names, poses = arrays['imgname'], arrays['S']
        if det_file:
            points, source = files.enter_context(open_npy_rows(det_file)), of_detections(det_file)
            check_detection_layout(points, poses, det_file)
        else:
            points, source = arrays['part'], repr(ann_file)
        shapes = (*points.shape[:2], 2), (*poses.shape[:2], 3)
        check_pose_shapes(*shapes, skeleton, repr(ann_file))
        yield PairRows(names, points, source, poses)


def read_names(names: ArrayRows, numbered: bool) -> tuple[VideoIndex, np.ndarray]:
    """Videos of the image names, and, where they are ``numbered``, the frame numbers (N,)."""
    numbers = np.full(len(names) if numbered else 0, -1, dtype=np.int64)

    def seen() -> Iterator[np.ndarray]:
        for rows, block in names.blocks():
            if numbered:
                numbers[rows] = frame_numbers(block)
            yield block

    return index_blocks(seen()), numbers


@dataclass(frozen=True)
class Keypoints:
    """2D keypoints of all frames of a file.

    Args:
        keypoints_px (Tensor): In pixels, of shape (N, J, 2).
        scores (Tensor): Scores or visibility, of shape (N, J).
        positive (np.ndarray): Which frames have one at a positive pixel, (N,).
        usable (np.ndarray, optional): Which frames may be lifting targets, (N,). None is all.
    """

    keypoints_px: Tensor
    scores: Tensor
    positive: np.ndarray
    usable: np.ndarray | None

    def of(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Keypoints and scores of some frames (M,), ascending."""
        if len(frames) == len(self.scores):
            return self.keypoints_px, self.scores
        if is_one(self.scores):
            return self.keypoints_px[frames], self.scores[: len(frames)]
        return self.keypoints_px[frames], self.scores[frames]


def read_keypoints(
    file: PairRows,
    index: VideoIndex,
    cameras: CameraDict,
    keep_frames: str = 'all',
    pad_portrait: bool = False,
) -> Keypoints:
    """Read and check the 2D; options are those of :class:`~mmposeaug.datasets.MocapDataset`."""
    count, joints = file.points.shape[:2]
    keypoints_px, scores = torch.empty(count, joints, 2), Column(count, joints)
    positive = np.ones(count, dtype=bool)
    usable = None if keep_frames == 'all' else np.ones(count, dtype=bool)
    sizes = image_sizes(index, cameras)
    sample = PixelSample(count)
    for rows, block in file.points.blocks():
        sample.add(rows, block)
        size = sizes[index.of_frame[rows]]
        if usable is not None:
            usable[rows] = usable_frames(keep_frames, block, size)
        if pad_portrait:
            block = pad_portrait_keypoints(block, size)
        positive[rows] = shows_any(block)
        put(keypoints_px, rows, block[..., :2])
        scores.put(rows, block[..., 2])
    sample.check(file)
    return Keypoints(keypoints_px, scores.values(), positive, usable)


def read_poses(rows: ArrayRows, frames: np.ndarray) -> tuple[Tensor, Tensor]:
    """Read 3D joints (M, J, 3) and their visibility (M, J) of some frames (M,), ascending."""
    joints = rows.shape[1]
    pose, visible = torch.empty(len(frames), joints, 3), Column(len(frames), joints)
    for place, block in rows.blocks():
        first, last = np.searchsorted(frames, (place.start, place.stop))
        if last - first < len(block):
            block = block[frames[first:last] - place.start]
        taken = slice(int(first), int(last))
        put(pose, taken, block[..., :3])
        visible.put(taken, block[..., 3])
    return pose, visible.values()


def put(tensor: Tensor, rows: slice, block: np.ndarray) -> None:
    """Write numbers of any type into rows (n, J, D) of a float tensor."""
    target = tensor.numpy()[rows]
    with np.errstate(over='ignore', invalid='ignore'):  # what is not finite is found by the checks
        for axis in range(target.shape[-1]):  # ten times as fast as all at once
            np.copyto(target[..., axis], block[..., axis], casting='unsafe')


class Column:
    """Numbers (N, J) as float32 that come in blocks; one is held as long as all are equal."""

    def __init__(self, count: int, joints: int) -> None:
        self._one, self._shape = torch.ones(1, 1), (count, joints)
        self._all: Tensor | None = None

    def put(self, rows: slice, block: np.ndarray) -> None:
        """Write the rows (n, J), which follow those before."""
        if not rows.start and block.size:
            put(self._one[..., None], slice(1), block[:1, :1, None])
        if self._all is None and (block != self._one.numpy()).any():
            self._all = self._one.repeat(self._shape)
        if self._all is not None:
            put(self._all[..., None], rows, block[..., None])

    def values(self) -> Tensor:
        """All rows; if they are equal, they share their memory."""
        return self._one.expand(self._shape) if self._all is None else self._all


class PixelSample:
    """What :func:`~mmposeaug.datasets.check_pixels` looks at, gathered from blocks."""

    def __init__(self, count: int) -> None:
        self._rows = sample_rows(count)
        self._people: list[np.ndarray] = []
        self._scored = False  # whether any keypoint has a score above 0

    def add(self, rows: slice, block: np.ndarray) -> None:
        """Look at keypoints (n, J, 3) of the rows, which follow those before."""
        first, last = np.searchsorted(self._rows, (rows.start, rows.stop))
        self._people.append(block[self._rows[first:last] - rows.start])
        self._scored = self._scored or bool((block[..., 2] > 0).any())

    def check(self, file: PairRows) -> None:
        """Refuse keypoints that are not pixels."""
        found = self._check(np.concatenate(self._people), file.points_source)
        if not found and len(self._rows) < len(file.points):  # hardly anybody: all are looked at
            self._check(file.points.read(), file.points_source)

    def _check(self, people: np.ndarray, source: str) -> bool:
        return check_people(people[..., :2], people[..., 2] if self._scored else None, source)
