# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Augmented pairs as an annotation file that MMPose's own ``Human36mDataset`` reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmposeaug.datasets import CameraSet, PoseBank, PoseBatch, annotation_arrays
from mmposeaug.datasets.camera_files import CameraKey
from mmposeaug.datasets.frames import parse_image_name
from mmposeaug.engine.batches import select, with_poses
from mmposeaug.fileio import Track, save_npz, save_pickle, untracked

from .load import LoadedAugmentation

REAL, AUGMENTED = 'Real', 'Augmented_{}'
"""str: Actions in the image names of real and augmented pairs; the number is the copy's."""


@dataclass(frozen=True)
class ExportResult:
    """What was written."""

    ann_file: Path
    camera_file: Path
    real: int
    augmented: int
    left_out: int


def export_augmented(
    loaded: LoadedAugmentation,
    ann_file: Path,
    copies: int = 1,
    seed: int = 0,
    with_real: bool = False,
    track: Track = untracked,
) -> ExportResult:
    """Write augmented pairs of 2D and 3D poses, once or several times as many as real ones.

    The 2D is the projection with lens distortion, without the bound that ``clamp`` may put on it.
    Of single frames all of a camera and copy are one video; clips are a video each. Where cameras
    are drawn every sample has its own, and so every augmented sample is a video.

    Args:
        loaded (LoadedAugmentation): The augmentation.
        ann_file (Path): The npz file. The camera file is put beside it, ``NAME_cameras.pkl``.
        copies (int): Augmentations of every training sample. Defaults to 1.
        seed (int): Seed of all draws. Defaults to 0.
        with_real (bool): Whether the real pairs are written too. Defaults to False.
        track (Callable): Passes batches on and may show the progress, as
            :func:`mmposeaug.fileio.track`. Defaults to showing nothing.

    Returns:
        ExportResult: What was written.

    Raises:
        ValueError: If an option is out of its range, a name cannot be that of an image, or nobody
            is in view.
    """
    if ann_file.suffix != '.npz':
        raise ValueError(f'The file is called {str(ann_file)!r}; give it a name that ends in .npz.')
    if copies < 1:
        raise ValueError(f'The number of copies is {copies}; give 1 or more.')
    bank = loaded.bank
    cameras = bank.cameras.to_dicts()
    everything = torch.arange(len(bank))
    parts = [_arrays(bank, everything, bank.gather(everything), REAL)] if with_real else []
    kept = 0
    for copy in range(copies):
        generator = torch.Generator().manual_seed(seed + copy)
        for rows, samples in _augmented(loaded, generator, track):
            kept += len(rows)
            action, keys = AUGMENTED.format(copy + 1), None
            if loaded.augmentation.cameras:
                drawn = _drawn_cameras(bank, rows, samples, copy + 1)
                cameras.update(drawn)
                keys = list(drawn)
            parts.append(_arrays(bank, rows, samples, action, keys))
    left_out = copies * len(bank) - kept
    if not kept:
        raise ValueError(
            f'None of the {left_out} augmented samples is wholly in view, so there is nothing to '
            'write; choose an augmentor that places people in the image.'
        )
    arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    camera_file = ann_file.with_name(f'{ann_file.stem}_cameras.pkl')
    save_npz(ann_file, _in_order(arrays))
    save_pickle(camera_file, cameras)
    real = len(bank) if with_real else 0
    return ExportResult(ann_file, camera_file, real, kept, left_out)


def _augmented(
    loaded: LoadedAugmentation, generator: torch.Generator, track: Track = untracked
) -> Iterator[tuple[Tensor, PoseBatch]]:
    """Numbers of samples and what became of them, batch after batch, those in view."""
    bank = loaded.bank
    # an augmentor normalises by the batch: it must not be one video
    order = torch.randperm(len(bank), generator=generator)
    for rows in track(order.tensor_split(-(-len(bank) // loaded.batch_size))):
        applied = loaded.augmentation.apply_to(bank, rows, generator)
        samples = with_poses(applied.viewed, list(applied.stages.values())[-1])
        seen = loaded.augmentation.visible(samples)
        yield rows[seen], select(samples, seen)


def _keys(bank: PoseBank, rows: Tensor) -> list[CameraKey]:
    """Subject and camera of samples of the bank."""
    frames = bank.windows.take(rows).frames_at(0)
    return [bank.cameras.keys[i] for i in bank.camera_index[frames].tolist()]


def _drawn_cameras(
    bank: PoseBank, rows: Tensor, samples: PoseBatch, copy: int
) -> dict[CameraKey, dict[str, Any]]:
    """The camera of each sample as MMPose's dictionary, under a key of its own."""
    own = _keys(bank, rows)
    keys = [
        (subject, f'{camera}-{copy}-{row:06d}')
        for (subject, camera), row in zip(own, rows.tolist())
    ]
    return CameraSet(samples.intrinsics, samples.image_size, tuple(keys)).to_dicts()


def _arrays(
    bank: PoseBank,
    rows: Tensor,
    samples: PoseBatch,
    action: str,
    keys: list[CameraKey] | None = None,
) -> dict[str, np.ndarray]:
    """Annotations of samples, (B * T, ...), with the ``video`` of each."""
    keys = _keys(bank, rows) if keys is None else keys
    videos = []
    for (subject, camera), row in zip(keys, rows.tolist()):
        clip = f'{action}_{row:06d}' if bank.num_frames > 1 else action
        videos.append(f'{subject}_{clip}.{camera}')
    _check_names(keys, videos)
    names = np.array(videos) if videos else np.zeros(0, dtype='U1')
    flat = (
        samples.keypoints_px,
        samples.pose_cam,
        samples.pose_visible,
        samples.keypoint_scores,
    )
    arrays = annotation_arrays(*(each.flatten(0, 1).numpy() for each in flat))
    return dict(video=np.repeat(names, bank.num_frames), **arrays)


def _check_names(keys: list[tuple[str, str]], videos: list[str]) -> None:
    """Refuse subjects and cameras that MMPose could not read out of image names."""
    for key, video in dict(zip(keys, videos)).items():
        subject, _, camera = parse_image_name(f'{video}_000001.jpg')
        if (subject, camera) != key:
            raise ValueError(
                f'The camera {"/".join(key)} cannot be part of an image name (it would be read as '
                f'{subject}/{camera}); use names without underscores and dots.'
            )


def _in_order(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Videos in sorted order, frames numbered from 1, which is how MMPose lists them."""
    videos, place = np.unique(arrays.pop('video'), return_inverse=True)
    in_order = sorted(range(len(videos)), key=lambda i: parse_image_name(f'{videos[i]}_0'))
    rank = np.argsort(in_order)[place]
    order = np.argsort(rank, kind='stable')
    counts = np.bincount(rank)
    numbers = np.arange(len(rank)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    names = np.repeat(videos[in_order], counts)
    imgname = np.array([f'{name}_{number:06d}.jpg' for name, number in zip(names, numbers)])
    return dict(imgname=imgname, **{name: values[order] for name, values in arrays.items()})
