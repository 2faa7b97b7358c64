# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Videos from image names, and splits that keep a sequence together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmpose.datasets import Human36mDataset

from mmposeaug.datasets import frames as frames_module
from mmposeaug.datasets.frames import FrameSelection, index_videos

NAMES = st.builds(
    lambda folder, s, a, c, i: f'{folder}{s}_{a}.{c}_{i:06d}.jpg',
    st.sampled_from(['', 'images/', 'my_images/S9_x.1_2/']),
    st.sampled_from(['S1', 'S11', 'S9']),
    st.sampled_from(['Walk', 'Walk_2', 'Sit-Down']),
    st.sampled_from(['54138969', '60457274', 'c']),
    st.integers(0, 999999),
)


@given(st.lists(NAMES, min_size=1, max_size=40), st.sampled_from([1, 3, 100]))
def test_videos_are_those_of_mmpose(names, chunk):
    previous, frames_module._CHUNK = frames_module._CHUNK, chunk
    try:
        index = index_videos(np.array(names))
    finally:
        frames_module._CHUNK = previous
    expected = [Human36mDataset._parse_h36m_imgname(name) for name in names]
    assert [index.videos[i] for i in index.of_frame] == expected
    assert list(index.videos) == sorted(set(expected))


@pytest.mark.parametrize('bad', ['frame_1.jpg', 'S1.54138969_1.jpg', 'S1_Walk.5413', '', '_a.b_c'])
@pytest.mark.parametrize('position', [0, 3])
def test_other_names_are_refused_by_name(bad, position):
    names = ['S1_Walk.54138969_000001.jpg'] * 3
    names.insert(position, bad)
    with pytest.raises(ValueError, match=f'{bad!r} is not of the form'):
        index_videos(np.array(names))


def test_byte_names_are_read_and_numbers_refused():
    assert index_videos(np.array([b'S1_Walk.5_1.jpg'])).videos == (('S1', 'Walk', '5'),)
    with pytest.raises(ValueError, match='imgname has shape'):
        index_videos(np.arange(3))


def test_split_keeps_sequences_together_and_covers_all(sample):
    index = index_videos(sample.arrays['imgname'])
    sides = {}
    for part in ('train', 'val'):
        split = dict(part=part, val_fraction=0.25, seed=3)
        sides[part] = FrameSelection(split).apply(index)
    assert (sides['train'] ^ sides['val']).all()
    sequences = [{index.videos[v][:2] for v in index.of_frame[mask]} for mask in sides.values()]
    assert not sequences[0] & sequences[1]
    assert (len(sequences[0]), len(sequences[1])) == (9, 3)


def test_split_depends_on_names_and_seed_alone(sample):
    names = sample.arrays['imgname']

    def held_out(names, seed):
        mask = FrameSelection(dict(part='val', val_fraction=0.3, seed=seed)).apply(
            index_videos(names)
        )
        return set(names[mask])

    assert held_out(names, 0) == held_out(names[::-1], 0)
    assert len({frozenset(held_out(names, seed)) for seed in range(5)}) > 1
    # pinned: a split must not change from version to version
    assert sorted({name.split('.')[0] for name in held_out(names, 0)}) == PINNED


PINNED = ['S11_Directions', 'S1_Directions', 'S1_Directions_1', 'S1_Walking_2']


def test_small_split_has_both_sides():
    index = index_videos(np.array(['S1_a.1_1.jpg', 'S1_b.1_1.jpg']))
    for fraction in (0.001, 0.999):
        for part in ('train', 'val'):
            assert FrameSelection(dict(part=part, val_fraction=fraction)).apply(index).sum() == 1


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_frame_step_thins_each_video_from_its_first_frame(step, seed):
    rng = np.random.default_rng(seed)
    names = np.array([f'S1_a.{rng.integers(3)}_{i}.jpg' for i in range(30)])
    index = index_videos(names)
    keep = FrameSelection(frame_step=step).apply(index)
    for video in range(len(index.videos)):
        rows = np.flatnonzero(index.of_frame == video)
        assert np.flatnonzero(keep & (index.of_frame == video)).tolist() == rows[::step].tolist()


def test_subjects_are_chosen_by_name(sample):
    index = index_videos(sample.arrays['imgname'])
    keep = FrameSelection(subjects=['S5']).apply(index)
    assert {index.videos[v][0] for v in index.of_frame[keep]} == {'S5'}
    for subjects in (['S5', 'S99'], []):
        with pytest.raises(ValueError, match='S1, S11, S5'):
            FrameSelection(subjects=subjects).apply(index)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(frame_step=0), 'frame_step is 0'),
        (dict(frame_step=1.5), 'frame_step is 1.5'),
        (dict(subjects='S1'), "string 'S1'"),
        (dict(split=dict(part='test')), "part='train' or 'val'"),
        (dict(split=dict(part='val', fraction=0.1)), "part='train' or 'val'"),
        (dict(split=dict(part='val', val_fraction=1.0)), 'val_fraction is 1.0'),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        FrameSelection(**options)


def test_empty_split_is_named():
    index = index_videos(np.array(['S1_a.1_1.jpg'] * 3))
    with pytest.raises(ValueError, match=r"No frame of the annotation file.*'part': 'val'"):
        FrameSelection(dict(part='val')).apply(index)
