# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The lifting page as a file: what it holds, how large it is, what it refuses."""

from __future__ import annotations

import json
import re
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lifted_walkers import make_lifted

from mmposeaug.geometry import bone_lengths
from mmposeaug.visualization import lifting_page, write_lifting_page
from mmposeaug.visualization.page_images import embed_images

pytest.importorskip('plotly', reason='plotly is not installed')


@pytest.fixture(autouse=True)
def _little_plotly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five megabytes less to write and read in each test; the browser tests have them."""
    monkeypatch.setattr(lifting_page, '_plotly_js', lambda: '// plotly')


def data_of(path: Path) -> dict[str, Any]:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', path.read_text())
    assert found
    return json.loads(found[1])


def test_numbers_are_rounded_to_millimetres_and_tenths_of_a_pixel(tmp_path):
    lifted = make_lifted(2, 5, absent=[(2, 1)])
    write_lifting_page(lifted, tmp_path / 'page.html')
    data = data_of(tmp_path / 'page.html')
    assert data['frames'] == [0, 1, 2, 3, 4]
    assert data['first'] == [0, 2, 4, 5, 7, 9]
    assert data['track'] == [0, 1, 0, 1, 1, 0, 1, 0, 1]
    assert np.abs(np.array(data['cam']) - 1000 * lifted.poses_cam.ravel()).max() < 0.51
    assert np.abs(np.array(data['px']) - 10 * lifted.keypoints_px.ravel()).max() < 0.51
    import torch

    lengths = 1000 * bone_lengths(torch.from_numpy(lifted.poses_cam), lifted.skeleton)
    assert np.abs(np.array(data['bones']) - lengths.numpy().ravel()).max() < 0.51


def test_what_is_not_finite_is_left_out(tmp_path):
    lifted = make_lifted(1, 2)
    lifted.poses_rel[1, 3] = [np.nan, np.inf, 0]
    write_lifting_page(lifted, tmp_path / 'page.html')
    row = data_of(tmp_path / 'page.html')['cam'][17 * 3 :]
    assert [i for i, value in enumerate(row) if value is None] == [9, 10]


def test_long_sequences_make_pages_of_bounded_size_in_bounded_memory(tmp_path):
    lifted = make_lifted(1, 40)
    rows = 200_000
    copies = np.arange(rows) % 40
    fields = ('poses_rel', 'keypoints_px', 'scores', 'interpolated', 'image_sizes', 'roots_cam')
    many = replace(
        lifted,
        frames=np.arange(rows),
        tracks=np.ones(rows, int),
        **{name: getattr(lifted, name)[copies] for name in fields},
    )
    tracemalloc.start()
    write_lifting_page(many, tmp_path / 'page.html')
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 120e6
    assert (tmp_path / 'page.html').stat().st_size < 2e6
    assert '2,000 of 200,000 frames are shown' in (tmp_path / 'page.html').read_text()
    frames = data_of(tmp_path / 'page.html')['frames']
    assert (frames[0], frames[-1], len(frames)) == (0, rows - 1, 2000)


def test_few_poses_in_a_long_time_are_all_shown(tmp_path):
    lifted = replace(make_lifted(1, 3), frames=np.array([5, 70_001, 90_000]))
    write_lifting_page(lifted, tmp_path / 'page.html')
    assert data_of(tmp_path / 'page.html')['frames'] == [5, 70_001, 90_000]
    assert '3 of 89,996 frames are shown' in (tmp_path / 'page.html').read_text()


def test_many_people_make_no_larger_page(tmp_path, monkeypatch):
    monkeypatch.setattr(lifting_page, 'MAX_JOINTS', 17 * 100)
    write_lifting_page(make_lifted(10, 30), tmp_path / 'page.html')
    data = data_of(tmp_path / 'page.html')
    assert len(data['track']) <= 100
    assert len(data['frames']) == 10
    assert '10 of 30 frames are shown' in (tmp_path / 'page.html').read_text()


def test_images_become_smaller_the_more_there_are_and_never_exceed_the_limit():
    noise = np.random.default_rng(0).integers(0, 255, (8, 300, 400, 3), dtype=np.uint8)
    few = embed_images(lambda frame: noise[frame % 8], range(2), limit=400_000)
    assert few.note == ''
    assert few.sizes == [(400, 300), (400, 300)]
    many = embed_images(lambda frame: noise[frame % 8], range(30), limit=400_000)
    assert 0 < sum(map(len, many.urls)) <= 400_000
    assert 0 < sum(map(bool, many.urls)) < 30
    assert 'only one in' in many.note
    # The first ones say nothing of what follows.
    grey = np.zeros((300, 400, 3), np.uint8)
    sudden = embed_images(
        lambda frame: noise[0] if frame % 7 == 1 else grey, range(50), limit=60_000
    )
    assert sum(map(len, sudden.urls)) <= 60_000


def test_frames_may_lack_images(tmp_path):
    images = {1: np.full((50, 40, 3), 200, np.uint8)}
    lifted = make_lifted(1, 4, absent=[(1, 1)])
    write_lifting_page(lifted, tmp_path / 'page.html', images=images)
    data = data_of(tmp_path / 'page.html')
    assert [bool(url) for url in data['images']] == [False, True, False, False]
    assert data['sizes'] == [[1000, 1000], [40, 50], [1000, 1000], [1000, 1000]]


def test_strings_cannot_leave_their_place(tmp_path):
    evil = '</script><script>alert(1)</script><!--'
    lifted = make_lifted(1, 2, info={evil: [evil]}, image_names={0: evil})
    write_lifting_page(lifted, tmp_path / 'page.html', title=evil)
    page = (tmp_path / 'page.html').read_text()
    assert 'alert(1)</script>' not in page
    assert '<!--' not in page
    assert page.count('<script') == 3
    assert data_of(tmp_path / 'page.html')['names'][0] == evil
    assert "default-src 'none'" in page


def test_nothing_to_show_is_one_sentence(tmp_path):
    one = make_lifted(1, 1)
    fields = ('frames', 'tracks', 'poses_rel', 'keypoints_px', 'scores', 'interpolated')
    empty = replace(
        one, **{name: getattr(one, name)[:0] for name in (*fields, 'image_sizes', 'roots_cam')}
    )
    with pytest.raises(ValueError, match='There is no pose to draw'):
        write_lifting_page(empty, tmp_path / 'page.html')
    with pytest.raises(ValueError, match='max_frames must be'):
        write_lifting_page(one, tmp_path / 'page.html', max_frames=0)
    with pytest.raises(ValueError, match='The image of frame 0 must be RGB'):
        write_lifting_page(one, tmp_path / 'page.html', images={0: np.zeros((2, 2))})
    assert not list(tmp_path.iterdir())
