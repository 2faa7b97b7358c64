# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Galleries, charts and their files."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mmposeaug.structures import get_skeleton
from mmposeaug.visualization import (
    KeypointPanel,
    PosePanel,
    draw_comparison,
    draw_gallery,
    new_figure,
    save_png,
    to_image,
)

SKELETON = get_skeleton('h36m_17')


def test_all_3d_panels_of_a_gallery_have_one_scale():
    small = np.full((17, 3), 0.1)
    large = np.full((17, 3), 1.3)
    keypoints = np.arange(34.0).reshape(17, 2)
    figure = draw_gallery(
        [[KeypointPanel(keypoints, (100, 100)), PosePanel(small)], [None, PosePanel(large, 'x')]],
        SKELETON,
        ['2D', '3D'],
        ['easy', 'hard'],
    )
    spaces = [axes for axes in figure.axes if hasattr(axes, 'get_zlim')]
    assert [axes.get_zlim() for axes in spaces] == [(-1.5, 1.5)] * 2
    assert {'2D', '3D', 'easy', 'hard', 'x'} <= {text.get_text() for text in figure.texts}


def test_no_panel_is_one_sentence():
    with pytest.raises(ValueError, match='needs at least one panel'):
        draw_gallery([], SKELETON)


def test_the_image_is_drawn_behind_the_key_points():
    image = np.zeros((50, 100, 3), np.uint8)
    image[..., 1] = 255
    panel = KeypointPanel(np.full((17, 2), 20.0), (100, 50), image=image, whole_image=True)
    pixels = to_image(draw_gallery([[panel]], SKELETON))
    assert (pixels == [0, 255, 0]).all(axis=-1).mean() > 0.1


def test_png_is_written_whole_and_small(tmp_path):
    figure = new_figure(4, 3, dpi=50)
    figure.add_subplot().plot([0, 1])
    save_png(figure, tmp_path / 'new' / 'a.png')
    assert [path.name for path in (tmp_path / 'new').iterdir()] == ['a.png']
    with Image.open(tmp_path / 'new' / 'a.png') as picture:
        assert picture.size == (200, 150)
        assert picture.mode == 'P'


def test_comparison_draws_every_bar_and_curve():
    errors = {'none': dict(a=10.0, b=50.0), 'ours': dict(a=12.0, b=40.0)}
    joints = {'none': np.full((3, 4), 60.0), 'ours': np.full((3, 4), 40.0)}
    bars, curves = draw_comparison(errors, joints).axes
    heights = [bar.get_height() for container in bars.containers for bar in container]
    assert heights == [10, 50, 12, 40]
    for line, distance in zip(curves.lines, (60, 40)):
        thresholds, share = line.get_data()
        assert (share[thresholds <= distance] == 0).all()  # closer than, not at, the threshold
        assert (share[thresholds > distance] == 100).all()


def test_nothing_to_compare_is_one_sentence():
    with pytest.raises(ValueError, match='at least one lifter'):
        draw_comparison({}, {})
