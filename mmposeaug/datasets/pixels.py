# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Whether 2D keypoints are pixels: normalised ones look like people of a pixel or two."""

from __future__ import annotations

import numpy as np

MIN_SPAN = 3.0
"""float: Pixels that people span at least. Nobody finds the joints of smaller ones."""

COMMON_SPAN = 20.0
"""float: Pixels. Where a hundredth of the people span more, small ones are just far away."""

_SAMPLE = 20_000  # people looked at; what is decided on is shared by all of them


def check_pixels(keypoints: np.ndarray, scores: np.ndarray | None, source: str) -> None:
    """Refuse 2D keypoints that are normalised by the size of the image.

    All people decide together, so that one who is far away does not matter. Keypoints
    that were not found, be it by a score of 0, NaN or the place (0, 0), do not count.

    Args:
        keypoints (np.ndarray): Keypoints (N, K, 2).
        scores (np.ndarray, optional): Confidence or visibility (N, K); where none is above 0,
            nothing is known of it.
        source (str): What to call the data in messages.

    Raises:
        ValueError: If most people span no more than :data:`MIN_SPAN`, and nearly nobody more than
            :data:`COMMON_SPAN`.

    Example:
        >>> check_pixels(np.array([[[320.0, 96.0], [256.0, 432.0]]]), None, 'the file')
        >>> check_pixels(np.array([[[0.5, 0.2], [0.4, 0.9]]]), None, 'the file')
        ... # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
            ...
        ValueError: The 2D keypoints of the file lie in 0.2 to 0.9, so they are not pixels.
    """
    keypoints = np.asarray(keypoints)
    if scores is not None:
        scores = np.asarray(scores)
        scores = scores if (scores > 0).any() else None
    rows = sample_rows(len(keypoints))
    some = None if scores is None else scores[rows]
    if not check_people(keypoints[rows], some, source) and len(rows) < len(keypoints):
        check_people(keypoints, scores, source)  # hardly anybody was found: all are looked at


def sample_rows(count: int) -> np.ndarray:
    """Return those of so many people who are looked at, ascending."""
    if count <= _SAMPLE:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, _SAMPLE, replace=False))


def check_people(keypoints: np.ndarray, scores: np.ndarray | None, source: str) -> bool:
    """Refuse people whose keypoints are not pixels; False if nobody was found.

    Args:
        keypoints (np.ndarray): Keypoints (N, K, 2) of all who are looked at.
        scores (np.ndarray, optional): As for :func:`check_pixels`, None if nothing is known.
        source (str): What to call the data in messages.
    """
    found = np.isfinite(keypoints).all(-1) & (keypoints != 0).any(-1)
    if scores is not None:
        found &= scores > 0
    there = found.any(1)
    if there.any():
        _judge(keypoints[there], found[there], source)
    return bool(there.any())


def _judge(points: np.ndarray, found: np.ndarray, source: str) -> None:
    """Look how far the keypoints (M, K, 2) that were found, (M, K), reach."""
    several = found.sum(1) >= 2
    if several.any():
        points, found = points[several], found[several]
    else:  # of each person one keypoint: they tell something together
        points, found = points[found][None], np.ones((1, int(found.sum())), bool)
    low = np.where(found[..., None], points, np.inf).min(1)
    high = np.where(found[..., None], points, -np.inf).max(1)
    span = (high - low).max(1)
    if np.median(span) > MIN_SPAN or (span > COMMON_SPAN).mean() > 0.01:
        return
    least, most = float(low.min()), float(high.max())
    if found.sum() == 1 and max(abs(least), abs(most)) > COMMON_SPAN:
        return  # a single keypoint in all
    people = f'people span {np.median(span):.2g} (median)'
    if max(abs(least), abs(most)) > COMMON_SPAN:
        raise ValueError(
            f'The 2D keypoints of {source} lie in {least:.5g} to {most:.5g}, but its {people} '
            'pixels, in which no joint can be told from another; give the pixels in which people '
            'were detected.'
        )
    remedy = "multiply x by the image's width and y by its height"
    if least < -0.2:
        remedy += (
            '; if -1 to 1 is the width, x is (x + 1) * width / 2 and y is (y * width + height) / 2'
        )
    raise ValueError(
        f'The 2D keypoints of {source} lie in {least:.3g} to {most:.3g}, and its {people}: they '
        f'are normalised, not pixels; {remedy}.'
    )
