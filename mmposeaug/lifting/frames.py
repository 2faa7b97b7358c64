# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The pictures that keypoints were detected in: a folder, one image, or a video."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from mmposeaug.datasets.keypoints_2d import ASSUMED, frames_of_names, natural_order

_ORIENTATION = 0x0112  # EXIF's tag; from 5 on width and height are swapped
SINGLE_IMAGE = 'single image'
IMAGE_ENDINGS = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')


class FrameSource:
    """Pictures by their frame number.

    Args:
        path (str | PathLike): An image, a folder of images, or a video.
        names (Mapping[int, str], optional): File name by frame, where a keypoint file knows
            them; the ending may be missing. Defaults to None: frames are the images of the folder
            in the order of their names, as for keypoints that do not name their images.
        by_number (bool): Whether frames are instead the numbers in the images' names where one
            runs, see :func:`mmposeaug.datasets.keypoints_2d.frames_of_names`: for pictures to
            detect people in. Defaults to False.

    Attributes:
        frames_from (str): How the frames are known, in words.
        fps (float | None): Frames a second of a video.
        size (tuple[int, int] | None): Width and height of a video's frames.
        missing (set[int]): Frames that were asked for and are missing.

    Raises:
        FileNotFoundError: If the path does not exist.
        ValueError: If there is no image in the folder, or the video cannot be opened.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        names: Mapping[int, str] | None = None,
        by_number: bool = False,
    ) -> None:
        self.path = Path(path)
        self.frames_from = 'pictures of the video'
        self.fps: float | None = None
        self.size: tuple[int, int] | None = None
        self._files: dict[int, Path] = {}
        self._video: cv2.VideoCapture | None = None
        self._next = 0
        self.missing: set[int] = set()
        if not self.path.exists():
            raise FileNotFoundError(f"The images '{path}' do not exist; check the path.")
        if not (self.path.is_file() or self.path.is_dir()):
            raise ValueError(f"'{path}' is a pipe or a device; give a video or pictures.")
        if self.path.is_dir():
            self._files = self._find(dict(names or {}), by_number)
        elif self.path.suffix.lower() in IMAGE_ENDINGS:
            self._files = {0: self.path}
            self.frames_from = SINGLE_IMAGE
        else:
            self._open()

    def _find(self, names: dict[int, str], by_number: bool) -> dict[int, Path]:
        """Image files by frame."""
        found = [p for p in self.path.rglob('*') if p.suffix.lower() in IMAGE_ENDINGS]
        if not found:
            raise ValueError(
                f"The folder '{self.path}' holds no image ({', '.join(IMAGE_ENDINGS)})."
            )
        if not names:
            return self._in_order(found, by_number)
        self.frames_from = "the images' names in the keypoint file"
        paths = {str(p.relative_to(self.path)): p for p in found}
        short: dict[str, set[Path]] = {}
        for p in found:
            for name in (p.name, p.stem):
                short.setdefault(name, set()).add(p)
        files = {}
        for frame, name in names.items():
            hits = {paths[name]} if name in paths else short.get(os.path.basename(name), set())
            if len(hits) > 1:
                raise ValueError(
                    f"The folder '{self.path}' holds several images called {name!r}; give the "
                    'folder of those that the keypoints are of.'
                )
            if hits:
                files[frame] = hits.pop()
        if not files:
            raise ValueError(
                f"The folder '{self.path}' holds none of the images that the keypoints are of, "
                f'such as {next(iter(names.values()))!r}; give their folder.'
            )
        return files

    def _in_order(self, found: list[Path], by_number: bool) -> dict[int, Path]:
        found.sort(key=lambda p: natural_order(str(p)))
        if not by_number:
            self.frames_from = f"{ASSUMED}the order of the images' names, one frame after the other"
            return dict(enumerate(found))
        names = [p.relative_to(self.path).as_posix() for p in found]
        frames, self.frames_from = frames_of_names(names, f"the folder '{self.path}'")
        return dict(zip(frames, found))

    def _open(self) -> None:
        self._video = cv2.VideoCapture(str(self.path))
        if not self._video.isOpened():
            raise ValueError(
                f"The video '{self.path}' cannot be opened; check that it is a complete video in a "
                'format that OpenCV reads.'
            )
        fps = self._video.get(cv2.CAP_PROP_FPS)
        self.fps = float(fps) if fps and np.isfinite(fps) and fps > 0 else None
        width = int(self._video.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(self._video.get(cv2.CAP_PROP_FRAME_HEIGHT))
        self.size = (width, height) if width > 0 and height > 0 else None

    # ------------------------------------------------------------------ reading
    def __call__(self, frame: int) -> np.ndarray | None:
        """One picture."""
        picture = self._read(frame)
        if picture is None:
            self.missing.add(frame)
        return picture

    def _read(self, frame: int) -> np.ndarray | None:
        if self._video is None:
            path = self._files.get(frame)
            return None if path is None else _read_image(path)
        if frame < self._next:
            self._video.set(cv2.CAP_PROP_POS_FRAMES, frame)
            self._next = frame
        while self._next < frame:
            if not self._video.grab():
                return None
            self._next += 1
        there, picture = self._video.read()
        if not there:
            return None
        self._next += 1
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)

    def __iter__(self) -> Iterator[tuple[int, np.ndarray]]:
        """All pictures with their numbers, in order."""
        if self._video is None:
            for frame in sorted(self._files):
                yield frame, _read_image(self._files[frame])
            return
        frame = 0
        while (picture := self._read(frame)) is not None:
            yield frame, picture
            frame += 1

    def sizes(self, frames: np.ndarray) -> dict[int, tuple[int, int]]:
        """Sizes of pictures, without reading the whole of them.

        Args:
            frames (np.ndarray): Frame numbers.

        Returns:
            dict[int, tuple[int, int]]: Width and height in pixels of those that there are.
        """
        if self._video is not None:
            return {} if self.size is None else {int(frame): self.size for frame in frames}
        known = {}
        for frame in np.unique(frames).tolist():
            if frame in self._files:
                with Image.open(self._files[frame]) as image:
                    turned = image.getexif().get(_ORIENTATION, 1) >= 5
                    known[frame] = image.size[::-1] if turned else image.size
        return known

    @property
    def count(self) -> int | None:
        """Int | None: How many pictures there are; of a video what its head says, if it does."""
        if self._video is None:
            return len(self._files)
        count = self._video.get(cv2.CAP_PROP_FRAME_COUNT)
        return int(count) if 0 < count < 1e9 else None

    @property
    def is_video(self) -> bool:
        """bool: Whether the pictures are those of a video, which have no names."""
        return self._video is not None

    @property
    def names(self) -> dict[int, str]:
        """dict[int, str]: File names of images by frame; none for a video."""
        return {frame: path.name for frame, path in self._files.items()}

    def close(self) -> None:
        """Close the video."""
        if self._video is not None:
            self._video.release()

    def __enter__(self) -> FrameSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _read_image(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert('RGB'))
    except OSError as error:
        raise ValueError(f"The image '{path}' cannot be read ({error}).") from None
