# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pictures are found by frame number, in folders and videos, whole or cut off."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mmposeaug.apis import FrameSource

GREYS = (20, 60, 100, 140, 180, 220)


def picture(grey: int) -> np.ndarray:
    return np.full((48, 64, 3), grey, np.uint8)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / 'clip.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 12.5, (64, 48))
    for grey in GREYS:
        writer.write(picture(grey))
    writer.release()
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / 'images').mkdir()
    for number, grey in zip((2, 9, 10), GREYS):
        Image.fromarray(picture(grey)).save(tmp_path / 'images' / f'im{number}.png')
    return tmp_path / 'images'


def test_video_frames_by_number_in_any_order(video: Path) -> None:
    with FrameSource(video) as frames:
        assert frames.fps == 12.5 and frames.size == (64, 48)
        for number in (0, 1, 4, 2, 5, 0):
            found = frames(number)
            assert found is not None and found.shape == (48, 64, 3)
            assert abs(float(found.mean()) - GREYS[number]) < 4
        assert frames(6) is None and frames(999) is None
        assert [number for number, _ in FrameSource(video)] == list(range(6))
        assert frames.sizes(np.array([0, 3])) == {0: (64, 48), 3: (64, 48)}


def test_a_truncated_video_ends_early_or_is_refused(video: Path, tmp_path: Path) -> None:
    cut = tmp_path / 'cut.mp4'
    cut.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    with pytest.raises(ValueError, match="cut.mp4' cannot be opened; check that it is a complete"):
        FrameSource(cut)
    stream = tmp_path / 'clip.mkv'  # of a kind that can be read up to where it ends
    writer = cv2.VideoWriter(str(stream), cv2.VideoWriter_fourcc(*'MJPG'), 25, (64, 48))
    for grey in GREYS:
        writer.write(picture(grey))
    writer.release()
    whole = stream.read_bytes()
    stream.write_bytes(whole[: len(whole) * 2 // 3])
    frames = FrameSource(stream)
    assert frames(0) is not None and frames(5) is None


def test_folders(folder: Path) -> None:
    frames = FrameSource(folder)
    assert frames.names == {0: 'im2.png', 1: 'im9.png', 2: 'im10.png'}
    found = frames(2)
    assert found is not None and found.mean() == GREYS[2]
    assert frames(3) is None and frames.fps is None and frames.missing == {3}
    assert frames.sizes(np.array([0, 7])) == {0: (64, 48)}
    assert [number for number, _ in frames] == [0, 1, 2]


def test_folders_by_the_names_of_the_key_points(folder: Path) -> None:
    frames = FrameSource(folder, {5: 'im10', 6: 'some/im2.png', 7: 'lost.png'})
    assert frames.names == {5: 'im10.png', 6: 'im2.png'}
    assert frames(7) is None
    with pytest.raises(ValueError, match="holds none of the images .* such as 'a.png'"):
        FrameSource(folder, {0: 'a.png'})


def test_images_are_turned_as_their_exif_says(tmp_path: Path) -> None:
    image = Image.fromarray(picture(90))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / 'turned.jpg', exif=exif)
    frames = FrameSource(tmp_path / 'turned.jpg')
    found = frames(0)
    assert found is not None and found.shape == (64, 48, 3)
    assert frames.sizes(np.array([0])) == {0: (48, 64)}


def test_names_in_several_folders_are_not_guessed(folder: Path) -> None:
    (folder / 'more').mkdir()
    Image.fromarray(picture(1)).save(folder / 'more' / 'im2.png')
    with pytest.raises(ValueError, match="several images called 'im2'"):
        FrameSource(folder, {0: 'im2'})
    assert FrameSource(folder, {0: 'more/im2.png'})(0).mean() == 1  # type: ignore[union-attr]


def test_one_image(folder: Path) -> None:
    frames = FrameSource(folder / 'im9.png')
    assert [number for number, _ in frames] == [0]


def test_wrong_paths_are_said_to_be(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="'none' do not exist"):
        FrameSource('none')
    (tmp_path / 'empty').mkdir()
    with pytest.raises(ValueError, match='holds no image'):
        FrameSource(tmp_path / 'empty')
    (folder / 'im9.png').write_bytes(b'no image')
    with pytest.raises(ValueError, match=r"im9.png' cannot be read"):
        FrameSource(folder)(1)


def test_pictures_to_detect_in_have_the_numbers_of_their_names(folder: Path) -> None:
    frames = FrameSource(folder, by_number=True)
    assert frames.names == {2: 'im2.png', 9: 'im9.png', 10: 'im10.png'}
    assert frames.frames_from.startswith("the numbers in the images' names: 'im10.png' is frame 10")
    assert FrameSource(folder).frames_from.startswith("assumed: the order of the images' names")
    (folder / 'other.png').write_bytes((folder / 'im2.png').read_bytes())
    frames = FrameSource(folder, by_number=True)
    assert list(frames.names) == [0, 1, 2, 3]
    assert frames.frames_from.startswith("assumed: the order of the images' names")
