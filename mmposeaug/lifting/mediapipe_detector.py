# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""MediaPipe's BlazePose as a 2D detector, an optional extra."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np

NUM_LANDMARKS = 33
_COMPLEXITIES = {'lightweight': 0, 'balanced': 1, 'performance': 2}


class BlazePose:
    """The landmarks of the most prominent person of a picture."""

    def __init__(self, mode: str, stills: bool) -> None:
        try:
            with contextlib.redirect_stderr(io.StringIO()):  # prints what protobuf 5 took away
                from mediapipe.python.solutions.pose import Pose
        except ImportError as error:
            raise ImportError(
                f'Detecting people with MediaPipe needs its release 0.10.21 ({error}); run `pip '
                'install mediapipe==0.10.21`, or take the detector rtmlib.'
            ) from None
        try:
            self._pose: Any = Pose(
                static_image_mode=stills,
                model_complexity=_COMPLEXITIES[mode],
                smooth_landmarks=False,  # its filter takes every video for one of 30 frames/s
            )
        except AttributeError as error:
            raise _other_protobuf(error) from None
        except OSError as error:
            raise ValueError(
                f'The model of the mode {mode!r} is not in the package of MediaPipe and cannot be '
                f"loaded ({error}); take the mode 'balanced', which is in it."
            ) from None
        self._stills = stills
        self._shape: tuple[int, ...] | None = None

    def __call__(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Landmarks (P, 33, 2) in pixels and visibilities (P, 33) of P = 0 or 1 people, in BGR."""
        if self._pose is None:
            raise ValueError('The detector was closed; build another one.')
        height, width = picture.shape[:2]
        if picture.shape != self._shape:  # of another video: nobody is where they were
            self.forget()
            self._shape = picture.shape
        try:
            found = self._pose.process(np.ascontiguousarray(picture[..., ::-1])).pose_landmarks
        except AttributeError as error:
            raise _other_protobuf(error) from None
        if found is None:
            return np.zeros((0, NUM_LANDMARKS, 2)), np.zeros((0, NUM_LANDMARKS))
        rows = np.array([(mark.x, mark.y, mark.visibility) for mark in found.landmark])
        return rows[None, :, :2] * [width, height], rows[None, :, 2]

    def forget(self) -> None:
        """Look for the person anew in the next picture."""
        if self._pose is not None and self._shape is not None and not self._stills:
            self._pose.reset()
        self._shape = None

    def close(self) -> None:
        """Free the model; calling it again does nothing."""
        if self._pose is not None:
            self._pose.close()
        self._pose = None


def _other_protobuf(error: AttributeError) -> ImportError:
    """Releases of protobuf take functions away: 7 what 0.10.21 calls, 5 what older ones do."""
    return ImportError(
        f'The installed MediaPipe and protobuf do not run together ({error}); run `pip install '
        "--no-deps mediapipe==0.10.21 'protobuf<7'`."
    )
