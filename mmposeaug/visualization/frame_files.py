# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifted poses as PNG files, MP4 and GIF."""

from __future__ import annotations

import math
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mmposeaug.fileio import Track, atomic_write, untracked
from mmposeaug.structures import LiftedPoses

from .figures import write_png
from .frame_drawing import FrameDrawer
from .sequence import DEFAULT_FPS, FrameImages, drawn_frames, image_of, thin_frames

GIF_FRAMES = 1000
"""int: A GIF of more frames is refused; it would be very large, and is made in memory."""


def write_frames(
    lifted: LiftedPoses,
    folder: str | os.PathLike,
    images: FrameImages = None,
    frames: Sequence[int] | None = None,
    track: Track = untracked,
) -> list[Path]:
    """Write one PNG a frame, see :func:`draw_frame`.

    A file is named after its frame's image, where that is known, else ``frame_000012.png``.

    Args:
        lifted (LiftedPoses): The poses.
        folder (str | PathLike): Folder of the files; it is made if need be.
        images (FrameImages): Images to draw behind the keypoints, by frame.
        frames (Sequence[int], optional): The frames. Defaults to all from the first to the last
            that is known, those without a pose too; of single pictures to those with a pose.
        track (Callable): Passes the frames on and may show the progress, as
            :func:`mmposeaug.fileio.track`. Defaults to showing nothing.

    Returns:
        list[Path]: The files, in the order of the frames.

    Raises:
        ValueError: If there is no pose at all, a frame is negative or an image is not RGB.
    """
    numbers = list(drawn_frames(lifted, images) if frames is None else frames)
    drawer = FrameDrawer(lifted)
    paths = [Path(folder) / name for name in _file_names(lifted, numbers)]
    for frame, path in zip(track(numbers), paths):
        image = image_of(images, frame)
        write_png(drawer.pixels(frame, image), path, colors=None if image is not None else 128)
    return paths


def write_video(
    lifted: LiftedPoses,
    path: str | os.PathLike,
    images: FrameImages = None,
    fps: float | None = None,
    max_frames: int | None = None,
    track: Track = untracked,
) -> None:
    """Write the frames as a video, see :func:`draw_frame`.

    Args:
        lifted (LiftedPoses): The poses.
        path (str | PathLike): The file, ``.mp4`` or ``.gif``; its folder is made if need be.
        images (FrameImages): Images to draw behind the keypoints, by frame.
        fps (float, optional): Frames a second. Defaults to the speed of the poses, so that a
            second lasts a second; 10 where that is unknown.
        max_frames (int, optional): Of a longer sequence so many frames, evenly spread, are
            written. Defaults to None, all.
        track (Callable): Passes the frames on and may show the progress, as
            :func:`mmposeaug.fileio.track`. Defaults to showing nothing.

    Raises:
        ValueError: If there is no pose at all, the suffix is another, ``fps`` is not above 0, a
            GIF would be too long or an image is not RGB.
        OSError: If this build of OpenCV cannot write MP4.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in ('.mp4', '.gif'):
        raise ValueError(f'A video is an .mp4 or a .gif, got {path.name!r}; name the file so.')
    known = drawn_frames(lifted, images)
    frames = thin_frames(known, max_frames)
    if suffix == '.gif' and len(frames) > GIF_FRAMES:
        raise ValueError(
            f'A GIF of {len(frames):,} frames is too long; set max_frames to {GIF_FRAMES} or '
            'less, or write an .mp4.'
        )
    if fps is None:
        fps = lifted.fps or DEFAULT_FPS
        if isinstance(known, range) and len(frames) > 1:  # one in so many frames of a video
            span = (frames[-1] - frames[0]) / (len(frames) - 1)
            fps = (lifted.fps or DEFAULT_FPS * known.step) / span
    if not (math.isfinite(fps) and fps > 0):
        raise ValueError(f'fps of a video must be above 0, got {fps!r}.')
    drawer = FrameDrawer(lifted)
    pictures = (drawer.pixels(frame, image_of(images, frame)) for frame in track(frames))
    (_write_mp4 if suffix == '.mp4' else write_gif)(path, pictures, fps)


def _write_mp4(path: Path, pictures: Iterator[np.ndarray], fps: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # OpenCV opens files by name and knows the format by the suffix.
    with tempfile.TemporaryDirectory(prefix=f'.{path.stem}.', dir=path.parent) as folder:
        part = str(Path(folder) / 'video.mp4')
        first = next(pictures)
        height, width = first.shape[:2]
        codec = cv2.VideoWriter_fourcc(*'mp4v')  # type: ignore[attr-defined]
        writer = cv2.VideoWriter(part, codec, fps, (width, height))
        if not writer.isOpened():
            raise OSError(
                f'This build of OpenCV cannot write {path.name!r} as MP4; name a .gif instead.'
            )
        count = 0
        try:
            for picture in _chain(first, pictures):
                writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
                count += 1
        finally:
            writer.release()
        _check_video(part, count, path)
        os.replace(part, path)


def _chain(first: np.ndarray, others: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    yield first
    yield from others


def _check_video(part: str, count: int, path: Path) -> None:
    """OpenCV says nothing when it cannot write, for instance on a full disk."""
    reader = cv2.VideoCapture(part)
    found = int(reader.get(cv2.CAP_PROP_FRAME_COUNT))
    reader.release()
    if found != count:
        raise OSError(
            f'OpenCV wrote {found} of {count} frames of {path.name!r}; is there space on the disk?'
        )


def write_gif(path: Path, pictures: Iterator[np.ndarray], fps: float) -> None:
    """Write pictures of one size, RGB, as an endless GIF, all at once."""

    def quantized() -> Iterator[Image.Image]:
        for picture in pictures:
            yield Image.fromarray(picture).quantize(128, dither=Image.Dither.NONE)

    frames = quantized()
    # GIF counts in hundredths of a second, and viewers take less than two for ten.
    duration = 10 * max(round(100 / fps), 2)
    with atomic_write(path) as file:
        next(frames).save(
            file, 'gif', save_all=True, append_images=frames, duration=duration, loop=0
        )


def _file_names(lifted: LiftedPoses, frames: Sequence[int]) -> list[str]:
    """One name a frame, none twice and none that leads out of the folder."""
    names: list[str] = []
    taken: set[str] = set()
    for frame in frames:
        base = re.split(r'[\\/]', lifted.image_names.get(frame, ''))[-1]
        stem = re.sub(r'[^\w.-]', '_', Path(base).stem)[:80].strip('.')
        if not stem or stem.lower() in taken:
            stem = f'{stem}_{frame:06d}' if stem else f'frame_{frame:06d}'
        taken.add(stem.lower())
        names.append(f'{stem}.png')
    return names
