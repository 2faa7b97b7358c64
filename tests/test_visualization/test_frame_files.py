# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pictures and videos of lifted poses, read back."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from lifted_walkers import make_lifted
from PIL import Image

from mmposeaug.visualization import draw_frame, frame_files, to_image, write_frames, write_video
from mmposeaug.visualization.frame_drawing import FrameDrawer

GREEN = np.full((60, 60, 3), (0, 160, 0), np.uint8)


def near(image: np.ndarray, color: tuple[int, int, int], tolerance: int = 40) -> int:
    """Number of pixels of a colour."""
    return int((np.abs(image.astype(int) - color).max(axis=-1) < tolerance).sum())


@pytest.mark.parametrize('name', ['h36m_17', 'h36m_16'])
def test_a_frame_shows_everybody_and_the_image(name):
    lifted = make_lifted(2, 3, name)
    figure = draw_frame(lifted, 1, GREEN)
    flat, space = figure.axes
    assert len(space.lines) == len(flat.lines) == 2 * lifted.skeleton.num_bones
    labels = [text.get_text() for text in space.texts]
    assert labels == [text.get_text() for text in flat.texts] == ['1', '2']
    edges = [mark.get_linewidths() for mark in space.collections]
    assert [np.flatnonzero(widths).tolist() for widths in edges] == [[3], [3]]  # interpolated
    image = to_image(figure)
    assert image.shape == (520, 1100, 3)
    assert near(image, (0, 160, 0)) > 50_000
    assert near(image, (214, 39, 40)) > 100
    assert near(image, (31, 119, 180)) > 100


def test_limits_are_those_of_the_sequence():
    lifted = make_lifted(2, 10)
    limits = [draw_frame(lifted, frame).axes[1].get_w_lims() for frame in (0, 9, 50)]
    assert limits[0] == limits[1] == limits[2]
    low, high = np.array(limits[0]).reshape(3, 2).T
    x, y, z = np.moveaxis(lifted.poses_cam, -1, 0)
    assert (low < [x.min(), z.min(), -y.max()]).all()
    assert (high > [x.max(), z.max(), -y.min()]).all()


@pytest.mark.parametrize('image', [None, GREEN])
def test_one_figure_for_all_frames_gives_the_pixels_of_one_for_each(image):
    lifted = make_lifted(2, 4, absent=[(2, 1), (2, 2)])
    drawer = FrameDrawer(lifted)
    for frame in (3, 2, 1):
        apart = to_image(draw_frame(lifted, frame, image)).astype(int)
        difference = np.abs(drawer.pixels(frame, image) - apart)
        assert difference.max() <= (0 if image is None else 20)  # ticks beside the image
        assert (difference > 0).mean() < 0.01


def test_frames_without_a_pose_say_so():
    lifted = make_lifted(1, 3, absent=[(1, 1)])
    texts = [text.get_text() for axes in draw_frame(lifted, 1).axes for text in axes.texts]
    assert texts == ['no pose in this frame'] * 2


@pytest.mark.filterwarnings('ignore:Glyph')
def test_one_png_a_frame_named_after_its_image(tmp_path):
    names = {0: 'a/walk 1.jpg', 1: '../../b/WALK 1.png', 2: '$x^$<i>\udcff.jpg', 3: '..'}
    lifted = make_lifted(1, 6, absent=[(4, 1)], image_names=names)
    paths = write_frames(lifted, tmp_path / 'new', images={5: GREEN})
    assert [path.name for path in paths] == [
        'walk_1.png',
        'WALK_1_000001.png',
        '_x___i__.png',
        'frame_000003.png',
        'frame_000004.png',
        'frame_000005.png',
    ]
    assert {path.name for path in (tmp_path / 'new').iterdir()} == {path.name for path in paths}
    pictures = [np.asarray(Image.open(path).convert('RGB')) for path in paths]
    assert {picture.shape for picture in pictures} == {(520, 1100, 3)}
    assert all(near(picture, (31, 119, 180)) > 50 for picture in pictures)
    assert (pictures[0] != pictures[1]).any()
    assert near(pictures[5], (0, 160, 0)) > 50_000
    assert write_frames(lifted, tmp_path / 'some', frames=[3])[0].name == 'frame_000003.png'


def test_mp4_has_all_frames_and_they_move(tmp_path):
    lifted = make_lifted(1, 5, absent=[(3, 1)])
    path = tmp_path / 'new' / 'walk.MP4'
    write_video(lifted, path, images=lambda frame: GREEN if frame < 3 else None)
    video = cv2.VideoCapture(str(path))
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(10)
    pictures = [video.read()[1][..., ::-1] for _ in range(5)]
    assert not video.read()[0]
    assert {picture.shape for picture in pictures} == {(520, 1100, 3)}
    assert [near(picture, (0, 160, 0)) > 50_000 for picture in pictures] == [True] * 3 + [False] * 2
    for before, after in zip(pictures, pictures[1:]):
        assert (np.abs(before.astype(int) - after) > 60).any(axis=-1).sum() > 100
    assert [each.name for each in path.parent.iterdir()] == ['walk.MP4']


def test_gif_has_all_frames_and_their_speed(tmp_path):
    lifted = make_lifted(2, 8)
    write_video(lifted, tmp_path / 'walk.gif', max_frames=4)
    with Image.open(tmp_path / 'walk.gif') as gif:
        assert gif.n_frames == 4
        assert gif.info['duration'] == 230  # 7 / 3 frames at 10 a second
        pictures = []
        for number in range(4):
            gif.seek(number)
            pictures.append(np.asarray(gif.convert('RGB')))
    assert all(near(picture, (214, 39, 40)) > 50 for picture in pictures)
    assert (pictures[0] != pictures[3]).any(axis=-1).sum() > 100


@pytest.mark.parametrize('fps', [0.5, 23.976, 29.97, 120])
def test_any_usual_speed_can_be_written(tmp_path, fps):
    write_video(make_lifted(1, 2), tmp_path / 'walk.mp4', fps=fps)
    video = cv2.VideoCapture(str(tmp_path / 'walk.mp4'))
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(fps, rel=1e-3)


def test_what_cannot_be_drawn_is_one_sentence(tmp_path, monkeypatch):
    lifted = make_lifted(1, 3)
    for path, options, match in (
        ('walk.avi', {}, 'A video is an .mp4 or a .gif'),
        ('walk', {}, 'A video is an .mp4 or a .gif'),
        ('walk.mp4', dict(fps=0), 'fps of a video must be above 0'),
        ('walk.mp4', dict(fps=float('nan')), 'fps of a video must be above 0'),
        ('walk.gif', dict(max_frames=0), 'max_frames must be'),
        ('walk.mp4', dict(images={1: GREEN[..., 0]}), 'The image of frame 1 must be RGB'),
    ):
        with pytest.raises(ValueError, match=match):
            write_video(lifted, tmp_path / path, **options)
    monkeypatch.setattr(frame_files, 'GIF_FRAMES', 2)
    with pytest.raises(ValueError, match='A GIF of 3 frames is too long'):
        write_video(lifted, tmp_path / 'walk.gif')
    with pytest.raises(ValueError, match='Frames are counted from 0'):
        write_frames(lifted, tmp_path, frames=[-1])
    assert not list(tmp_path.iterdir())
    fields = ('frames', 'tracks', 'poses_rel', 'keypoints_px', 'scores', 'interpolated')
    empty = replace(
        lifted,
        **{name: getattr(lifted, name)[:0] for name in (*fields, 'image_sizes', 'roots_cam')},
    )
    with pytest.raises(ValueError, match='There is no pose to draw'):
        draw_frame(empty, 0)
