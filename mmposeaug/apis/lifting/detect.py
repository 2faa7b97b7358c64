# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""2D detection in pictures with rtmlib, an optional extra."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from mmposeaug.datasets.keypoints_2d import DETECTOR_SETS, UNTRACKED, Keypoints2D, keypoint_names

from .frames import FrameSource


def build_detector(
    pose_model: str | os.PathLike | None = None,
    person_model: str | os.PathLike | None = None,
    mode: str = 'balanced',
    device: str = 'cpu',
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """A detector of COCO's 17 key points: RTMPose, in boxes of YOLOX, on ONNX Runtime.

    Args:
        pose_model (str | PathLike, optional): ONNX file of an RTMPose. Defaults to None: that of
            ``mode``, from rtmlib's cache, or loaded into it.
        person_model (str | PathLike, optional): ONNX file of a YOLOX. With a pose model but none
            of people, each picture is taken for one person.
        mode (str): rtmlib's ``'lightweight'``, ``'balanced'`` or ``'performance'``. Defaults to
            ``'balanced'``.
        device (str): ``'cpu'`` or ``'cuda'``. Defaults to ``'cpu'``.

    Returns:
        Callable: From a picture in BGR to key points (P, 17, 2) in pixels and scores (P, 17).

    Raises:
        ImportError: If rtmlib or ONNX Runtime is not installed.
        FileNotFoundError: If a model file does not exist.
        ValueError: If a model cannot be had or read.
    """
    try:
        import rtmlib
    except ImportError as error:
        raise ImportError(
            f'Detecting people needs rtmlib and ONNX Runtime ({error}); run `pip install '
            "'mmposeaug[detect]'`, or give key points instead of pictures."
        ) from None
    for option, path in (('pose_model', pose_model), ('person_model', person_model)):
        if path is not None and not os.path.isfile(path):
            raise FileNotFoundError(f"The file '{path}' of {option} does not exist.")
    if person_model is not None and pose_model is None:
        raise ValueError('person_model is given without pose_model; give both, or neither.')
    options = dict(backend='onnxruntime', device=device)
    try:
        if pose_model is None:
            body = rtmlib.Body(mode=mode, **options)
            return partial(_in_boxes, body.det_model, body.pose_model)
        pose = rtmlib.RTMPose(os.fspath(pose_model), _input_size(pose_model), **options)
        if person_model is None:
            return pose
        people = rtmlib.YOLOX(os.fspath(person_model), _input_size(person_model), **options)
        return partial(_in_boxes, people, pose)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise ValueError(
            f'No 2D detection model can be had ({_first_line(error)}); give files that you have '
            'with pose_model and person_model, or key points instead of pictures.'
        ) from None
    except Exception as error:  # ONNX Runtime's own errors have no common base
        raise ValueError(
            f'The 2D detection model cannot be read ({_first_line(error)}); give an ONNX file of '
            'RTMPose.'
        ) from None


def _in_boxes(
    people: Callable[..., Any], pose: Callable[..., Any], picture: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Key points in the boxes of people; of no box rtmlib would take the whole picture."""
    boxes = people(picture)
    if not len(boxes):
        return np.zeros((0, 17, 2)), np.zeros((0, 17))
    return pose(picture, bboxes=boxes)


def detect_keypoints(
    frames: FrameSource,
    detector: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    report: Callable[[int], None] | None = None,
) -> Keypoints2D:
    """Detect people in all pictures.

    Args:
        frames (FrameSource): The pictures.
        detector (Callable): See :func:`build_detector`.
        report (Callable, optional): Called with the number of pictures that are done.

    Returns:
        Keypoints2D: The people, not followed yet, with sizes and names of the pictures.

    Raises:
        ValueError: If nobody is detected, or there is no picture.
    """
    found: list[tuple[int, np.ndarray, np.ndarray]] = []
    sizes = {}
    for count, (frame, picture) in enumerate(frames, start=1):
        sizes[frame] = (picture.shape[1], picture.shape[0])
        keypoints, scores = detector(np.ascontiguousarray(picture[..., ::-1]))
        found.append((frame, np.asarray(keypoints), np.asarray(scores)))
        if report is not None:
            report(count)
    source = f'the pictures {frames.path.name!r}'
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
    names = DETECTOR_SETS.get(people.num_keypoints)
    return people if names is None else replace(people, joint_names=keypoint_names(names))


def _input_size(path: Any) -> tuple[int, int]:
    """Width and height of a model's input, from the file."""
    import onnxruntime

    shape = onnxruntime.InferenceSession(os.fspath(path)).get_inputs()[0].shape
    if len(shape) != 4 or not all(isinstance(edge, int) for edge in shape[2:]):
        raise ValueError(f'{os.fspath(path)!r} takes inputs of shape {shape}, not pictures')
    return shape[3], shape[2]


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
