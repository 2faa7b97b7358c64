# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What random draws of single frames and of clips have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from mmengine.logging import print_log
from torch import Tensor, nn

from mmposeaug.geometry import bone_turns
from mmposeaug.structures import Skeleton
from mmposeaug.structures.choices import require_known

from .articulation import Articulation
from .clip_motion import ClipMotion, hold
from .networks import is_clip, reference_frame

FASTEST_PACE = 0.5
"""float: Draws go on by at most this many radians a frame on average, or clips would flicker."""
SMALL_TURN = 1e-3
"""float: Turns of less radians are none."""


class MovingDraw(nn.Module):
    """Draws random numbers for poses, and such that follow a path for the frames of clips.

    Attributes:
        skeleton (Skeleton): Tree of the poses.
        motion (ClipMotion): How clips move.
        target_frame (str): Which frame of a clip the lifter predicts.
        pace (float): Mean change of the draws from frame to frame, in radians on a circle from one
            draw to another.
        fast (float): What 99.9 % of the turns of the training set's bones from frame to frame stay
            below, in radians.
    """

    skeleton: Skeleton
    motion: ClipMotion
    target_frame: str
    articulation: Articulation | None = None
    has_limbs = False
    """bool: Whether limbs may move as those of other clips, for people."""
    pace = 0.0
    fast = math.inf
    at_rest: tuple[str, ...] = ('pitch', 'roll')
    """tuple[str]: Normal draws that stay the same over a clip: of views and bodies."""

    def normal_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes for one sample of the draws that are standard normal."""
        raise NotImplementedError

    def uniform_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes for one sample of the draws that are uniform in [-1, 1]."""
        raise NotImplementedError

    def turn(self, pose: Tensor, draw: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Turn bones; the poses and 1 - cos (N, J - 1) of every bone's turn."""
        raise NotImplementedError

    def draw_for(
        self, pose: Tensor, given: Mapping[str, Tensor], generator: torch.Generator | None
    ) -> dict[str, Tensor]:
        """Fresh draws for what is not given."""
        options: dict[str, Any] = dict(generator=generator, device=pose.device, dtype=pose.dtype)
        shapes = [(self.normal_shapes(), self.uniform_shapes())]
        if is_clip(pose):  # after those of single frames, which so stay what they are
            shapes.append(self.motion.shapes(self._moving()))
        known = [name for pair in shapes for each in pair for name in each]
        require_known(f'noise of {type(self).__name__}', given, known)
        draw = dict(given)
        for normal, uniform in shapes:
            for name in [name for name in normal if name not in given]:
                draw[name] = torch.randn(len(pose), *normal[name], **options)
            wanted = {name: shape for name, shape in uniform.items() if name not in given}
            draw.update(draw_uniform(len(pose), wanted, **options))
        return draw

    def fit_motion(self, clips: Tensor) -> None:
        """Learn how fast a training set moves, to move the draw's turns by a share of that.

        Args:
            clips (Tensor): Clips of shape (N, T, J, 3).
        """
        if not is_clip(clips):
            return
        turns = bone_turns(clips, self.skeleton)
        # frames that are repeated to fill up a clip are no motion
        moving = turns.amax(-1) > SMALL_TURN
        if not moving.any():
            return
        turns = turns[moving]
        order = turns.flatten().sort().values  # torch's quantile takes 16 million values at most
        self.fast = float(order[int(0.999 * (len(order) - 1))])
        pose = reference_frame(clips, self.target_frame)
        generator = torch.Generator(pose.device).manual_seed(0)
        _, change = self.turn(pose, self.draw_for(pose, {}, generator))
        drawn = (1 - change).clamp(-1, 1).acos().square().mean().sqrt().clamp_min(1e-6)
        # paces are drawn evenly between 0 and twice the mean, so that their mean square is 4 / 3
        share = float(turns.square().mean().sqrt() / drawn)
        self.pace = self.motion.speed * share * math.sqrt(3 / 4)
        if self.pace > FASTEST_PACE:
            if float(drawn) > SMALL_TURN:
                print_log(
                    f'{type(self).__name__}: turns of {math.degrees(float(drawn)):.2g} degrees '
                    f'cannot move at {self.motion.speed:g} times the speed of the training set; '
                    f'they move at {self.motion.speed * FASTEST_PACE / self.pace:.2g} times it.',
                    logger='current',
                )
            self.pace = FASTEST_PACE

    def turn_clip(self, clip: Tensor, draw: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Play clips, and turn every frame as a pose of its own by draws that follow a path.

        Returns:
            tuple[Tensor, Tensor, Tensor]: The clips as they are played, turned, and the turns' mean
            1 - cos (N, J - 1).
        """
        played, since = self.motion.play(clip, draw, self.skeleton, self.target_frame, self.fast)
        if self.articulation is not None:
            played = self.motion.exchange_limbs(played, draw, self.skeleton, self.articulation)
            played = hold(played, since) if self.motion.limbs else played
        turned, change = self.turn(played.flatten(0, 1), self.frame_draws(played, draw, since))
        size = clip.shape[:2]
        return played, turned.unflatten(0, size), change.unflatten(0, size).mean(1)

    def frame_draws(
        self, clip: Tensor, draw: Mapping[str, Tensor], since: Tensor
    ) -> dict[str, Tensor]:
        """Draws (N * T, ...) for every frame of clips (N, T, J, 3), as if they were poses.

        Args:
            since (Tensor): Times of the frames, of shape (N, T); 0 for the one to predict.
        """
        frames = clip.shape[1]
        paths = self.motion.over_frames(draw, self._moving(), since, self.pace)
        found = {
            name: paths[name].flatten(0, 1) if name in paths else value.repeat_interleave(frames, 0)
            for name, value in draw.items()
        }
        if self.articulation is not None:  # how elbows bend that are straight for a moment
            found['elbow_axis'] = self.articulation.elbow_axes(clip, self.skeleton).flatten(0, 1)
        return found

    def _moving(self) -> dict[str, tuple[int, ...]]:
        shapes = self.normal_shapes()
        return {name: shape for name, shape in shapes.items() if name not in self.at_rest}


def draw_uniform(
    count: int, shapes: Mapping[str, tuple[int, ...]], **options: Any
) -> dict[str, Tensor]:
    """Numbers in [-1, 1] by name, ``count`` times each shape, all drawn at once.

    On a CPU they are those that would be drawn one name after the other; normal ones are not, since
    torch draws them in blocks.
    """
    sizes = [count * math.prod(shape) for shape in shapes.values()]
    values = torch.rand(sum(sizes), **options).mul_(2).sub_(1).split(sizes)
    return {name: part.view(count, *shapes[name]) for name, part in zip(shapes, values)}
