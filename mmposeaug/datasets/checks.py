# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Checks of training pairs where they enter: one sentence names the value and the remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Union

import numpy as np
import torch
from torch import Tensor

from mmposeaug.fileio import join_root, load_npy, require_file
from mmposeaug.fileio.array_rows import ArrayRows
from mmposeaug.geometry import bone_lengths
from mmposeaug.structures import Skeleton, judge_human

from .joint_order import check_joint_order
from .pixels import check_pixels
from .pose_bank import PoseBank
from .projection_check import check_projection

MIN_BONE_LENGTH = 1e-4
"""float: Bones shorter than this (metres) have no direction."""

# No bones are this long on average, no person's this short, in metres; those of insects are.
_MEAN_BONE_RANGE = (0.002, 2.5)
_CHUNK = 16384  # frames checked together


_Array = Union[np.ndarray, ArrayRows]


def check_annotation(arrays: Mapping[str, np.ndarray], needed: Sequence[str], path: str) -> None:
    """Check that an annotation file has its arrays, with one row a frame, and 2D in pixels."""
    check_layout(arrays, needed, path)
    if 'part' in needed:
        check_pixels(arrays['part'][..., :2], arrays['part'][..., 2], repr(path))


def check_layout(arrays: Mapping[str, _Array], needed: Sequence[str], path: str) -> None:
    """Check types and shapes of the arrays of an annotation file."""
    meaning = {
        'S': "3D joints 'S' (N, J, 4), camera space, metres",
        'part': "2D keypoints 'part' (N, J, 3), pixels",
        'imgname': "image names 'imgname' (N,)",
    }
    for name in needed:
        if name not in arrays:
            raise ValueError(
                f'The annotation file {path!r} has no {meaning[name]}; add the array, or set '
                'ann_file to a file for 3D poses.'
            )
        _check_kind(arrays[name], name, path)
    rows = {name: len(arrays[name]) for name in needed}
    if len(set(rows.values())) > 1:
        raise ValueError(f'The arrays of {path!r} have different numbers of rows: {rows}.')
    if not rows['imgname']:
        raise ValueError(f'The annotation file {path!r} has no frames.')
    for name, width in (('S', 4), ('part', 3)):
        if name in needed and (arrays[name].ndim != 3 or arrays[name].shape[2] != width):
            raise ValueError(
                f'The array {name!r} of {path!r} has shape {arrays[name].shape}; (N, J, {width}) '
                'is needed, the last column being the visibility (1 if not known).'
            )
    for name, shape in (('center', (rows['imgname'], 2)), ('scale', (rows['imgname'],))):
        if name in arrays:
            _check_kind(arrays[name], name, path)
            if arrays[name].shape[: len(shape)] != shape:
                raise ValueError(
                    f'The array {name!r} of {path!r} has shape {arrays[name].shape}; {shape} is '
                    'needed, of the box of each frame, or leave it out.'
                )


def _check_kind(array: _Array, name: str, path: str) -> None:
    """Check that an array holds names or real numbers, in rows."""
    text, what = name == 'imgname', 'numbers'
    good = array.dtype.kind in ('US' if text else 'fiub')
    if text:
        what = "text such as 'S1_Walking_1.54138969_000001.jpg'"
    if not good or array.ndim == 0 or (text and array.ndim != 1):
        raise ValueError(
            f'The array {name!r} of {path!r} has the type {array.dtype} and the shape '
            f'{array.shape}; it must hold {what}, one row a frame.'
        )


def read_keypoints(
    arrays: Mapping[str, np.ndarray], ann_file: str, det_file: str | None
) -> np.ndarray:
    """Check an annotation file, and return its 2D keypoints (N, J, 3), or those of detections."""
    check_annotation(arrays, ('imgname', 'S') if det_file else ('imgname', 'S', 'part'), ann_file)
    if not det_file:
        return arrays['part']
    keypoints = load_npy(det_file)
    check_detections(keypoints, arrays['S'], det_file)
    return keypoints


def find_detections(path: str | None, data_root: str | None) -> str:
    """Path of the 2D detection file that ``keypoint_2d_src='detection'`` needs."""
    if not path:
        raise ValueError(
            "keypoint_2d_src is 'detection', but no keypoint_2d_det_file is given; set it, or "
            "keypoint_2d_src='gt'."
        )
    return require_file(join_root(path, data_root), '2D detection file', 'keypoint_2d_det_file')


