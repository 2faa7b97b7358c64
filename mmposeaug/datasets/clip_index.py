# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""ClipIndex: which frames each sample shows, as a start and a step in place of T numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class ClipIndex:
    """Frames of M samples, each T frames of one video, at equal distances.

    Frames of a video stand at places that follow each other. A sample takes the places
    ``start + step * (0, 1, ..., T - 1)``; those before or after the video are its first or last
    place. So memory does not grow with T, and a clip of another step can be made of the same
    numbers.

    Args:
        start (Tensor): Place of each sample's first frame, (M,); may lie before the video.
        spans (Tensor, optional): First and last place of each sample's video, and its step,
            (M, 3). None where T = 1.
        num_frames (int): T.
        rows (Tensor, optional): Frame at each place, (P,). Defaults to None: frame i at place i.
    """

    start: Tensor
    spans: Tensor | None
    num_frames: int
    rows: Tensor | None = None

    @classmethod
    def of_windows(cls, windows: np.ndarray | Tensor, source: str = 'the arrays') -> ClipIndex:
        """The index of samples whose frames are listed one by one, (M, T)."""
        frames = torch.as_tensor(windows).long()
        if frames.ndim != 2 or not frames.numel():
            raise ValueError(
                f'windows of {source} has shape {tuple(frames.shape)}; (M, T) is needed, the '
                'frames of each sample.'
            )
        count, length = frames.shape
        if length == 1:
            return cls(frames[:, 0].contiguous(), None, 1)
        start = length * torch.arange(count, device=frames.device)
        spans = torch.stack((start, start + length - 1, torch.ones_like(start)), dim=1)
        return cls(start, spans, length, frames.flatten())

    def __len__(self) -> int:
        return len(self.start)

    def frames_of(
        self,
        index: Tensor | slice = slice(None),
        stride: Tensor | None = None,
        fixed: int = 0,
    ) -> Tensor:
        """Frames (B, T) of samples by their numbers (B,).

        Args:
            stride (Tensor, optional): By how many times each sample's step is larger, (B,).
            fixed (int): Number of the frame of a sample that stays the same then.
        """
        places = self.start[index].unsqueeze(-1)
        if self.spans is not None:
            first, last, step = self.spans[index].unsqueeze(-1).unbind(1)
            if stride is not None:
                places = places + fixed * step * (1 - stride.unsqueeze(-1))
                step = step * stride.unsqueeze(-1)
            places = places + step * torch.arange(self.num_frames, device=places.device)
            places.clamp_(first, last)
        return places if self.rows is None else self.rows[places]

    def frames_at(self, place: int) -> Tensor:
        """The frame (M,) at one place of every sample, from 0 to T - 1, or counted from the end."""
        places = self.start
        if self.spans is not None:
            first, last, step = self.spans.unbind(1)
            places = (places + place % self.num_frames * step).clamp(first, last)
        return places if self.rows is None else self.rows[places]

    def any_frames(self) -> Tensor:
        """Frames among which are the first and the last of all that samples may show."""
        if self.rows is not None:
            return self.rows
        return self.start if self.spans is None else self.spans[:, :2].flatten()

    def take(self, index: Tensor | slice) -> ClipIndex:
        """The index of some samples, in the order of their numbers."""
        spans = None if self.spans is None else self.spans[index]
        return replace(self, start=self.start[index], spans=spans)

    def to(self, device: torch.device | str) -> ClipIndex:
        """The same index on a device."""
        return ClipIndex(
            self.start.to(device),
            None if self.spans is None else self.spans.to(device),
            self.num_frames,
            None if self.rows is None else self.rows.to(device),
        )

    def compact(self, count: int) -> tuple[Tensor, ClipIndex]:
        """Number the frames anew, without those that no sample reaches over.

        Args:
            count (int): Frames that there are.

        Returns:
            tuple[Tensor, ClipIndex]: The frames kept, ascending, and the index in which the i-th
            of them is frame i.
        """
        rows = torch.arange(count) if self.rows is None else self.rows
        low = high = self.start
        if self.spans is not None:
            first, last, step = self.spans.unbind(1)
            high = (low + (self.num_frames - 1) * step).clamp(first, last)
            low = low.clamp(first, last)
        reach = torch.bincount(low, minlength=len(rows) + 1)
        reach -= torch.bincount(high + 1, minlength=len(rows) + 1)
        kept = reach.cumsum(0)[:-1] > 0  # by how many samples, in truth
        is_kept = torch.zeros(count, dtype=torch.bool)
        is_kept[rows[kept]] = True
        frames = is_kept.nonzero()[:, 0]
        new_rows = (is_kept.cumsum(0) - 1)[rows[kept]]
        start = (kept.cumsum(0) - 1)[low]
        if self.spans is None:
            return frames, ClipIndex(new_rows[start], None, 1)
        # of a video one or more stretches are left, and no sample reaches over two of them
        begins = kept.clone()
        begins[1:] &= ~kept[:-1]
        begins[first] = kept[first]
        stretch = begins.cumsum(0)[kept] - 1
        length, mine = torch.bincount(stretch), stretch[start]
        end = length.cumsum(0)
        spans = torch.stack(((end - length)[mine], end[mine] - 1, step), dim=1)
        ordered = torch.equal(new_rows, torch.arange(len(new_rows)))
        start = start + self.start - low
        return frames, ClipIndex(start, spans, self.num_frames, None if ordered else new_rows)

    @staticmethod
    def concat(parts: Sequence[ClipIndex], counts: Sequence[int]) -> ClipIndex:
        """Join indices of one T, the frames of each being numbered after those before.

        Args:
            counts (Sequence[int]): Frames of each part.
        """
        starts, spans, rows = [], [], []
        place = frame = 0
        for part, count in zip(parts, counts):
            own = part.rows
            if own is None:
                own = torch.arange(count, device=part.start.device)
            starts.append(part.start + place)
            if part.spans is not None:
                spans.append(part.spans + part.spans.new_tensor([place, place, 0]))
            rows.append(own + frame)
            place, frame = place + len(own), frame + count
        identity = all(part.rows is None for part in parts)
        return ClipIndex(
            torch.cat(starts),
            torch.cat(spans) if spans else None,
            parts[0].num_frames,
            None if identity else torch.cat(rows),
        )


class ClipRows(Sequence):
    """The samples of an index as lists of frames, which are made when they are looked at."""

    _CHUNK = 4096

    def __init__(self, windows: ClipIndex) -> None:
        self.windows = windows

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self.windows.frames_of(index).tolist()
        return self.windows.frames_of(torch.tensor([index]))[0].tolist()

    def __iter__(self) -> Iterator[list[int]]:
        for start in range(0, len(self), self._CHUNK):
            yield from self[start : start + self._CHUNK]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]
