# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifting while a camera runs: one frame after the other, without a look ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from mmposeaug.datasets import check_pixels
from mmposeaug.datasets.keypoints_2d import UNTRACKED, KeypointMap, Keypoints2D, certain_scores
from mmposeaug.geometry import in_lens, place_roots
from mmposeaug.structures import LiftedPoses

from .inferencer import LiftingInferencer
from .live_people import LivePeople
from .options import LiftingOptions
from .smoothing import CausalSmoother
from .tracks import TRACKERS, Follower
from .views import as_seen, find_image_sizes, find_view, read_camera

_SOURCE = 'the detections of a frame'


class LiveLifter:
    """Lifts the detections of one frame after the other.

    Poses are those that :class:`LiftingInferencer` gives for the same frames wherever nothing is
    missing. What is missing is held, not interpolated: joints that are not found, and people who
    are not detected, stay at their last place for up to ``max_gap`` frames and are marked as
    interpolated; then people are forgotten, and are new if they return.

    Args:
        inferencer (LiftingInferencer): With a lifter of one frame, or of a clip of frames whose
            last one it predicts.
        options (LiftingOptions, optional): As for files. Defaults to its defaults; 17 keypoints
            need ``keypoint_set``, and ``image_size`` is not guessed.
        **changes: Fields of :class:`LiftingOptions` that replace those of ``options``.

    Raises:
        ValueError: If the lifter looks ahead or cannot tell the size of people, an option needs
            the whole recording, or smoothing lacks ``fps``.

    Example:
        >>> live = LiveLifter(inferencer, image_size=(1280, 720))  # doctest: +SKIP
        >>> for frame in camera:  # doctest: +SKIP
        ...     people = live(*detector(frame))
        ...     people.tracks, people.poses_rel
    """

    def __init__(
        self,
        inferencer: LiftingInferencer,
        options: LiftingOptions | None = None,
        **changes: Any,
    ) -> None:
        self.options = replace(options or LiftingOptions(), **changes)
        self.inferencer = inferencer
        _check(inferencer, self.options)
        self.camera = read_camera(self.options.camera_file, self.options.camera)
        self._step = inferencer.lifter.window.seq_step
        self.reset()

    def reset(self) -> None:
        """Forget everybody, and begin at frame 0."""
        window = self.inferencer.lifter.window
        self.frame = -1
        self._people = LivePeople(
            self.inferencer.skeleton.num_joints,
            (window.seq_len - 1) * window.seq_step + 1,
            self.options.max_gap,
            self.options.score_thr,
        )
        way = 'iou' if self.options.tracker in ('auto', 'file') else self.options.tracker
        self._follower = Follower(way, self.options.max_gap)
        self._map: KeypointMap | None = None
        self._view: tuple[tuple[float, ...], np.ndarray, np.ndarray] | None = None
        self._info: dict[str, Any] = {}
        self._smoother: CausalSmoother | None = None
        if self.options.smooth is not None and self.options.fps is not None:
            self._smoother = CausalSmoother(self.options.fps, self.options.smooth)

    def __call__(
        self,
        keypoints: np.ndarray,
        scores: np.ndarray | None = None,
        tracks: Sequence[int] | np.ndarray | None = None,
        image_size: tuple[float, float] | None = None,
        frame: int | None = None,
        joint_names: tuple[str, ...] | None = None,
    ) -> LiftedPoses:
        """Lift the people of the next frame.

        Args:
            keypoints (np.ndarray): Detected people (P, K, 2), pixels; P may be 0.
            scores (np.ndarray, optional): Confidence (P, K). Defaults to None: all are found but
                those at (0, 0).
            tracks (Sequence[int], optional): Their numbers (P,). Defaults to None: they are
                followed by MMPose's tracker.
            image_size (tuple[float, float], optional): Width and height in pixels. Defaults to
                that of the options, or of the camera.
        """
        number = self.frame + 1 if frame is None else frame
        if number <= self.frame:
            raise ValueError(
                f'Frame {number} comes after frame {self.frame}; frames must rise, or call reset().'
            )
        found = _read(keypoints, scores, tracks, number, joint_names)
        if found is not None:
            self._begin(found, image_size)
            found = self._numbered(found, tracks is not None)
        for skipped in range(self.frame + 1, number)[: self.options.max_gap + 1]:
            self._advance(skipped, None)
        self._advance(number, found)
        self.frame = number
        return self._lift(number)

    def _begin(self, found: Keypoints2D, image_size: tuple[float, float] | None) -> None:
        """What is found out once: the joints, and the camera of images of this size."""
        if self._map is None:
            check_pixels(found.keypoints_px, found.scores, _SOURCE)
            self._map = self.inferencer.joint_map(found, self.options.keypoint_set)
        given = image_size or self.options.image_size
        if given is None and (self.camera is None or self.camera.size is None):
            raise ValueError(
                'The size of the images is not known, and the poses depend on it; give image_size '
                '(--image-size), width and height in pixels.'
            )
        key = tuple(given or ())
        if self._view is None or self._view[0] != key:
            joints, _ = self._map(found.keypoints_px, found.scores)
            # the first one seen may be partly outside of the image, which says nothing of its size
            nowhere = np.zeros_like(joints)
            sizes, size_from = find_image_sizes(found.frames, nowhere, given, camera=self.camera)
            intrinsics, text = find_view(sizes, self.camera, self.options.focal)
            self._view = key, sizes[:1], intrinsics[:1]
            self._info = dict(
                self.inferencer.made_with(),
                source='a live loop',
                keypoint_set=self._map.name,
                image_size=size_from,
                camera=text,
                scale='by the lifter',
                gaps='held',
                max_gap=self.options.max_gap,
                score_thr=self.options.score_thr,
                pad_portrait=self.options.pad_portrait,
            )
            if self._smoother is not None:
                self._info['smoothing'] = f'causal, One-Euro, {self.options.smooth:g} Hz'

    def _numbered(self, found: Keypoints2D, given: bool) -> Keypoints2D:
        if given:
            if len(np.unique(found.tracks)) < len(found):
                raise ValueError(
                    f'Two people of frame {found.frames[0]} have the same number; number each '
                    'once, or leave tracks out.'
                )
            return found
        if self.options.tracker == 'file':
            raise ValueError("The tracker 'file' needs the people's numbers; give tracks.")
        return replace(found, tracks=np.array(self._follower(found, np.arange(len(found)))))

    def _advance(self, number: int, found: Keypoints2D | None) -> None:
        before = self._people.tracks
        count = self.inferencer.skeleton.num_joints
        tracks, joints, scores = np.zeros(0, int), np.zeros((0, count, 2)), np.zeros((0, count))
        if found is not None:
            assert self._map is not None and self._view is not None
            tracks = found.tracks
            joints, scores = self._map(found.keypoints_px, found.scores)
            if self._view[2][0, 4:].any():  # where the lens shows nothing, nothing was found
                cameras = torch.from_numpy(self._view[2]).expand(len(found), 9)
                scores = scores * in_lens(torch.from_numpy(joints).double(), cameras).numpy()
        self._people.step(number, tracks, joints, scores)
        for gone in np.setdiff1d(before, self._people.tracks).tolist():
            if self._smoother is not None:
                self._smoother.reset(gone)

    def _lift(self, number: int) -> LiftedPoses:
        people, skeleton = self._people, self.inferencer.skeleton
        rows = np.flatnonzero(people.complete)
        joints, scores = people.joints_px[rows], people.scores[rows]
        _, size, intrinsics = self._view or ((), np.zeros((1, 2)), np.zeros((1, 9)))
        sizes, cameras = np.repeat(size, len(rows), 0), np.repeat(intrinsics, len(rows), 0)
        poses = np.zeros((0, skeleton.num_joints, 3), np.float32)
        if len(rows):
            poses = self._predict(joints, scores, sizes, cameras)
        roots = place_roots(poses, joints[:, -1], scores[:, -1], cameras)
        if self._smoother is not None:
            for row, track in enumerate(people.tracks[rows].tolist()):
                poses[row], roots[row] = self._smoother(poses[row], roots[row], track, number)
        return LiftedPoses(
            skeleton=skeleton,
            frames=np.full(len(rows), number),
            tracks=people.tracks[rows],
            poses_rel=poses,
            keypoints_px=joints[:, -1],
            scores=scores[:, -1],
            interpolated=people.held[rows],
            image_sizes=sizes,
            roots_cam=roots,
            fps=self.options.fps,
            info=self._info,
            intrinsics=cameras,
        )

    def _predict(
        self, joints: np.ndarray, scores: np.ndarray, sizes: np.ndarray, cameras: np.ndarray
    ) -> np.ndarray:
        """Poses (P, J, 3) of the last of frames (P, L, J, 2)."""
        length = joints.shape[1]
        tiled = np.repeat(sizes, length, 0)
        flat, seen_sizes, seen = as_seen(
            joints.reshape(-1, *joints.shape[2:]),
            tiled,
            np.repeat(cameras, length, 0),
            self.options.pad_portrait,
        )
        arrays = (flat.reshape(joints.shape)[:, :: self._step], scores[:, :: self._step])
        tensors = [torch.from_numpy(np.ascontiguousarray(each)) for each in arrays]
        views = [torch.from_numpy(each[::length]).float() for each in (seen_sizes, seen)]
        return self.inferencer.predict(*tensors, *views)[:, -1]