def check_detections(keypoints: np.ndarray, pose: np.ndarray, path: str) -> None:
    """Check that 2D detections are pixels (N, J, 3), like the 3D poses (N, J, 4) they belong to."""
    check_detection_layout(keypoints, pose, path)
    check_pixels(keypoints[..., :2], keypoints[..., 2], of_detections(path))


def of_detections(path: str) -> str:
    """What messages call a file of 2D detections."""
    return f'the 2D detection file {path!r}'


def check_detection_layout(keypoints: _Array, pose: _Array, path: str) -> None:
    """Check type and shape of 2D detections."""
    _check_kind(keypoints, 'keypoints', path)
    if keypoints.shape != (*pose.shape[:2], 3):
        raise ValueError(
            f'The 2D detection file {path!r} has shape {keypoints.shape}, but '
            f'{(*pose.shape[:2], 3)} belongs to the annotation file; use the detections made for '
            'it, with x, y and score.'
        )


def check_shapes(
    keypoints_px: np.ndarray | Tensor,
    pose_cam: np.ndarray | Tensor,
    skeleton: Skeleton,
    source: str,
) -> None:
    """Check 2D (N, J, 2) and 3D (N, J, 3) against each other and against the skeleton."""
    check_pose_shapes(tuple(keypoints_px.shape), tuple(pose_cam.shape), skeleton, source)


def check_pose_shapes(
    shape_2d: tuple[int, ...], shape_3d: tuple[int, ...], skeleton: Skeleton, source: str
) -> None:
    """Check shapes (N, J, 2) and (N, J, 3) against each other and against the skeleton."""
    if len(shape_3d) != 3 or shape_3d[-1] != 3 or shape_2d != (*shape_3d[:-1], 2):
        raise ValueError(
            f'{source} has 2D keypoints of shape {shape_2d} and 3D poses of shape {shape_3d}; '
            '(N, J, 2) and (N, J, 3) are needed.'
        )
    if not shape_3d[0]:
        raise ValueError(f'{source} has no poses.')
    check_joint_count(shape_3d[1], skeleton.num_joints, skeleton.name, source)


def check_joint_count(found: int, expected: int, metainfo: str, source: str) -> None:
    """Check that poses have the joints that their metainfo describes."""
    if found != expected:
        raise ValueError(
            f'{source} has {found} joints, but the metainfo {metainfo!r} describes {expected}; '
            'set metainfo to that of the data, or convert the data.'
        )


def check_bank(bank: PoseBank, detected: bool = False, source: str = 'the data') -> None:
    """Check all poses of a bank, and on a sample of them that the 2D is their projection.

    Args:
        detected (bool): Whether the 2D comes from a detector and may be off.
    """
    _check_indices(bank, source)
    not_finite = {
        'keypoints_px': _Bad('2D position'),
        'pose_cam': _Bad('3D position'),
        'keypoint_scores': _Bad('2D score or visibility'),
        'pose_visible': _Bad('3D visibility'),
    }
    behind, short = _Bad(), _Bad()
    reach = total = 0.0  # of the root, largest coordinate; of the bones, sum of the lengths
    for first in range(0, len(bank.pose_cam), _CHUNK):
        rows = slice(first, first + _CHUNK)
        for name, bad in not_finite.items():
            values = getattr(bank, name)[rows]
            if not torch.isfinite(torch.stack(values.aminmax())).all():
                finite = torch.isfinite(values).reshape(*values.shape[:2], -1)
                bad.add(first, ~finite.all(-1))
        pose = bank.pose_cam[rows]
        lengths = bone_lengths(pose, bank.skeleton)
        total += float(lengths.sum(dtype=torch.float64))
        reach = max(reach, float(pose[:, bank.skeleton.root].abs().amax()))
        behind.add(first, pose[..., 2] <= 0)
        short.add(first, lengths < MIN_BONE_LENGTH)
    for bad in not_finite.values():
        if bad.frames:
            raise ValueError(
                f'{source} has a {bad.what} that is NaN or infinite, that '
                f'{bad.first(bank.skeleton.joint_names, bank)}; repair these frames or drop them.'
            )
    _check_unit(total / (len(bank.pose_cam) * bank.skeleton.num_bones), bank.skeleton, source)
    _check_depth(behind, reach, bank, source)
    _check_bones(short, bank, source)
    check_joint_order(bank.pose_cam, bank.pose_visible, bank.skeleton, source)
    check_projection(bank, detected=detected, source=source)


