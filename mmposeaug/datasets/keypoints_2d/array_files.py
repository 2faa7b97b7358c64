# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Keypoints in numpy files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..pixels import check_pixels
from .keypoints import UNTRACKED, Keypoints2D, certain_scores

_KNOWN = ('keypoints', 'scores', 'frames', 'tracks', 'joint_names', 'image_size', 'fps')


def keypoints_from_array(
    keypoints: np.ndarray, source: str = 'the array', scores: np.ndarray | None = None
) -> Keypoints2D:
    """One person, or as many in every frame.

    Args:
        keypoints (np.ndarray): (T, K, 2), or (T, K, 3) with the confidence, in pixels; or the
            same for P people in each frame, (T, P, K, 2 or 3), who keep their places.
        source (str): What to call it in messages. Defaults to ``'the array'``.
        scores (np.ndarray, optional): Confidence (T, K) or (T, P, K).

    Returns:
        Keypoints2D: The people; their number is their place.

    Raises:
        ValueError: If the shape is another, or the array holds no numbers, or normalised ones.
    """
    keypoints = np.asarray(keypoints)
    if not np.issubdtype(keypoints.dtype, np.number):
        raise ValueError(f'{source} holds {keypoints.dtype}, not numbers.')
    if keypoints.ndim not in (3, 4) or keypoints.shape[-1] not in (2, 3):
        raise ValueError(
            f'{source} is of shape {keypoints.shape}; keypoints are of shape (frames, keypoints, '
            '2 or 3) or (frames, people, keypoints, 2 or 3).'
        )
    if keypoints.ndim == 3:
        keypoints = keypoints[:, None]
        scores = None if scores is None else np.asarray(scores)[:, None]
    if scores is None:
        scores = keypoints[..., 2] if keypoints.shape[-1] == 3 else certain_scores(keypoints)
    if np.shape(scores) != keypoints.shape[:3]:
        raise ValueError(
            f'The scores of {source} are of shape {np.shape(scores)}; they must be of shape '
            f'{keypoints.shape[:3]}, one for each keypoint.'
        )
    frames, people, count = keypoints.shape[:3]
    made = Keypoints2D(
        frames=np.repeat(np.arange(frames), people),
        tracks=np.tile(np.arange(people), frames),
        keypoints_px=keypoints[..., :2].reshape(-1, count, 2),
        scores=np.asarray(scores).reshape(-1, count),
        source=source,
        frames_from='the rows of the array, one frame after the other',
    )
    check_pixels(made.keypoints_px, made.scores, source)
    return made


def keypoints_from_arrays(arrays: Mapping[str, np.ndarray], source: str) -> Keypoints2D:
    """Return the people of an npz file.

    Its ``keypoints`` and ``scores`` are as :func:`keypoints_from_array` takes them or, with
    ``frames`` (N,) and perhaps ``tracks`` (N,), N rows. ``joint_names`` (K,), ``image_size`` (2,)
    and ``fps`` may be there. A file with a single array needs no name for it.
    """
    if len(arrays) == 1 and 'keypoints' not in arrays:
        return keypoints_from_array(next(iter(arrays.values())), source)
    if 'keypoints' not in arrays:
        raise ValueError(
            f"{source} has the arrays {', '.join(sorted(arrays))} but no 'keypoints'; it may also "
            f'have {", ".join(_KNOWN[1:])}.'
        )
    keypoints, scores = np.asarray(arrays['keypoints']), arrays.get('scores')
    if 'frames' not in arrays:
        people = keypoints_from_array(keypoints, source, scores)
    else:
        if keypoints.ndim != 3 or keypoints.shape[2] not in (2, 3):
            raise ValueError(
                f'The keypoints of {source} are of shape {keypoints.shape}; beside frames they '
                'must be of shape (people, keypoints, 2 or 3).'
            )
        if scores is None:
            scores = keypoints[..., 2] if keypoints.shape[2] == 3 else certain_scores(keypoints)
        people = Keypoints2D(
            frames=arrays['frames'],
            tracks=arrays.get('tracks', np.full(len(keypoints), UNTRACKED)),
            keypoints_px=keypoints[..., :2],
            scores=scores,
            source=source,
            frames_from='frames of the file',
        )
    extra: dict[str, Any] = {}
    if 'joint_names' in arrays:
        extra['joint_names'] = tuple(str(name) for name in arrays['joint_names'])
    if 'fps' in arrays:
        extra['fps'] = float(arrays['fps'])
    if 'image_size' in arrays:
        size = np.asarray(arrays['image_size']).reshape(-1)
        if size.size != 2:
            raise ValueError(
                f'image_size of {source} must be (width, height), got {size.tolist()}.'
            )
        pair = (int(size[0]), int(size[1]))
        frames = np.unique(arrays.get('frames', np.arange(len(keypoints))))
        extra['image_sizes'] = dict.fromkeys(frames.astype(int).tolist(), pair)
    return replace(people, **extra)
