# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""How clips are played, and how random draws change over their frames."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from mmposeaug.geometry import (
    body_axes,
    bone_turns,
    bones_to_joints,
    clip_at,
    euler_to_matrix,
    index_tensor,
    joints_to_bones,
    rotate,
    unit_bones,
)
from mmposeaug.models.option_checks import check_number, check_range
from mmposeaug.structures import Skeleton
from mmposeaug.structures.choices import require_known

from .articulation import Articulation
from .networks import reference_index

TO = '_to'
"""str: What the name of a draw ends in that another one moves to."""
STILL_M = 1e-6
"""float: A frame none of whose coordinates differs by more from the one before repeats it."""
PACE = '_pace'
"""str: What the name of a draw ends in that says how fast."""


@dataclass(frozen=True)
class ClipMotion:
    """How the clips of a random draw move.

    Turns of joints and bones go on a circle from one draw to another, ``cos(a) x + sin(a) y``
    with an angle that grows evenly with time: every frame's turns are distributed as those of a
    single frame, and the frame that the lifter predicts has those that it would have alone, but
    for elbows, which bend about an axis that is averaged with the clip's. A clip that is played
    faster than it was recorded stands still where its frames end; with a stride its frames reach
    farther.

    Args:
        speed (float): How fast turns change: their own speed as a share of that of the training
            set's bones, on average (root mean square). Defaults to 0.15; with 0 a clip keeps its
            turns.
        rate (tuple[float, float]): Speeds at which clips are played, drawn evenly; 1 is the
            original's. Defaults to (0.85, 1).
        cap (float): Clips are played so slow that their fastest bone turns by about this share of
            what 99.9 % of the training set's turns from frame to frame stay below. Defaults to 0.8;
            0 for no such bound.
        still (float): Share of the clips that stand still but for the turns. Defaults to 0.
        reverse (float): Share of the clips that are played backwards. Defaults to 0.5.
        paths (float): Share of the clips whose root goes along the path of another clip of the
            batch, turned about the vertical: people then do not always face where they go.
            Defaults to 0.
        limbs (float): Share of the limbs, for people, that move as those of another clip of the
            batch do: arms then do not always swing as the legs walk. Defaults to 0.
        stride (int): Samples, also those that are not augmented, are made of every n-th frame of
            their video, n drawn from 1 to this, and so are up to so many times as fast. Defaults
            to 1.

    Raises:
        ValueError: If a speed is negative, a range is empty, a share is not between 0 and 1 or the
            stride is no whole number from 1 on.
    """

    speed: float = 0.15
    rate: tuple[float, float] = (0.85, 1.0)
    cap: float = 0.8
    still: float = 0.0
    reverse: float = 0.5
    paths: float = 0.0
    limbs: float = 0.0
    stride: int = 1

    def __post_init__(self) -> None:
        """Check the options."""
        check_number('motion', 'speed', self.speed)
        check_range('motion', 'rate', self.rate, 0)
        check_number('motion', 'cap', self.cap)
        check_number('motion', 'still', self.still, 0, 1)
        check_number('motion', 'reverse', self.reverse, 0, 1)
        check_number('motion', 'paths', self.paths, 0, 1)
        check_number('motion', 'limbs', self.limbs, 0, 1)
        check_number('motion', 'stride', self.stride, 1)
        if self.stride != int(self.stride):
            raise ValueError(f'motion: stride is {self.stride}; give a whole number from 1 on.')

    @classmethod
    def of(cls, owner: str, options: Mapping[str, Any] | None) -> ClipMotion:
        """Read the option ``motion`` of a draw."""
        if options is None:
            return cls()
        if not isinstance(options, Mapping):
            raise ValueError(
                f'{owner}: motion is {options!r}; give a dict such as dict(speed=0.5), or leave it '
                'out.'
            )
        require_known(f'{owner}.motion', options, [each.name for each in fields(cls)])
        return cls(**options)

    @property
    def plays(self) -> bool:
        """bool: Whether clips are played otherwise than they were recorded."""
        return bool(self.reverse or self.still or self.cap) or tuple(self.rate) != (1, 1)

    def shapes(
        self, moving: Mapping[str, tuple[int, ...]]
    ) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
        """Shapes for one clip of the normal and the uniform draws beside those of a frame."""
        normal: dict[str, tuple[int, ...]] = {}
        uniform: dict[str, tuple[int, ...]] = {}
        if self.speed:
            normal = {name + TO: shape for name, shape in moving.items()}
            uniform = {name + PACE: shape for name, shape in moving.items()}
        if self.plays:
            uniform.update(rate=(), still=(), reverse=())
        if self.paths:
            uniform.update(exchanged_path=(), path_of=(), path_yaw=())
        if self.limbs:
            uniform.update(exchanged_limbs=(2, 2), limbs_of=(2, 2))
        return normal, uniform

    def play(
        self,
        clip: Tensor,
        draw: Mapping[str, Tensor],
        skeleton: Skeleton,
        target_frame: str,
        fast: float = math.inf,
    ) -> tuple[Tensor, Tensor]:
        """Play clips (N, T, J, 3) at their speeds; the frame to predict stays a recorded one.

        Args:
            fast (float): Bones that turn by more radians from frame to frame are fast for the
                training set.

        Returns:
            tuple[Tensor, Tensor]: The clips, and for each frame (N, T) the time since the one to
            predict, in frames. It stands still where the video has ended and its first or last
            frame is repeated.
        """
        frames = clip.shape[1]
        target = reference_index(frames, target_frame)
        first, last = _span(clip)
        steps = torch.arange(frames, device=clip.device) - target
        sign, rate = torch.ones_like(first), torch.ones_like(clip[:, 0, 0, 0])
        if self.plays:
            low, high = self.rate
            rate = (low + high) / 2 + (high - low) / 2 * draw['rate']
            if self.cap and fast < math.inf:
                fastest = bone_turns(clip, skeleton).flatten(1).amax(1).clamp_min(1e-6)
                rate = rate.minimum(self.cap * fast / fastest)
            rate = torch.where(draw['still'] < 2 * self.still - 1, 0.0, rate)
            sign = torch.where(draw['reverse'] < 2 * self.reverse - 1, -sign, sign)
        middle = torch.where(sign < 0, frames - 1 - target, target).maximum(first).minimum(last)
        speed = (sign * rate).unsqueeze(1)
        times = middle.unsqueeze(1) + speed * steps
        times = times.maximum(first.unsqueeze(1)).minimum(last.unsqueeze(1))
        still = steps.maximum((first - middle).unsqueeze(1)).minimum((last - middle).unsqueeze(1))
        since = torch.where(speed == 0, still, (times - middle.unsqueeze(1)) / speed)
        if self.plays:
            clip = clip_at(clip, times, skeleton)
        if self.paths:
            clip = hold(self._exchange(clip, draw, skeleton, target_frame), since)
        return clip, since

    def _exchange(
        self, clip: Tensor, draw: Mapping[str, Tensor], skeleton: Skeleton, target_frame: str
    ) -> Tensor:
        target = reference_index(clip.shape[1], target_frame)
        root = clip[:, :, skeleton.root]
        path = root - root[:, target : target + 1]
        partner = index_of(draw['path_of'], len(clip))
        level = torch.zeros_like(draw['path_yaw'])
        turn = euler_to_matrix(math.pi * draw['path_yaw'], level, level)
        other = rotate(path[partner], turn)
        taken = draw['exchanged_path'] < 2 * self.paths - 1
        change = torch.where(taken[:, None, None], other - path, 0.0)
        return clip + change.unsqueeze(2)

    def exchange_limbs(
        self, clip: Tensor, draw: Mapping[str, Tensor], skeleton: Skeleton, body: Articulation
    ) -> Tensor:
        """Let limbs of clips (N, T, J, 3) move about the trunk as those of others do."""
        if not self.limbs:
            return clip
        axes = body_axes(clip, skeleton)
        bones = joints_to_bones(clip, skeleton)
        directions, lengths = unit_bones(bones)
        local = directions @ axes.transpose(-1, -2)
        partner = index_of(draw['limbs_of'], len(clip))
        taken = draw['exchanged_limbs'] < 2 * self.limbs - 1
        for kind, limbs in enumerate(body.limbs):
            for side, limb in enumerate(limbs):
                which = index_tensor(limb, clip.device)
                other = local.index_select(-2, which)[partner[:, kind, side]] @ axes
                own = bones.index_select(-2, which)
                moved = other * lengths.index_select(-2, which)
                chosen = torch.where(taken[:, kind, side, None, None, None], moved, own)
                bones = bones.index_copy(2, which, chosen)
        return bones_to_joints(bones, skeleton, clip[:, :, skeleton.root])

    def over_frames(
        self,
        draw: Mapping[str, Tensor],
        moving: Mapping[str, tuple[int, ...]],
        since: Tensor,
        pace: float,
    ) -> dict[str, Tensor]:
        """The draws of ``moving`` (N, ...) at times (N, T), of shape (N, T, ...)."""
        found = {}
        for name in moving if self.speed else ():
            start, end = draw[name].unsqueeze(1), draw[name + TO].unsqueeze(1)
            times = since.view(*since.shape, *[1] * (start.ndim - 2))
            angle = times * pace * (1 + draw[name + PACE]).unsqueeze(1)
            found[name] = angle.cos() * start + angle.sin() * end
        return found


def hold(clip: Tensor, since: Tensor) -> Tensor:
    """Repeat the frames of clips (N, T, ...) at the ends where their times (N, T) stand still."""
    moved = (since.diff(dim=1).abs() > 0).int()
    last = clip.shape[1] - 1
    first, end = moved.argmax(1), last - moved.flip(1).argmax(1)
    frames = torch.arange(last + 1, device=clip.device)
    index = frames.maximum(first.unsqueeze(1)).minimum(end.unsqueeze(1))
    return clip[torch.arange(len(clip), device=clip.device).unsqueeze(1), index]


def _span(clip: Tensor) -> tuple[Tensor, Tensor]:
    """First and last frame (N,) of clips that repeat neither end of a video."""
    moved = (clip.diff(dim=1).abs().flatten(2).amax(-1) > STILL_M).int()
    last = clip.shape[1] - 1
    stands = moved.amax(1) == 0
    first = torch.where(stands, 0, moved.argmax(1))
    return first, torch.where(stands, last, last - moved.flip(1).argmax(1))


def index_of(uniform: Tensor, count: int) -> Tensor:
    """Numbers of clips from draws in [-1, 1]."""
    return ((uniform + 1) / 2 * count).long().clamp(max=count - 1)
