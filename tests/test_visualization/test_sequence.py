# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Frames, space and sizes of a sequence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from lifted_walkers import make_lifted

from mmposeaug.visualization.sequence import (
    image_of,
    image_size,
    sequence_frames,
    space_box,
    thin_frames,
)


def test_frames_without_a_pose_belong_to_the_sequence():
    lifted = make_lifted(1, 6, absent=[(2, 1), (3, 1)])
    assert list(sequence_frames(lifted)) == [0, 1, 2, 3, 4, 5]
    assert list(sequence_frames(replace(lifted, image_names={7: 'a.jpg'})))[-1] == 7
    assert list(sequence_frames(lifted, {8: np.zeros((1, 1, 3))}))[-1] == 8


def test_every_tenth_frame_of_a_video_is_a_sequence_of_its_own():
    lifted = make_lifted(1, 4)
    assert list(sequence_frames(replace(lifted, frames=10 * lifted.frames + 5))) == [5, 15, 25, 35]


def test_frames_are_thinned_evenly_in_little_memory():
    assert thin_frames(range(0, 10**12), 3) == [0, 500_000_000_000, 999_999_999_999]
    assert thin_frames(range(5), 9) == [0, 1, 2, 3, 4]
    assert thin_frames(range(5), 1) == [0]
    for wrong in (0, -1, 1.5, True):
        with pytest.raises(ValueError, match='max_frames must be a whole number'):
            thin_frames(range(5), wrong)


def test_the_space_holds_everybody_but_poses_far_away():
    lifted = make_lifted(2, 20)
    middle, half = space_box(lifted)
    assert (np.abs(lifted.poses_cam - middle) <= half).all()
    far = lifted.roots_cam.copy()
    far[7] += [0, 0, 900]
    far[8] = np.nan
    moved, wide = space_box(replace(lifted, roots_cam=far))
    assert np.linalg.norm(moved - middle) < 1
    assert (wide < half + 1).all()
    for people in (1, 2, 3, 8):  # a frame alone has no outliers, wherever they stand
        one = make_lifted(people, 1)
        spread = (
            one.roots_cam + np.float32([0, 0, 10]) * np.arange(people, dtype='f4')[:, None] ** 2
        )
        one = replace(one, roots_cam=spread)
        middle, half = space_box(one)
        assert (np.abs(one.poses_cam - middle) <= half).all()
    nowhere = np.full_like(far, np.nan)
    assert np.isfinite(np.stack(space_box(replace(lifted, roots_cam=nowhere)))).all()


def test_sizes_are_the_frames_own_or_the_last_known():
    lifted = make_lifted(1, 3, absent=[(1, 1)], image_sizes=np.array([[640, 480], [320, 200]]))
    assert image_size(lifted, 0, (10, 20)) == (640, 480)
    assert image_size(lifted, 1, (10, 20)) == (10, 20)
    assert image_size(lifted, 1) == (640, 480)
    assert image_size(lifted, 2) == (320, 200)
    late = replace(lifted, frames=lifted.frames + 4)
    assert image_size(late, 0) == (640, 480)


@pytest.mark.parametrize(
    'image', [np.zeros((4, 4)), np.zeros((4, 4, 3)), np.zeros((4, 4, 4), 'u1')]
)
def test_what_is_no_rgb_image_is_refused(image):
    with pytest.raises(ValueError, match='The image of frame 3 must be RGB of shape'):
        image_of({3: image}, 3)
    assert image_of({3: image}, 2) is None
