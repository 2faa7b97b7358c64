# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Windows equal those of MMPose's dataset, sample by sample."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from mmpose.datasets import Human36mDataset

from mmposeaug.datasets import WindowRule
from mmposeaug.datasets.clip_index import ClipIndex
from mmposeaug.datasets.frames import index_videos
from mmposeaug.datasets.windows import select_windows, warn_of_rates

RULES = st.one_of(
    st.builds(
        WindowRule,
        seq_len=st.sampled_from([1, 3, 5, 9]),
        seq_step=st.integers(1, 3),
        causal=st.booleans(),
        pad_video_seq=st.booleans(),
    ),
    st.builds(
        WindowRule, multiple_target=st.integers(1, 6), multiple_target_step=st.integers(0, 7)
    ),
)


def names_of(frames_of_videos, seed):
    """Names of interleaved videos."""
    names = [
        f'S1_act_{v}.{v}_{i:06d}.jpg' for v, n in enumerate(frames_of_videos) for i in range(n)
    ]
    return np.array(names)[np.random.default_rng(seed).permutation(len(names))]


def test_a_stride_goes_through_a_fixed_frame_and_stays_in_the_video():
    rule = WindowRule(seq_len=5, seq_step=1, causal=False, pad_video_seq=True)
    windows = rule.build(index_videos(np.sort(names_of([20, 30], 0))))
    stride = torch.tensor([3, 3, 2, 1])
    found = windows.frames_of(torch.tensor([10, 1, 18, 5]), stride, fixed=2).tolist()
    assert found == [[4, 7, 10, 13, 16], [0, 0, 1, 4, 7], [14, 16, 18, 19, 19], [3, 4, 5, 6, 7]]
    causal = windows.frames_of(torch.tensor([12]), torch.tensor([2]), fixed=4).tolist()
    assert causal == [[6, 8, 10, 12, 14]]


VIDEOS = st.lists(st.integers(1, 12), min_size=1, max_size=4)


@given(RULES, VIDEOS, st.integers(0, 99))
def test_windows_are_those_of_mmpose(rule, frames_of_videos, seed):
    # MMPose lists clips of the wrong length for a video shorter than multiple_target
    assume(min(frames_of_videos) >= rule.multiple_target)
    names = names_of(frames_of_videos, seed)
    theirs = Human36mDataset.__new__(Human36mDataset)
    theirs.__dict__.update(rule.__dict__, ann_data=dict(imgname=names), subset_frac=1.0)
    theirs.multiple_target_step = rule.multiple_target_step or rule.multiple_target
    expected = theirs.get_sequence_indices()
    windows = rule.build(index_videos(names))
    assert windows.frames_of().tolist() == expected
    assert windows.num_frames == (rule.multiple_target or rule.seq_len)


@given(RULES, VIDEOS, st.integers(0, 99))
def test_a_start_and_a_step_show_what_a_list_of_frames_shows(rule, frames_of_videos, seed):
    names, rng = names_of(frames_of_videos, seed), np.random.default_rng(seed)
    if seed % 2:  # as in most files; nothing has to be looked up
        names = np.sort(names)
    every = rule.build(index_videos(names), rng.random(len(names)) < 0.9)
    assume(len(every))
    # some samples of a file, repeated, and then of a bank that has the frames they need alone
    some = torch.from_numpy(rng.integers(len(every), size=rng.integers(1, 9)))
    listed = every.frames_of()[some]
    windows = every.take(some)
    frames, compact = windows.compact(len(names))
    assert torch.equal(windows.frames_of(), listed)
    assert torch.equal(frames[compact.frames_of()], listed) and frames.diff().gt(0).all()
    if rule.seq_step == 1:
        assert frames.tolist() == sorted(set(listed.flatten().tolist()))
    assert seed % 2 == 0 or compact.rows is None
    assert compact.any_frames().min() == 0 and compact.any_frames().max() == len(frames) - 1
    by_hand = ClipIndex.of_windows(compact.frames_of())
    joined = ClipIndex.concat([compact, by_hand], [len(frames), len(frames)])
    expected = torch.cat((compact.frames_of(), compact.frames_of() + len(frames)))
    assert torch.equal(joined.frames_of(), expected)
    for place in range(rule.num_frames):
        assert torch.equal(joined.frames_at(place), expected[:, place])
    assert torch.equal(joined.frames_at(-1), expected[:, -1])


