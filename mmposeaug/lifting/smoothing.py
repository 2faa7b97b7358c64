# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Smoothing of lifted poses over time, afterwards or live."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from mmposeaug.evaluation.motion import tracks_of
from mmposeaug.structures import LiftedPoses

SPEED_GAIN = 2.0
"""float: Hertz by which the causal filter's cutoff rises for each m/s of a joint's speed."""

SPEED_CUTOFF = 1.0
"""float: Cutoff in hertz of the speed that the causal filter looks at."""

HIGHEST_CUTOFF = 0.4
"""float: Highest cutoff as a share of the frames a second. Half is what frames can show; two passes
of a filter need some room below it."""

SINGLE_PICTURES = 'single pictures'
"""str: What ``info['frames_from']`` says of frames that are not a video."""

_ORDER = 2
# two passes have their -3 dB point lower than one of them
_TWO_PASSES = (math.sqrt(2) - 1) ** (1 / (2 * _ORDER))


def smooth_poses(lifted: LiftedPoses, cutoff_hz: float, causal: bool = False) -> LiftedPoses:
    """Smooth root-relative poses and the places of the roots.

    Zero-phase: a Butterworth filter of second order forwards and backwards (D. A. Winter,
    *Biomechanics and Motor Control of Human Movement*, section 3.4.4), with its
    -3 dB point at ``cutoff_hz``; nothing comes late, and straight motion stays as it is, up to the
    ends of a run. Causal:
    :class:`CausalSmoother`, for which a pose knows nothing of those behind it.

    A person who is missing from a frame starts anew afterwards; a pose with none before and after
    it stays as it is. Bones change their lengths a little, as joints are smoothed.

    Args:
        lifted (LiftedPoses): Poses of a video whose frames a second are known.
        cutoff_hz (float): Changes that are faster are smoothed away: hertz. For the causal filter
            that of joints at rest.
        causal (bool): Whether only earlier poses count. Defaults to False.

    Returns:
        LiftedPoses: The same rows; ``info['smoothing']`` says what was done.

    Raises:
        ValueError: If the frames a second are unknown, the poses are of single pictures, or the
            cutoff is not above 0 or too high.
    """
    fps = check_video(lifted, 'they cannot be smoothed')
    check_cutoff(cutoff_hz, fps)
    poses, roots = lifted.poses_rel.copy(), lifted.roots_cam.copy()
    alone = 0
    for rows in runs_of(lifted):
        alone += len(rows) == 1
        if causal:
            smoother = CausalSmoother(fps, cutoff_hz)
            for row in rows:
                poses[row], roots[row] = smoother(lifted.poses_rel[row], lifted.roots_cam[row])
        elif len(rows) > 1:
            poses[rows] = zero_phase(lifted.poses_rel[rows], fps, cutoff_hz)
            roots[rows] = zero_phase(lifted.roots_cam[rows], fps, cutoff_hz)
    kind = 'causal, One-Euro' if causal else 'zero-phase, Butterworth'
    text = f'{kind}, {cutoff_hz:g} Hz at {fps:g} frames a second'
    if alone:
        text += f'; {alone} of {len(lifted)} poses have no neighbour and stay as they are'
    info = dict(lifted.info, smoothing=text)
    for held in ('bones', 'bone_lengths'):  # not after this; refine_poses restores them
        info.pop(held, None)
    return replace(lifted, poses_rel=poses, roots_cam=roots, info=info)


