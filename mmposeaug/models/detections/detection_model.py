# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What a 2D detector would make of people whose joints are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from mmposeaug.geometry import (
    LOST_NOISE,
    LOST_SCORES,
    correlate_frames,
    falling_scores,
    fill_in,
    misplace,
    person_size,
    project,
    shift_along_body,
    swap_sides,
)
from mmposeaug.geometry.camera import MIN_DEPTH
from mmposeaug.models.option_checks import check_number, check_range
from mmposeaug.structures import Skeleton, get_skeleton

from .options import (
    OWNER,
    bias_offsets,
    noise_factors,
    offset_spread,
    swap_options,
    swapped_joints,
)


@MODELS.register_module()
class DetectionModel(nn.Module):
    """A 2D detector: its keypoints and scores of people whose joints are known.

    In this order: the detector's joints are not those of the data set (``bias``), it takes sides
    for each other (``swap``), all keypoints are a little off (``noise``), some far (``outliers``,
    which it does not know, and ``misses``, which it gives low scores). Shares of a person's size
    are those of :func:`mmposeaug.geometry.person_size`, so that errors grow with the person.

    In clips errors last: each joint's follow each other as in an autoregressive process, and
    ``misses``, ``outliers`` and ``swap`` are the shares of the frames that are hit, some in a row.
    Misses of up to ``max_gap`` frames are filled in as
    :class:`mmposeaug.apis.LiftingInferencer` does it; longer ones, and those of single frames, keep
    the place that the detector guessed.

    What is 0 or None is left out; with nothing but zeros keypoints and scores stay as they are.

    Args:
        skeleton (str | Skeleton): The joints. Defaults to ``'h36m_17'``.
        noise (float): Standard deviation of keypoints in x and y, in shares of the person's size.
            Defaults to 0.01.
        factors (Mapping[str, float], optional): Factors of the noise by group of joints:
            ``near``, ``middle``, ``far`` and ``head`` (see :class:`Skeleton`), and ``trunk`` for
            all others; or by joints, as those of ``bias``, which count before their group's.
            Defaults to None, 1 for all.
        outliers (float): Share of joints that are far off although their score is that of others.
            Defaults to 0.
        misses (float): Share of joints that are not seen: far off, with a low score. Defaults to 0.
        far (float): Standard deviation of what outliers and misses are off, in shares of the
            person's size. Defaults to 0.08.
        swap (float | Mapping[str, float]): Share of the people whose left and right are taken for
            each other: of the whole body, or by the names ``body``, ``legs``, ``arms``. Defaults
            to 0.
        bias (str | Mapping, optional): Where the detector's joints are beside those of the data
            set: outwards, up and forward in shares of the trunk's length, by the name of the
            joint, without ``left_`` or ``right_`` for both; or ``'coco'`` for what COCO's keypoints
            have on the midline of Human3.6M's people. Needs poses and cameras. Defaults to None.
        bias_share (Sequence[float]): Least and largest share of it that a sample has, uniform
            between them. Defaults to (0, 1).
        bias_spread (float | Mapping[str, float]): Standard deviation of further such offsets of
            each sample, the same on both sides, in shares of the trunk's length: of all joints, or
            by joints as ``bias``. Defaults to 0.
        score_reach (float): A joint that is off by this share of the person's size or more may have
            any score; see :func:`mmposeaug.geometry.falling_scores`. Defaults to 0.15.
        correlation (float): Correlation of errors in a frame of a clip with those in the next.
            Defaults to 0.85.
        max_gap (int): Longest gap in frames that is filled in. Defaults to 10.
        share (float): Share of the samples that it sees; the others stay exact. Defaults to 1.

    Raises:
        ValueError: If an option is out of its range.

    Example:
        >>> model = DetectionModel(noise=0.01, misses=0.02)
        >>> people = torch.rand(8, 1, 17, 2) * 500
        >>> keypoints, scores = model(people, generator=torch.Generator().manual_seed(0))
        >>> keypoints.shape, scores.shape
        (torch.Size([8, 1, 17, 2]), torch.Size([8, 1, 17]))
    """

    factors: Tensor
    bias: Tensor
    bias_spread: Tensor
    first_of_pair: Tensor

    def __init__(
        self,
        skeleton: str | Skeleton = 'h36m_17',
        noise: float = 0.01,
        factors: Mapping[str, float] | None = None,
        outliers: float = 0.0,
        misses: float = 0.0,
        far: float = LOST_NOISE,
        swap: float | Mapping[str, float] = 0.0,
        bias: str | Mapping[str, Any] | None = None,
        bias_spread: float | Mapping[str, float] = 0.0,
        score_reach: float = 0.15,
        correlation: float = 0.85,
        max_gap: int = 10,
        bias_share: Sequence[float] = (0.0, 1.0),
        share: float = 1.0,
    ) -> None:
        super().__init__()
        self.skeleton = get_skeleton(skeleton)
        self.noise = check_number(OWNER, 'noise', noise, 0, 0.2, ' (0.01 is 1 % of the person)')
        self.outliers = check_number(OWNER, 'outliers', outliers, 0, 1)
        self.misses = check_number(OWNER, 'misses', misses, 0, 1)
        self.far = check_number(OWNER, 'far', far, 0, 1)
        self.swap = swap_options(swap, self.skeleton)
        self.score_reach = check_number(OWNER, 'score_reach', score_reach, 1e-6)
        self.correlation = check_number(OWNER, 'correlation', correlation, 0, 0.9999)
        self.max_gap = int(check_number(OWNER, 'max_gap', max_gap, 0))
        self.bias_share = check_range(OWNER, 'bias_share', bias_share, 0, 2)
        self.share = check_number(OWNER, 'share', share, 0, 1)
        spread = offset_spread(bias_spread, self.skeleton)
        if spread is not None and self.skeleton.pelvis is None:
            bias = {} if bias is None else bias  # so that it is said what is missing
        self.register_buffer('bias_spread', spread, persistent=False)
        self.register_buffer('factors', noise_factors(factors, self.skeleton), persistent=False)
        self.register_buffer('bias', bias_offsets(bias, self.skeleton), persistent=False)
        # both joints of a pair share the offsets of the first
        pairs = [min(joint, other) for joint, other in enumerate(self.skeleton.flip_indices)]
        self.register_buffer('first_of_pair', torch.tensor(pairs), persistent=False)
        for name in self.swap:
            hit = torch.zeros(self.skeleton.num_joints, dtype=torch.bool)
            hit[swapped_joints(name, self.skeleton)] = True
            self.register_buffer(f'{name}_joints', hit, persistent=False)

    @property
    def needs_pose(self) -> bool:
        """bool: Whether poses and cameras are needed."""
        return self.bias is not None or self.bias_spread is not None

    def forward(
        self,
        keypoints_px: Tensor,
        scores: Tensor | None = None,
        pose_cam: Tensor | None = None,
        intrinsics: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Detect people.

        Args:
            keypoints_px (Tensor): Joints of single frames (N, J, 2) or of clips (N, T, J, 2),
                pixels.
            scores (Tensor, optional): Scores (N, J) or (N, T, J) that they have already, which
                those of the detector are multiplied with. Defaults to None, all 1.
            pose_cam (Tensor, optional): Their poses of shape (N, J, 3) or (N, T, J, 3), in metres;
                for ``bias`` alone.
            intrinsics (Tensor, optional): Cameras of shape (N, 9), pixels; for ``bias`` alone.
            generator (torch.Generator, optional): Source of all draws.

        Returns:
            tuple[Tensor, Tensor]: Keypoints and scores, of the shapes that they came in.

        Raises:
            ValueError: If a shape is wrong, or pose or camera is missing.
        """
        if keypoints_px.ndim not in (3, 4) or keypoints_px.shape[-2:] != (len(self.factors), 2):
            raise ValueError(
                f'DetectionModel: keypoints_px must be of shape (N, {len(self.factors)}, 2) or '
                f'(N, T, {len(self.factors)}, 2), got {tuple(keypoints_px.shape)}.'
            )
        if scores is None:
            scores = torch.ones_like(keypoints_px[..., 0])
        if keypoints_px.ndim == 3:
            pose = None if pose_cam is None else pose_cam.unsqueeze(1)
            clip = (keypoints_px.unsqueeze(1), scores.unsqueeze(1), pose)
            found, scores = self.detect(*clip, intrinsics, generator)
            return found.squeeze(1), scores.squeeze(1)
        return self.detect(keypoints_px, scores, pose_cam, intrinsics, generator)

    def detect(
        self,
        keypoints_px: Tensor,
        scores: Tensor,
        pose_cam: Tensor | None,
        intrinsics: Tensor | None,
        generator: torch.Generator | None,
    ) -> tuple[Tensor, Tensor]:
        """Clips (N, T, J, 2) and their scores (N, T, J), see :meth:`forward`."""
        draw = _Draw(keypoints_px, generator, self.correlation)
        exact, exact_scores = keypoints_px, scores
        size = person_size(keypoints_px)
        found = keypoints_px
        if self.needs_pose:
            found = found + self._bias(size, pose_cam, intrinsics, draw)
        for name, share in self.swap.items():
            swapped = draw.hits(share, ()).unsqueeze(-1) & getattr(self, f'{name}_joints')
            found = swap_sides(found, swapped, self.skeleton.flip_indices)
            scores = swap_sides(scores, swapped, self.skeleton.flip_indices)
        joints = (len(self.factors),)
        missed = draw.hits(self.misses, joints)
        lost = missed | draw.hits(self.outliers, joints)
        before = found
        if self.noise or self.misses or self.outliers:
            noise = draw.normal((*joints, 2))
            far = draw.normal((*joints, 2)) if self.misses or self.outliers else noise
            found = misplace(found, size, noise, self.noise * self.factors, lost, far, self.far)
            offset = torch.linalg.vector_norm(found - before, dim=-1) / size.unsqueeze(-1)
            offset = offset.nan_to_num(0.0)  # nobody of size 0 is off
            scores = scores * falling_scores(offset, draw.uniform(joints), self.score_reach)
        if self.misses:
            low, high = LOST_SCORES
            guessed = scores.clamp(max=1) * (low + (high - low) * draw.uniform(joints))
            scores = torch.where(missed, guessed, scores)
            if found.shape[1] > 1 and self.max_gap:
                both = torch.cat((found, scores.unsqueeze(-1)), dim=-1)
                both = fill_in(both, missed, self.max_gap)
                found, scores = both[..., :2], both[..., 2]
        if self.share < 1:
            seen = draw.of_samples((1, 1), uniform=True) < self.share
            found = torch.where(seen.unsqueeze(-1), found, exact)
            scores = torch.where(seen, scores, exact_scores)
        return found, scores

    def _bias(
        self, size: Tensor, pose_cam: Tensor | None, intrinsics: Tensor | None, draw: _Draw
    ) -> Tensor:
        """How far (N, T, J, 2) the detector's joints are from the data set's, in the image."""
        if pose_cam is None or intrinsics is None:
            raise ValueError(
                'DetectionModel: bias and bias_spread move joints along the axes of the body; give '
                'pose_cam and intrinsics, or leave them out.'
            )
        offset = pose_cam.new_zeros(len(pose_cam), len(self.factors), 3)
        if self.bias is not None:
            low, high = self.bias_share
            share = low + (high - low) * draw.of_samples((1, 1), uniform=True)
            offset = offset + self.bias * share
        if self.bias_spread is not None:
            spread = draw.of_samples((len(self.factors), 3))
            offset = offset + self.bias_spread * spread[:, self.first_of_pair]
        moved = shift_along_body(pose_cam, offset.unsqueeze(1), self.skeleton)
        cameras = intrinsics.unsqueeze(1)
        # people who walk through the camera are not seen, so nothing is shifted
        seen = (torch.minimum(moved[..., 2:], pose_cam[..., 2:]) > MIN_DEPTH).to(moved)
        change = (project(moved, cameras) - project(pose_cam, cameras)) * seen
        bound = size[..., None, None]
        return change.nan_to_num(0.0).clamp(-bound, bound)


class _Draw:
    """Random numbers for clips of N samples of T frames."""

    def __init__(self, like: Tensor, generator: torch.Generator | None, correlation: float) -> None:
        self.clips = like.shape[:2]
        self.options: dict[str, Any] = dict(
            generator=generator, device=like.device, dtype=like.dtype
        )
        self.correlation = correlation

    def normal(self, shape: tuple[int, ...]) -> Tensor:
        """Standard normal (N, T, *shape), correlated over the frames."""
        return correlate_frames(torch.randn(*self.clips, *shape, **self.options), self.correlation)

    def uniform(self, shape: tuple[int, ...]) -> Tensor:
        """Uniform in [0, 1), (N, T, *shape)."""
        return torch.rand(*self.clips, *shape, **self.options)

    def of_samples(self, shape: tuple[int, ...], uniform: bool = False) -> Tensor:
        """Numbers (N, *shape) that hold for a whole clip."""
        draw = torch.rand if uniform else torch.randn
        return draw(self.clips[0], *shape, **self.options)

    def hits(self, share: float, shape: tuple[int, ...]) -> Tensor:
        """Booleans (N, T, *shape), true with a probability, and in clips some frames in a row."""
        if share == 0:
            zeros = torch.zeros((*self.clips, *shape), device=self.options['device'])
            return zeros.bool()
        below = torch.special.ndtri(torch.tensor(share, dtype=torch.float64)).item()
        return self.normal(shape) < below
