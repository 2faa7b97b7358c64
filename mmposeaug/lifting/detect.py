# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""2D detection in pictures, with rtmlib or MediaPipe; both are optional extras."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from mmposeaug.datasets.keypoints_2d import DETECTOR_SETS, UNTRACKED, Keypoints2D, keypoint_names

from .frames import FrameSource
from .mediapipe_detector import BlazePose
from .rtmlib_detector import build_rtmpose

Find = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

DETECTORS = ('rtmlib', 'mediapipe')
"""tuple[str]: What can detect people in pictures."""

MODES = ('lightweight', 'balanced', 'performance')
"""tuple[str]: How large the models of a detector are."""


def _nothing() -> None:
    """There is nothing to do."""


@dataclass(frozen=True)
class Detector:
    """Finds the keypoints of people in a picture; closes itself at the end of a ``with``.

    Args:
        find (Callable): From a picture in BGR (height, width, 3), uint8, to keypoints (P, K, 2)
            in pixels and scores (P, K) of its P people.
        keypoint_set (str, optional): Which keypoints they are, one of
            :data:`mmposeaug.datasets.keypoints_2d.KEYPOINT_SETS`. Defaults to None: that which
            detectors give with this number of keypoints, if one does.
        forget (Callable): Called before pictures of something else. Defaults to nothing.
        close (Callable): Frees what the detector holds. Defaults to nothing.
    """

    find: Find
    keypoint_set: str | None = None
    forget: Callable[[], None] = _nothing
    close: Callable[[], None] = _nothing

    def __call__(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Detect the people in a picture.

        Returns:
            tuple[np.ndarray, np.ndarray]: Keypoints (P, K, 2) in pixels and scores (P, K); P is 0
            where there is nobody. Keypoints may lie outside of the picture.
        """
        keypoints, scores = self.find(_as_bgr(picture))
        return np.asarray(keypoints), np.asarray(scores)

    def __enter__(self) -> Detector:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def build_detector(
    pose_model: str | os.PathLike | None = None,
    person_model: str | os.PathLike | None = None,
    mode: str = 'balanced',
    device: str = 'cpu',
    backend: str = 'rtmlib',
    stills: bool = False,
) -> Detector:
    """A 2D detector of people.

    ``'rtmlib'`` gives COCO's 17 keypoints of all people: RTMPose, in boxes of YOLOX, on ONNX
    Runtime. ``'mediapipe'`` gives the 33 landmarks of one person, the most prominent: BlazePose,
    whose ``'balanced'`` model comes with the package of MediaPipe; their visibility is the score.

    Args:
        pose_model (str | PathLike, optional): ONNX file of an RTMPose, for rtmlib. Defaults to
            None: that of ``mode``, from rtmlib's cache, or loaded into it.
        person_model (str | PathLike, optional): ONNX file of a YOLOX, for rtmlib. With a pose model
            but none of people, each picture is taken for one person.
        mode (str): One of :data:`MODES`. Defaults to ``'balanced'``.
        device (str): ``'cpu'`` or ``'cuda'``, for rtmlib; MediaPipe runs on the CPU. Defaults to
            ``'cpu'``.
        backend (str): One of :data:`DETECTORS`. Defaults to ``'rtmlib'``.
        stills (bool): Whether the pictures have nothing to do with each other; MediaPipe looks for
            the person of a video where the picture before had them. Defaults to False.

    Returns:
        Detector: From a picture in BGR to keypoints (P, K, 2) in pixels and scores (P, K).

    Raises:
        ImportError: If what the detector needs is not installed.
        FileNotFoundError: If a model file does not exist.
        ValueError: If a model cannot be found or read, or an option is not one of this detector.

    Example:
        >>> with build_detector(backend='mediapipe', stills=True) as detector:  # doctest: +SKIP
        ...     keypoints_px, scores = detector(picture)
        >>> keypoints_px.shape  # doctest: +SKIP
        (1, 33, 2)
    """
    if mode not in MODES:
        raise ValueError(f'mode is {mode!r}; use one of {", ".join(MODES)}.')
    if backend == 'rtmlib':
        return Detector(build_rtmpose(pose_model, person_model, mode, device))
    if backend != 'mediapipe':
        raise ValueError(
            f'There is no detector {backend!r}; use one of {", ".join(DETECTORS)}, or give '
            'keypoints instead of pictures.'
        )
    for option, path in (('pose_model', pose_model), ('person_model', person_model)):
        if path is not None:
            raise ValueError(
                f"{option} is '{path}', but MediaPipe has its own models; leave it out, or take "
                'the detector rtmlib.'
            )
    pose = BlazePose(mode, stills)
    return Detector(pose, 'mediapipe', pose.forget, pose.close)


def _as_bgr(picture: np.ndarray) -> np.ndarray:
    """A picture with three channels, as detectors take it."""
    picture = np.asarray(picture)
    if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or 0 in picture.shape:
        raise ValueError(
            f'The picture is an array of {picture.dtype} with the shape {picture.shape}; give '
            'uint8 from 0 to 255, (height, width) or (height, width, channels).'
        )
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    if channels == 1:
        return cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    if channels not in (3, 4):
        raise ValueError(
            f'The picture has the shape {picture.shape}, with {channels} channels; give 1 (grey), '
            '3 (BGR) or 4 (BGRA).'
        )
    return np.ascontiguousarray(picture[..., :3])


def detect_keypoints(
    frames: FrameSource,
    detector: Detector | Find,
    report: Callable[[int], None] | None = None,
) -> Keypoints2D:
    """Detect people in all pictures.

    Args:
        frames (FrameSource): The pictures.
        detector (Detector | Callable): See :func:`build_detector`, or a function of yours that
            does what a :class:`Detector` does when it is called. It forgets the pictures of before.
        report (Callable, optional): Called with the number of pictures that are done.

    Returns:
        Keypoints2D: The people, not followed yet, with sizes and names of the pictures. A picture
        without people has no row.

    Raises:
        ValueError: If nobody is detected, or there is no picture.
    """
    if not isinstance(detector, Detector):
        detector = Detector(detector)
    detector.forget()
    found: list[tuple[int, np.ndarray, np.ndarray]] = []
    sizes = {}
    for count, (frame, picture) in enumerate(frames, start=1):
        sizes[frame] = (picture.shape[1], picture.shape[0])
        found.append((frame, *detector(picture[..., ::-1])))
        if report is not None:
            report(count)
    source = f'the pictures {frames.path.name!r}'
    if not sizes:
        raise ValueError(
            f"'{frames.path}' holds no picture that can be read; check that the video is complete."
        )
    found = [each for each in found if len(each[1])]
    rows = sum(len(keypoints) for _, keypoints, _ in found)
    if not rows:
        raise ValueError(f'Nobody was detected in {source} ({len(sizes)} pictures).')
    people = Keypoints2D(
        frames=np.concatenate([np.full(len(keypoints), frame) for frame, keypoints, _ in found]),
        tracks=np.full(rows, UNTRACKED),
        keypoints_px=np.concatenate([keypoints for _, keypoints, _ in found]),
        scores=np.concatenate([scores for _, _, scores in found]),
        image_names=frames.names,
        image_sizes=sizes,
        fps=frames.fps,
        source=source,
        frames_from=frames.frames_from,
    )
    names = detector.keypoint_set or DETECTOR_SETS.get(people.num_keypoints)
    return people if names is None else replace(people, joint_names=keypoint_names(names))