class CausalSmoother:
    """Smooths poses while they come, one at a time, with a One-Euro filter.

    G. Casiez, N. Roussel, D. Vogel, *1€ Filter: A Simple Speed-based Low-pass Filter for Noisy
    Input in Interactive Systems*, CHI 2012. A joint at rest is smoothed strongly; the faster it
    moves, the less it lags behind. Here speed is that of a joint in space, not of each coordinate.

    Args:
        fps (float): Frames a second.
        cutoff_hz (float): Cutoff in hertz of a joint at rest.
        speed_gain (float): Hertz by which the cutoff rises for each m/s. Defaults to
            :data:`SPEED_GAIN`.

    Raises:
        ValueError: If a number is out of its range.

    Example:
        >>> smoother = CausalSmoother(fps=30, cutoff_hz=1)
        >>> pose, root = smoother(np.zeros((17, 3)), np.array([0, 0, 4.0]), track=5)
        >>> root.tolist()
        [0.0, 0.0, 4.0]
    """

    def __init__(self, fps: float, cutoff_hz: float, speed_gain: float = SPEED_GAIN) -> None:
        check_cutoff(cutoff_hz, fps)
        if not (math.isfinite(speed_gain) and speed_gain >= 0):
            raise ValueError(f'speed_gain is {speed_gain}; give Hz for each m/s, at least 0.')
        self.fps = float(fps)
        self.cutoff_hz = float(cutoff_hz)
        self.speed_gain = float(speed_gain)
        self._people: dict[int, tuple[int, np.ndarray, np.ndarray]] = {}

    def __call__(
        self, pose_rel: np.ndarray, root_cam: np.ndarray, track: int = 0, frame: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Smooth a person's next pose.

        Args:
            pose_rel (np.ndarray): Root-relative pose (J, 3), metres.
            root_cam (np.ndarray): Place of its root (3,), metres.

        Returns:
            tuple[np.ndarray, np.ndarray]: Pose (J, 3) and root (3,), of the types they came in.
        """
        pose_rel, root_cam = np.asarray(pose_rel), np.asarray(root_cam)
        points = np.concatenate((pose_rel, root_cam[None])).astype(np.float64)
        last, value, velocity = self._people.get(track, (None, points, np.zeros_like(points)))
        if frame is None:
            frame = 0 if last is None else last + 1
        if last is not None and (frame <= last or value.shape != points.shape):
            raise ValueError(
                f'Person {track} comes with frame {frame} and {len(pose_rel)} joints after frame '
                f'{last} and {len(value) - 1} joints; give frames in their order, or call reset.'
            )
        if last is None or frame > last + 1:
            value, velocity = points, np.zeros_like(points)
        else:
            change = (points - value) * self.fps
            velocity = velocity + self._share(SPEED_CUTOFF) * (change - velocity)
            speed = np.linalg.norm(velocity, axis=-1, keepdims=True)
            share = self._share(self.cutoff_hz + self.speed_gain * speed)
            value = value + share * (points - value)
        self._people[track] = (frame, value, velocity)
        # root-relative types follow the caller's; whole numbers cannot hold metres
        kinds = [np.result_type(each.dtype, np.float32) for each in (pose_rel, root_cam)]
        return value[:-1].astype(kinds[0]), value[-1].astype(kinds[1])

    def reset(self, track: int | None = None) -> None:
        """Forget a person who left.

        Args:
            track (int, optional): Number of the person. Defaults to everybody.
        """
        if track is None:
            self._people.clear()
        else:
            self._people.pop(track, None)

    def _share(self, cutoff: float | np.ndarray) -> float | np.ndarray:
        """How much of the way to the new value is gone in one frame."""
        return 1 / (1 + self.fps / (2 * math.pi * cutoff))


def check_video(lifted: LiftedPoses, without: str) -> float:
    """Refuse poses that are not of a video whose frames a second are known."""
    if lifted.info.get('frames_from') == SINGLE_PICTURES:
        raise ValueError(f'The poses are of {SINGLE_PICTURES}, not of a video; {without}.')
    if lifted.fps is None:
        raise ValueError(
            f'The frames a second of the poses are not known, so {without}; give --fps.'
        )
    return lifted.fps


def check_cutoff(cutoff_hz: float, fps: float) -> None:
    """Refuse a cutoff that the frames a second do not allow."""
    if not (math.isfinite(fps) and fps > 0):
        raise ValueError(f'The frames a second are {fps}; give a number above 0.')
    if not (math.isfinite(cutoff_hz) and cutoff_hz > 0):
        raise ValueError(f'The cutoff of smoothing is {cutoff_hz}; give hertz, above 0.')
    if cutoff_hz > HIGHEST_CUTOFF * fps:
        raise ValueError(
            f'The cutoff of smoothing is {cutoff_hz:g} Hz, but {fps:g} frames a second allow '
            f'{HIGHEST_CUTOFF * fps:g} Hz at most; give a lower one.'
        )


def runs_of(lifted: LiftedPoses) -> Iterator[np.ndarray]:
    """Rows of one person in frames that follow each other."""
    for rows in tracks_of(lifted.tracks):
        yield from np.split(rows, np.flatnonzero(np.diff(lifted.frames[rows]) != 1) + 1)


def zero_phase(values: np.ndarray, fps: float, cutoff_hz: float) -> np.ndarray:
    """Low-pass without delay.

    Args:
        values (np.ndarray): (T, *) values of T frames that follow each other, T at least 2.

    Returns:
        np.ndarray: (T, *), of the same type.
    """
    from scipy.signal import butter, sosfiltfilt  # half a second of imports

    sections = butter(_ORDER, cutoff_hz / _TWO_PASSES, fs=fps, output='sos')
    beyond = math.ceil(2 * fps / cutoff_hz)
    # short runs go on beyond their ends again and again, turned about the end each time
    widths = [(beyond, beyond)] + [(0, 0)] * (values.ndim - 1)
    padded = np.pad(values.astype(np.float64), widths, mode='reflect', reflect_type='odd')
    smooth = sosfiltfilt(sections, padded, axis=0, padlen=0)[beyond : beyond + len(values)]
    return smooth.astype(values.dtype)
