# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
import numpy as np
import pytest

from mmposeaug.structures import H36M_17, LiftedPoses


def make(frames, tracks, **changes):
    rows = len(frames)
    values = dict(
        frames=np.array(frames),
        tracks=np.array(tracks),
        poses_rel=np.zeros((rows, 17, 3), np.float32),
        keypoints_px=np.zeros((rows, 17, 2), np.float32),
        scores=np.ones((rows, 17), np.float32),
        interpolated=np.zeros((rows, 17), bool),
        image_sizes=np.tile([640, 480], (rows, 1)),
        roots_cam=np.tile(np.float32([1, 2, 5]), (rows, 1)),
    )
    return LiftedPoses(H36M_17, **{**values, **changes})


def test_rows_are_found_by_frame():
    lifted = make([0, 0, 2, 5], [1, 4, 1, 4])
    assert lifted.frame_numbers.tolist() == [0, 2, 5]
    assert lifted.track_numbers.tolist() == [1, 4]
    assert lifted.rows_of(0).tolist() == [0, 1]
    assert lifted.rows_of(1).tolist() == []
    assert lifted.rows_of(5).tolist() == [3]
    assert np.allclose(lifted.poses_cam[3, 0], [1, 2, 5])
    assert len(make([], [])) == 0


@pytest.mark.parametrize(
    ('frames', 'tracks'), [([1, 0], [0, 0]), ([0, 0], [2, 1]), ([3, 3], [1, 1])]
)
def test_rows_out_of_order_are_refused(frames, tracks):
    with pytest.raises(ValueError, match='sorted by frame'):
        make(frames, tracks)


def test_a_wrong_shape_is_named():
    with pytest.raises(ValueError, match=r'scores of 1 LiftedPoses .* must be of shape \(1, 17\)'):
        make([0], [0], scores=np.ones((1, 16)))
