# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Sliding windows over videos: the samples of MMPose's ``Human36mDataset``."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from mmengine.logging import print_log
from torch import Tensor

from mmposeaug.fileio import join_root

from .clip_index import ClipIndex
from .frames import FrameSelection, VideoIndex

_SELECTION_OPTIONS = ('split', 'frame_step', 'subjects')


@dataclass(frozen=True)
class WindowRule:
    """How frames form samples; the options and their meaning are ``Human36mDataset``'s.

    Args:
        seq_len (int): Frames of a sample. Defaults to 1.
        seq_step (int): Every n-th frame of the video enters a sample. Defaults to 1.
        causal (bool): The last frame is the lifting target, else the middle one. Defaults to True.
        pad_video_seq (bool): Repeat a video's end frames so that each frame is a target once.
            Defaults to False.
        multiple_target (int): If positive, samples are clips of this length whose frames are all
            targets. Defaults to 0.
        multiple_target_step (int): Distance of such clips' first frames. Defaults to 0, which
            means ``multiple_target``.
    """

    seq_len: int = 1
    seq_step: int = 1
    causal: bool = True
    pad_video_seq: bool = False
    multiple_target: int = 0
    multiple_target_step: int = 0

    def __post_init__(self) -> None:
        """Check the options."""
        least = dict(seq_len=1, seq_step=1, multiple_target=0, multiple_target_step=0)
        for name, low in least.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < low:
                raise ValueError(f'{name} is {value!r}; a whole number from {low} is needed.')
        for name in ('causal', 'pad_video_seq'):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f'{name} is {getattr(self, name)!r}; use one of True, False.')
        if self.multiple_target and self.seq_len != 1:
            raise ValueError(
                f'multiple_target={self.multiple_target} needs seq_len=1, got {self.seq_len}.'
            )
        if self.multiple_target and self.seq_step != 1:
            raise ValueError(
                f'multiple_target={self.multiple_target} needs seq_step=1, got {self.seq_step}.'
            )
        if self.pad_video_seq and not self.causal and self.seq_len % 2 == 0:
            raise ValueError(
                f'pad_video_seq around a middle frame needs an odd seq_len, got {self.seq_len}.'
            )

    @property
    def target_frames(self) -> tuple[int, ...]:
        """tuple[int]: Places of the lifting targets within a window."""
        if self.multiple_target:
            return tuple(range(self.multiple_target))
        return (self.seq_len - 1,) if self.causal else (self.seq_len // 2,)

    @property
    def num_frames(self) -> int:
        """int: Frames of a sample."""
        return self.multiple_target or self.seq_len

    def build(self, index: VideoIndex, keep: np.ndarray | None = None) -> ClipIndex:
        """Return the samples over the kept frames, in the order in which MMPose lists them.

        There are none if every video is too short.
        """
        frames = np.arange(len(index.of_frame)) if keep is None else np.flatnonzero(keep)
        frames = frames[np.argsort(index.of_frame[frames], kind='stable')]
        counts = np.bincount(index.of_frame[frames], minlength=len(index.videos))
        firsts = np.cumsum(counts) - counts
        before, step = 0, self.seq_step
        span = (self.num_frames - 1) * step + 1
        if self.multiple_target:
            stride = self.multiple_target_step or self.multiple_target
            samples = np.maximum((counts + stride - span) // stride, 0)
        elif self.pad_video_seq:
            stride, samples = 1, counts
            before = step * (self.seq_len - 1 if self.causal else (self.seq_len - 1) // 2)
        else:
            stride, samples = 1, np.maximum(counts - span + 1, 0)
        within = _ranges(np.zeros_like(samples), samples)
        start = np.repeat(firsts, samples) + stride * within - before
        if self.num_frames == 1:
            return ClipIndex(torch.from_numpy(frames[start]), None, 1)
        # beyond an end the video's very first or last frame is shown, whatever the step
        spans = np.repeat(
            np.stack((firsts, firsts + counts - 1, np.full_like(firsts, step)), axis=1),
            samples,
            axis=0,
        )
        arrays = [torch.from_numpy(each) for each in (start, spans, frames)]
        return ClipIndex(arrays[0], arrays[1], self.num_frames, arrays[2])


WINDOW_OPTIONS = tuple(each.name for each in fields(WindowRule))
"""tuple[str]: Options of datasets that say how frames form samples."""


def _ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The concatenation of ``arange(start, start + length)``."""
    before = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) + np.repeat(starts - before, lengths)


def window_rule(cfg: Mapping[str, Any]) -> WindowRule:
    """How the frames of a dataset config form samples."""
    return WindowRule(**{name: cfg[name] for name in WINDOW_OPTIONS if name in cfg})


def warn_of_rates(cfgs: Sequence[Mapping[str, Any]]) -> None:
    """Log a warning if the clips of joined data sets are known to be at different rates.

    Known are those of files in folders that MMPose calls by their rate, such as ``fps50``.
    """
    rates: dict[float, str] = {}
    for cfg in cfgs:
        path = join_root(cfg.get('ann_file') or '', cfg.get('data_root'))
        named = re.findall(r'(?:^|[/\\])fps(\d+)[/\\]', path)
        if named:
            rate = int(named[-1]) / (cfg.get('frame_step', 1) * cfg.get('seq_step', 1))
            rates.setdefault(rate, path)
    if len(rates) > 1:
        found = ', '.join(f'{rate:g} ({path!r})' for rate, path in rates.items())
        print_log(
            f'Clips of the joined data sets are at different rates, in frames a second: {found}; '
            'set seq_step of each so that they are alike.',
            'current',
            logging.WARNING,
        )


def select_windows(
    cfg: Mapping[str, Any],
    index: VideoIndex,
    positive: np.ndarray | None,
    source: str,
    subset_seed: int = 0,
    usable: np.ndarray | None = None,
) -> ClipIndex:
    """Return the samples, of rows of the file, that a dataset config selects, in its order.

    Args:
        positive (np.ndarray, optional): Mask (N,) of the frames with a keypoint at a positive
            pixel; samples without such a frame are dropped, as MMPose does.
        usable (np.ndarray, optional): Mask (N,) of the frames that may be lifting targets.
    """
    selection = FrameSelection(**{k: cfg[k] for k in _SELECTION_OPTIONS if k in cfg})
    rule = window_rule(cfg)
    keep = selection.apply(index, source)
    windows = rule.build(index, keep)
    _tell_of_short_videos(windows, np.bincount(index.of_frame[keep]), index, rule, source)
    if usable is not None:
        windows = _with_usable_targets(windows, usable, rule, source)
    windows = _subset(windows, cfg.get('subset_frac', 1.0), cfg.get('subset_seed', subset_seed))
    if positive is not None:
        windows = valid_windows(windows, positive, source)
    return chosen_windows(windows, cfg.get('indices'))


def shows_any(pixels: np.ndarray) -> np.ndarray:
    """Mask (N,) of the frames of keypoints (N, J, 2+) with one at a positive pixel."""
    flat = pixels[..., :2].reshape(len(pixels), -1)
    # what is not finite stays, here as in MMPose, for the checks to name
    return ((flat > 0) | ~np.isfinite(flat)).any(1)


def valid_windows(windows: ClipIndex, positive: np.ndarray, source: str) -> ClipIndex:
    """The samples with a frame of which a keypoint is positive, (N,); MMPose drops the others."""
    if not positive.all():
        windows = windows.take(_shows_any(windows, torch.from_numpy(positive)))
    if not len(windows):
        raise ValueError(f'No frame of {source} has a 2D keypoint at a positive pixel.')
    return windows


def chosen_windows(windows: ClipIndex, chosen: int | Sequence[int] | None) -> ClipIndex:
    """The samples that the option ``indices`` of MMEngine's data sets keeps."""
    if chosen is None:
        return windows
    if isinstance(chosen, int):
        return windows.take(slice(chosen) if chosen >= 0 else slice(chosen, None))
    return windows.take(torch.as_tensor(chosen))


def _tell_of_short_videos(
    windows: ClipIndex, counts: np.ndarray, index: VideoIndex, rule: WindowRule, source: str
) -> None:
    """Say how many videos, of so many frames each, are too short to be a sample."""
    has_sample = np.zeros(len(counts), dtype=bool)
    has_sample[index.of_frame[windows.frames_at(0).numpy()]] = True
    short = (counts > 0) & ~has_sample
    if not short.any():
        return
    clip = f'the {rule.num_frames} frames (at step {rule.seq_step}) of one sample'
    remedy = 'lower seq_len, or set pad_video_seq=True'
    if rule.multiple_target:
        remedy = 'lower multiple_target (a MotionBERT takes shorter clips too)'
    if not len(windows):
        raise ValueError(
            f'No video of {source} has {clip}, the longest has {counts.max()}; {remedy}.'
        )
    print_log(
        f'{source}: {short.sum()} of {(counts > 0).sum()} videos, {counts[short].sum()} of '
        f'{counts.sum()} frames, are left out, since they are shorter than {clip}; to use them, '
        f'{remedy}.',
        'current',
        logging.WARNING,
    )


def _shows_any(windows: ClipIndex, wanted: Tensor) -> Tensor:
    """Which samples (M,) show one of the wanted frames (N,)."""
    found = wanted[windows.frames_at(0)]
    for place in range(1, windows.num_frames):
        rest = (~found).nonzero()[:, 0]
        found[rest] = wanted[windows.take(rest).frames_at(place)]
    return found


def _with_usable_targets(
    windows: ClipIndex, usable: np.ndarray, rule: WindowRule, source: str
) -> ClipIndex:
    """The windows whose lifting targets are all usable; how many are not is logged."""
    kept = torch.ones(len(windows), dtype=torch.bool)
    for place in rule.target_frames:
        kept &= torch.from_numpy(usable)[windows.frames_at(place)]
    if not kept.any():
        raise ValueError(
            f"keep_frames leaves none of the {len(windows)} samples of {source}; set it to 'all', "
            'or look at the scores of the 2D keypoints.'
        )
    if not kept.all():
        print_log(
            f'{source}: {int((~kept).sum())} of {len(kept)} samples are left out by keep_frames',
            logger='current',
        )
    return windows.take(kept)


def _subset(windows: ClipIndex, fraction: float, seed: int) -> ClipIndex:
    """A run of samples, ``fraction`` of all, from a random start."""
    if not 0 < fraction <= 1:
        raise ValueError(f'subset_frac is {fraction}; it must lie above 0 and be at most 1.')
    size = int(len(windows) * fraction)
    if not size:
        raise ValueError(f'subset_frac={fraction} leaves none of {len(windows)} samples; raise it.')
    start = int(np.random.default_rng(seed).integers(0, len(windows) - size + 1))
    return windows.take(slice(start, start + size))
