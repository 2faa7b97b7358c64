# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Sliding windows over videos, the samples of MMPose's ``Human36mDataset``, as one index array."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from mmengine.logging import print_log

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
        for name in ('seq_len', 'seq_step'):
            if getattr(self, name) < 1:
                raise ValueError(f'{name} is {getattr(self, name)}; it must be at least 1.')
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

    def build(self, index: VideoIndex, keep: np.ndarray | None = None) -> np.ndarray:
        """Return windows over the kept frames: frame numbers of shape (M, T).

        They are in the order in which MMPose lists its samples; M is 0 if every video is too short.
        """
        frames = np.arange(len(index.of_frame)) if keep is None else np.flatnonzero(keep)
        frames = frames[np.argsort(index.of_frame[frames], kind='stable')]
        counts = np.bincount(index.of_frame[frames], minlength=len(index.videos))
        firsts = np.cumsum(counts) - counts
        if self.multiple_target:
            places = self._clips(firsts, counts)
        elif self.pad_video_seq:
            places = self._padded(firsts, counts)
        else:
            places = self._unpadded(firsts, counts)
        return frames[places]

    def _unpadded(self, firsts: np.ndarray, counts: np.ndarray) -> np.ndarray:
        span = (self.seq_len - 1) * self.seq_step + 1
        starts = _ranges(firsts, np.maximum(counts - span + 1, 0))
        return starts[:, None] + np.arange(0, span, self.seq_step)

    def _clips(self, firsts: np.ndarray, counts: np.ndarray) -> np.ndarray:
        step = self.multiple_target_step or self.multiple_target
        numbers = np.maximum((counts + step - self.multiple_target) // step, 0)
        starts = np.repeat(firsts, numbers) + step * _ranges(np.zeros_like(numbers), numbers)
        return starts[:, None] + np.arange(self.multiple_target)

    def _padded(self, firsts: np.ndarray, counts: np.ndarray) -> np.ndarray:
        left = self.seq_len - 1 if self.causal else (self.seq_len - 1) // 2
        right = 0 if self.causal else left
        centre = _ranges(firsts, counts)[:, None]
        first = np.repeat(firsts, counts)[:, None]
        last = first + np.repeat(counts, counts)[:, None] - 1
        places = centre + self.seq_step * np.arange(-left, right + 1)
        # beyond an end the video's very first or last frame is shown, whatever the step
        return np.where(places < first, first, np.where(places > last, last, places))


WINDOW_OPTIONS = tuple(each.name for each in fields(WindowRule))
"""tuple[str]: Options of datasets that say how frames form samples."""


def _ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The concatenation of ``arange(start, start + length)``."""
    before = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) + np.repeat(starts - before, lengths)


def window_rule(cfg: Mapping[str, Any]) -> WindowRule:
    """How the frames of a dataset config form samples."""
    return WindowRule(**{name: cfg[name] for name in WINDOW_OPTIONS if name in cfg})


def select_windows(
    cfg: Mapping[str, Any],
    index: VideoIndex,
    keypoints: np.ndarray | None,
    source: str,
    subset_seed: int = 0,
    usable: np.ndarray | None = None,
) -> np.ndarray:
    """Return the windows (M, T), rows of the file, that a dataset config selects, in its order.

    Args:
        keypoints (np.ndarray, optional): 2D keypoints (N, J, 2+); windows without one positive
            coordinate are dropped, as MMPose does.
        usable (np.ndarray, optional): Mask (N,) of the frames that may be lifting targets.
    """
    selection = FrameSelection(**{k: cfg[k] for k in _SELECTION_OPTIONS if k in cfg})
    rule = window_rule(cfg)
    windows = rule.build(index, selection.apply(index, source))
    if not len(windows):
        remedy = 'lower seq_len, or set pad_video_seq=True'
        if rule.multiple_target:
            remedy = 'lower multiple_target (a MotionBERT takes shorter clips too)'
        raise ValueError(
            f'No video of {source} has the {windows.shape[1]} frames (at step {rule.seq_step}) of '
            f'one sample; {remedy}.'
        )
    if usable is not None:
        windows = _with_usable_targets(windows, usable, rule, source)
    windows = _subset(windows, cfg.get('subset_frac', 1.0), cfg.get('subset_seed', subset_seed))
    if keypoints is not None:
        pixels = keypoints[..., :2].reshape(len(keypoints), -1)
        # what is not finite stays, here as in MMPose, for the checks to name
        positive = ((pixels > 0) | ~np.isfinite(pixels)).any(1)
        windows = windows[positive[windows].any(1)]
        if not len(windows):
            raise ValueError(f'No frame of {source} has a 2D keypoint at a positive pixel.')
    chosen = cfg.get('indices')
    if chosen is None:
        return windows
    if isinstance(chosen, int):
        return windows[:chosen] if chosen >= 0 else windows[chosen:]
    return windows[np.asarray(chosen)]


def _with_usable_targets(
    windows: np.ndarray, usable: np.ndarray, rule: WindowRule, source: str
) -> np.ndarray:
    """The windows whose lifting targets are all usable; how many are not is logged."""
    kept = usable[windows[:, list(rule.target_frames)]].all(axis=1)
    if not kept.any():
        raise ValueError(
            f"keep_frames leaves none of the {len(windows)} samples of {source}; set it to 'all', "
            'or look at the scores of the 2D keypoints.'
        )
    if not kept.all():
        print_log(
            f'{source}: {len(kept) - kept.sum()} of {len(kept)} samples are left out by '
            'keep_frames',
            logger='current',
        )
    return windows[kept]


def _subset(windows: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """A run of samples, ``fraction`` of all, from a random start."""
    if not 0 < fraction <= 1:
        raise ValueError(f'subset_frac is {fraction}; it must lie above 0 and be at most 1.')
    size = int(len(windows) * fraction)
    if not size:
        raise ValueError(f'subset_frac={fraction} leaves none of {len(windows)} samples; raise it.')
    start = int(np.random.default_rng(seed).integers(0, len(windows) - size + 1))
    return windows[start : start + size]