def _read(
    keypoints: np.ndarray,
    scores: np.ndarray | None,
    tracks: Sequence[int] | np.ndarray | None,
    number: int,
    joint_names: tuple[str, ...] | None,
) -> Keypoints2D | None:
    """The people of a frame; None where there is nobody."""
    keypoints = np.asarray(keypoints, np.float32)
    if not len(keypoints):
        return None
    if scores is None:
        scores = certain_scores(keypoints)
    if not (np.isfinite(keypoints).all(-1) & (np.asarray(scores) > 0)).any():
        return None
    count = len(keypoints)
    return Keypoints2D(
        frames=np.full(count, number),
        tracks=np.full(count, UNTRACKED) if tracks is None else np.asarray(tracks),
        keypoints_px=keypoints,
        scores=np.asarray(scores),
        joint_names=joint_names,
        source=_SOURCE,
    )


def _check(inferencer: LiftingInferencer, options: LiftingOptions) -> None:
    lifter = inferencer.lifter
    if lifter.adapter.codec.needs_root_depth or lifter.window.multiple_target:
        raise ValueError(
            f'The lifter {lifter.checkpoint.name!r} lifts whole clips of people of unknown size, '
            'not single frames; lift the recording with LiftingInferencer, or take a lifter of '
            'one frame.'
        )
    ahead = lifter.window.seq_len - 1 - lifter.window.target_frames[0]
    if ahead:
        raise ValueError(
            f'The lifter {lifter.checkpoint.name!r} looks {ahead * lifter.window.seq_step} frames '
            'ahead; take one of a single frame, or a causal one.'
        )
    if options.stills or options.first_frame is not None:
        name = 'stills' if options.stills else 'first_frame'
        raise ValueError(f'The option {name} is for files; leave it out of a live loop.')
    later = dict(bones=options.bones != 'free', up=options.up is not None, feet=options.feet)
    later['smooth'] = options.smooth is not None and not options.causal
    for name in (name for name, given in later.items() if given):
        raise ValueError(
            f'The option {name} needs the whole recording; leave it out of a live loop'
            + (', or give causal=True too.' if name == 'smooth' else '.')
        )
    if options.smooth is not None and options.fps is None:
        raise ValueError('Smoothing needs the frames a second; give fps.')
    if options.tracker not in TRACKERS:
        raise ValueError(f'There is no tracker {options.tracker!r}; use one of {TRACKERS}.')
