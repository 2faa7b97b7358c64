# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Images as small JPEG data URLs of a bounded total size."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mmposeaug.fileio import Track, untracked

from .sequence import FrameImages, image_of

IMAGE_BYTES = 20_000_000
"""int: All images of a page together take at most so many characters."""

_EDGES = (640, 480, 320, 240)
"""Longest edges in pixels that are tried, until all images fit."""

_QUALITY = 70
_SAMPLES = 8


@dataclass
class EmbeddedImages:
    """Images of F frames."""

    urls: list[str]
    sizes: list[tuple[int, int] | None]
    step: int = 1
    note: str = ''


def embed_images(
    images: FrameImages,
    frames: Sequence[int],
    limit: int = IMAGE_BYTES,
    track: Track = untracked,
) -> EmbeddedImages:
    """Encode the images of some frames, smaller the more there are."""
    found = EmbeddedImages([''] * len(frames), [None] * len(frames))
    if images is None:
        return found
    spread = np.unique(np.linspace(0, len(frames) - 1, _SAMPLES).astype(int))
    samples = [image for i in spread if (image := image_of(images, frames[i])) is not None]
    expected = round(len(frames) * len(samples) / len(spread))  # not every frame may have one
    edge, every = _edge_and_step(samples, expected, limit)
    found.step = every
    total = 0
    for i in track(range(0, len(frames), every)):
        image = image_of(images, frames[i])
        if image is None:
            continue
        url = _data_url(image, edge)
        total += len(url)
        if total > limit:
            found.note = f'To save space, images are shown before frame {frames[i]} only.'
            return found
        found.urls[i] = url
        found.sizes[i] = image.shape[1], image.shape[0]
    if every > 1 and total:
        found.note = (
            f'To save space, only one in {every} of the frames has its image; in between the last '
            'one is shown pale.'
        )
    return found


def _edge_and_step(samples: Sequence[np.ndarray], count: int, limit: int) -> tuple[int, int]:
    """Longest edge, and of how many frames one has an image, so that all fit."""
    if not samples:
        return _EDGES[-1], 1
    for edge in _EDGES:
        # Some room, since other images may be harder to compress than the samples.
        expected = 1.15 * count * float(np.mean([len(_data_url(each, edge)) for each in samples]))
        if expected <= limit:
            return edge, 1
    return edge, math.ceil(expected / limit)


def _data_url(image: np.ndarray, edge: int) -> str:
    picture = Image.fromarray(np.ascontiguousarray(image))
    picture.thumbnail((edge, edge), reducing_gap=2.0)
    buffer = io.BytesIO()
    picture.save(buffer, 'jpeg', quality=_QUALITY)
    return 'data:image/jpeg;base64,' + base64.b64encode(buffer.getvalue()).decode('ascii')
