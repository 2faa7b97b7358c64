# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""RTMPose as a 2D detector, through rtmlib, an optional extra."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np


def build_rtmpose(
    pose_model: str | os.PathLike | None,
    person_model: str | os.PathLike | None,
    mode: str,
    device: str,
) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """RTMPose in boxes of YOLOX; see :func:`mmposeaug.apis.build_detector`."""
    try:
        import rtmlib
    except ImportError as error:
        raise ImportError(
            f'Detecting people needs rtmlib and ONNX Runtime ({error}); run `pip install rtmlib '
            'onnxruntime`, or give keypoints instead of pictures.'
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
            return partial(in_boxes, body.det_model, body.pose_model)
        pose = rtmlib.RTMPose(os.fspath(pose_model), _input_size(pose_model), **options)
        if person_model is None:
            return pose
        people = rtmlib.YOLOX(os.fspath(person_model), _input_size(person_model), **options)
        return partial(in_boxes, people, pose)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise ValueError(
            f'No 2D detection model can be had ({_first_line(error)}); give files that you have '
            'with pose_model and person_model, or keypoints instead of pictures.'
        ) from None
    except Exception as error:  # ONNX Runtime's own errors have no common base
        raise ValueError(
            f'The 2D detection model cannot be read ({_first_line(error)}); give an ONNX file of '
            'RTMPose.'
        ) from None


def in_boxes(
    people: Callable[..., Any], pose: Callable[..., Any], picture: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints in the boxes of people; of no box rtmlib would take the whole picture."""
    boxes = people(picture)
    if not len(boxes):
        return np.zeros((0, 17, 2)), np.zeros((0, 17))
    return pose(picture, bboxes=boxes)


def _input_size(path: Any) -> tuple[int, int]:
    """Width and height of a model's input, from the file."""
    import onnxruntime

    shape = onnxruntime.InferenceSession(os.fspath(path)).get_inputs()[0].shape
    if len(shape) != 4 or not all(isinstance(edge, int) for edge in shape[2:]):
        raise ValueError(f'{os.fspath(path)!r} takes inputs of shape {shape}, not pictures')
    return shape[3], shape[2]


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
