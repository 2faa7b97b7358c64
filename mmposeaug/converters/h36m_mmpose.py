# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Human3.6M as MMPose's script preprocesses it: other joints, fewer frames, and detections."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mmposeaug.datasets.checks import check_annotation, check_detections
from mmposeaug.datasets.frames import FrameSelection, VideoIndex, index_videos
from mmposeaug.fileio import load_npy, load_npz
from mmposeaug.structures import H36M_17, Skeleton

from .checks import check_metres
from .conversion import Part, Report
from .h36m_files import CORRUPT, SPLITS, canonical_action, lower_rate
from .joints import pick_joints

_ANNOTATIONS = {split: f'h36m_{split}.npz' for split in SPLITS}
_NEEDED = ('imgname', 'part', 'S')
_BOXES = ('center', 'scale')
_RATE = 'fps'


def find_mmpose_folder(positions: str) -> Path | None:
    """The folder of MMPose's annotation files, such as ``annotation_body3d/fps50``."""
    root = Path(positions)
    if root.name in _ANNOTATIONS.values():
        raise ValueError(f"'{root}' is one of two files; name the folder '{root.parent}'.")
    found = [
        path
        for path in (root, *sorted(root.glob(f'{_RATE}*')))
        if any((path / name).is_file() for name in _ANNOTATIONS.values())
    ]
    if not found:
        return None
    if len(found) > 1:
        raise ValueError(
            f"'{root}' has annotations in {' and '.join(path.name for path in found)}; name one of "
            'these folders.'
        )
    frame_rate_of(found[0])
    return found[0]


def frame_rate_of(folder: Path) -> int:
    """Frames a second, as the folder's name tells."""
    name = folder.resolve().name
    rate = name[len(_RATE) :]
    if not (name.startswith(_RATE) and rate.isdecimal() and int(rate) > 0):
        raise ValueError(
            f'The folder of h36m_train.npz is called {name!r}, from which the frame rate is read; '
            "call it 'fps50' for 50 frames a second."
        )
    return int(rate)


def mmpose_parts(
    folder: Path,
    keypoints: Sequence[str],
    skeleton: Skeleton,
    frame_step: int,
    keep_corrupt: bool,
    options: dict[str, Any],
    report: Report,
) -> list[Part]:
    """Parts of a conversion from MMPose's files."""
    rate = f'{_RATE}{lower_rate(frame_step, frame_rate_of(folder))}'
    detections = _by_split(keypoints)
    _report_lone(detections, report)
    parts = []
    for split, annotation in _ANNOTATIONS.items():
        source = str(folder / annotation)
        inputs = (source, *detections[split].values())
        found = {
            f'{rate}/joint_2d_det_files/{name}.npy': path
            for name, path in detections[split].items()
        }
        output = f'{rate}/{annotation}'
        make = partial(
            _make_split, split, source, output, found, skeleton, frame_step, keep_corrupt, report
        )
        parts.append(Part(f'{rate}/{split}', (output, *found), make, inputs, options))
    return parts


def _by_split(keypoints: Sequence[str]) -> dict[str, dict[str, str]]:
    """Detection files by split, then by name."""
    found: dict[str, dict[str, str]] = {split: {} for split in SPLITS}
    for path in keypoints:
        name, suffix = Path(path).stem, Path(path).suffix
        split = name.rpartition('_')[2]
        if suffix != '.npy' or split not in SPLITS:
            raise ValueError(
                f'The 2D file {path!r} is not called NAME_train.npy or NAME_test.npy, as those of '
                "MMPose's annotations are."
            )
        if name in found[split]:
            raise ValueError(f'Two of the 2D files are called {name!r}; rename one.')
        found[split][name] = path
    return found


def _report_lone(detections: dict[str, dict[str, str]], report: Report) -> None:
    """Report splits without detections that the other one has."""
    kinds = {split: {name[: -len(split)] for name in detections[split]} for split in SPLITS}
    for split, other in (('train', 'test'), ('test', 'train')):
        for kind in sorted(kinds[split] - kinds[other]):
            report(
                f'{detections[split][kind + split]}: there is no {kind}{other}.npy among the 2D '
                f'files, so {kind}{split}.npy alone is written'
            )


def _make_split(
    split: str,
    source: str,
    output: str,
    detections: dict[str, str],
    skeleton: Skeleton,
    frame_step: int,
    keep_corrupt: bool,
    report: Report,
) -> dict[str, Any]:
    arrays = load_npz(source, (*_NEEDED, *_BOXES))
    check_annotation(arrays, _NEEDED, source)
    joints = arrays['S'].shape[1]
    if joints != H36M_17.num_joints or arrays['part'].shape[1] != joints:
        raise ValueError(
            f'{source!r} has {joints} joints in 3D and {arrays["part"].shape[1]} in 2D; the '
            f"{H36M_17.num_joints} of MMPose's Human3.6M are needed."
        )
    index = index_videos(arrays['imgname'])
    _check_subjects(index, split, source)
    kept = FrameSelection(frame_step=frame_step).apply(index, repr(source))
    if not keep_corrupt:
        corrupt = [(video[0], canonical_action(video[1])) == CORRUPT for video in index.videos]
        kept &= ~np.array(corrupt)[index.of_frame]
    if not kept.any():
        raise ValueError(f'No frame of {source!r} is left without S11 Directions; keep it.')
    report(f'{source}: {kept.sum()} of {len(kept)} frames')
    order = pick_joints(skeleton, H36M_17.joint_names)
    contents: dict[str, Any] = {output: {'imgname': arrays['imgname'][kept]}}
    for name in ('part', 'S'):
        contents[output][name] = _joints(arrays[name], kept, order, f'{name} of {source!r}')
    check_metres(contents[output]['S'][..., :3], f'S of {source!r}')
    for name in _BOXES:
        if name in arrays:
            contents[output][name] = arrays[name][kept].astype(np.float32)
    for target, path in detections.items():
        points = load_npy(path)
        check_detections(points, arrays['S'], path)
        contents[target] = _joints(points, kept, order, repr(path))
    return contents


def _joints(values: np.ndarray, kept: np.ndarray, order: list[int], where: str) -> np.ndarray:
    """The kept joints of the kept frames, float32."""
    chosen = values[kept][:, order].astype(np.float32)
    if not np.isfinite(chosen).all():
        raise ValueError(f'{where} has values that are NaN or infinite.')
    return chosen


def _check_subjects(index: VideoIndex, split: str, source: str) -> None:
    others = sorted(set(index.subjects) - set(SPLITS[split]))
    if others:
        raise ValueError(
            f'{source!r} has the subject {others[0]!r}, but those of its split are '
            f'{", ".join(SPLITS[split])}.'
        )