def test_clips_of_short_videos_are_left_out():
    index = index_videos(names_of([10, 4, 6], 0))
    rule = WindowRule(multiple_target=6, multiple_target_step=2)
    windows = rule.build(index)
    assert index.of_frame[windows.frames_at(0)].tolist() == [0, 0, 0, 2]


@pytest.mark.parametrize(
    ('rule', 'target'),
    [
        (WindowRule(), (0,)),
        (WindowRule(seq_len=27), (26,)),
        (WindowRule(seq_len=27, causal=False), (13,)),
        (WindowRule(multiple_target=3), (0, 1, 2)),
    ],
)
def test_target_frames(rule, target):
    assert rule.target_frames == target


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(multiple_target=9, seq_len=9), 'needs seq_len=1, got 9'),
        (dict(multiple_target=9, seq_step=2), 'needs seq_step=1, got 2'),
        (dict(seq_len=4, causal=False, pad_video_seq=True), 'odd seq_len, got 4'),
    ],
)
def test_bad_rules_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        WindowRule(**options)


@pytest.mark.parametrize(
    ('name', 'values', 'remedy'),
    [
        ('seq_len', (0, -3, 2.5, 9.0, True, '9', None, [9]), 'a whole number from 1 is needed'),
        ('seq_step', (0, -3, 2.0, True, '2', None), 'a whole number from 1 is needed'),
        ('multiple_target', (-3, 2.5, True, '9', None), 'a whole number from 0 is needed'),
        ('multiple_target_step', (-3, 2.5, True, '9'), 'a whole number from 0 is needed'),
        ('causal', ('yes', None, 1), 'use one of True, False'),
        ('pad_video_seq', ('no', None, 0), 'use one of True, False'),
    ],
)
def test_values_of_another_kind_are_refused_where_samples_are_made(name, values, remedy):
    for value in values:
        with pytest.raises(ValueError, match=re.escape(f'{name} is {value!r}; {remedy}.')):
            select_windows({name: value}, index_videos(names_of([9], 0)), None, 'data')


def test_videos_too_short_for_a_sample_are_counted_in_the_log(log_lines):
    index = index_videos(names_of([10, 4, 6, 3], 0))
    select_windows(dict(seq_len=5), index, None, 'data')
    select_windows(dict(multiple_target=5), index, None, 'data')
    select_windows(dict(seq_len=5, pad_video_seq=True), index, None, 'data')
    assert len(log_lines) == 2
    assert (
        'data: 2 of 4 videos, 7 of 23 frames, are left out, since they are shorter than the 5'
        in (log_lines[0])
    )
    assert 'set pad_video_seq=True' in log_lines[0] and 'lower multiple_target' in log_lines[1]


def test_joined_data_sets_of_unequal_known_rates_are_told(log_lines):
    def cfg(rate, **options):
        return dict(data_root='h36m', ann_file=f'annotation_body3d/fps{rate}/train.npz', **options)

    other = dict(ann_file='mocap/train.npz')  # which does not tell
    warn_of_rates([cfg(50), other, cfg(50), cfg(100, seq_step=2), cfg(100, frame_step=2)])
    assert not log_lines
    warn_of_rates([cfg(50, seq_step=5), cfg(50)])
    assert len(log_lines) == 1 and "10 ('h36m/annotation_body3d/fps50/train.npz')" in log_lines[0]
    assert '50 (' in log_lines[0] and 'set seq_step' in log_lines[0]


def test_subset_is_a_run_from_a_seeded_start():
    index = index_videos(names_of([40], 0))
    whole = select_windows({}, index, None, 'data').frames_at(0).tolist()
    starts = set()
    for seed in range(8):
        part = select_windows(dict(subset_frac=0.25, subset_seed=seed), index, None, 'data')
        part = part.frames_at(0).tolist()
        start = whole.index(part[0])
        assert part == whole[start : start + 10]
        starts.add(start)
    assert len(starts) > 2
    again = select_windows(dict(subset_frac=0.25), index, None, 'data', subset_seed=7)
    assert again.frames_at(0).tolist() == part


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(seq_len=50), 'No video of data has the 50 frames .* the longest has 40; lower seq_l'),
        (dict(subset_frac=0.0), 'subset_frac is 0.0'),
        (dict(subset_frac=0.01), 'leaves none of 40'),
    ],
)
def test_empty_selection_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        select_windows(options, index_videos(names_of([40], 0)), None, 'data')