class _Bad:
    """The first true entry of (N, K) that comes in blocks, and how many there are."""

    def __init__(self, what: str = '') -> None:
        self.what = what
        self.entries = self.frames = self.frame = self.column = 0

    def add(self, first: int, bad: Tensor) -> None:
        """Look at a block (n, K) that begins with the frame ``first``."""
        if not bad.any():
            return
        frames = bad.any(1).nonzero()[:, 0]
        if not self.frames:
            self.frame, self.column = first + int(frames[0]), int(bad[frames[0]].nonzero()[0, 0])
        self.frames += len(frames)
        self.entries += int(bad.sum())

    def first(self, names: Sequence[str], bank: PoseBank) -> str:
        """Return the first entry in words, and how many frames have one."""
        row = self.frame if bank.frame_index is None else int(bank.frame_index[self.frame])
        more = f' and in {self.frames - 1} other frames' if self.frames > 1 else ''
        return f'of {names[self.column]!r} in frame {row}{more}'


def _check_indices(bank: PoseBank, source: str) -> None:
    count = len(bank.pose_cam)
    for name, index, limit in (
        ('camera_index', bank.camera_index, len(bank.cameras)),
        ('subject_index', bank.subject_index, len(bank.subjects)),
        ('windows', bank.windows.any_frames(), count),
    ):
        if index.ndim != 1 or not len(index):
            raise ValueError(f'{name} of {source} has shape {tuple(index.shape)}.')
        if name != 'windows' and len(index) != count:
            raise ValueError(f'{name} of {source} has {len(index)} entries for {count} poses.')
        if int(index.min()) < 0 or int(index.max()) >= limit:
            raise ValueError(
                f'{name} of {source} runs from {int(index.min())} to {int(index.max())}, it must '
                f'lie in 0 to {limit - 1}.'
            )
    places = bank.target_frames
    if not places or min(places) < 0 or max(places) >= bank.num_frames:
        raise ValueError(
            f'target_frames of {source} are {places}, but its samples have {bank.num_frames} '
            f'frames; give places from 0 to {bank.num_frames - 1}.'
        )
    for name in ('keypoint_scores', 'pose_visible'):
        if getattr(bank, name).shape != bank.pose_cam.shape[:2]:
            raise ValueError(
                f'{name} of {source} has shape {tuple(getattr(bank, name).shape)}, '
                f'{tuple(bank.pose_cam.shape[:2])} is needed.'
            )


def _check_unit(mean: float, skeleton: Skeleton, source: str) -> None:
    low, high = _MEAN_BONE_RANGE
    if mean > high:
        unit, factor = ('millimetres', 1000) if mean > 80 else ('centimetres', 100)
        raise ValueError(
            f'The mean bone of {source} is {mean:.4g} m long, so the 3D seems to be in {unit}; '
            f'divide it by {factor}, metres are needed.'
        )
    if mean < low and judge_human(skeleton).human is not False:
        raise ValueError(
            f'The mean bone of {source} is {mean:.4g} m long, so the 3D seems to be normalised or '
            'in kilometres; give camera-space metres (human=False in the metainfo says that it is '
            'no person).'
        )


def _check_depth(behind: _Bad, reach: float, bank: PoseBank, source: str) -> None:
    if not behind.frames:
        return
    if reach < 1e-3:
        cause = 'the root is at the origin everywhere, so the 3D seems to be root-relative'
    elif behind.entries > 0.2 * bank.pose_visible.numel():
        cause = 'so many are that the 3D seems to be in world space'
    else:
        cause = 'such frames cannot be projected'
    raise ValueError(
        f'{source} has joints behind the camera, first that '
        f'{behind.first(bank.skeleton.joint_names, bank)}; {cause}: give camera-space positions '
        '(x right, y down, z forward), or drop the frames.'
    )


def _check_bones(short: _Bad, bank: PoseBank, source: str) -> None:
    if short.frames:
        raise ValueError(
            f'{source} has a bone without length, that ending in the joint '
            f'{short.first(bank.skeleton.bone_names, bank).removeprefix("of ")}; give the joint a '
            'place of its own, drop the frames, or use a metainfo without it.'
        )
